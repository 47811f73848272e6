"""The server's end of the runner: launch, stop, hear what became of it; it never blocks once open.

What is true of an attempt is known to the runner, and on disk; nothing is kept here.
"""

import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from orchestrate.agent import tree
from orchestrate.agent.address import socket_address
from orchestrate.agent.holder import holders
from orchestrate.agent.wire import LAUNCH_BYTES_MAX, LOCKED, PROTOCOL, Channel, decode, encode

OPEN_WAIT_S = 10.0
START_S_MIN = 0.1
"""A start that was begun gets this much, however short the wait."""
RUNNER_LOG_BYTES_MAX = 1 << 20
_SILENT = "it does not answer"
_DEAF = "there is one that does not listen"
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_SOURCES = Path(__file__).resolve().parents[2]
_RUN = "from orchestrate.agent.runner import main;"
"""In the command line of every runner, of whatever version; it is recognised by that."""
_BEGIN = f"import sys; sys.path.insert(0, sys.argv[1]); {_RUN} sys.exit(main(sys.argv[2]))"


class RunnerGone(Exception):
    """The runner cannot be spoken to; open another connection, which starts one if need be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Everything one attempt needs. The key names it for ever; no key is started twice."""

    key: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    stdin: str
    context: str
    timeout_s: float | None
    idle_timeout_s: float | None = None
    grace_s: float = 10.0
    mask: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert _KEY.fullmatch(self.key), f"{self.key!r} cannot be the name of a directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Its program runs."""

    key: str
    pid: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """It is over, and nothing of it lives. Times are epoch seconds.

    `reason` is one of exited, timeout, idle_timeout, cancelled, lost, start_failed.
    """

    key: str
    code: int | None
    signal: int | None
    reason: str
    started_at: float | None
    ended_at: float
    pid: int | None
    output: str
    output_error: str | None
    cpu_s: float
    maxrss_kb: int
    leftovers_killed: int
    log_bytes: int
    log_truncated: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """This key was never claimed: nothing was ever started for it."""

    key: str


class Runner:
    """A connection to the runner of a data directory, for one thread and its selector."""

    def __init__(self, channel: Channel, hello: dict[str, Any], rest: list[str]) -> None:
        self._channel = channel
        self._inbox = [_report(message) for message in hello["live"]]
        self._inbox += [_report(decode(line)) for line in rest]
        self.pid: int = hello["pid"]
        self.boot_id: str = hello["boot"]
        """Of the machine; `Unknown` is certain only for what was launched in the same boot."""
        self.live = frozenset(message["key"] for message in hello["live"])
        """The attempts that lived when the connection was made; each is also received."""

    @classmethod
    def open(cls, data: Path, wait_s: float = OPEN_WAIT_S) -> Self:
        """Connect, after starting a runner if there is none; raises RunnerGone within the wait.

        What the system itself refuses is not tried again here: whoever opens knows when.
        """
        whole = data.resolve()
        deadline = time.monotonic() + wait_s
        why = "it did not start in time"
        while time.monotonic() < deadline:
            try:
                channel = _connect(whole)
                if channel is None:
                    why = _start(whole, deadline) or why
                    channel = _connect(whole)
            except OSError as error:
                where = f" ({error.filename})" if error.filename else ""
                raise RunnerGone(
                    f"no runner for {whole} could be started or reached: {error.strerror}{where}"
                ) from error
            if channel is not None:
                greeting = _greeting(channel, deadline)
                if greeting is not None:
                    return cls(channel, *greeting)
                silent = not channel.ended
                channel.close()
                why = _SILENT if silent else _last_words(whole) or "it hung up"
            time.sleep(0.005)
        if why in (_SILENT, _DEAF):
            pids = ", ".join(map(str, holders(f"{whole}/runner.lock")))
            why += f"; runner.lock is held by process {pids or 'unknown'}"
        raise RunnerGone(f"no runner for {whole} within {wait_s:g} s: {why}")

    def fileno(self) -> int:
        return self._channel.fileno()

    def launch(self, launches: Sequence[Launch]) -> None:
        """Order attempts. What becomes of each, also a failure to start it, is received."""
        for one in launches:
            message = encode(
                {
                    "op": "launch",
                    "key": one.key,
                    "argv": list(one.argv),
                    "env": dict(one.env),
                    "cwd": one.cwd,
                    "stdin": one.stdin,
                    "context": one.context,
                    "timeout_s": one.timeout_s,
                    "idle_timeout_s": one.idle_timeout_s,
                    "grace_s": one.grace_s,
                    "mask": list(one.mask),
                }
            )
            if len(message) > LAUNCH_BYTES_MAX:
                detail = (
                    f"task, context and environment take {len(message)} bytes together;"
                    f" at most {LAUNCH_BYTES_MAX} are allowed"
                )
                message = encode({"op": "refuse", "key": one.key, "detail": detail})
            self._channel.queue(message)
        self._channel.flush()

    def stop(self, key: str, reason: str) -> None:
        """End an attempt, for "cancelled" or "timeout". Asking again changes nothing.

        Its exit is received when nothing of it lives. A key of which nothing is known to live
        is answered like `ask`: its exit again, or lost, or Unknown.
        """
        assert reason in ("cancelled", "timeout"), reason
        self._send({"op": "stop", "key": key, "reason": reason})

    def acknowledge(self, keys: Iterable[str]) -> None:
        """These exits are committed; the runner may forget them."""
        self._send({"op": "acknowledge", "keys": list(keys)})

    def ask(self, keys: Iterable[str]) -> None:
        """What became of these? One Started, Exited or Unknown is received for each."""
        self._send({"op": "ask", "keys": list(keys)})

    def receive(self) -> list[Started | Exited | Unknown]:
        """What has arrived."""
        arrived, self._inbox = self._inbox, []
        arrived += [_report(decode(line)) for line in self._channel.lines()]
        if self._channel.ended and not arrived:
            raise RunnerGone("the runner ended or closed the connection")
        return arrived

    def wants_write(self) -> bool:
        return bool(self._channel.unsent)

    def flush(self) -> None:
        self._channel.flush()

    def close(self) -> None:
        """Leave; the runner stays while there is work for it."""
        self._channel.close()

    def _send(self, message: dict[str, object]) -> None:
        self._channel.queue(encode(message))
        self._channel.flush()


