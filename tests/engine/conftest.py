"""A laboratory: an engine on a directory of its own, and the means to wait for facts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from orchestrate.core.people import Caller
from orchestrate.core.run import Run
from orchestrate.engine import catalog, starting
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout

ANN = Caller(name="ann", owner=True, via="test")
WAIT_S = 30.0


class Lab:
    """One project directory; its engine can be closed and opened again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._changed = threading.Condition()
        self.engine = self.open()

    def open(self) -> Engine:
        """Another engine on the same directory, as after a restart."""
        self.engine = Engine(Layout(data=self.home / ".orchestrate", project=self.home))
        self.engine.open()
        self.engine.follow(self._hear)
        return self.engine

    def _hear(self, _: list[tuple[int, int]]) -> None:
        with self._changed:
            self._changed.notify_all()

    def start(self, text: str, **order: Any) -> int:
        """Create the pipeline, unless it is there, and start it."""
        text = dedent(text)
        name = text.partition("name:")[2].split()[0]
        if self.engine.reader.pipeline(name) is None:
            catalog.create(self.engine, text, by=ANN)
        return starting.start(self.engine, starting.Order(pipeline=name, **order), by=ANN)

    def run(self, run_id: int) -> dict[str, Any]:
        found = self.engine.reader.run(run_id)
        assert found is not None
        return found

    def stage(self, run_id: int, name: str) -> dict[str, Any]:
        stages: list[dict[str, Any]] = self.run(run_id)["stages"]
        return next(each for each in stages if each["stage_name"] == name)

    def until(self, fact: Callable[[], Any]) -> Any:
        """Wait for something that a commit makes true."""
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while not (found := fact()):
                assert time.monotonic() < deadline, "it did not become true"
                self._changed.wait(0.05)  # not everything that is kept moves a run
        return found

    def until_file(self, path: Path) -> str:
        """Wait for a file that a process makes, with something in it."""
        deadline = time.monotonic() + WAIT_S
        while not (path.exists() and path.read_text()):
            assert time.monotonic() < deadline, f"{path} was not written"
            threading.Event().wait(0.005)
        return path.read_text()

    def ended(self, run_id: int) -> dict[str, Any]:
        """The run at rest."""
        self.until(lambda: self.run(run_id)["resting"])
        return self.run(run_id)

    def statuses(self, run_id: int) -> dict[str, str]:
        return {each["stage_name"]: each["status"] for each in self.run(run_id)["stages"]}

    def replayed(self, run_id: int) -> Run:
        """The fold of the stored log."""

        def act(door: Door) -> Run:
            run = door.store.load(run_id)
            assert run is not None
            return run

        return self.engine.perform(act).result()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    found = Lab(tmp_path)
    yield found
    found.engine.close()
