"""What an engine does when something of its own does not work."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import Any

import pytest

from orchestrate.core.commands import Report
from orchestrate.core.decide import decide
from tests.engine.conftest import Lab


def test_a_runner_that_cannot_come_back_is_waited_for(lab: Lab) -> None:
    """The server stays, says what is wrong, and goes on when it can (C10)."""
    run_id = lab.start("""
        name: waits
        stages:
          - {name: hold, run: "until test -e go; do sleep 0.01; done"}
    """)
    lab.until(lambda: [row for row in lab.engine.reader.attempts(run_id, "hold") if row["pid"]])
    with (lab.home / ".orchestrate" / "runner.lock").open("r+") as lock:
        os.kill(lab.engine._crew.runner.pid, signal.SIGKILL)  # type: ignore[union-attr]
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a stranger would
        lab.until(lambda: lab.engine.trouble)
        assert "no agent can be started" in str(lab.engine.trouble)
        assert lab.engine.perform(lambda door: door.clock()).result() > 0
    second = lab.start("""
        name: later
        stages: [{name: work, run: "true"}]
    """)
    assert lab.ended(second)["status"] == "succeeded"
    assert lab.engine.trouble is None
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "hold")["reason_code"] == "lost"


def test_a_word_that_cannot_be_taken_in_harms_nobody_else(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours at one report fails that stage; the run ends, and the others go on."""
    real = decide

    def faulty(run: Any, command: Any, *rest: Any) -> Any:
        if isinstance(command, Report) and command.outcome.kind == "succeeded":
            raise RuntimeError("a fault of ours")
        return real(run, command, *rest)

    monkeypatch.setattr("orchestrate.engine.door.decide", faulty)
    run_id = lab.start("""
        name: faulty
        stages: [{name: work, environment: prod, rollback: {run: "true"}, run: "true"}]
    """)
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "work")["reason_code"] == "internal"
    monkeypatch.undo()
    again = lab.start("name: faulty\n")
    assert lab.ended(again)["status"] == "succeeded"
