"""Delivers by Apprise: starts the process that knows it, hands letters over, ends what hangs.

Its secrets go through a pipe: they stand in no argument and no environment of a process.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from threading import Lock

from orchestrate.engine.notify.channels import Channel
from orchestrate.engine.notify.letter import Letter
from orchestrate.engine.notify.reach import Undelivered

END_WAIT_S = 5.0
ANSWER_BYTES_MAX = 64 << 10
PASSED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "DBUS_SESSION_BUS_ADDRESS",
)  # fmt: skip
"""What of our environment that process is given."""


class Carrier:
    """One such process, started when there is a letter and ended when there is none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: environ[name] for name in PASSED if name in environ}
        self._process: subprocess.Popen[bytes] | None = None
        self._cut = False
        self._lock = Lock()

    def deliver(self, channel: Channel, letter: Letter, *, deadline_s: float) -> None:
        """Raises Undelivered."""
        order = {
            "url": channel.url,
            "title": letter.title,
            "text": letter.text,
            "tone": letter.tone,
            "allow_private": channel.allow_private,
            "deadline_s": deadline_s,
        }
        process = self._running()
        try:
            answer = _exchange(process, json.dumps(order).encode("ascii") + b"\n", deadline_s)
        except TimeoutError:
            self._end(kill=True)
            raise Undelivered(f"nothing answered within {deadline_s:g} seconds") from None
        except OSError:
            answer = None
        if answer is None:
            self._end(kill=True)
            raise Undelivered("the process that speaks Apprise ended before it answered")
        if answer["fault"] is not None:
            raise Undelivered(answer["fault"])

    def rest(self) -> None:
        """There is nothing to carry: keep no process."""
        self._end(kill=False)

    def cut(self) -> None:
        """End what it does, from any thread; it starts nothing any more."""
        with self._lock:
            self._cut = True
            if self._process is not None:
                self._process.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._cut:
                raise Undelivered("it was given up")
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-m", "orchestrate.engine.notify.carrier"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=self._environ,
                    start_new_session=True,  # Ctrl-C in a terminal is for us, not for it
                )
            return self._process

    def _end(self, *, kill: bool) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _exchange(
    process: subprocess.Popen[bytes], order: bytes, deadline_s: float
) -> dict[str, str | None] | None:
    """Its answer; None if it ended. Raises TimeoutError, OSError."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(order)
    process.stdin.flush()
    deadline = time.monotonic() + deadline_s
    said = b""
    while not said.endswith(b"\n"):
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not select.select([process.stdout], [], [], left_s)[0]:
            raise TimeoutError
        part = os.read(process.stdout.fileno(), ANSWER_BYTES_MAX)
        if not part:
            return None
        said += part
    found: dict[str, str | None] = json.loads(said)
    return found
