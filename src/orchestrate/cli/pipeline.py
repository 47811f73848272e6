"""`orchestrate pipeline ...`, for what is kept: create, change, list, show."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli import board, definitions, faults, given, graph, paint, words
from orchestrate.cli.client import segment
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

Json = Mapping[str, Any]


def _path(name: str, verb: str = "") -> str:
    return f"/api/pipelines/{segment(name)}{verb}"


@click.command("create", cls=Verb)
@click.argument("file", metavar="FILE")
@formed
def create(file: str, form: str) -> None:
    """Keep a new pipeline, from FILE (`-` is standard input)."""
    with asked().road() as road:
        made = definitions.create(road, definitions.check(road, file))
    _stored("created", made, form)


@click.command("update", cls=Verb)
@click.argument("name")
@click.argument("file", metavar="FILE")
@formed
def update(name: str, file: str, form: str) -> None:
    """Store a new revision of NAME, from FILE; runs that live keep theirs."""
    with asked().road() as road:
        stored = definitions.update(road, name, definitions.check(road, file))
    _stored("updated", stored, form)


def _stored(verb: str, made: Json, form: str) -> None:
    name = words.one_line(made["name"])
    show(form, made, lambda: [f"{verb} {name}, revision {made['revision']}"])
    if form == "table":
        note(f"run it: orchestrate pipeline run {name}")


@click.command("validate", cls=Verb)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="A warning is as bad as an error.")
@formed
def validate(files: tuple[str, ...], strict: bool, form: str) -> int:
    """Say everything that is wrong with each FILE; nothing is stored."""
    judged = []
    with asked().road() as road:
        for file in files:
            text = given.definition(file)
            judged.append((file, text, definitions.judge(road, text)))
    answers = [{"file": file, **answer} for file, _, answer in judged]
    value = answers[0] if len(files) == 1 else {"items": answers, "next": None}
    colour = asked().out.colour

    def lines() -> list[str]:
        shown = []
        for file, text, answer in judged:
            if answer["diagnostics"]:
                drawn = faults.drawn(answer["diagnostics"], file, text, colour=colour)
                shown += [drawn, ""]
            verdict = "valid" if _passes(answer, strict=strict) else "not valid"
            tally = faults.tally(answer["diagnostics"])
            shown.append(f"{file}: {verdict}" + (f" ({tally})" if tally else ""))
        return shown

    show(form, value, lines)
    passed = all(_passes(each, strict=strict) for each in answers)
    return Exit.DONE if passed else Exit.INVALID


def _passes(answer: Json, *, strict: bool) -> bool:
    return bool(answer["valid"]) and not (strict and answer["diagnostics"])


@click.command("list", cls=Verb)
@formed
def list_(form: str) -> None:
    """List the pipelines."""
    with asked().road() as road:
        page = road.items("/api/pipelines")
    now = time.time()
    show_table(
        form, page, ("NAME", "ENABLED", "REVISION", "LAST RUN", "", "TRIGGERS", "DESCRIPTION"),
        lambda: (_row(each, now) for each in page["items"]),
        empty="there are no pipelines yet; create one: orchestrate pipeline create FILE",
    )  # fmt: skip


def _row(each: Json, now: float) -> list[str]:
    last = each.get("last_run") or {}
    return [
        words.one_line(each["name"]),
        "yes" if each["enabled"] else paint.paint("no", paint.YELLOW),
        str(each["revision"]),
        f"{paint.status(last['status'])} {last['id']}" if last else "",
        words.ago(last.get("created_at"), now),
        ", ".join(dict.fromkeys(_events(each))),
        words.short(each.get("description") or "", 60),
    ]


def _events(pipeline: Json) -> list[str]:
    return [
        words.one_line(event)
        for trigger in pipeline.get("triggers") or ()
        for event in trigger.get("events") or ()
    ]


@click.command("show", cls=Verb)
@click.argument("name")
@click.option("--revision", type=click.IntRange(1), help="An earlier text of it.")
@click.option("--graph", "as_graph", is_flag=True, help="Draw the stages instead.")
@formed
def show_(name: str, revision: int | None, as_graph: bool, form: str) -> None:
    """Show a pipeline: its definition as it was written, or its graph."""
    with asked().road() as road:
        found = road.get(_path(name, f"/revisions/{revision}" if revision else ""))
    if as_graph and form == "table":
        show(form, found, lambda: _graph(str(found["definition"])))
        return

    def lines() -> list[str]:
        colour = asked().out.colour
        return words.clean(found["definition"], colour=colour).removesuffix("\n").split("\n")

    show(form, found, lines)
    if form == "table" and not revision:
        state = "enabled" if found["enabled"] else "disabled"
        last = f", last run {found['last_run']['id']}" if found.get("last_run") else ""
        note(f"{words.one_line(found['name'])}: revision {found['revision']}, {state}{last}")
        if found["next_firings"]:
            note(f"next firings: {', '.join(found['next_firings'])}")


def _graph(definition: str) -> list[str]:
    """Drawn from the text itself, by the language's own reading of it."""
    from dataclasses import asdict

    from orchestrate.language.reader import read

    pipeline = read(definition).pipeline
    if pipeline is None:
        raise Failure("this revision cannot be read any more", "show it without --graph")
    stages = {each.name: asdict(each) for each in pipeline.stages}
    rows = graph.draw([(name, each["needs"]) for name, each in stages.items()])
    table = [
        [row.art.replace(graph.NODE, "●"), *(described(stages[row.stage]) if row.stage else _EDGES)]
        for row in rows
    ]
    return paint.table(("", "STAGE", "BY", "", "NEEDS"), table, asked().out.columns)


