"""Why a run, or one of its stages, is as it is: the core's sentences, over the run as it is."""

from __future__ import annotations

from typing import Any

from orchestrate.core.commands import Because, Refused
from orchestrate.core.why import why as sentences
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine


def why(engine: Engine, run_id: int, stage: str | None = None) -> dict[str, Any]:
    """Sentences about a run and its stages (all of them without `stage`). Raises Refused."""

    def act(door: Door) -> dict[str, Any]:
        run = door.run(run_id)
        if run is None:
            raise Refused(Because.NOT_FOUND, f"there is no run {run_id}")
        if stage is not None and stage not in run.stages:
            raise Refused(Because.NOT_FOUND, f"run {run_id} has no stage `{stage}`")
        return sentences(run, list(run.stages) if stage is None else [stage])

    return engine.perform(act).result()
