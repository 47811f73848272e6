"""What an approver sees: the same facts for CLI, API, page and notification (semantics 7.9).

The packet is settled when the question is asked: everything in it has ended by then, so its hash
names exactly what was approved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from orchestrate.core.pipeline import Gate, Stage
from orchestrate.core.run import Run
from orchestrate.core.template import render
from orchestrate.core.values import default_task, lookup

OUTPUT_CHARS_MAX = 2_000


def packet(run: Run, spec: Stage, gate: Gate, message: str | None) -> dict[str, object]:
    """The packet of one question. Raises Undefined for a hole in the stage's texts."""
    value = lookup(run, spec.name)
    return {
        "pipeline": run.pipeline.name,
        "run_id": run.id,
        "stage": spec.name,
        "description": spec.description,
        "agent": spec.agent,
        "run": spec.run,
        "task": render(spec.task, value) if spec.task else default_task(run.pipeline, spec),
        "environment": None if spec.environment is None else render(spec.environment, value),
        "message": message,
        "event": run.facts.event,
        "branch": run.facts.branch,
        "commit": run.facts.sha,
        "actor": run.facts.actor,
        "started_by": run.by,
        "attempt": len(run.stages[spec.name].attempts) + 1,
        "before": [_before(run, name) for name in run.pipeline.upstream(spec.name)],
        "on_timeout": gate.on_timeout.value,
        "timeout_s": gate.timeout_s,
        "rollback": _rollback(run, spec),
    }


def digest(facts: Mapping[str, object]) -> str:
    """SHA-256 of the packet's canonical JSON, in hexadecimal."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _before(run: Run, name: str) -> dict[str, object]:
    stage = run.stages[name]
    outputs = {key: _short(each) for key, each in stage.outputs.items()}
    reason = None if stage.reason is None else stage.reason.text
    return {
        "stage": name,
        "status": stage.status.value,
        "reason": reason,
        "attempts": len(stage.attempts),
        "outputs": outputs,
    }


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > OUTPUT_CHARS_MAX:
        return value[:OUTPUT_CHARS_MAX] + "…"
    return value


def _rollback(run: Run, spec: Stage) -> dict[str, object] | None:
    """What a failure of this stage would undo, in order; None where nothing is rolled back."""
    if spec.rollback_to is None:
        return None
    below = set(run.pipeline.downstream(spec.rollback_to))
    undone = [
        {"stage": each.name, "how": _how(each)}
        for each in reversed(run.pipeline.stages)
        if each.name in below and (run.stages[each.name].started or each.name == spec.name)
    ]
    return {"to": spec.rollback_to, "steps": undone}


def _how(stage: Stage) -> str | None:
    undo = stage.rollback
    if undo is None:
        return None
    return undo.run or f"{undo.agent}: {undo.task}"
