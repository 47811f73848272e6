"""One decision in the making: the run as it moves, and the events that moved it.

`decide` and its rooms speak through a turn; nothing else may append events to it.
"""

from __future__ import annotations

from orchestrate.core.events import Event
from orchestrate.core.evolve import evolve
from orchestrate.core.run import Run, StepStatus


class Turn:
    """A run, a moment, and what has been said so far. `say` moves the run at once."""

    __slots__ = ("events", "now", "run")

    def __init__(self, run: Run, now: float) -> None:
        self.run = run
        self.now = now
        self.events: list[Event] = []

    def say(self, event: Event) -> None:
        self.run = evolve(self.run, event)
        self.events.append(event)

    def has_place(self) -> bool:
        """Whether `max_parallel` lets one more attempt start (3.7); a back-off keeps its place."""
        run = self.run
        if run.pipeline.max_parallel is None:
            return True
        used = run.running
        active = run.rolling_back
        if active is not None:
            used += sum(step.status is StepStatus.RUNNING for step in active.steps.values())
        return used < run.pipeline.max_parallel
