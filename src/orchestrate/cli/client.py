"""Speaks the REST API: over a Unix socket or TCP, with nothing but the standard library.

One connection, one thread. It repeats a request that found no listener only where that is safe:
a GET, or a POST under the same Idempotency-Key.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from orchestrate import __version__
from orchestrate.agent.address import socket_address
from orchestrate.cli.failure import Exit, Failure, Unreachable, of_problem

Json: TypeAlias = Any

CONNECT_WAIT_S = 10.0
ANSWER_WAIT_S = 60.0
ANSWER_BYTES_MAX = 256 << 20
ITEMS_MAX = 1_000
PAGE_ITEMS = 200
PAGES_MAX = 100
_HTTP_FAULTS = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Address:
    """A socket's path, or the URL of a server."""

    socket: Path | None = None
    url: str = ""

    def __str__(self) -> str:
        return self.url or str(self.socket)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure("the server did not answer in JSON", "is it Orchestrate?") from None


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            with socket_address(self._path) as address:
                self.sock.connect(address)
        except OSError:
            self.sock.close()
            self.sock = None
            raise


class Client:
    """Asks one server. `close` ends its connection; the next request opens another."""

    def __init__(self, address: Address, token: str | None = None) -> None:
        self.address = address
        self._token = token
        self._prefix = ""
        self._connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        if self.address.socket is not None:
            return _UnixConnection(self.address.socket, CONNECT_WAIT_S)
        what = f"`{self.address.url}` is no address of a server"
        wrong = Failure(what, "such as http://127.0.0.1:7878", code=Exit.INVALID)
        try:
            parts = urlsplit(self.address.url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        if parts.scheme not in ("http", "https") or not host:
            raise wrong
        self._prefix = parts.path.rstrip("/")
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=CONNECT_WAIT_S)
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_WAIT_S)

    def connect(self) -> None:
        """Open the connection that the next request will use. Raises Unreachable."""
        if self._connection.sock is None:
            try:
                self._connection.connect()
            except OSError as fault:
                raise self._silent(fault) from None

    def another(self) -> Client:
        """A second connection to the same server, for another thread."""
        return Client(self.address, self._token)

    def close(self) -> None:
        self._connection.close()

    def abort(self) -> None:
        """End a request that waits in another thread: it raises Unreachable there."""
        waiting = self._connection.sock
        if waiting is not None:
            with suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)

    # -- requests ----------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Json:
        return self.ask("GET", path, query=query).json()

    def post(self, path: str, body: Json = None, *, key: str | None = None) -> Json:
        return self.ask("POST", path, {} if body is None else body, key=key or new_key()).json()

    def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        wait_s: float = 0.0,
    ) -> Answer:
        """One request, one answer. Raises Failure for a problem, Unreachable where none came."""
        asked = {name: each for name, each in (query or {}).items() if each is not None}
        target = self._prefix + path + (f"?{urlencode(asked, doseq=True)}" if asked else "")
        sent = {"Accept": "application/json", "User-Agent": f"orchestrate/{__version__}"}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        repeatable = method in ("GET", "PUT", "DELETE") or key is not None
        answer = self._exchange(method, target, data, sent, wait_s, again=repeatable)
        if answer.status >= 400:
            raise of_problem(answer.status, _problem(answer))
        if answer.status >= 300:
            raise Failure(
                f"the server answered {answer.status} and sent us elsewhere",
                f"name its own address; it says {answer.headers.get('location', 'nothing')}",
            )
        return answer

    def _exchange(
        self,
        method: str,
        target: str,
        data: bytes | None,
        headers: dict[str, str],
        wait_s: float,
        *,
        again: bool,
    ) -> Answer:
        connection = self._connection
        kept = connection.sock is not None
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(ANSWER_WAIT_S + wait_s)
            connection.request(method, target, data, headers)
            response = connection.getresponse()
            length = response.length
            body = response.read(ANSWER_BYTES_MAX)
            if length is not None and len(body) < min(length, ANSWER_BYTES_MAX):
                raise http.client.IncompleteRead(body)  # cut off, and `read` does not say so
            if not response.isclosed():
                raise Failure(f"the answer has more than {ANSWER_BYTES_MAX >> 20} MiB")
            return Answer(
                response.status, {name.lower(): each for name, each in response.headers.items()},
                body,
            )  # fmt: skip
        except TimeoutError:
            connection.close()
            raise Unreachable(
                f"{self.address} does not answer", "look at its messages, or ask again later"
            ) from None
        except _HTTP_FAULTS as fault:
            connection.close()
            if kept and again:  # the server may have closed a connection that was idle
                return self._exchange(method, target, data, headers, wait_s, again=False)
            raise self._silent(fault) from None

    def _silent(self, fault: Exception) -> Unreachable:
        why = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        what = f"no server answers at {self.address}: {why}"
        return Unreachable(what, "start one: orchestrate serve")

    def items(self, path: str, items_max: int = ITEMS_MAX, **query: Any) -> Json:
        """A list as one object, page after page: `next` is left where there is more than that."""
        query = {"limit": PAGE_ITEMS, **query}
        page = self.get(path, **query)
        whole = dict(page)
        for _ in range(PAGES_MAX):
            if page.get("next") is None or len(whole["items"]) >= items_max:
                break
            page = self.get(path, **{**query, "cursor": page["next"]})
            whole["items"] = [*whole["items"], *page["items"]]
        return {**whole, "next": page.get("next")}


def segment(name: object) -> str:
    """A name as one part of a path, whatever is in it."""
    return quote(str(name), safe="")


def new_key() -> str:
    """A key under which a POST may be repeated and takes effect once."""
    return os.urandom(16).hex()


def _problem(answer: Answer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
