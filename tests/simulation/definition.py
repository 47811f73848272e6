"""What is run in a life: a pipeline of any shape, and the event that starts it, drawn by dice.

It is drawn as a person could have written it and the language resolved it. What is taken away
to make a life smaller is taken from the finished drawing, so that the rest of it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from orchestrate.core.commands import Carried
from orchestrate.core.condition import (
    Actor,
    Always,
    Branch,
    Condition,
    EventIs,
    Every,
    Facts,
    Labels,
    Not,
    OutputIs,
    Paths,
    Some,
    StageIs,
    Test,
    Variable,
)
from orchestrate.core.pipeline import (
    Backoff,
    Compensation,
    Escalation,
    Gate,
    OnFailure,
    OnLost,
    OnTimeout,
    OutputUse,
    Pipeline,
    Retry,
    RunIf,
    Stage,
)
from tests.simulation.options import Options

SIZES = (1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 30)
SHAPES = ("chain", "wide", "layers", "any", "any", "forest", "twos")
APPROVERS = ("ann", "bob", "cyd", "dee", "eve", "leads", "ops", "bob@example.com")
FAILURES = ("exit", "timeout", "output_schema", "auth")
FONDNESS = (0.0, 0.5, 1.0, 2.5)
CHANCES = {
    "when": 0.2,
    "run_if": 0.15,
    "gate": 0.2,
    "back": 0.2,
    "continue": 0.15,
    "environment": 0.15,
    "retry": 0.3,
}
CLASSES = Retry().on
STATUSES = ("succeeded", "failed", "skipped", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A pipeline with everything else that `Start` needs."""

    pipeline: Pipeline
    facts: Facts
    variables: dict[str, str]
    carried: tuple[Carried, ...]


def draw(dice: Random, options: Options) -> Drawn:
    facts = Facts(
        event=dice.choice(("manual", "push", "pull_request.merged")),
        branch=dice.choice(("main", "main", "dev", None)),
        paths=dice.choice((None, (), ("src/a.py",), ("docs/b.md", "src/a.py"))),
        labels=dice.choice(((), ("urgent",), ("docs", "urgent"))),
        actor=dice.choice((None, "ann", "eve")),
        data={"title": "a title"},
    )
    variables = {"env": dice.choice(("staging", "prod")), "version": dice.choice(("1", "4", "x"))}
    stages = _stages(dice)
    chance = dice.random
    pipeline = Pipeline(
        name="life",
        stages=stages,
        variables=dict(variables),
        max_parallel=dice.randint(1, 4) if chance() < 0.35 else None,
        fail_fast=chance() < 0.3,
        timeout_s=float(dice.choice((30, 100, 300, 1000))) if chance() < 0.15 else None,
    )
    drawn = Drawn(
        pipeline=pipeline,
        facts=facts,
        variables=variables,
        carried=_carried(dice, stages) if chance() < 0.08 else (),
    )
    return _smaller(drawn, options) if options.plain or options.without else drawn


# ── stages ───────────────────────────────────────────────────────────────────────────────────────


def _stages(dice: Random) -> tuple[Stage, ...]:
    size = dice.choice(SIZES)
    shape = dice.choice(SHAPES)
    width = dice.randint(2, 5)
    # A life is fond of some things and does without others: mixed evenly, they hide each other.
    taste = {name: chance * dice.choice(FONDNESS) for name, chance in CHANCES.items()}
    stages: list[Stage] = []
    ancestors: list[list[int]] = []
    for place in range(size):
        needs = _needs(dice, shape, width, place, size)
        above = {each for need in needs for each in (need, *ancestors[need])}
        ancestors.append(sorted(above))
        names = tuple(f"s{each}" for each in needs)
        stages.append(_stage(dice, place, names, [f"s{each}" for each in ancestors[-1]], taste))
    return tuple(stages)


def _needs(dice: Random, shape: str, width: int, place: int, size: int) -> list[int]:
    if place == 0:
        return []
    match shape:
        case "chain":
            return [place - 1]
        case "wide":
            return list(range(place)) if place == size - 1 else []
        case "layers":
            first = place - place % width
            return list(range(max(0, first - width), first))
        case "forest":
            return [dice.randrange(place)] if dice.random() < 0.8 else []
        case "twos":
            return (
                [place - 1] if place % 2 else [each for each in (place - 1, place - 2) if each > 0]
            )
        case _:
            return sorted(dice.sample(range(place), dice.randint(0, min(3, place))))