_EDGES = ("", "", "", "")


def described(stage: Json) -> list[str]:
    """Name, who does it, what is special about it, what it needs."""
    by = stage.get("agent") or (f"run: {stage['run']}" if stage.get("run") else "")
    notes = []
    if stage.get("gate"):
        notes.append(paint.paint(f"◆ approval by {who(stage['gate'])}", paint.YELLOW))
    if stage.get("environment"):
        notes.append(f"→ {words.one_line(stage['environment'])}")
    if stage.get("rollback_to"):
        notes.append(f"on failure back to {words.one_line(stage['rollback_to'])}")
    return [
        words.one_line(stage["name"]),
        words.short(by, 40),
        ", ".join(notes),
        paint.dim(", ".join(words.one_line(each) for each in stage.get("needs") or ())),
    ]


def who(gate: Json) -> str:
    """`1 of team-lead, devops`."""
    names = ", ".join(words.one_line(each) for each in gate.get("approvers") or ())
    quorum = "all" if gate.get("every") else gate.get("quorum", 1)
    return f"{quorum} of {names}" if names else "anybody who may approve"


@click.command("history", cls=Verb)
@click.argument("name")
@formed
def history(name: str, form: str) -> None:
    """List the runs of a pipeline, newest first."""
    with asked().road() as road:
        page = road.items(_path(name, "/runs"))
    now = time.time()
    show_table(
        form, page, board.RUN_HEAD, lambda: (board.run_row(each, now) for each in page["items"]),
        empty=f"`{words.one_line(name)}` has not run yet; run it: "
        f"orchestrate pipeline run {words.one_line(name)}",
    )  # fmt: skip


@click.command("delete", cls=Verb)
@click.argument("name")
@click.option("--force", is_flag=True, help="Although runs of it live; they go on to their end.")
def delete(name: str, force: bool) -> None:
    """Take a pipeline out; its runs and revisions stay on record."""
    with asked().road() as road:
        query = {"force": "true"} if force else {}
        road.again(lambda: road.client.ask("DELETE", _path(name), query=query))
    note(f"deleted {words.one_line(name)}; its runs stay on record")


@click.command("enable", cls=Verb)
@click.argument("name")
@formed
def enable(name: str, form: str) -> None:
    """Let events start a pipeline."""
    _switch(name, "enable", form)


@click.command("disable", cls=Verb)
@click.argument("name")
@formed
def disable(name: str, form: str) -> None:
    """Let no event start a pipeline; live runs go on."""
    _switch(name, "disable", form)


def _switch(name: str, verb: str, form: str) -> None:
    with asked().road() as road:
        found = road.post(_path(name, f"/{verb}"))
    show(form, found, lambda: [f"{verb}d {words.one_line(name)}"])
