"""`orchestrate agent ...`: who does the work, where each is defined, and whether it can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli import paint, words
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.road import Road
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

Json = Mapping[str, Any]


@click.command("list", cls=Verb)
@formed
def list_(form: str) -> None:
    """List the agents that pipelines here can name, and say what was left out."""
    with asked().road() as road:
        page = road.get("/api/agents")
    show_table(
        form, page, ("NAME", "KIND", "DEFINED IN", "", "DESCRIPTION"),
        lambda: (_row(each) for each in page["items"]),
        empty="no agent is defined; define one in orchestrate.yaml, such as "
        "`agents: {tester: {run: pytest -q}}`",
    )  # fmt: skip
    for each in page.get("shadowed") or ():
        name, source, by = (words.one_line(each[key]) for key in ("name", "source", "by"))
        note(f"not used: {name} in {source}; the one in {by} comes first")
    for each in page.get("skipped") or ():
        note(f"skipped: {words.one_line(each['path'])}: {words.one_line(each['why'])}")


def _row(agent: Json) -> list[str]:
    problem = f"cannot run: {agent['problem']}" if agent.get("problem") else ""
    return [
        words.one_line(agent["name"]),
        words.one_line(agent["kind"]),
        words.one_line(agent["source"]),
        paint.paint(words.short(problem, 80), paint.RED),
        words.short(agent.get("description") or "", 60),
    ]


@click.command("show", cls=Verb)
@click.argument("name")
@formed
def show_(name: str, form: str) -> None:
    """Show the definition of agent NAME."""
    with asked().road() as road:
        found = _find(road, name)
    show(form, found, lambda: _facts(found))


def _find(road: Road, name: str) -> Json:
    page = road.get("/api/agents")
    found = {each["name"]: each for each in page["items"]}
    if name in found:
        return dict(found[name])
    import difflib

    near = difflib.get_close_matches(name, found, 1, 0.6)
    meant = f"did you mean `{near[0]}`?" if near else "see: orchestrate agent list"
    raise Failure(f"no agent is called `{words.one_line(name)}`", meant, code=Exit.NOT_FOUND)


def _facts(agent: Json) -> list[str]:
    lines = []
    for key, value in agent.items():
        if value in (None, {}, []):
            continue
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {_value(each)}" for name, each in value.items()]
        else:
            lines.append(f"{key}: {_value(value)}")
    return lines


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return words.clean(text).rstrip("\n").replace("\n", "\n    ")


TASK = "Say that you are ready; change nothing."


@click.command("test", cls=Verb)
@click.argument("name")
@click.option("--task", default=TASK, show_default=True, metavar="TEXT", help="What it is to do.")
@formed
def test(name: str, task: str, form: str) -> int:
    """Let agent NAME do one small task, really, and show how that goes.

    It is a run like any other, of a pipeline that is taken out again afterwards.
    """
    import os

    from orchestrate.cli.watch import ended, watch

    pipeline = f"agent-test-{os.urandom(4).hex()}"
    stage = {"name": "test", "agent": name, "task": task.replace("${", "$${"), "timeout": "10m"}
    definition = json.dumps({"name": pipeline, "description": f"test of {name}", "stages": [stage]})
    settings = asked().settings()
    with Road(settings, asked().say) as road:
        agent = _find(road, name)
        if agent.get("problem"):
            what = f"agent `{words.one_line(name)}` cannot run: {words.one_line(agent['problem'])}"
            raise Failure(
                what, f"it is defined in {words.one_line(agent['source'])}", code=Exit.INVALID
            )
        road.post("/api/pipelines", {"definition": definition, "enabled": False})
        try:
            order: dict[str, Any] = {"force": True}
            if road.local:
                order["workspace"] = str(settings.project)
            started = road.post(f"/api/pipelines/{pipeline}/run", order)
            road.mine.add(started["id"])
            return ended(watch(road, started["id"], form), form)
        finally:
            query = {"force": "true"}
            road.again(lambda: road.client.ask("DELETE", f"/api/pipelines/{pipeline}", query=query))
