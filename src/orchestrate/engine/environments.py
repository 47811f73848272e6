"""Which run has which environment, and who waits for it: one at a time, first come first served.

It is read from the runs themselves, and stores nothing (semantics 10.8).
"""

from __future__ import annotations

from collections import defaultdict

from orchestrate.core import agenda
from orchestrate.core.run import Run
from orchestrate.core.turn import Taken


class Environments:
    """environment → the run that has it, and the runs that wait for it."""

    def __init__(self) -> None:
        self._holder: dict[str, tuple[int, str]] = {}
        self._waiters: defaultdict[str, set[int]] = defaultdict(set)
        self._of: dict[int, tuple[set[str], set[str]]] = {}
        self._moved: set[str] = set()

    def note(self, run: Run) -> None:
        """Take in what a run has and wants, as it is now."""
        if not run.environments and run.id not in self._of and not run.wanted and not run.rollbacks:
            return
        self.forget(run.id)
        wanted = set() if run.resting else agenda.environments_wanted(run)
        held = set(run.environments)
        for environment, (stage, _) in run.environments.items():
            self._holder[environment] = (run.id, stage)
        for environment in wanted:
            self._waiters[environment].add(run.id)
        if held or wanted:
            self._of[run.id] = (held, wanted)
        self._moved |= wanted

    def forget(self, run_id: int) -> None:
        """A run has and wants nothing."""
        held, wanted = self._of.pop(run_id, (set(), set()))
        for environment in held:
            if self._holder.get(environment, (0, ""))[0] == run_id:
                del self._holder[environment]
        for environment in wanted:
            self._waiters[environment].discard(run_id)
        self._moved |= held | wanted

    def taken(self, run_id: int) -> Taken:
        """Who else has an environment, or waited for it first, as a clause (10.8)."""

        def who(environment: str) -> str | None:
            holder = self._holder.get(environment)
            if holder is not None and holder[0] != run_id:
                return f"stage `{holder[1]}` of run {holder[0]} has it"
            first = min(self._waiters.get(environment, ()), default=run_id)
            return f"run {first} waits for it first" if first < run_id else None

        return who

    def next_runs(self) -> set[int]:
        """The runs whose turn may have come since the last time this was asked."""
        moved, self._moved = self._moved, set()
        free = [each for each in moved if each not in self._holder]
        return {min(self._waiters[each]) for each in free if self._waiters[each]}
