"""An attempt on the agenda → what to start for it; what became of its process → its outcome.

Everything is read from the run itself: the definitions of its agents were copied into it when it
started, so nothing that is edited meanwhile changes what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from orchestrate.agent import outcome
from orchestrate.agent.command import launch
from orchestrate.agent.definitions import Definition, from_json
from orchestrate.agent.facts import AttemptFacts
from orchestrate.agent.process import Exited, Launch
from orchestrate.core.rollback import compensation
from orchestrate.core.run import Attempt, Mode, Outcome, Run
from orchestrate.core.template import render
from orchestrate.core.values import FACTS, lookup
from orchestrate.engine.layout import Layout

DEFINITIONS_KEPT_MAX = 1_000


@lru_cache(maxsize=DEFINITIONS_KEPT_MAX)
def _definition(text: str) -> Definition:
    return from_json(text)


def definition_of(run: Run, attempt: Attempt) -> Definition | None:
    """The definition of an attempt's agent, as it was when the run started."""
    if attempt.agent is None:
        return None
    return _definition(run.agents[attempt.agent])


def launch_of(
    run: Run, attempt: Attempt, key: str, layout: Layout, environ: Mapping[str, str]
) -> Launch:
    """What to start for an attempt. Raises CannotStart."""
    spec = run.pipeline.stage(attempt.stage)
    undo = compensation(run, attempt.stage) if attempt.mode is Mode.ROLLBACK else None
    history = run.stages[attempt.stage].attempts
    if undo is not None:
        history = run.stages[attempt.stage].compensations
    value = lookup(run, attempt.stage)
    earlier = history[-2] if len(history) > 1 else None
    facts = AttemptFacts(
        run_id=run.id,
        pipeline=run.pipeline.name,
        stage=attempt.stage,
        attempt=attempt.number,
        project=run.workspace or str(layout.project),
        mode=attempt.mode.value,
        environment=attempt.environment,
        task=attempt.task,
        variables=run.variables,
        env={name: render(text, value) for name, text in spec.env},
        run=spec.run if undo is None else undo.run,
        timeout_s=spec.timeout_s if undo is None else undo.timeout_s,
        grace_s=spec.grace_s,
        context=_context(run, attempt, earlier),
        last_failure=_failure(earlier),
        model=attempt.model,
    )
    return launch(definition_of(run, attempt), facts, key=key, home=environ)


def outcome_of(run: Run, attempt: Attempt, exited: Exited) -> Outcome:
    """What the end of an attempt's process means for it."""
    declared = None
    if attempt.mode is Mode.RUN:
        declared = run.pipeline.stage(attempt.stage).outputs
    return outcome.outcome_of(
        exited, definition_of(run, attempt), declared=declared, mode=attempt.mode.value
    )


def _failure(earlier: Attempt | None) -> str | None:
    if earlier is None or earlier.outcome is None:
        return None
    return earlier.outcome.detail or earlier.outcome.reason


def _context(run: Run, attempt: Attempt, earlier: Attempt | None) -> dict[str, object]:
    spec = run.pipeline.stage(attempt.stage)
    event: dict[str, object] = {name: getattr(run.facts, name) for name in FACTS if name != "event"}
    event |= {"name": run.facts.event, "labels": run.facts.labels, "paths": run.facts.paths}
    context: dict[str, object] = {
        "run": {"id": run.id, "actor": run.by},
        "pipeline": {"name": run.pipeline.name, "revision": run.revision},
        "stage": {"name": spec.name, "environment": attempt.environment},
        "event": {**event, "data": run.facts.data},
        "needs": {
            need: {
                "status": run.stages[need].status.value,
                "outputs": run.stages[need].outputs,
            }
            for need in spec.needs
        },
    }
    if earlier is not None and earlier.outcome is not None:
        context["previous_attempt"] = {
            "attempt": earlier.number,
            "reason": earlier.outcome.reason,
            "detail": earlier.outcome.detail,
            "exit_code": earlier.outcome.code,
            "outputs": earlier.outcome.outputs,
        }
    return context
