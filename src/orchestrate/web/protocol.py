"""One HTTP connection, bounded: how many there are, how long a head, how slow, how unheard.

It is uvicorn's parser; added is who is at the other end, and an end to every way of waiting.
"""

from __future__ import annotations

import asyncio
import json
import socket
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from orchestrate.web.access import Line
from orchestrate.web.peer import Peer, peer_of
from orchestrate.web.problem import BAD_REQUEST, BUSY, HEAD_TOO_LARGE, MEDIA_TYPE, TOO_SLOW, Problem

CONNECTIONS_MAX = 512
HEAD_BYTES_MAX = 64 << 10
MESSAGE_BYTES_MAX = 1 << 30
"""Of a body that nobody reads any more."""
STRAY_BYTES_MAX = 512 << 10
"""What may arrive after a head without being part of a body: trailers, the words of chunks."""
HEAD_WAIT_S = 20.0
UNHEARD_S_MAX = 30.0


class Connection(HttpToolsProtocol):
    """Everything that arrives outside of a head or a body counts against a bound."""

    transport: asyncio.Transport

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = False
        self._head_bytes = 0
        self._message_bytes = 0
        self._stray_bytes = 0
        self._head_due: asyncio.TimerHandle | None = None
        self._heard_due: asyncio.TimerHandle | None = None

    @property
    def _idle(self) -> bool:
        """Whether nothing is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    # -- its life ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {"line": _line(transport.get_extra_info("socket"))}
        transport.set_write_buffer_limits(high=0)  # so that `pause_writing` tells of any backlog
        if sum(isinstance(each, Connection) for each in self.connections) > CONNECTIONS_MAX:
            self._end(Problem(BUSY, f"at most {CONNECTIONS_MAX} connections are served at a time"))
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        self._heard()
        super().connection_lost(exc)

    # -- what arrives ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._idle:
            self._expect_head()
        self._message_bytes += len(data)
        self._stray_bytes += len(data)
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._end(Problem(HEAD_TOO_LARGE, f"at most {HEAD_BYTES_MAX} bytes are read"))
        elif self._stray_bytes > STRAY_BYTES_MAX or self._message_bytes > MESSAGE_BYTES_MAX:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._head_bytes = self._message_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # what follows a body is no header of its request
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stray_bytes = 0
        self._head_arrived()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._stray_bytes = 0
        super().on_body(body)

    def handle_websocket_upgrade(self) -> None:
        self._head_arrived()
        self._heard()
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says less than ours
        self._end(Problem(BAD_REQUEST, "this is no HTTP/1.1 request"))

    # -- bounds of time ----------------------------------------------------------------

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_WAIT_S, self._head_late)

    def _head_arrived(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _head_late(self) -> None:
        self._head_due = None
        self._end(Problem(TOO_SLOW, f"no request arrived within {HEAD_WAIT_S:.0f} seconds"))

    def pause_writing(self) -> None:
        self._unheard()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._heard()
        super().resume_writing()

    def _unheard(self) -> None:
        """What was said has to be taken within a time, or the connection is cut."""
        if self._heard_due is None:
            self._heard_due = self.loop.call_later(UNHEARD_S_MAX, self.transport.abort)

    def _heard(self) -> None:
        if self._heard_due is not None:
            self._heard_due.cancel()
            self._heard_due = None

    def _end(self, problem: Problem) -> None:
        """Say why, if nothing is being said already, and close."""
        if self.transport.is_closing():
            return
        if self._idle:
            self.transport.write(_written(problem))
        self._unheard()
        self.transport.close()


def _line(connection: socket.socket) -> Line:
    if connection.family != socket.AF_UNIX:
        return Line(port=connection.getsockname()[1])
    try:
        return Line(peer=peer_of(connection))
    except OSError:
        return Line(peer=Peer(uid=-1, pid=0, agent=True))


def _written(problem: Problem) -> bytes:
    """A whole answer, for a request that never became one."""
    status = problem.kind.status
    body = json.dumps(problem.as_dict()).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Date: {formatdate(usegmt=True)}\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
