"""`orchestrate open`: a link that lets one browser in, once; it is opened where there is one."""

from __future__ import annotations

import os
import webbrowser
from typing import Any

import click

from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.verb import Verb, asked, formed, note, show

PAGES = ("pipelines", "runs", "approvals", "events", "agents", "about")


@click.command("open", cls=Verb)
@click.argument("page", required=False, metavar="[RUN|PAGE]")
@click.option("--print", "only_print", is_flag=True, help="Only print the link.")
@formed
def open_(page: str | None, form: str, *, only_print: bool) -> None:
    """Open the dashboard. The link on stdout works once, for five minutes."""
    path = _path(page)
    with asked().road() as road:
        link: dict[str, Any] = road.post("/api/links")
    if link["url"] is None:
        raise Failure("no server shows pages here", "start one: orchestrate serve")
    link["url"] = link["url"].replace("/#", f"/{path}#", 1)
    show(form, link, lambda: [link["url"]])
    if form == "table" and not only_print:
        seen = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
        if not (seen and webbrowser.open(link["url"])):
            note("open it in a browser on this machine; it works once, for five minutes")


def _path(page: str | None) -> str:
    if page is None or page in PAGES:
        return page or ""
    if page.isdecimal() and page.isascii():
        return f"runs/{page}"
    listed = ", ".join(PAGES)
    raise Failure(f"`{page}` is no page", f"a run's number, or: {listed}", code=Exit.INVALID)
