"""An order for a run → a run. What is missing is said before anything is stored.

Agents are resolved here, once: their definitions are copied into the run (`agents.md`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrate.agent.definitions import Definition, Found, resolve, suggestions, to_json
from orchestrate.core.commands import Because, Carried, Refused, Start
from orchestrate.core.condition import Facts
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import Pipeline, Stage
from orchestrate.core.plan import plan
from orchestrate.core.run import Run, StageStatus
from orchestrate.engine.catalog import Also, found_agents, valid
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.happening import TEXTS, Outcome, stored_facts

_ALIASES = {"commit": "sha", "name": "event"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to run. `event` holds facts by their names (semantics 6, 9.2)."""

    pipeline: str
    variables: Mapping[str, object] = field(default_factory=dict)
    event: Mapping[str, object] = field(default_factory=dict)
    force: bool = False
    workspace: str = ""


def start(engine: Engine, order: Order, *, by: Caller, also: Also | None = None) -> int:
    """Start a run; its number, once it is durable. Raises Refused."""
    row = _row(engine, order)
    if not row["enabled"] and not order.force:
        raise Refused(
            Because.CONFLICT,
            f"`{order.pipeline}` is disabled",
            "enable it, or run it all the same with --force",
        )
    return _start(engine, command_of(engine, row, order, facts_of(order.event, by), by), also)


def command_of(
    engine: Engine, row: Mapping[str, Any], order: Order, facts: Facts, by: Caller
) -> Start:
    """What starts a run of a stored pipeline, its agents resolved. Raises Refused."""
    pipeline, agents = _staffed(engine, _pipeline(engine, row), order.workspace)
    return Start(
        run_id=0,
        pipeline=pipeline,
        pipeline_id=row["id"],
        revision=row["revision"],
        sha256=row["sha256"],
        facts=facts,
        variables=variables_of(pipeline, order.variables),
        by=by,
        agents=agents,
        workspace=order.workspace or str(engine.layout.project),
    )


def _start(engine: Engine, command: Start, also: Also | None) -> int:
    def act(door: Door) -> int:
        event_id = _trigger(door, command)
        run = door.start(replace(command, trigger=event_id))
        outcome = Outcome()
        outcome.start(run.pipeline.name, run.id)
        door.store.set_outcome(event_id, outcome.as_json(), door.clock())
        if also is not None:
            also(door, run.id)
        return run.id

    return engine.perform(act).result()


def _trigger(door: Door, command: Start) -> int:
    """The event of a run started by hand is kept like any other (semantics 10)."""
    facts = command.facts
    return door.store.add_trigger_event(
        name=facts.event,
        source="manual",
        delivery=None,
        body_sha256=None,
        facts=stored_facts(facts),
        actor=facts.actor,
        received_at=door.clock(),
        outcome="{}",
        workspace=command.workspace,
    )


def dry_run(
    engine: Engine, order: Order, *, by: Caller, definition: str | None = None
) -> dict[str, object]:
    """The plan of a run that is not made; nothing is stored. Raises Refused.

    `definition` is planned instead of what is stored under that name. Raises Invalid too.
    """
    if definition is None:
        row = _row(engine, order)
        pipeline = _pipeline(engine, row)
        stored: dict[str, object] = {"revision": row["revision"], "enabled": bool(row["enabled"])}
    else:
        pipeline = valid(engine, definition)
        stored = {"revision": None, "enabled": True}
    found = found_agents(_workspace(engine, order.workspace), pipeline)
    planned = plan(pipeline, facts_of(order.event, by), variables_of(pipeline, order.variables))
    for each in planned["stages"]:
        each["agent_problem"] = _problem(found, each["agent"])
    return {**stored, **planned}


def rerun(
    engine: Engine,
    run_id: int,
    *,
    from_stage: str | None = None,
    failed: bool = False,
    by: Caller,
    also: Also | None = None,
) -> int:
    """A new run of the same revision, facts and variables (1, Words). Raises Refused.

    `from_stage` runs that stage and all below it again, `failed` what did not succeed and all
    below it; the results of the others are taken over.
    """
    old = engine.perform(lambda door: _snapshot(door, run_id)).result()
    if not old.ended:
        raise Refused(
            Because.CONFLICT,
            f"run {run_id} is {old.status.value}",
            "wait for its end, or cancel it",
        )
    if from_stage is not None and from_stage not in old.stages:
        raise Refused(Because.NOT_FOUND, f"run {run_id} has no stage `{from_stage}`")
    carried = _carried(old, from_stage, failed=failed)
    if failed and len(carried) == len(old.stages):
        raise Refused(Because.CONFLICT, f"run {run_id} has no failed stage to run again")
    row = engine.reader.pipeline_by_id(old.pipeline_id)
    command = Start(
        run_id=0,
        pipeline=old.pipeline,
        pipeline_id=old.pipeline_id,
        revision=old.revision,
        sha256="" if row is None else row["sha256"],
        facts=old.facts,
        variables=old.variables,
        by=by,
        agents=old.agents,
        rerun_of=run_id,
        carried=carried,
        workspace=old.workspace,
    )
    return _start(engine, command, also)


def _snapshot(door: Door, run_id: int) -> Run:
    run = door.store.load(run_id)  # its own: the door's is moved by the engine's thread only
    if run is None:
        raise Refused(Because.NOT_FOUND, f"there is no run {run_id}")
    return run


