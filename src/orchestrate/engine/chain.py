"""The end of a run is an event, which can start other pipelines (10.2), but not for ever (8.5)."""

from __future__ import annotations

import json
from typing import Any

from orchestrate.core.condition import Facts
from orchestrate.core.run import Run
from orchestrate.engine.happening import Happening

CHAIN_RUNS_MAX = 5
OUTPUT_BYTES_MAX = 64 << 10


def end_of(run: Run) -> Happening:
    """The event of a run's end: the facts of its own event, its outputs, and its chain."""
    outputs = {name: stage.outputs for name, stage in run.stages.items() if stage.outputs}
    notes: tuple[str, ...] = ()
    if len(json.dumps(outputs)) > OUTPUT_BYTES_MAX:
        outputs = {}
        notes = (f"its outputs are not handed over: at most {OUTPUT_BYTES_MAX >> 10} KiB are",)
    own = {"run": run.id, "pipeline": run.pipeline.name, "sha": run.facts.sha}
    facts = Facts(
        event=f"pipeline.{run.status.value}",
        branch=run.facts.branch,
        head_branch=run.facts.head_branch,
        tag=run.facts.tag,
        sha=run.facts.sha,
        repository=run.facts.repository,
        paths=run.facts.paths,
        labels=run.facts.labels,
        actor=run.facts.actor or run.by,
        data={
            "pipeline": run.pipeline.name,
            "run": run.id,
            "reason": None if run.reason is None else run.reason.text,
            "outputs": outputs,
            "chain": [*_links(run.facts), own],
        },
    )
    return Happening(
        facts=facts,
        source="pipeline",
        delivery=f"run {run.id}",
        notes=notes,
        workspace=run.workspace,
    )


def chain_of(facts: Facts) -> tuple[int, ...]:
    """The runs that led to an event, the first one first."""
    return tuple(each["run"] for each in _links(facts))


def refusal(facts: Facts, pipeline: str) -> str | None:
    """Why an event must not start a pipeline: its chain is too long, or comes round (8.5)."""
    links = _links(facts)
    if len(links) >= CHAIN_RUNS_MAX:
        runs = " → ".join(str(each["run"]) for each in links)
        return f"the chain of runs {runs} is as long as one may be ({CHAIN_RUNS_MAX})"
    for each in links:
        if each["pipeline"] == pipeline and each["sha"] == facts.sha:
            commit = f"commit {facts.sha}" if facts.sha else "the same commit"
            return f"run {each['run']} of it, for {commit}, led to this event: it would come round"
    return None


def _links(facts: Facts) -> list[dict[str, Any]]:
    """The chain as our own events carry it; what others write under that name is not one."""
    found = facts.data.get("chain") if facts.event.startswith("pipeline.") else None
    return list(found) if isinstance(found, list | tuple) else []
