"""`orchestrate pipeline logs`: what the agents of a run wrote, attempt by attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from orchestrate.cli import words
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.follow import at_rest, follow
from orchestrate.cli.paint import Paper, dim
from orchestrate.cli.road import Road
from orchestrate.cli.tails import Source, read
from orchestrate.cli.verb import Verb, asked, formed, note, show
from orchestrate.cli.watch import left

Json = Mapping[str, Any]
ATTEMPTS_MAX = 20_000
RUN = click.IntRange(1)


@click.command("logs", cls=Verb)
@click.argument("run", type=RUN)
@click.argument("stage", required=False)
@click.option("--follow", "following", is_flag=True, help="Go on until the run, or STAGE, ends.")
@click.option("--attempt", type=click.IntRange(1), help="Of one attempt alone.")
@formed
def logs(run: int, stage: str | None, following: bool, attempt: int | None, form: str) -> None:
    """Print what the agents of RUN wrote, or those of one STAGE alone."""
    with asked().road(drives=following) as road:
        found = road.get(f"/api/pipeline-runs/{run}")
        known = {each["name"]: each for each in found["stages"]}
        if stage is not None and stage not in known:
            named = ", ".join(known)
            what = f"run {run} has no stage `{stage}`"
            raise Failure(what, f"its stages: {named}", code=Exit.NOT_FOUND)
        view = _Print(asked().out if form == "table" else None, stage, attempt)
        if following and not at_rest(found):
            road.mine.add(run)
            try:
                follow(road, run, view, lambda now: at_rest(now) or _over(now, stage))
            except KeyboardInterrupt:
                left(road, run)
                raise
        else:
            for source in _sources(road, run, stage, attempt):
                _whole(road, run, source, view)
    if form != "table":
        show(form, {"items": view.kept, "next": None}, list)
    elif not view.wrote:
        note("nothing was written")


def _over(run: Json, stage: str | None) -> bool:
    ended = ("succeeded", "failed", "skipped", "cancelled")
    undo = (run.get("rollback") or {}).get("status") == "running"
    return not undo and any(
        each["name"] == stage and each["status"] in ended for each in run["stages"]
    )


def _sources(road: Road, run: int, stage: str | None, attempt: int | None) -> list[Source]:
    path = f"/api/pipeline-runs/{run}/attempts"
    page = road.items(path, items_max=ATTEMPTS_MAX, stage=stage)
    if page["next"] is not None:
        note(f"only the first {len(page['items'])} attempts are shown; name a stage")
    return [
        Source(each["stage"], each["attempt"], each["mode"])
        for each in page["items"]
        if attempt in (None, each["attempt"])
    ]


def _whole(road: Road, run: int, source: Source, view: _Print) -> None:
    offset = 0
    while True:
        text, following = road.again(partial(read, road.client, run, source, offset))
        if text:
            view.log(source, text)
        if following <= offset:
            return
        offset = following


class _Print:
    """Lines of logs: of one stage as they are, of several with the stage before each.

    Without paper they are kept, one object for each attempt.
    """

    def __init__(self, paper: Paper | None, stage: str | None, attempt: int | None) -> None:
        self.wrote = False
        self.kept: list[dict[str, Any]] = []
        self._paper = paper
        self._stage = stage
        self._attempt = attempt

    def log(self, source: Source, text: str) -> None:
        if self._stage not in (None, source.stage) or self._attempt not in (None, source.attempt):
            return
        self.wrote = True
        if self._paper is None:
            self._keep(source, text)
            return
        prefix = "" if self._stage is not None else dim(f"{words.one_line(source.stage)} | ")
        shown = words.clean(text, colour=self._paper.colour)
        lines = [prefix + line for line in shown.removesuffix("\n").split("\n")]
        self._paper.write("\n".join(lines))

    def _keep(self, source: Source, text: str) -> None:
        facts = asdict(source)
        last = self.kept[-1] if self.kept else {}
        if facts.items() <= last.items():
            last["text"] += text
        else:
            self.kept.append({**facts, "text": text})

    def begin(self, run: Json) -> None: ...
    def event(self, event: Json, *, past: bool) -> None: ...
    def run(self, run: Json) -> None: ...
    def close(self) -> None: ...
