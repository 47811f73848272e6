"""The process that guards every attempt of a data directory, from its start to its last moment.

It survives the server, and never outlives need: it ends when no server is connected, no attempt
lives, and what was not told yet is on disk.
"""

import ctypes
import fcntl
import os
import signal
import socket
import time
from contextlib import suppress

from orchestrate.agent.address import socket_address
from orchestrate.agent.guard import Guard
from orchestrate.agent.wire import LOCKED

LOCK_WAIT_S = 0.2
"""For one that is just leaving; whoever opens a connection tries again after that."""
_PR_SET_CHILD_SUBREAPER = 36


def _lock(data: str) -> bool:
    """Hold the lock for the life of this process; the kernel frees it however that ends."""
    descriptor = os.open(f"{data}/runner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        else:
            return True


def _close_what_was_inherited() -> None:
    """Whatever the server had open: by the list, for the limit may be a billion."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the list's own descriptor is closed already
            if int(name) > 2:
                os.close(int(name))


def main(data: str) -> int:
    """Become the runner of a data directory; returns to the starter when it can be spoken to."""
    _close_what_was_inherited()
    os.makedirs(f"{data}/attempts", mode=0o700, exist_ok=True)
    if not _lock(data):
        return LOCKED
    path = f"{data}/runner.sock"
    if os.path.lexists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    usual = os.umask(0o177)
    with socket_address(path) as address:
        listener.bind(address)
    os.umask(usual)
    listener.listen(8)
    listener.settimeout(0)
    if os.fork():
        return 0
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    Guard(data, listener).run()
    os.unlink(path)
    return 0
