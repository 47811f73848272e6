"""A laboratory with a post: an engine, channels of its own, and receivers that are real."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout
from orchestrate.engine.notify.patience import Patience
from orchestrate.engine.notify.post import Post
from orchestrate.engine.notify.written import directory
from orchestrate.store.outbox import Told
from tests.engine.conftest import Lab
from tests.notify.receiver import Receiver

URL = "http://127.0.0.1:7878"
QUICK = Patience(attempts_max=4, first_wait_s=0.01, wait_s_max=0.02, deadline_s=5.0)
GATED = """
name: gated
stages:
  - {name: build, run: 'true'}
  - {name: prod, run: 'true', requires_approval: true, approvers: [lead, ops]}
"""


class PostLab(Lab):
    """`written`: what orchestrate.toml would say."""

    def __init__(
        self,
        home: Path,
        written: dict[str, Any],
        environ: dict[str, str] | None = None,
        patience: Patience = QUICK,
    ) -> None:
        self.written = written
        self.environ = environ or {}
        self.patience = patience
        self.said: list[str] = []
        super().__init__(home)

    def open(self) -> Engine:
        found, faults = directory(self.written, self.environ)
        assert not faults, faults
        self.post = Post(
            found,
            environ=self.environ,
            url=lambda: URL,
            say=self.said.append,
            patience=self.patience,
            dice=random.Random(0),
        )
        layout = Layout(data=self.home / ".orchestrate", project=self.home)
        self.engine = Engine(layout, draws=self.post.draw)
        self.engine.open()
        self.engine.follow(self._hear)
        self.noted: list[Told] = []
        perform = self.engine.perform

        def performed(act: Any) -> Any:
            """Whoever waits for a fact is woken by what the lanes note, too."""
            promise = perform(act)
            promise.add_done_callback(lambda _: self._hear([]))
            return promise

        self.engine.perform = performed  # type: ignore[method-assign]
        self.post.start(self.engine)
        return self.engine

    def close(self, wait_s: float = 5.0) -> None:
        self.post.close(wait_s)
        self.engine.close()

    def rows(self, status: str | None = None) -> list[dict[str, Any]]:
        """The outbox, oldest first."""
        return self.engine.reader.notifications(status=status, limit=1_000)[::-1]

    def told(self, number: int = 1) -> list[dict[str, Any]]:
        """So many rows, once they are told."""
        self.until(lambda: len(self.rows("sent")) >= number)
        return self.rows("sent")

    def asked(self, run_id: int) -> int:
        """The id of the approval that a run waits for."""
        self.until(lambda: self.run(run_id)["status"] == "waiting_approval")
        (found,) = [each for each in self.run(run_id)["approvals"] if each["status"] == "pending"]
        number: int = found["id"]
        return number


Opens = Callable[..., PostLab]


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    """Opens laboratories; they are closed in the end."""
    opened: list[PostLab] = []

    def act(written: dict[str, Any], **more: Any) -> PostLab:
        lab = PostLab(tmp_path, written, **more)
        opened.append(lab)
        return lab

    yield act
    for lab in opened:
        lab.close(0.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def hook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    """The settings of one webhook there; its secret is in HOOK_SECRET."""
    table = {
        "kind": "webhook",
        "url": f"{receiver.url}/hook",
        "secret": "${HOOK_SECRET}",
        "allow_private": True,
        **more,
    }
    return {"channels": {"hook": table}}


SECRET = "s3cr3t-of-the-hook"
ENVIRON = {"HOOK_SECRET": SECRET}
