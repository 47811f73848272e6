"""A real HTTP server on loopback that receives, refuses, hangs or says nothing, as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_S = 30.0


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, dict[str, str], bytes]
Answer = Callable[[Request], Reply]


def fine(_: Request) -> Reply:
    return 200, {}, b"{}"


@dataclass
class Receiver:
    """`answer` says what to answer. While `held` is set, nobody is answered."""

    answer: Answer = fine
    requests: list[Request] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    held: threading.Event = field(default_factory=threading.Event)
    drips: bool = False
    freed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        receiver = self

        class Taking(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {name.lower(): each for name, each in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                with receiver.changed:
                    receiver.requests.append(request)
                    receiver.changed.notify_all()
                if receiver.held.is_set():
                    receiver.freed.wait(WAIT_S)
                    self.close_connection = True
                    return
                if receiver.drips:
                    self._drip()
                    return
                status, more, said = receiver.answer(request)
                self.send_response(status)
                for name, each in {"Content-Length": str(len(said)), **more}.items():
                    self.send_header(name, each)
                self.end_headers()
                self.wfile.write(said)

            def _drip(self) -> None:
                """A byte of a head in time, and its end never."""
                with suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                    while not receiver.freed.wait(0.02):
                        self.wfile.write(b"x")

            do_GET = do_POST = do_PATCH = do_PUT = _take  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """It is seen in `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def until(self, number: int) -> list[Request]:
        """The requests, once there are so many."""
        deadline = time.monotonic() + WAIT_S
        with self.changed:
            while len(self.requests) < number:
                left_s = deadline - time.monotonic()
                assert self.changed.wait(left_s), f"{len(self.requests)} of {number} came"
            return list(self.requests)

    def close(self) -> None:
        self.freed.set()
        self._server.shutdown()
        self._server.server_close()
