"""A real server is killed between the commit and the delivery: it tells after its restart (C4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.test_kill import Killed
from tests.notify.conftest import ENVIRON, GATED
from tests.notify.receiver import Receiver

SETTINGS = """
[channels.hook]
kind = "webhook"
url = "{url}/hook"
secret = "${{HOOK_SECRET}}"
allow_private = true
events = ["approval.*", "run.*"]
"""


def test_what_was_committed_is_told_after_a_kill(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the receiver holds the request: at least once, under the same key."""
    monkeypatch.setenv("HOOK_SECRET", ENVIRON["HOOK_SECRET"])
    (tmp_path / "orchestrate.toml").write_text(SETTINGS.format(url=receiver.url))
    killed = Killed(tmp_path)
    killed.serve()
    try:
        receiver.held.set()
        run = killed.run(GATED)
        killed.until(lambda: killed.status(run) == "waiting_approval")
        (first,) = receiver.until(1)
        killed.kill()
        receiver.held.clear()
        receiver.freed.set()
        killed.serve()
        again = receiver.until(2)[1]
        assert again.headers["webhook-id"] == first.headers["webhook-id"]
        assert again.data["approval"] == first.data["approval"]
        (asked,) = killed.client.get("/api/approvals")["items"]
        killed.until(
            lambda: (
                killed.client.get(f"/api/approvals/{asked['id']}")["notifications"][0]["status"]
                == "sent"
            )
        )
        killed.client.post(f"/api/approvals/{asked['id']}/approve", {})
        killed.until(lambda: killed.status(run) == "succeeded")
        types = [each.data["type"] for each in receiver.until(4)]
        assert types[2:] == ["approval.decided", "run.succeeded"]
    finally:
        killed.client.close()
        killed.stop()
