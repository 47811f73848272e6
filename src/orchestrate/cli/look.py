"""`orchestrate pipeline status` and `why`: how a run stands, and why it does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli import board, words
from orchestrate.cli.follow import at_rest
from orchestrate.cli.paint import bold, crop, dim
from orchestrate.cli.paint import status as state
from orchestrate.cli.verb import Verb, asked, formed, note, show
from orchestrate.cli.watch import ended, watch

Json = Mapping[str, Any]
RUN = click.IntRange(1)


@click.command("status", cls=Verb)
@click.argument("run", type=RUN)
@click.option("--watch", "watched", is_flag=True, help="Follow it to its end.")
@formed
def status(run: int, watched: bool, form: str) -> int | None:
    """Show how RUN stands: its stages, approvals and rollback."""
    with asked().road(drives=watched) as road:
        found = road.get(f"/api/pipeline-runs/{run}")
        if watched and not at_rest(found):
            road.mine.add(run)
            return ended(watch(road, run, form, since=time.time()), form)
        alone = road.in_process and found["status"] == "running"
    show(form, found, lambda: board.whole(found, time.time(), asked().out.columns))
    if alone:
        note(f"no server runs; go on with it: orchestrate pipeline status {run} --watch")
    return ended(found, "table") if watched else None


@click.command("why", cls=Verb)
@click.argument("run", type=RUN)
@click.argument("stage", required=False)
@formed
def why(run: int, stage: str | None, form: str) -> None:
    """Say why RUN, or one STAGE of it, is as it is."""
    with asked().road() as road:
        found = road.get(f"/api/pipeline-runs/{run}/why", stage=stage)
    show(form, found, lambda: _sentences(found, one=stage is not None))


def _sentences(found: Json, *, one: bool) -> list[str]:
    lines = []
    if not one:
        number = found["run_id"]
        lines.append(f"{bold(f'run {number}')}  {state(found['status'])}")
        lines += [f"  {words.one_line(each)}" for each in found["sentences"]]
    for stage in found["stages"]:
        root = (
            f"  {dim('because of ' + words.one_line(stage['root']))}" if stage.get("root") else ""
        )
        lines.append(f"{bold(words.one_line(stage['stage']))}  {state(stage['status'])}{root}")
        lines += [f"  {words.one_line(each)}" for each in stage["sentences"]]
    return [crop(line, asked().out.columns) if asked().out.tty else line for line in lines]
