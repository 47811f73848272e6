"""Ctrl-C at any moment: never a traceback; the run is left as it is, and what to do is said."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Project

SLOW = "- {name: work, run: 'echo begun; until test -e go; do sleep 0.05; done; echo over'}"


def test_with_a_server_the_run_goes_on_without_us(served: Project) -> None:
    running = served.start("pipeline", "run", served.pipeline("left", SLOW))
    run = running.until(" created ").split()[2]
    running.until("work | begun")
    done = running.end(signal.SIGINT)
    assert done.code == 130
    assert done.err.splitlines() == [
        "",
        f"run {run} goes on without us",
        f"  watch:  orchestrate pipeline status {run} --watch",
        f"  end it: orchestrate pipeline cancel {run}",
    ]
    served.write("go", "")
    served.ask("pipeline", "status", run, "--watch")


def test_in_process_the_agent_finishes_and_the_run_can_be_taken_up(project: Project) -> None:
    running = project.start(
        "pipeline", "run", project.pipeline("kept", SLOW + "\n- {name: b, run: 'true'}")
    )
    run = running.until(" created ").split()[2]
    running.until("work | begun")
    done = running.end(signal.SIGINT)
    assert done.code == 130
    assert done.err.splitlines() == [
        "",
        f"run {run} is left as it is; agents that work finish what they do",
        f"  go on:  orchestrate pipeline status {run} --watch",
        f"  end it: orchestrate pipeline cancel {run}",
    ]
    assert not (project.data / "api.sock").exists()
    project.write("go", "")
    done = project.ask("pipeline", "status", run, "--watch")
    assert "✔  work  succeeded" in done.out
    assert "✔  b     succeeded" in done.out


def test_in_process_a_run_that_was_left_can_be_ended(project: Project) -> None:
    running = project.start("pipeline", "run", project.pipeline("ended", SLOW))
    run = running.until(" created ").split()[2]
    running.until("work | begun")
    running.end(signal.SIGINT)
    assert project.ask("pipeline", "cancel", run).out == f"run {run} is cancelled\n"


@pytest.mark.parametrize("step", range(24))
def test_at_any_moment_from_the_start_on(tmp_path: Path, step: int) -> None:
    """The signal comes after so many milliseconds: while Python starts, imports, opens, runs."""
    project = Project(tmp_path)
    project.data.mkdir(mode=0o700)
    file = project.pipeline("early", "- {name: a, run: 'sleep 0.2'}")
    process = subprocess.Popen(
        [*COMMAND, "pipeline", "run", file], cwd=project.root, env=project.environ(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # Python itself can be interrupted before any of our code runs; that is not ours to catch.
    _until_ours(process.pid)
    timer = threading.Timer(step * 0.04, process.send_signal, (signal.SIGINT,))
    timer.start()
    out, err = process.communicate(timeout=60)
    timer.cancel()
    timer.join()
    assert "Traceback" not in err + out, err
    assert process.returncode in (0, 130, -signal.SIGINT)
    settled = project.ask("pipeline", "list", "-o", "json")
    assert settled.json["next"] is None


def _until_ours(pid: int) -> None:
    """Return when our code has set Python's own way with an interrupt aside."""
    seen = False
    pause = threading.Event()
    for _ in range(20_000):
        caught = _catches_interrupts(pid)
        if caught is None or (seen and not caught):
            return
        seen = seen or caught
        pause.wait(0.001)


def _catches_interrupts(pid: int) -> bool | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt")), "")
    return bool(int(caught.split()[1], 16) & (1 << (signal.SIGINT - 1))) if caught else None
