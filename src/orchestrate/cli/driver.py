"""A server in the background, for runs that nobody follows: it leaves when nothing is to be done.

Starting one never waits longer than `START_WAIT_S`, and it says which process it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Failure, Unreachable
from orchestrate.cli.settings import Settings

START_WAIT_S = 20.0
LOG_BYTES_MAX = 1 << 20
_PAUSE_S = 0.05


def begin(settings: Settings) -> int:
    """Start one for this data directory, and wait until it answers; its process id."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = settings.data / "driver.log"
    fresh = not log.exists() or log.stat().st_size > LOG_BYTES_MAX
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if fresh else 0)
    descriptor = os.open(log, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrate", "serve", "--until-idle"],
            stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True, cwd=settings.project,
            env={**os.environ, "ORCHESTRATE_HOME": str(settings.data)},
        )  # fmt: skip
    finally:
        os.close(descriptor)
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline:
        if _answers(settings):
            return process.pid
        if process.poll() not in (None, 0):
            break
        time.sleep(_PAUSE_S)
    raise Failure("no server could be started in the background", f"it says why in {log}")


def _answers(settings: Settings) -> bool:
    client = Client(Address(socket=settings.socket))
    try:
        client.connect()
    except Unreachable:
        return False
    finally:
        client.close()
    return True