def is_runner(pid: int) -> bool:
    """Whether a process is a runner, of any data directory."""
    return _RUN.encode() in tree.read(f"/proc/{pid}/cmdline")


def _report(message: dict[str, Any]) -> Started | Exited | Unknown:
    kind = message.pop("op")
    message.pop("boot_s", None)
    match kind:
        case "started":
            return Started(**message)
        case "exited":
            return Exited(**message)
        case _:
            return Unknown(**message)


def _connect(data: Path) -> Channel | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(0)
    try:
        with socket_address(data / "runner.sock") as address:
            connection.connect(address)
    except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
        connection.close()  # nobody is there, or as many as it takes wait for it already
        return None
    except OSError:
        connection.close()
        raise
    return Channel(connection)


def _wait(descriptor: int, wait_s: float) -> bool:
    """Whether there is something to read in time, whatever the number of the descriptor."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, wait_s) * 1000))


def _greeting(channel: Channel, deadline: float) -> tuple[dict[str, Any], list[str]] | None:
    """The first message and what came with it; None when the runner is on its way out."""
    while not channel.ended and time.monotonic() < deadline:
        lines = channel.lines()
        if lines:
            hello = decode(lines[0])
            if hello["protocol"] != PROTOCOL:
                raise RunnerGone(
                    f"the runner (process {hello['pid']}) belongs to another version of"
                    " Orchestrate; it ends by itself with its last attempt"
                )
            return hello, lines[1:]
        _wait(channel.fileno(), deadline - time.monotonic())
    return None


def _start(data: Path, deadline: float) -> str:
    """Start a runner; why it did not start, or nothing when it did or had no time.

    What is started checks the lock, listens, and leaves the runner behind, which is then no
    child of ours.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK
    log = os.open(data / "runner.log", flags, 0o600)
    try:
        if os.fstat(log).st_size > RUNNER_LOG_BYTES_MAX:
            os.ftruncate(log, 0)
        argv = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BEGIN, str(_SOURCES), str(data)]
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
        ]
        outer = {name: os.environ[name] for name in _KEPT if name in os.environ}
        pid = os.posix_spawn(
            sys.executable, argv, outer, file_actions=files, setsid=True, setsigmask=()
        )
    finally:
        os.close(log)
    ready = False
    try:
        descriptor = os.pidfd_open(pid)
        try:
            ready = _wait(descriptor, max(START_S_MIN, deadline - time.monotonic()))
        finally:
            os.close(descriptor)
    finally:
        if not ready:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if status == 0 or not ready:
        return ""
    code = os.waitstatus_to_exitcode(status)
    if code == LOCKED:
        return _DEAF
    return _last_words(data) or f"it ended with status {code}"


def _last_words(data: Path) -> str:
    """What a runner that failed wrote before its end."""
    with suppress(OSError):
        lines = (data / "runner.log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""
    return ""


_KEPT = ("ORCHESTRATE_ATTEMPT_KEY", "ORCHESTRATE_CONTEXT")
"""A server inside an attempt: its runner is then part of that attempt, and ends with it."""
