"""What a runner must not forget, in one file: who was started, what became of them.

It never drops an exit that the server has not acknowledged. Each turn of the runner is one
write, which a killed process cannot lose. An exit that waits for its acknowledgement is
flushed to disk as well, against the loss of power: one flush for all that wait.
"""

import errno
import os
import time

from orchestrate.agent.shape import ENTRIES, Malformed, read
from orchestrate.agent.wire import encode

NAME = "runner.journal"
SYNC_AFTER_S = 0.05
"""An exit that is acknowledged sooner is durable in the server's own store already."""
REWRITE_BYTES = 1 << 20
LINE_BYTES_MAX = 32 << 20
"""An exit with its output, written as JSON, takes less; a longer line is malformed."""
RETRY_S = 1.0


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def _write_whole(file: int, data: bytes, size: int) -> None:
    """All of it or, with an error, nothing: a file keeps its size."""
    if os.write(file, data) < len(data):
        os.ftruncate(file, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Past:
    """What an earlier runner left in its journal."""

    __slots__ = ("boots", "exits", "instances", "started", "torn")

    def __init__(self) -> None:
        self.instances: set[int] = set()
        self.boots: set[str] = set()
        self.started: dict[str, dict[str, object]] = {}
        self.exits: dict[str, bytes] = {}
        self.torn = 0
        """Lines that mean nothing: the power went meanwhile, or somebody else wrote them."""

    @classmethod
    def read(cls, path: str) -> "Past":
        past = cls()
        try:
            with open(path, "rb") as file:
                while line := file.readline(LINE_BYTES_MAX):
                    past._take(line)
        except FileNotFoundError:
            pass
        return past

    def _take(self, line: bytes) -> None:
        try:
            entry = read(line if line.endswith(b"\n") else b"", ENTRIES)
        except Malformed:
            self.torn += 1
            return
        match entry["op"]:
            case "runner":
                self.instances.add(entry["instance"])
                self.boots.add(entry["boot"])
            case "started":
                self.started[entry["key"]] = entry
            case "exited":
                self.started.pop(entry["key"], None)
                self.exits[entry["key"]] = line
            case _:
                for key in entry["keys"]:
                    self.exits.pop(key, None)


class Journal:
    """The writing end, and the exits that wait for their acknowledgement."""

    __slots__ = (
        "_directory",
        "_file",
        "_named",
        "_opening",
        "_path",
        "_pending",
        "_retry_at",
        "_size",
        "_started",
        "_unsynced",
        "exits",
    )

    def __init__(self, data: str, instance: int, past: Past) -> None:
        self._path = f"{data}/{NAME}"
        self._directory = data
        self._opening = encode({"op": "runner", "instance": instance, "boot": boot_id()})
        self._started: dict[str, bytes] = {}
        self._pending: list[bytes] = []
        self._unsynced: dict[str, float] = dict.fromkeys(past.exits, 0.0)
        self._retry_at: float | None = None
        self.exits: dict[str, bytes] = past.exits
        self._file = -1
        self._size = 0
        self._named = False
        self._rewrite()

    def started(self, key: str, line: bytes) -> None:
        self._started[key] = line
        self._pending.append(line)

    def exited(self, key: str, line: bytes) -> None:
        self._started.pop(key, None)
        self.exits[key] = line
        self._unsynced[key] = time.monotonic() + SYNC_AFTER_S
        self._pending.append(line)

    def acknowledge(self, keys: list[str]) -> None:
        known = [key for key in keys if self.exits.pop(key, None) is not None]
        for key in known:
            self._unsynced.pop(key, None)
        if known:
            self._pending.append(encode({"op": "acknowledged", "keys": known}))

    def due(self) -> float:
        """When this wants to be called again, on the monotonic clock."""
        if self._retry_at is not None:
            return self._retry_at
        return next(iter(self._unsynced.values()), float("inf"))

    def write(self) -> None:
        """Put on file what has happened in this turn, before anybody is told of it."""
        if self._retry_at is not None and time.monotonic() < self._retry_at:
            return
        self._retry_at = None
        if not self._pending:
            return
        data = b"".join(self._pending)
        try:
            if self._size + len(data) > REWRITE_BYTES and self._size > 2 * self._live_bytes():
                self._rewrite()
            else:
                self._append(data)
        except OSError:
            self._retry_at = time.monotonic() + RETRY_S
            return
        self._pending.clear()

    def sync(self, now: float) -> None:
        """Flush to disk when an exit has waited too long for its acknowledgement."""
        if self._retry_at is not None:
            self.write()
        elif self._unsynced and now >= next(iter(self._unsynced.values())):
            try:
                self._flush()
            except OSError:
                self._retry_at = now + RETRY_S

    def keeps(self) -> bool:
        """Whether a killed process would lose no exit that is still to be told."""
        return not (self._pending and self.exits)

    def close(self) -> None:
        """Leave a file only if there is something to be told to the next server."""
        if self.exits:
            self._flush()
        else:
            os.unlink(self._path)
        os.close(self._file)

    def _live_bytes(self) -> int:
        kept = (*self._started.values(), *self.exits.values())
        return sum(map(len, kept)) + len(self._opening)

    def _append(self, data: bytes) -> None:
        _write_whole(self._file, data, self._size)
        self._size += len(data)

    def _rewrite(self) -> None:
        """Start a file with what still counts, in place of the one that has grown."""
        data = b"".join((self._opening, *self._started.values(), *self.exits.values()))
        fresh = f"{self._path}.fresh"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        file = os.open(fresh, flags, 0o600)
        try:
            _write_whole(file, data, 0)
            if len(self.exits) > len(self._unsynced):
                os.fsync(file)
            os.rename(fresh, self._path)
        except OSError:
            os.close(file)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file = file
        self._size = len(data)
        self._named = False

    def _flush(self) -> None:
        os.fsync(self._file)
        if not self._named:
            directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(directory)
            os.close(directory)
            self._named = True
        self._unsynced.clear()
