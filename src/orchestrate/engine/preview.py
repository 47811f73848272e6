"""What a rollback by hand would undo: the core's own decision about a copy of the run."""

from __future__ import annotations

from typing import Any

from orchestrate.core.commands import Because, Refused, RollBack
from orchestrate.core.decide import decide
from orchestrate.core.events import RollbackStarted
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import Stage
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine


def rollback(engine: Engine, run_id: int, *, by: Caller, to: str | None) -> dict[str, Any]:
    """The steps in their order, and how each is undone; nothing is stored. Raises Refused."""

    def act(door: Door) -> dict[str, Any]:
        run = door.store.load(run_id)  # a fold of its own: the door's is not touched
        if run is None:
            raise Refused(Because.NOT_FOUND, f"there is no run {run_id}")
        run, events = decide(run, RollBack(by=by, to=to), door.clock())
        stages = {stage.name: stage for stage in run.pipeline.stages}
        started = [each for each in events if isinstance(each, RollbackStarted)]
        steps = [
            {"stage": name, "waits_for": list(waits_for), "how": _how(stages[name])}
            for each in started
            for name, waits_for in each.steps
        ]
        return {"run_id": run_id, "to": to, "steps": steps}

    return engine.perform(act).result()


def _how(stage: Stage) -> str | None:
    undo = stage.rollback
    if undo is None:
        return None
    return undo.run or f"{undo.agent}: {undo.task}"
