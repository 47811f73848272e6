"""`orchestrate pipeline run`: start a run and follow it to its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from orchestrate.cli import definitions, given, words
from orchestrate.cli.client import segment
from orchestrate.cli.failure import Exit, Unreachable
from orchestrate.cli.follow import at_rest, waits_for_people
from orchestrate.cli.road import Road
from orchestrate.cli.settings import Settings
from orchestrate.cli.verb import Verb, asked, formed, note, show
from orchestrate.cli.watch import ended, watch

Json = Mapping[str, Any]


@click.command("run", cls=Verb)
@click.argument("target", metavar="NAME|FILE")
@click.option("--var", "variables", multiple=True, metavar="K=V", help="Set a variable.")
@click.option("--event", metavar="FILE.json", help="The event, as an object of its facts.")
@click.option("--branch", metavar="B", help="The branch; else that of this git repository.")
@click.option("--path", "paths", multiple=True, metavar="P", help="A path that changed.")
@click.option("--label", "labels", multiple=True, metavar="L", help="A label.")
@click.option("--dry-run", is_flag=True, help="Print what would run and why; store nothing.")
@click.option("--detach", is_flag=True, help="Start it and return at once.")
@click.option("--no-wait-approval", is_flag=True, help="Stop with exit code 3 at an open gate.")
@click.option("--force", is_flag=True, help="Run it although it is disabled.")
@formed
def run(
    target: str,
    variables: tuple[str, ...],
    event: str | None,
    branch: str | None,
    paths: tuple[str, ...],
    labels: tuple[str, ...],
    dry_run: bool,
    detach: bool,
    no_wait_approval: bool,
    force: bool,
    form: str,
) -> int:
    """Run the pipeline NAME, or the one in FILE (created or updated first), and follow it.

    FILE has a slash in it, or ends in .yaml or .yml; `-` is standard input.
    """
    settings = asked().settings()
    order: dict[str, Any] = {
        "variables": given.variables(variables),
        "event": _event(event, branch, paths, labels),
    }
    if force:
        order["force"] = True
    if settings.server is None:
        order["workspace"] = str(settings.project)
    if dry_run:
        return _plan(settings, target, order, form)
    with _road(settings, detach=detach) as road:
        name = target
        if given.is_file(target):
            name = str(definitions.put(road, definitions.check(road, target))["name"])
        started = road.post(f"/api/pipelines/{segment(name)}/run", order)
        if detach:
            return _detached(started, form)
        road.mine.add(started["id"])
        until = _rests_or_asks if no_wait_approval else at_rest
        return ended(watch(road, started["id"], form, until=until), form)


def _rests_or_asks(run: Json) -> bool:
    return at_rest(run) or waits_for_people(run)


def _event(
    file: str | None, branch: str | None, paths: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, Any]:
    """The facts of the run: those of the file, those of the checkout, those of the options."""
    event: dict[str, Any] = {"event": "manual"} if file is None else given.event_file(file)
    if branch is not None:
        event["branch"] = branch
    elif file is None:
        here, commit = given.checkout(Path.cwd())
        event |= {"branch": here} if here else {}
        event |= {"sha": commit} if commit else {}
    if paths:
        event["paths"] = list(paths)
    if labels:
        event["labels"] = list(labels)
    return event


def _plan(settings: Settings, target: str, order: dict[str, Any], form: str) -> int:
    from orchestrate.cli.plan import lines

    with Road(settings, asked().say) as road:
        name = target
        if given.is_file(target):
            checked = definitions.check(road, target)
            name = checked.name
            order["definition"] = checked.text
        plan = road.post(f"/api/pipelines/{segment(name)}/run", {**order, "dry_run": True})
    show(form, plan, lambda: lines(plan, asked().out.columns))
    return Exit.DONE


def _road(settings: Settings, *, detach: bool) -> Road:
    """The usual road; for a run that nobody follows, one that stays when this command ends."""
    if not detach or settings.server is not None:
        return Road(settings, asked().say)
    road = Road(settings, asked().say, own=False)
    try:
        road.arrive()
    except Unreachable:
        from orchestrate.cli import driver

        pid = driver.begin(settings)
        note(f"no server runs; process {pid} carries the run out in the background")
    return road


def _detached(started: Json, form: str) -> int:
    show(form, started, lambda: [f"run {started['id']}"])
    if form == "table":
        name = words.one_line(started["pipeline"])
        note(f"{name} runs; watch it: orchestrate pipeline status {started['id']} --watch")
    return Exit.DONE
