"""`orchestrate token create`: a token is shown once, and kept as a hash only."""

from __future__ import annotations

import re
from typing import Any

import click

from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.verb import Verb, asked, formed, note, show
from orchestrate.cli.words import moment

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.command("create", cls=Verb)
@click.option("--scope", "scopes", multiple=True, help="read, write, run, approve or admin.")
@click.option("--ttl", metavar="TIME", help="How long it is valid, such as 30d or 12h.")
@click.option("--user", metavar="NAME", help="Whose word it is; without it, yours.")
@click.option("--name", metavar="TEXT", help="What it is for.")
@formed
def create(
    scopes: tuple[str, ...], ttl: str | None, user: str | None, name: str | None, form: str
) -> None:
    """Make a token: `Authorization: Bearer TOKEN`, or ORCHESTRATE_TOKEN for this command line."""
    body: dict[str, Any] = {"user": user, "name": name}
    body["scopes"] = list(scopes) or None
    body["ttl_s"] = None if ttl is None else _seconds(ttl)
    with asked().road() as road:
        made = road.post("/api/tokens", {key: each for key, each in body.items() if each})
    show(form, made, lambda: [made["token"]])
    if form == "table":
        until = moment(made.get("expires_at")) or "it is revoked"
        note(f"may {', '.join(made['scopes'])}; valid until {until}; it is not shown again")


def _seconds(text: str) -> int:
    if re.fullmatch(r"(\d{1,9}[smhd])+", text, re.ASCII) is None:
        what = f"`--ttl {text}` is no duration"
        raise Failure(what, "a number and a unit (s, m, h, d), such as 30d", code=Exit.INVALID)
    parts = re.findall(r"(\d+)([smhd])", text, re.ASCII)
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