def _stage(
    dice: Random, place: int, needs: tuple[str, ...], above: list[str], taste: dict[str, float]
) -> Stage:
    name = f"s{place}"
    chance = dice.random
    task, uses = _task(dice, name, above)
    on_failure = OnFailure.HALT
    target = None
    if (roll := chance()) < taste["back"]:
        on_failure = OnFailure.ROLLBACK
        target = dice.choice([*above, name]) if chance() < 0.85 else name
    elif roll < taste["back"] + taste["continue"]:
        on_failure = OnFailure.CONTINUE
    run_if = RunIf.SUCCESS
    if chance() < taste["run_if"]:
        run_if = dice.choice((RunIf.ALWAYS, RunIf.FAILURE))
    environment = None
    if chance() < taste["environment"]:
        environment = dice.choice(("prod", "${env}", "${env}"))
    return Stage(
        name=name,
        agent="worker",
        task=task,
        needs=needs,
        when=_condition(dice, list(needs), above, 2) if chance() < taste["when"] else None,
        run_if=run_if,
        gate=_gate(dice)
        if chance() < taste["gate"] * (1 if run_if is RunIf.SUCCESS else 2)
        else None,
        on_failure=on_failure,
        rollback_to=target,
        rollback=_compensation(dice, name) if chance() < 0.6 else None,
        on_lost=OnLost.RERUN if chance() < 0.25 else OnLost.FAIL,
        environment=environment,
        env=(("MARK", "${event.title}"),) if chance() < 0.1 else (),
        retry=_retry(dice) if chance() < taste["retry"] else Retry(),
        uses=uses,
        line=place + 1,
    )


def _task(dice: Random, name: str, above: list[str]) -> tuple[str, tuple[OutputUse, ...]]:
    roll = dice.random()
    if roll < 0.02:
        return f"do {name} for ${{event.nobody.knows}}", ()
    if roll < 0.25 and above:
        used = dice.choice(above)
        if dice.random() < 0.5:
            return f"do {name} with ${{{used}.v}}", (OutputUse(stage=used, name="v"),)
        return f"do {name} with ${{{used}.v:-none}}", (
            OutputUse(stage=used, name="v", default=True),
        )
    return f"do {name} in ${{env}}", ()


def _retry(dice: Random) -> Retry:
    escalate: tuple[Escalation, ...] = ()
    if dice.random() < 0.3:
        escalate = (Escalation(model="large"), Escalation(agent="senior"))[: dice.randint(1, 2)]
    return Retry(
        attempts=dice.randint(2, 4),
        backoff=dice.choice(tuple(Backoff)),
        delay_s=dice.choice((0.0, 1.0, 5.0, 20.0)),
        max_delay_s=30.0,
        on=dice.choice((CLASSES, CLASSES, ("exit",), FAILURES[1:], ())),
        escalate=escalate,
    )


def _compensation(dice: Random, name: str) -> Compensation:
    roll = dice.random()
    return Compensation(
        agent="undoer",
        task=f"undo {name} of ${{{name}.v}}" if roll < 0.1 else f"Roll back: {name}",
        retry=_retry(dice) if roll > 0.4 else Retry(),
    )


def _gate(dice: Random) -> Gate:
    approvers = tuple(dice.sample(APPROVERS, dice.choice((0, 1, 1, 2, 2, 3))))
    every = len(approvers) > 1 and dice.random() < 0.3
    quorum = len(approvers) if every else dice.randint(1, max(1, len(approvers)))
    timeout_s = None if dice.random() < 0.1 else float(dice.choice((20, 100, 400, 2000)))
    return Gate(
        approvers=approvers,
        quorum=quorum,
        every=every,
        timeout_s=timeout_s,
        on_timeout=dice.choice(tuple(OnTimeout)),
        self_approval=dice.random() < 0.2,
        message="deploy to ${env}?" if dice.random() < 0.3 else None,
        remind_s=dice.choice(((), (), (15.0,), (300.0, 60.0))),
    )


# ── conditions ───────────────────────────────────────────────────────────────────────────────────


