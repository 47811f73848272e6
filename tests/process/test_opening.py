"""Whoever opens a connection is told in a sentence, and in time, why there is none."""

import errno
import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrate.agent.address import socket_address
from orchestrate.agent.holder import holders
from orchestrate.agent.process import Runner, RunnerGone
from tests.process.watch import Watch

PROMPT_S = 3.0
"""Far more than the wait that is asked for, and far less than for ever."""


@pytest.fixture(autouse=True)
def promptly() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < PROMPT_S


def refusal(data: Path, wait_s: float = 0.3) -> str:
    with pytest.raises(RunnerGone) as gone:
        Runner.open(data, wait_s=wait_s)
    return str(gone.value)


def children() -> set[str]:
    """The children of this process: other tests may have left some of theirs."""
    tasks = Path("/proc/self/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


@pytest.mark.parametrize("call", ["posix_spawn", "pidfd_open", "open"])
@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EMFILE, errno.ENOSPC])
def test_what_the_system_refuses_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """No process, no descriptor, no space: the next try finds a runner, and no child is left."""

    def refuse(*_: Any, **__: Any) -> int:
        raise OSError(number, os.strerror(number))

    before = children()
    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        text = refusal(tmp_path)
    why = os.strerror(number)
    assert text == f"no runner for {tmp_path} could be started or reached: {why}"
    assert children() <= before
    Runner.open(tmp_path).close()


def test_a_data_directory_that_is_gone_is_said(tmp_path: Path) -> None:
    """The sentence names the file."""
    data = tmp_path / "gone"
    assert refusal(data) == (
        f"no runner for {data} could be started or reached:"
        f" No such file or directory ({data}/runner.log)"
    )


def test_a_log_that_is_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Nobody reads it, so nobody could write."""
    os.mkfifo(tmp_path / "runner.log")
    assert "could be started or reached: No such device or address" in refusal(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose lock is held by somebody who is no runner: ourselves."""
    lock = os.open(tmp_path / "runner.lock", os.O_RDWR | os.O_CREAT)
    assert holders(str(tmp_path / "runner.lock")) == []
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield tmp_path
    os.close(lock)


@pytest.mark.parametrize("wait_s", [-1.0, 0.0, 0.001])
def test_a_wait_ends_however_short_it_is(stranger: Path, wait_s: float) -> None:
    """Nobody could be started in that time, and that is the sentence."""
    text = refusal(stranger, wait_s)
    assert text == f"no runner for {stranger} within {wait_s:g} s: it did not start in time"


def test_who_holds_the_lock_is_named(stranger: Path) -> None:
    """Only a person can end a process that is none of ours."""
    assert refusal(stranger, 1.5) == (
        f"no runner for {stranger} within 1.5 s: there is one that does not listen;"
        f" runner.lock is held by process {os.getpid()}"
    )


def test_a_runner_that_takes_no_more_connections_is_not_waited_for(watch: Watch) -> None:
    """Stopped, with its queue full: to connect would block for ever."""
    os.kill(watch.runner.pid, signal.SIGSTOP)
    waiting = []
    with socket_address(watch.data / "runner.sock") as address:
        for _ in range(20):
            one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.setblocking(False)
            waiting.append(one)
            one.connect_ex(address)
    text = refusal(watch.data)
    os.kill(watch.runner.pid, signal.SIGCONT)
    assert f"no runner for {watch.data} within 0.3 s: " in text
    for one in waiting:
        one.close()
    watch.runner.close()
    watch.runner = Runner.open(watch.data)
