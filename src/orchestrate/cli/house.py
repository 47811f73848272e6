"""The same application within this process, on the local socket: where no server runs.

While it stands, other terminals reach it as they would reach a server. It is taken down in
order: answers first, then the engine; agents that still work go on under their runner.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from orchestrate.agent.process import RunnerGone
from orchestrate.cli.channels import post_of
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.people import roster_from
from orchestrate.cli.settings import Settings
from orchestrate.cli.sources import sources_from
from orchestrate.cli.waiting import MOVED, News
from orchestrate.core.run import Run, RunStatus
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout
from orchestrate.engine.lock import Taken as Locked
from orchestrate.engine.notify.post import Post
from orchestrate.store.failures import StoreError
from orchestrate.web.app import create_app
from orchestrate.web.server import CannotListen, Server

TOLD_WAIT_S = 5.0
"""How long whoever leaves waits for channels that are being told; the rest is told later."""
DOCTOR = "see what is wrong: orchestrate doctor"


class Taken(Failure):
    """Another process holds the data directory."""


class House:
    """Engine and web server of one data directory; `open` it, and `close` it."""

    def __init__(self, engine: Engine, post: Post, server: Server) -> None:
        self.engine = engine
        self.post = post
        self.server = server
        self.found_working = self.working()

    @classmethod
    def open(
        cls, settings: Settings, tcp: tuple[str, int] | None = None, *, drives: bool = True
    ) -> House:
        """A house that answers; `tcp` is (host, port). Raises Taken, or Failure.

        Without `drives` runs are only looked at: none goes on because somebody looks.
        """
        port = settings.port
        post = post_of(settings, lambda: f"http://127.0.0.1:{port}", terminal=tcp is not None)
        layout = Layout(data=settings.data, project=settings.project)
        engine = Engine(layout, draws=post.draw, drives=drives)
        roster, sources = roster_from(settings), sources_from(settings)
        try:
            engine.open()
        except Locked as fault:
            help_ = "stop that process, or let it do its work: it answers other commands"
            raise Taken(str(fault), help_, code=Exit.REFUSED) from None
        except (StoreError, RunnerGone) as fault:
            raise Failure(str(fault), DOCTOR) from None
        except OSError as fault:
            where = fault.filename or settings.data
            raise Failure(f"{where} cannot be used: {fault.strerror}", DOCTOR) from None
        try:
            post.start(engine)
            app = create_app(engine, roster=roster, sources=sources, by_the_clock=tcp is not None)
            server = Server(app, settings.socket, tcp)
            server.start()
            server.wait_ready()
            port = server.port or port
        except CannotListen as fault:
            post.close(0.0)
            engine.close()
            raise Failure(fault.text, fault.hint) from None
        except StoreError as fault:
            post.close(0.0)
            engine.close()
            raise Failure(str(fault), DOCTOR) from None
        except BaseException:  # whatever it was, the directory is free again
            post.close(0.0)
            engine.close()
            raise
        return cls(engine, post, server)

    def close(self) -> None:
        self.server.stop()
        self.post.close(TOLD_WAIT_S)
        self.engine.close()

    def tell(self, news: News) -> None:
        """Put a word there whenever a run has moved."""
        self.engine.follow(lambda _: news.put(MOVED))

    def working(self) -> frozenset[int]:
        """The runs that agents or timers still have something to do for."""
        return self.engine.perform(_working).result()


class _Told(logging.Handler):
    """What goes wrong behind the API, in a sentence; a log with every detail is a server's."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(f"warning: {record.getMessage()}")


def tell_faults(say: Callable[[str], None]) -> None:
    """Where this process is the server of one command: its faults are told to the person."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_Told(say))


def _working(door: Door) -> frozenset[int]:
    runs = [door.run(number) for number in door.store.live()]
    return frozenset(run.id for run in runs if run is not None and _works(run))


def _works(run: Run) -> bool:
    """Whether anything but people can move it; one that is held waits for another run."""
    held = run.status is RunStatus.PENDING and run.reason is not None
    moving = run.status in (RunStatus.PENDING, RunStatus.RUNNING) and not held
    return moving or run.rolling_back is not None
