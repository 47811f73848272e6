"""A real server is killed again and again; nothing is lost, nothing runs twice, nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Failure

WAIT_S = 40.0


class Killed:
    """A project with a server that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.client = Client(Address(socket=self.data / "api.sock"))
        self._server: subprocess.Popen[bytes] | None = None

    def serve(self) -> None:
        words = [sys.executable, "-m", "orchestrate", "serve", "--port", "0"]
        environ = {**os.environ, "ORCHESTRATE_HOME": str(self.data)}
        with (self.home / "server.log").open("ab") as log:
            self._server = subprocess.Popen(words, cwd=self.home, env=environ, stderr=log)
        self.until(self._answers)

    def _answers(self) -> bool:
        try:
            self.client.get("/readyz")
        except Failure:
            return False
        return True

    def kill(self) -> None:
        assert self._server is not None
        self._server.kill()
        self._server.wait(WAIT_S)
        self.client.close()

    def stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(WAIT_S)

    def until(self, fact: Callable[[], Any]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not fact():
            assert time.monotonic() < deadline, "it did not become true"
            threading.Event().wait(0.01)

    def lines(self, name: str) -> list[str]:
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []

    def run(self, text: str) -> int:
        name = self.client.post("/api/pipelines", {"definition": text})["name"]
        run = self.client.post(f"/api/pipelines/{name}/run", {})
        number: int = run["id"]
        return number

    def status(self, run: int) -> str:
        status: str = self.client.get(f"/api/pipeline-runs/{run}")["status"]
        return status

    def left(self) -> list[str]:
        """Processes that belong to this project's attempts, or its runner."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    said = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.data).encode() in said:
                    found.append(said.decode(errors="replace"))
        return found


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killed]:
    project = Killed(tmp_path)
    project.serve()
    yield project
    project.client.close()
    project.stop()


def _has_begun(killed: Killed, stages: int) -> bool:
    return len(killed.lines("witness")) >= stages


def test_a_server_that_is_killed_at_every_stage_loses_nothing(killed: Killed) -> None:
    """C1, C3: five kills during one run of ten stages, and each stage ran once."""
    stages = "".join(
        f"  - {{name: s{n}, run: 'echo {n} >> witness; sleep 0.05; echo {n} >> ended'}}\n"
        for n in range(10)
    )
    run = killed.run(f"name: long\nstages:\n{stages}")
    for kill in range(1, 6):
        killed.until(partial(_has_begun, killed, 2 * kill - 1))
        killed.kill()
        killed.serve()
    killed.until(lambda: killed.status(run) == "succeeded")
    assert killed.lines("witness") == [str(n) for n in range(10)]
    assert killed.lines("ended") == [str(n) for n in range(10)]


def test_a_gate_that_is_open_when_the_server_dies_can_be_answered(killed: Killed) -> None:
    """The question, its packet and its deadline are read again."""
    run = killed.run(
        "name: gated\nstages:\n"
        "  - {name: build, run: 'echo built >> witness'}\n"
        "  - {name: prod, approvers: [lead], run: 'echo prod >> witness'}\n"
    )
    killed.until(lambda: killed.status(run) == "waiting_approval")
    asked = killed.client.get("/api/approvals")["items"][0]
    killed.kill()
    killed.serve()
    again = killed.client.get(f"/api/approvals/{asked['id']}")
    assert (again["packet_hash"], again["expires_at"]) == (
        asked["packet_hash"],
        asked["expires_at"],
    )
    body = {"comment": "after the crash", "packet": asked["packet_hash"]}
    killed.client.post(f"/api/approvals/{asked['id']}/approve", body)
    killed.until(lambda: killed.status(run) == "succeeded")
    assert killed.lines("witness") == ["built", "prod"]


def test_an_acknowledged_cancel_survives_the_death_of_the_server(killed: Killed) -> None:
    """C7: after the answer nothing new starts, and in the end every process is gone."""
    run = killed.run(
        "name: cancelled\nstages:\n"
        "  - {name: work, grace: 1s, run: 'echo $$ >> pids; sleep 1000 & wait'}\n"
        "  - {name: next, run: 'echo next >> witness'}\n"
    )
    killed.until(lambda: killed.lines("pids"))
    killed.client.post(f"/api/pipeline-runs/{run}/cancel", {})
    killed.kill()
    killed.serve()
    killed.until(lambda: killed.status(run) == "cancelled")
    killed.stop()
    killed._server = None
    killed.until(lambda: not killed.left())
    assert killed.lines("witness") == []
