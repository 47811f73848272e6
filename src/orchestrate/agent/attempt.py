"""One attempt while it lives: its clocks, its output, its end. It never decides what is next."""

import os
import stat
import time

from orchestrate.agent.log import Log
from orchestrate.agent.mask import Mask
from orchestrate.agent.spawn import Order

OUTPUT_BYTES_MAX = 1 << 20
READ_BYTES = 64 << 10
DRAIN_READS_MAX = 32
"""A pipe holds a megabyte at most; more than that comes from somebody who is not ours."""
NEVER = float("inf")


class Clocks:
    """One moment, just before a program is started."""

    __slots__ = ("boot", "monotonic", "wall")

    def __init__(self) -> None:
        self.wall = time.time()
        self.monotonic = time.monotonic()
        self.boot = time.clock_gettime(time.CLOCK_BOOTTIME)


class Attempt:
    """An attempt whose program was started."""

    __slots__ = (
        "at",
        "directory",
        "due",
        "ended_at",
        "grace_s",
        "heard",
        "idle_timeout_s",
        "key",
        "kill_at",
        "leader_lives",
        "leftovers",
        "log",
        "mark",
        "mask",
        "output",
        "pid",
        "reason",
        "started_boot_s",
        "status",
        "timeout_at",
        "usage",
    )

    def __init__(
        self, order: Order, directory: str, mark: int, child: tuple[int, int], clocks: Clocks
    ) -> None:
        now = clocks.monotonic
        self.key = order.key
        self.directory = directory
        self.mark = mark
        self.pid, self.output = child
        self.at = clocks.wall
        self.started_boot_s = clocks.boot
        self.timeout_at = NEVER if order.timeout_s is None else now + order.timeout_s
        self.idle_timeout_s = NEVER if order.idle_timeout_s is None else order.idle_timeout_s
        self.grace_s = order.grace_s
        self.heard = now
        self.mask = (Mask(order.mask) or None) if order.mask else None
        self.log = Log(directory, self.mask)
        self.reason = "exited"
        self.kill_at = NEVER
        self.due = min(self.timeout_at, now + self.idle_timeout_s)
        self.leader_lives = True
        self.ended_at = 0.0
        self.status = 0
        self.usage: tuple[float, int] = (0.0, 0)
        self.leftovers: set[int] = set()

    def overdue(self, now: float) -> str | None:
        """Why the attempt has to be stopped at this moment, if it has; sets the next look."""
        if now >= self.timeout_at:
            return "timeout"
        silent_at = self.heard + self.idle_timeout_s
        if now >= silent_at:
            return "idle_timeout"
        self.due = min(self.timeout_at, silent_at)
        return None

    def pump(self) -> bool:
        """Take a bounded part of what the pipe holds; False when nothing more can come."""
        try:
            data = os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return True
        if data:
            self.heard = time.monotonic()
            self.log.feed(data, time.time())
        return bool(data)

    def drain(self) -> None:
        """Take the rest of the output, when all who could write it are gone."""
        if self.output >= 0:
            try:
                for _ in range(DRAIN_READS_MAX):
                    if not (data := os.read(self.output, READ_BYTES)):
                        break
                    self.log.feed(data, self.ended_at)
            except BlockingIOError:
                pass  # a stranger holds the pipe open; what our processes wrote is read
        self.hang_up()
        self.log.close(self.ended_at)

    def hang_up(self) -> None:
        if self.output >= 0:
            os.close(self.output)
            self.output = -1

    def exit_record(self) -> dict[str, object]:
        code = os.waitstatus_to_exitcode(self.status)
        text, fault = read_output(f"{self.directory}/output", self.mask)
        detail = ""
        if self.log.bytes_lost:
            detail = f"{self.log.bytes_lost} bytes of output were not stored: {self.log.loss}"
        return {
            "op": "exited",
            "key": self.key,
            "code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "reason": self.reason,
            "started_at": self.at,
            "ended_at": self.ended_at,
            "pid": self.pid,
            "output": text,
            "output_error": fault,
            "cpu_s": self.usage[0],
            "maxrss_kb": self.usage[1],
            "leftovers_killed": len(self.leftovers),
            "log_bytes": self.log.bytes_written,
            "log_truncated": self.log.dropped,
            "detail": detail,
        }


def record_without_process(key: str, reason: str, detail: str) -> dict[str, object]:
    """The exit of an attempt that never ran, or that nobody saw end."""
    now = time.time()
    return {
        "op": "exited",
        "key": key,
        "code": None,
        "signal": None,
        "reason": reason,
        "started_at": None,
        "ended_at": now,
        "pid": None,
        "output": "",
        "output_error": None,
        "cpu_s": 0.0,
        "maxrss_kb": 0,
        "leftovers_killed": 0,
        "log_bytes": 0,
        "log_truncated": False,
        "detail": detail,
    }


def read_output(path: str, mask: Mask | None) -> tuple[str, str | None]:
    """What the agent wrote to its output file, and what is wrong with the file, if anything."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return "", "the output file was replaced by something that is not a regular file"
        if found.st_size == 0:
            return "", None
        if found.st_size > OUTPUT_BYTES_MAX:
            return "", f"the output file has {found.st_size} bytes; at most 1048576 are allowed"
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            data = os.read(descriptor, OUTPUT_BYTES_MAX)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return "", None
    except OSError as error:
        return "", f"the output file could not be read: {error.strerror}"
    if mask is not None:
        data = mask.whole(data)
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        return "", f"the output file is not UTF-8: byte {error.start} is {data[error.start]:#04x}"
