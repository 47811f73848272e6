"""One decision in the making: the run as it moves, and the events that moved it.

`decide` and its rooms speak through a turn; nothing else may append events to it.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrate.core.events import Event
from orchestrate.core.evolve import evolve
from orchestrate.core.run import Run, StepStatus

Taken = Callable[[str], str | None]
"""environment → who else has it, as a clause; None if it is free for this run (10.8)."""


def nobody(_: str) -> None:
    """No other run has any environment."""


class Turn:
    """A run, a moment, and what has been said so far. `say` moves the run at once."""

    __slots__ = ("events", "now", "run", "taken")

    def __init__(self, run: Run, now: float, taken: Taken = nobody) -> None:
        self.run = run
        self.now = now
        self.taken = taken
        self.events: list[Event] = []

    def say(self, event: Event) -> None:
        self.run = evolve(self.run, event)
        self.events.append(event)

    def busy(self, environment: str | None) -> str | None:
        """Who has an environment, as a clause; None if it is free, or there is none (10.8)."""
        if environment is None:
            return None
        own = self.run.environments.get(environment)
        return f"stage `{own[0]}` has it" if own is not None else self.taken(environment)

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
