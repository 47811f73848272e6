"""Following a run on whatever is looked at: a terminal, a pipe, a program that wants JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrate.cli import paint
from orchestrate.cli.failure import Exit
from orchestrate.cli.follow import View, at_rest, code_of, follow
from orchestrate.cli.plainview import PlainView, summary
from orchestrate.cli.road import Road
from orchestrate.cli.settings import dumb
from orchestrate.cli.verb import asked, note, show

Json = Mapping[str, Any]


class Questions:
    """A view for programs: only what people are asked is said, on stderr."""

    def __init__(self, paper: paint.Paper) -> None:
        self._plain = PlainView(paper, note, past=False)

    def begin(self, run: Json) -> None: ...
    def event(self, event: Json, *, past: bool) -> None:  # noqa: ARG002
        self._plain.event(event, past=True)

    def run(self, run: Json) -> None:
        self._plain.run(run)

    def log(self, *_: object) -> None: ...
    def close(self) -> None: ...


def watch(
    road: Road,
    run_id: int,
    form: str = "table",
    *,
    until: Callable[[Json], bool] = at_rest,
    since: float | None = None,
) -> Json:
    """Follow a run and show it; the run as it is at the end. An interrupt says how to go on."""
    paper = asked().out
    live = form == "table" and paper.tty and asked().err.tty and not dumb()
    view: View
    if form != "table":
        view = Questions(asked().err)
    elif live:
        from orchestrate.cli.liveview import LiveView

        view = LiveView(paper)
    else:
        view = PlainView(paper, note)
    try:
        run = follow(road, run_id, view, until, since=since)
    except KeyboardInterrupt:
        left(road, run_id)
        raise
    if form == "table" and not live:
        summary(run, paper)
    return run


def ended(run: Json, form: str) -> int:
    """The last word, and the exit code."""
    if form != "table":
        show(form, run, list)
    if at_rest(run):
        return code_of(run)
    note(f"then go on with: orchestrate pipeline status {run['id']} --watch")
    return Exit.NEEDS_APPROVAL


def left(road: Road, run_id: int) -> None:
    """What an interrupt means: nobody follows any more; the run is not cancelled by it."""
    if road.in_process:
        note(f"\nrun {run_id} is left as it is; agents that work finish what they do")
        note(f"  go on:  orchestrate pipeline status {run_id} --watch")
    else:
        note(f"\nrun {run_id} goes on without us")
        note(f"  watch:  orchestrate pipeline status {run_id} --watch")
    note(f"  end it: orchestrate pipeline cancel {run_id}")
