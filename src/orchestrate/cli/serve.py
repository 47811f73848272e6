"""`orchestrate serve`: engine and API on the local socket and on loopback, until told to stop."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import click

from orchestrate import __version__
from orchestrate.cli.failure import Exit
from orchestrate.cli.settings import Settings
from orchestrate.cli.verb import Verb, asked, note


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
    ended = threading.Event()
    stop = _stopper(ended)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _serve(settings, ended, idle=until_idle)
    return Exit.DONE


def _serve(settings: Settings, ended: threading.Event, *, idle: bool) -> None:
    from orchestrate.cli.house import House

    house = House.open(settings, None if idle else (settings.host, settings.port))
    try:
        if idle:
            from orchestrate.cli.driver import until_idle

            note(f"Orchestrate {__version__} carries out what is left in {settings.data}")
            until_idle(house, ended)
        else:
            at = f"[{settings.host}]" if ":" in settings.host else settings.host
            note(f"Orchestrate {__version__}: http://{at}:{house.server.port}")
            note(f"  data:    {settings.data}")
            note(f"  project: {settings.project}")
            note("  stop it: Ctrl-C; agents that work go on, and are taken up at the next start")
            ended.wait()
            note("stopping")
    finally:
        house.close()


def _stopper(ended: threading.Event) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, _: FrameType | None) -> None:
        if ended.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        ended.set()

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