def _carried(old: Run, from_stage: str | None, *, failed: bool) -> tuple[Carried, ...]:
    again: set[str] = set()
    if from_stage is None and not failed:
        return ()
    if from_stage is not None:
        again.update(old.pipeline.downstream(from_stage))
    for name, stage in old.stages.items():
        kept = stage.status in (StageStatus.SUCCEEDED, StageStatus.SKIPPED)
        own = stage.status is StageStatus.SUCCEEDED or _by_itself(stage.reason)
        if name not in again and (not kept or not own or stage.rolled_back_at is not None):
            again.update(old.pipeline.downstream(name))
    return tuple(
        Carried(stage=name, status=stage.status.value, outputs=stage.outputs)
        for name, stage in old.stages.items()
        if name not in again
    )


def _by_itself(reason: object) -> bool:
    code = getattr(reason, "code", "")
    return code in ("condition", "agent_skipped", "carried", "missing_output", "run_if")


# -- what an order says ----------------------------------------------------------------


def _row(engine: Engine, order: Order) -> dict[str, Any]:
    row = engine.reader.pipeline(order.pipeline)
    if row is None:
        raise Refused(
            Because.NOT_FOUND,
            f"there is no pipeline `{order.pipeline}`",
            "see: orchestrate pipeline list",
        )
    return row


def _pipeline(engine: Engine, row: Mapping[str, Any]) -> Pipeline:
    return engine.readings.pipeline(row["sha256"], row["definition"])


def _workspace(engine: Engine, workspace: str) -> Path:
    return Path(workspace) if workspace else engine.layout.project


def variables_of(pipeline: Pipeline, given: Mapping[str, object]) -> dict[str, str]:
    """The variables of a run: the pipeline's, overridden (9.2). Raises Refused."""
    unknown = [name for name in given if name not in pipeline.variables]
    if unknown:
        known = ", ".join(f"`{name}`" for name in pipeline.variables) or "none"
        raise Refused(
            Because.INVALID,
            f"`{pipeline.name}` has no variable `{unknown[0]}`",
            f"its variables: {known}",
        )
    values = {**pipeline.variables, **{name: _text(name, each) for name, each in given.items()}}
    missing = [name for name, each in values.items() if each is None]
    if missing:
        raise Refused(
            Because.INVALID,
            f"`{pipeline.name}` needs a value for `{missing[0]}`",
            f"give it: --var {missing[0]}=VALUE",
        )
    return {name: each for name, each in values.items() if each is not None}


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise Refused(Because.INVALID, f"variable `{name}` must be a text, a number or a boolean")


def facts_of(event: Mapping[str, object], by: Caller) -> Facts:
    """The facts that an order gives. Raises Refused for a fact of the wrong type."""
    given = {_ALIASES.get(name, name): each for name, each in event.items() if each is not None}
    for name in ("event", *TEXTS):
        if not isinstance(given.get(name, ""), str):
            raise Refused(Because.INVALID, f"`event.{name}` must be a text")
    text = {name: str(given.pop(name)) for name in TEXTS if name in given}
    name = str(given.pop("event", "manual"))
    if "branch" in text:
        text["branch"] = text["branch"].removeprefix("refs/heads/")
    if name == "manual":
        text.setdefault("actor", by.name)
    paths = _texts("paths", given.pop("paths")) if "paths" in given else None
    labels = _texts("labels", given.pop("labels")) if "labels" in given else ()
    known: dict[str, Any] = dict(text)
    return Facts(event=name, paths=paths, labels=labels, data=given, **known)


def _texts(name: str, value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
        raise Refused(Because.INVALID, f"`event.{name}` must be a list of texts")
    return tuple(listed)


# -- agents ----------------------------------------------------------------------------


def _staffed(engine: Engine, pipeline: Pipeline, workspace: str) -> tuple[Pipeline, dict[str, str]]:
    """The pipeline with its agents' own tasks, and every definition it can need. Raises Refused."""
    found = found_agents(_workspace(engine, workspace), pipeline)
    agents: dict[str, str] = {}
    definitions: dict[str, Definition] = {}
    for name in dict.fromkeys(each for stage in pipeline.stages for each in _named(stage)):
        problem = _problem(found, name)
        if problem is not None:
            raise Refused(Because.INVALID, f"agent `{name}` cannot run", problem)
        definition = resolve(found, name)
        assert definition is not None, "an unknown agent is a problem"
        agents[name] = to_json(definition)
        definitions[name] = definition
    return told(pipeline, definitions), agents


def told(pipeline: Pipeline, definitions: Mapping[str, Definition]) -> Pipeline:
    """The pipeline with the tasks that agents bring along, where a stage has none (9.4)."""
    tasks = {
        name: each.fields["task"]
        for name, each in definitions.items()
        if isinstance(each.fields.get("task"), str)
    }
    if not tasks:
        return pipeline
    stages = tuple(
        replace(stage, task=tasks[stage.agent])
        if stage.task is None and stage.run is None and stage.agent in tasks
        else stage
        for stage in pipeline.stages
    )
    return replace(pipeline, stages=stages)


def _named(stage: Stage) -> list[str]:
    named = [stage.agent, *(each.agent for each in stage.retry.escalate)]
    if stage.rollback is not None:
        named.append(stage.rollback.agent)
    return [each for each in named if each is not None]


def _problem(found: Found, name: str | None) -> str | None:
    if name is None:
        return None
    definition = resolve(found, name)
    if definition is None:
        return suggestions(found, name)
    return definition.problem