def _condition(dice: Random, needs: list[str], above: list[str], depth: int) -> Condition:
    roll = dice.random()
    line = dice.randint(1, 99)
    if depth and roll < 0.3:
        parts = tuple(_condition(dice, needs, above, depth - 1) for _ in range(dice.randint(1, 3)))
        return Every(parts, line=line) if roll < 0.15 else Some(parts, line=line)
    if depth and roll < 0.4:
        return Not(_condition(dice, needs, above, depth - 1), line=line)
    kinds: list[Condition] = [
        Branch(globs=("main",), line=line),
        Paths(globs=("src/**",), every=dice.random() < 0.3, line=line),
        Labels(names=("urgent",), line=line),
        EventIs(globs=("push", "manual"), line=line),
        Actor(names=("ann",), line=line),
        Variable(name="env", test=Test(values=("prod",)), line=line),
        Always(dice.random() < 0.7, line=line),
    ]
    if dice.random() < 0.15:
        kinds.append(Variable(name="version", test=Test(gt=3.0), line=line))
    if needs:
        need = dice.choice(needs)
        kinds += [StageIs(stage=need, statuses=(dice.choice(STATUSES),), line=line)] * 2
    if above:
        test = Test(exists=True) if dice.random() < 0.5 else Test(matches="^out")
        kinds.append(OutputIs(stage=dice.choice(above), name="v", test=test, line=line))
    return dice.choice(kinds)


# ── taking away ──────────────────────────────────────────────────────────────────────────────────


def _carried(dice: Random, stages: Sequence[Stage]) -> tuple[Carried, ...]:
    """Some first stages whose results come from an earlier run, each with all it needs."""
    taken: dict[str, Carried] = {}
    for stage in stages[: dice.randint(1, len(stages))]:
        if all(need in taken for need in stage.needs) and dice.random() < 0.8:
            skipped = dice.random() < 0.2
            taken[stage.name] = Carried(
                stage=stage.name,
                status="skipped" if skipped else "succeeded",
                outputs={} if skipped else {"v": f"out({stage.name})"},
            )
    return tuple(taken.values())


def _smaller(drawn: Drawn, options: Options) -> Drawn:
    """The drawing without some stages (their dependents inherit their needs) and features."""
    plain = options.plain
    kept: list[Stage] = []
    inherited: dict[str, tuple[str, ...]] = {}
    gone = options.without
    for stage in drawn.pipeline.stages:
        needs = tuple(
            dict.fromkeys(each for need in stage.needs for each in inherited.get(need, (need,)))
        )
        if stage.name in gone:
            inherited[stage.name] = needs
        else:
            kept.append(_plainer(replace(stage, needs=needs), plain, gone))
    pipeline = replace(
        drawn.pipeline,
        stages=tuple(kept),
        max_parallel=None if "places" in plain else drawn.pipeline.max_parallel,
        timeout_s=None if "deadline" in plain else drawn.pipeline.timeout_s,
        fail_fast="fail_fast" not in plain and drawn.pipeline.fail_fast,
    )
    carried = tuple(
        each for each in drawn.carried if each.stage not in gone and "carried" not in plain
    )
    return replace(drawn, pipeline=pipeline, carried=carried)


def _plainer(stage: Stage, plain: frozenset[str], gone: frozenset[str]) -> Stage:
    dangling = any(use.stage in gone for use in stage.uses) or stage.rollback_to in gone
    changes: dict[str, Any] = {}
    if "conditions" in plain or gone:
        changes["when"] = None if "conditions" in plain else _without(stage.when, gone)
    if "retries" in plain:
        changes["retry"] = Retry()
    if "gates" in plain:
        changes["gate"] = None
    if "rollbacks" in plain and stage.on_failure is OnFailure.ROLLBACK:
        changes |= {"on_failure": OnFailure.HALT, "rollback_to": None}
    elif stage.rollback_to in gone:
        changes["rollback_to"] = stage.name
    if "run_if" in plain:
        changes["run_if"] = RunIf.SUCCESS
    if "environments" in plain:
        changes["environment"] = None
    if "uses" in plain or "holes" in plain or dangling:
        changes |= {"uses": (), "task": f"do {stage.name} in ${{env}}"}
    return replace(stage, **changes) if changes else stage


def _without(condition: Condition | None, gone: frozenset[str]) -> Condition | None:
    """A condition that looks at a stage that is gone goes as a whole."""
    return None if any(f"'{name}'" in repr(condition) for name in gone) else condition


def stage_names(options: Options) -> list[str]:
    """The stages of the definition that these options give."""
    return [stage.name for stage in draw(Random(options.seed), options).pipeline.stages]
