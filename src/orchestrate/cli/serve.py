"""`orchestrate serve`: engine and API on the local socket and on loopback, until told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from types import FrameType

import click

from orchestrate import __version__
from orchestrate.cli.failure import Exit
from orchestrate.cli.settings import Settings
from orchestrate.cli.verb import Verb, asked, note
from orchestrate.cli.waiting import END, News


@click.command("serve", cls=Verb)
@click.option("--host", metavar="HOST", help="Where to listen: 127.0.0.1 unless set otherwise.")
@click.option("--port", type=click.IntRange(0, 65_535), help="7878 unless set; 0: any free one.")
@click.option("--until-idle", is_flag=True, hidden=True, help="Socket alone; leave when done.")
def serve(host: str | None, port: int | None, until_idle: bool) -> int:
    """Start the server. It answers on api.sock in the data directory, and on a port."""
    settings = asked().settings()
    settings = replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
    _log()
    news: News = SimpleQueue()
    stop = _stopper(news)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _serve(settings, news, idle=until_idle)
    return Exit.DONE


def _serve(settings: Settings, news: News, *, idle: bool) -> None:
    from orchestrate.cli.house import House
    from orchestrate.cli.waiting import until_idle, until_told

    house = House.open(settings, None if idle else (settings.host, settings.port))
    try:
        if idle:
            note(f"Orchestrate {__version__} carries out what is left in {settings.data}")
            house.tell(news)
            until_idle(house.working, news)
        else:
            at = f"[{settings.host}]" if ":" in settings.host else settings.host
            note(f"Orchestrate {__version__}: http://{at}:{house.server.port}")
            note(f"  browser: {_link(settings)}")
            note("           (works once, for five minutes; another link: orchestrate open)")
            note(f"  data:    {settings.data}")
            note(f"  project: {settings.project}")
            note("  stop it: Ctrl-C; agents that work go on, and are taken up at the next start")
            until_told(news)
            note("stopping")
    finally:
        house.close()


def _link(settings: Settings) -> str:
    """Asked for at the socket, like everything: an agent that starts a server gets none."""
    from orchestrate.cli.client import Address, Client
    from orchestrate.cli.failure import Failure

    client = Client(Address(socket=settings.socket))
    try:
        return str(client.post("/api/links", {})["url"])
    except Failure as refused:
        return f"no link: {refused.what}"
    finally:
        client.close()


def _stopper(news: News) -> Callable[[int, FrameType | None], None]:
    """The first signal ends the server in order, the second one at once."""

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        news.put(END)

    return stop


class Logfmt(logging.Formatter):
    """`time=… level=… name=… msg="…"`, a line for each; a traceback is part of its line."""

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        if record.exc_info:
            said += "\n" + self.formatException(record.exc_info)
        text = said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        return f'time={at} level={record.levelname.lower()} name={record.name} msg="{text}"'


def _log() -> None:
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(Logfmt())
    logging.basicConfig(level=logging.INFO, handlers=[out])
