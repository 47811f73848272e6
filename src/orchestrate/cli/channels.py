"""Whom the settings name to be told, and the post that tells them, for whoever opens a house."""

from __future__ import annotations

from collections.abc import Callable

from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.settings import Settings
from orchestrate.engine.notify.channels import Directory
from orchestrate.engine.notify.post import Post, say_on_stderr
from orchestrate.engine.notify.written import Fault, directory


def directory_of(settings: Settings) -> Directory:
    """Everybody whom the settings name. Raises Failure with every fault at once."""
    found, faults = directory(settings.written, settings.environ)
    if faults:
        lines = [said(each) for each in faults]
        what = f"{settings.file} names channels that cannot be meant:"
        raise Failure("\n  ".join([what, *lines]), "see docs/notifications.md", code=Exit.INVALID)
    return found


def said(fault: Fault) -> str:
    """`channels.slack.url` is no address; such as ..."""
    return f"`{fault.where}` {fault.text}" + (f": {fault.help}" if fault.help else "")


def post_of(settings: Settings, url: Callable[[], str], *, terminal: bool) -> Post:
    """The post of a house. `terminal`: whether somebody watches this process's messages."""
    return Post(
        directory_of(settings),
        environ=settings.environ,
        url=url,
        say=say_on_stderr if terminal else _silently,
    )


def _silently(_: str) -> None:
    """Whoever runs a command in a terminal sees there what becomes of it."""
