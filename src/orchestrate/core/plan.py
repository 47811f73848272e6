"""What would run if a pipeline were started now: the engine's own judgement, ahead of time.

A plan assumes that what runs succeeds. It calls the same conditions as a run does, and says what
it cannot know yet, and until when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrate.core.condition import Condition, Every, Facts, Not, OutputIs, Some, StageIs
from orchestrate.core.judge import ConditionError, Truth, View, explain, judge
from orchestrate.core.pipeline import Gate, OnFailure, Pipeline, RunIf, Stage
from orchestrate.core.template import holes, parse
from orchestrate.core.values import default_task, fact

RUNS = "run"
SKIPS = "skip"
UNKNOWN = "unknown"


def plan(pipeline: Pipeline, facts: Facts, variables: Mapping[str, str]) -> dict[str, Any]:
    """Stages in waves, each with what would become of it and why; JSON-able."""
    skipped: dict[str, str] = {}
    waves: list[list[str]] = []
    wave_of: dict[str, int] = {}
    stages = []
    for stage in pipeline.stages:
        wave = 1 + max((wave_of[need] for need in stage.needs), default=-1)
        wave_of[stage.name] = wave
        while len(waves) <= wave:
            waves.append([])
        waves[wave].append(stage.name)
        view = View(
            facts=facts,
            variables=variables,
            statuses=dict.fromkeys(skipped, "skipped"),
            outputs={name: {} for name in skipped},
        )
        verdict, why = _verdict(stage, view, skipped)
        if verdict == SKIPS:
            skipped[stage.name] = why
        stages.append(
            {
                "name": stage.name,
                "wave": wave + 1,
                "verdict": verdict,
                "why": why or None,
                "unknown_until": _waits_for(stage.when) if verdict == UNKNOWN else [],
                "missing": _missing(stage, facts, variables),
                **_described(pipeline, stage, facts, variables),
            }
        )
    return {
        "pipeline": pipeline.name,
        "event": facts.event,
        "branch": facts.branch,
        "variables": dict(variables),
        "max_parallel": pipeline.max_parallel,
        "waves": waves,
        "stages": stages,
    }


def _verdict(stage: Stage, view: View, skipped: Mapping[str, str]) -> tuple[str, str]:
    if stage.run_if is RunIf.FAILURE:
        return UNKNOWN, "it runs only if something it needs fails"
    for use in stage.uses:
        if use.stage in skipped and not use.default:
            words = f"it uses `{use.stage}.{use.name}`, and `{use.stage}` would be skipped"
            return SKIPS, words
    if stage.when is None:
        return RUNS, ""
    try:
        truth = judge(stage.when, view)
        if truth is Truth.YES:
            return RUNS, ""
        why = explain(stage.when, view)
    except ConditionError as fault:
        return UNKNOWN, f"its condition cannot be judged: {fault}"
    if truth is Truth.NO:
        return SKIPS, f"{why.text}; {why.counterfactual}" if why.counterfactual else why.text
    if _waits_for(stage.when):
        return UNKNOWN, why.text
    return RUNS, f"it runs, because {why.text}"


def _waits_for(condition: Condition | None) -> list[str]:
    """The stages whose end a condition asks about."""
    match condition:
        case StageIs(stage=name) | OutputIs(stage=name):
            return [name]
        case Not(condition=inner):
            return _waits_for(inner)
        case Every(conditions=all_of) | Some(conditions=all_of):
            return sorted({name for each in all_of for name in _waits_for(each)})
        case _:
            return []


def _described(
    pipeline: Pipeline, stage: Stage, facts: Facts, variables: Mapping[str, str]
) -> dict[str, Any]:
    def text(template: str | None) -> str | None:
        return None if template is None else _filled(template, facts, variables)

    undo = stage.rollback
    return {
        "needs": list(stage.needs),
        "run_if": stage.run_if.value,
        "agent": stage.agent,
        "run": stage.run,
        "task": text(stage.task) or default_task(pipeline, stage),
        "environment": text(stage.environment),
        "gate": None if stage.gate is None else _gate(stage.gate, text),
        "on_failure": stage.on_failure.value,
        "rollback_to": stage.rollback_to if stage.on_failure is OnFailure.ROLLBACK else None,
        "undo": None
        if undo is None
        else {"agent": undo.agent, "run": undo.run, "task": text(undo.task)},
        "attempts": stage.retry.attempts,
        "timeout_s": stage.timeout_s,
    }


def _gate(gate: Gate, text: Any) -> dict[str, Any]:
    return {
        "approvers": list(gate.approvers),
        "quorum": "all" if gate.every else gate.quorum,
        "timeout_s": gate.timeout_s,
        "on_timeout": gate.on_timeout.value,
        "message": text(gate.message),
    }


def _missing(stage: Stage, facts: Facts, variables: Mapping[str, str]) -> list[str]:
    """The facts that the stage's texts use and nobody has given: it would fail for them (9.1)."""
    message = stage.gate.message if stage.gate is not None else None
    texts = (stage.task, stage.environment, message, *(text for _, text in stage.env))
    found: dict[str, None] = {}
    for part in (each for text in texts if text is not None for each in holes(text)):
        fact_name = part.name.removeprefix("event.")
        of_event = part.name != fact_name and part.name not in variables
        if of_event and part.default is None and fact(facts, fact_name) is None:
            found[part.name] = None
    return list(found)


def _filled(template: str, facts: Facts, variables: Mapping[str, str]) -> str:
    """The text with what is known now; outputs of stages stay as they are written."""
    filled = []
    for part in parse(template):
        if isinstance(part, str):
            filled.append(part)
            continue
        value = variables.get(part.name)
        if value is None and part.name.startswith("event."):
            value = fact(facts, part.name.removeprefix("event."))
        if value is None:
            value = "${" + part.name + "}" if part.default is None else part.default
        filled.append(value)
    return "".join(filled)
