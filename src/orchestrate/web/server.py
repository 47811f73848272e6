"""The application on a Unix socket, and on loopback TCP if asked. It opens no other door.

It runs on a thread of its own (`start`, `stop`) or on the calling one until a signal (`run`).
The engine holds the lock of the data directory, so a socket file that is there is a dead one.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from orchestrate.agent.address import socket_address
from orchestrate.web.app import Application
from orchestrate.web.protocol import Connection
from orchestrate.web.sockets import PING_S, WORD_BYTES_MAX, LiveConnection

BACKLOG = 256
IDLE_S_MAX = 60
GRACE_S = 5.0
PORT_MAX = 65_535
READY_WAIT_S = 10.0
LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}


class CannotListen(Exception):
    """The address cannot be had: why, in a sentence, and what the person can do."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class Server:
    """Started once, stopped once. Binding happens in `start` and `run`, and raises there."""

    def __init__(
        self, app: Application, socket_path: Path, tcp: tuple[str, int] | None = None
    ) -> None:
        self._app = app
        self._path = socket_path
        self._tcp = tcp
        self._listeners: list[socket.socket] = []
        self._inode: int | None = None
        self._thread: threading.Thread | None = None
        self._uvicorn: _Uvicorn | None = None
        self._fault: BaseException | None = None

    @property
    def port(self) -> int | None:
        """The TCP port, also where the system chose it."""
        bound = [each for each in self._listeners if each.family != socket.AF_UNIX]
        return bound[0].getsockname()[1] if bound else None

    def start(self) -> None:
        """Listen from here on; requests are answered on a thread of its own."""
        self._bind()
        self._uvicorn = _Uvicorn(self._app, signals=False)
        self._thread = threading.Thread(target=self._live, name="web", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout_s: float = READY_WAIT_S) -> None:
        """Return when requests are answered. A connection made before waits in the queue."""
        assert self._uvicorn is not None, "it was started"
        if not self._uvicorn.ready.wait(timeout_s):
            raise CannotListen("the server did not start in time", "look at its log")
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Let those that wait go, finish what is being answered, leave."""
        if self._uvicorn is None or self._thread is None:
            return
        self._app.close()
        self._uvicorn.stop()
        self._thread.join()

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve on this thread until SIGTERM or SIGINT; `ready` is called when it listens."""
        self._bind()
        ready()
        self._uvicorn = _Uvicorn(self._app, signals=True)
        try:
            self._uvicorn.run(sockets=self._listeners)
        finally:
            self._close()

    def _live(self) -> None:
        assert self._uvicorn is not None
        try:
            self._uvicorn.run(sockets=self._listeners)
        except BaseException as fault:  # shown to whoever waits for it to be ready
            self._fault = fault
            raise
        finally:
            self._uvicorn.ready.set()
            self._close()

    # -- sockets -----------------------------------------------------------------------

    def _bind(self) -> None:
        try:
            self._listeners.append(self._unix())
            if self._tcp is not None:
                self._listeners.append(_tcp(*self._tcp))
                host = f"[{self._tcp[0]}]" if ":" in self._tcp[0] else self._tcp[0]
                self._app.site.gate.url = f"http://{host}:{self.port}"
        except CannotListen:
            self._close()
            raise

    def _unix(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(listener.fileno(), 0o600)  # the file is made with these rights
            with socket_address(self._path) as address:
                Path(address).unlink(missing_ok=True)
                listener.bind(address)
            self._inode = self._path.stat().st_ino
            listener.listen(BACKLOG)
        except OSError as fault:
            listener.close()
            raise CannotListen(
                f"{self._path} cannot be made: {fault.strerror}",
                "is the data directory on a disk of this machine, and writable?",
            ) from fault
        return listener

    def _close(self) -> None:
        self._app.end()
        for listener in self._listeners:
            listener.close()
        if self._inode is not None:
            try:
                if self._path.stat().st_ino == self._inode:
                    self._path.unlink()
            except FileNotFoundError:
                pass
            self._inode = None


def _tcp(host: str, port: int) -> socket.socket:
    family = LOOPBACK.get(host)
    if family is None:
        raise CannotListen(
            f"{host} is not this machine alone, and there are no users to protect it",
            "serve on 127.0.0.1; from elsewhere, come through ssh -L",
        )
    if not 0 <= port <= PORT_MAX:
        raise CannotListen(f"{port} is no port", f"take one from 1 to {PORT_MAX}")
    # With its protocol named, asyncio sends what it has at once (TCP_NODELAY).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host if host != "localhost" else "127.0.0.1", port))
        listener.listen(BACKLOG)
    except OSError as fault:
        listener.close()
        taken = fault.errno == errno.EADDRINUSE
        why = "another program listens there" if taken else fault.strerror
        raise CannotListen(f"{host}:{port} cannot be had: {why}", "take another --port") from fault
    return listener


class _Uvicorn(uvicorn.Server):
    """Its loop, without its pulse of ten times a second and its care for signals."""

    def __init__(self, app: Application, *, signals: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                ws=LiveConnection,
                ws_max_size=WORD_BYTES_MAX,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=IDLE_S_MAX,
            )
        )
        self.ready = threading.Event()
        self._app = app
        self._signals = signals
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def stop(self) -> None:
        """From any thread, once it is ready."""
        self.ready.wait(READY_WAIT_S)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._ended.set)
        self.ready.set()
        await self._ended.wait()

    async def shutdown(
        self,
        sockets: list[socket.socket] | None = None,  # noqa: ARG002 - whoever made them closes them
    ) -> None:
        """No new connection; what is being answered has a time to end; the rest is cut."""
        self._app.close()
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_S)
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await asyncio.sleep(0)
