"""One HTTP request to somebody else: to an allowed address, within a time, with a bounded answer.

It follows no redirection, and connects to the very address that it has judged.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Timer
from urllib.parse import urlsplit

from orchestrate import __version__
from orchestrate.engine.notify.addresses import is_public

ANSWER_BYTES_MAX = 4 << 20
ANSWER_SHOWN_MAX = 300
DEADLINE_S = 30.0
RETRY_AFTER_S_MAX = 3_600.0
PRIVATE = "is at a private address; allow_private = true lets it be told all the same"


class Undelivered(Exception):
    """It did not arrive, or nobody said that it did. `retry_after_s`: what the other side asks."""

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def fault(self) -> Undelivered:
        """What is wrong with an answer that is no success."""
        said = self.body[:ANSWER_SHOWN_MAX].decode("utf-8", "replace").strip()
        text = f"it answered {self.status}" + (f": {said}" if said else "")
        return Undelivered(text, _retry_after_s(self.headers.get("retry-after", "")))


@dataclass
class Line:
    """The connection in use, for whoever must end it from another thread: `cut` is for good."""

    _socket: socket.socket | None = None
    _cut: bool = False
    _lock: Lock = field(default_factory=Lock)

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # under TLS, too

    @property
    def is_cut(self) -> bool:
        return self._cut

    def use(self, connected: socket.socket | None) -> None:
        with self._lock:
            self._socket = connected
            if self._cut and connected is not None:
                raise Undelivered("it was given up")


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    allow_private: bool = False,
    deadline_s: float = DEADLINE_S,
    line: Line | None = None,
) -> Reply:
    """One request, one answer, whatever its status. Raises Undelivered where none came in time."""
    lines = (Line() if line is None else line, Line())
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    port = port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {
        "Host": parts.netloc.rpartition("@")[2],
        "User-Agent": f"Orchestrate/{__version__}",
        "Connection": "close",
        **headers,
    }
    clock = Timer(deadline_s, lines[1].cut)
    clock.daemon = True
    clock.start()
    late = Undelivered(f"nothing answered within {deadline_s:g} seconds")
    try:
        with _connected(host, port, allow_private=allow_private, timeout_s=deadline_s) as raw:
            _hold(lines, raw)
            if parts.scheme == "http":
                reply = _exchange(raw, method, target, body, sent)
            else:
                with _trusted(raw, host) as wrapped:
                    _hold(lines, wrapped)
                    wrapped.do_handshake()
                    reply = _exchange(wrapped, method, target, body, sent)
    except TimeoutError:
        raise late from None
    except (OSError, http.client.HTTPException) as fault:
        raise (late if lines[1].is_cut else Undelivered(_told(fault))) from None
    finally:
        clock.cancel()
        _hold(lines, None)
    if any(each.is_cut for each in lines):
        raise late  # what was read then may end anywhere
    return reply


def _hold(lines: Sequence[Line], connected: socket.socket | None) -> None:
    for each in lines:
        each.use(connected)


def _trusted(raw: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)


def _exchange(
    connected: socket.socket,
    method: str,
    target: str,
    body: bytes | None,
    headers: Mapping[str, str],
) -> Reply:
    connection = http.client.HTTPConnection("")  # the Host header is among ours
    connection.sock = connected
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        said = response.read(ANSWER_BYTES_MAX)
        found = {name.lower(): each for name, each in response.headers.items()}
        return Reply(response.status, found, said)
    finally:
        connection.close()


def _connected(host: str, port: int, *, allow_private: bool, timeout_s: float) -> socket.socket:
    """A connection to the first address that may be reached, and answers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Undelivered(f"nobody knows where {host} is") from None
    allowed = [each for each in found if allow_private or is_public(str(each[4][0]))]
    if not allowed:
        raise Undelivered(f"{host} {PRIVATE}")
    fault: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        connected = socket.socket(family, kind, protocol)
        connected.settimeout(timeout_s)
        try:
            connected.connect(address)
        except OSError as no:
            connected.close()
            fault = no
            continue
        return connected
    assert fault is not None, "one of them was tried"
    raise fault


def _told(fault: Exception) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {fault.verify_message}"
    if isinstance(fault, http.client.HTTPException):
        return f"it does not speak HTTP as it should: {type(fault).__name__}"
    text = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
    return f"it cannot be reached: {text}"


def _retry_after_s(said: str) -> float | None:
    if said.isascii() and said.isdecimal() and len(said) <= 9:
        return min(float(said), RETRY_AFTER_S_MAX)
    return None
