"""`orchestrate event ...`: tell of an event, see what became of it, let it happen once more."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from orchestrate.cli import given, words
from orchestrate.cli.paint import bold, crop, dim
from orchestrate.cli.road import Road
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

Json = Mapping[str, Any]
EVENT = click.IntRange(1)
PATHS_SHOWN_MAX = 5


@click.command("emit", cls=Verb)
@click.argument("name")
@click.option("--file", metavar="FILE.json", help="The event, as an object of its facts.")
@click.option("--branch", metavar="B", help="The branch; else that of this git repository.")
@click.option("--path", "paths", multiple=True, metavar="P", help="A path that changed.")
@click.option("--label", "labels", multiple=True, metavar="L", help="A label.")
@formed
def emit(
    name: str,
    file: str | None,
    branch: str | None,
    paths: tuple[str, ...],
    labels: tuple[str, ...],
    form: str,
) -> None:
    """Tell of the event NAME, and start every pipeline that waits for it.

    It returns when the event is kept and its runs have begun; it does not follow them.
    """
    event: dict[str, Any] = {} if file is None else given.event_file(file)
    event["event"] = name
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
    settings = asked().settings()
    if settings.server is None:
        event.setdefault("workspace", str(settings.project))
    with Road(settings, note) as road:
        found = tell(road, event)
    show(form, found, lambda: [crop(each, asked().out.columns) for each in _told(found)])


@click.command("list", cls=Verb)
@formed
def list_(form: str) -> None:
    """List events, newest first, and what each started."""
    with asked().road() as road:
        page = road.items("/api/events")
    now = time.time()
    show_table(
        form, page, ("ID", "EVENT", "FROM", "BRANCH", "ACTOR", "WHEN", "STARTED"),
        lambda: (_row(each, now) for each in page["items"]),
        empty="nothing has happened yet",
    )  # fmt: skip


@click.command("show", cls=Verb)
@click.argument("number", metavar="ID", type=EVENT)
@formed
def show_(number: int, form: str) -> None:
    """Show event ID: its facts, what it started, and why the others were not started."""
    with asked().road() as road:
        found = road.get(f"/api/events/{number}")
    show(form, found, lambda: [crop(each, asked().out.columns) for each in _whole(found)])


@click.command("replay", cls=Verb)
@click.argument("number", metavar="ID", type=EVENT)
@formed
def replay(number: int, form: str) -> None:
    """Let event ID happen once more, for the pipelines as they are by now."""
    with asked().road(drives=True) as road:
        taken = road.post(f"/api/events/{number}/replay")
        found = road.get(f"/api/events/{taken['event']}")
    show(form, found, lambda: [crop(each, asked().out.columns) for each in _told(found)])


def tell(road: Road, event: Mapping[str, Any]) -> Json:
    """Keep an event by the API; the whole of it, with what it started."""
    taken = road.post("/api/events", dict(event))
    found: Json = road.get(f"/api/events/{taken['event']}")
    return found


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def _row(event: Json, now: float) -> list[str]:
    facts = event["facts"]
    return [
        str(event["id"]),
        words.one_line(event["name"]),
        words.one_line(event["source"]),
        words.one_line(facts.get("branch") or facts.get("tag") or ""),
        words.one_line(event["actor"] or ""),
        words.ago(event["received_at"], now),
        _started(event["outcome"]),
    ]


def _started(outcome: Json) -> str:
    started = outcome["started"]
    if not started:
        return dim(words.one_line(outcome["reason"] or ""))
    return ", ".join(f"{words.one_line(each['pipeline'])} {each['run']}" for each in started)


def _told(event: Json) -> Iterator[str]:
    """What became of an event, in as many lines as it started runs."""
    outcome = event["outcome"]
    for each in outcome["started"]:
        yield f"event {event['id']}: run {each['run']} of {words.one_line(each['pipeline'])}"
    if not outcome["started"]:
        yield f"event {event['id']}: {words.one_line(outcome['reason'] or 'it started nothing')}"
    if outcome["not_started"]:
        yield dim(f"why not the others: orchestrate event show {event['id']}")


def _whole(event: Json) -> Iterator[str]:
    facts, outcome = event["facts"], event["outcome"]
    number = f"event {event['id']}"
    yield f"{bold(number)}  {words.one_line(event['name'])}"
    paths = facts.get("paths")
    listed = None if paths is None else ", ".join(paths[:PATHS_SHOWN_MAX]) or "none"
    if paths is not None and len(paths) > PATHS_SHOWN_MAX:
        listed = f"{listed} and {len(paths) - PATHS_SHOWN_MAX:,} more"
    told = {
        "from": f"{event['source']}, {words.moment(event['received_at'])}",
        "actor": event["actor"],
        **{name.replace("_", " "): facts.get(name) for name in (
            "repository", "branch", "head_branch", "tag", "sha",
        )},
        "labels": ", ".join(facts.get("labels") or ()),
        "paths": listed,
        **{name: (facts.get("data") or {}).get(name) for name in ("number", "title", "url")},
        "again": f"event {outcome['replay_of']}" if outcome["replay_of"] else None,
    }  # fmt: skip
    for name, value in told.items():
        if value not in (None, ""):
            yield f"  {dim(f'{name:<12}')}{words.one_line(value)}"
    for each in outcome["notes"]:
        yield f"  {dim('note        ')}{words.one_line(each)}"
    yield from _became(outcome)


def _became(outcome: Json) -> Iterator[str]:
    for each in outcome["started"]:
        by = f", by trigger {each['trigger']} (line {each['line']})" if each["trigger"] else ""
        yield f"  started     run {each['run']} of {words.one_line(each['pipeline'])}{by}"
        if each["note"]:
            yield dim(f"              {words.one_line(each['note'])}")
    if not outcome["started"] and outcome["reason"]:
        yield f"  started     nothing: {words.one_line(outcome['reason'])}"
    for each in outcome["not_started"]:
        yield f"  not started {words.one_line(each['pipeline'])}: {words.one_line(each['reason'])}"
        for trigger in each["triggers"]:
            yield dim(f"              trigger {trigger['trigger']}: "
                      f"{words.one_line(trigger['reason'])}")  # fmt: skip
    if outcome["more"]:
        yield dim(f"              and {outcome['more']:,} more pipelines")
