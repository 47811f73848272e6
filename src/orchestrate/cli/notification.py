"""`orchestrate notification ...`: what channels were told, what not, and once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli import words
from orchestrate.cli.paint import bold
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

Json = Mapping[str, Any]
STATUSES = ("pending", "sent", "dead", "all")
ERROR_COLUMNS = 60


@click.command("list", cls=Verb)
@click.option("--status", type=click.Choice(STATUSES), default="all", show_default=True)
@formed
def list_(status: str, form: str) -> None:
    """List what channels were told, or are to be told, newest first."""
    with asked().road() as road:
        page = road.items("/api/notifications", status=status)
    show_table(
        form, page, ("ID", "STATUS", "CHANNEL", "ABOUT", "RUN", "TRIED", "LAST ERROR"),
        lambda: (_row(each) for each in page["items"]),
        empty="nobody was told of anything" if status == "all" else f"no notification is {status}",
    )  # fmt: skip


def _row(each: Json) -> list[str]:
    return [
        str(each["id"]),
        bold(each["status"]) if each["status"] == "dead" else each["status"],
        words.one_line(each["channel"]),
        each["occasion"],
        str(each["run_id"]),
        str(each["attempts"]),
        words.short(each["error"] or "", ERROR_COLUMNS),
    ]


@click.command("resend", cls=Verb)
@click.argument("number", metavar="ID", type=click.IntRange(1))
@formed
def resend(number: int, form: str) -> None:
    """Tell notification ID once more, under its key."""
    with asked().road() as road:
        found = road.post(f"/api/notifications/{number}/resend")
    channel = words.one_line(found["channel"])
    show(form, found, lambda: [f"notification {number} is told to {channel} once more"])
    if form == "table":
        note("what became of it: orchestrate notification list")
