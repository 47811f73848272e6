"""The one door. Whoever wants anything of a run (person, agent, clock) comes through `tell`.

A door is open within one transaction of the store. It keeps the runs that live, as the fold of
what is stored; a run whose events could not be stored is forgotten and folded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

from orchestrate.core.commands import Because, Cancel, Command, Refused, Start
from orchestrate.core.decide import decide
from orchestrate.core.events import Event
from orchestrate.core.people import SYSTEM, Caller
from orchestrate.core.run import Run
from orchestrate.engine.admission import Admission
from orchestrate.engine.chain import end_of
from orchestrate.engine.environments import Environments
from orchestrate.engine.happening import Outcome, keep
from orchestrate.store.sqlite import Store

RUNS_KEPT_MAX = 5_000

Draws: TypeAlias = Callable[[Store, Run, Sequence[Event]], None]
"""Writes down, in the same transaction, what else follows from events of a run."""


class Broken(Exception):
    """A fault of ours at one word to one run: the run stays as it was, and the others go on."""


class Door:
    """Load, decide, append: the only way a run changes."""

    def __init__(
        self, store: Store, clock: Callable[[], float], draws: Draws | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self._draws = draws
        self.moved: list[tuple[Run, list[Event]]] = []
        self.environments = Environments()
        self.admission = Admission()
        self.told_events = False
        self._runs: dict[int, Run] = {}
        self._stale: set[int] = set()

    def tell(self, run_id: int, command: Command) -> Run:
        """The run after `command`. Raises Refused where it cannot be honoured."""
        run = self.run(run_id)
        if run is None and not isinstance(command, Start):
            raise Refused(Because.NOT_FOUND, f"there is no run {run_id}")
        after, had_ended = (0, False) if run is None else (run.seq, run.ended)
        try:
            taken = self.environments.taken(run_id)
            run, events = decide(run, command, self.clock(), taken)
        except Refused:
            raise
        except Exception as fault:  # whatever it is, it is ours: the run is as it is stored
            self._runs.pop(run_id, None)
            raise Broken(f"run {run_id}, {type(command).__name__}: {fault!r}") from fault
        if events:
            by = _actor(command)
            self._runs[run_id] = run
            self.moved.append((run, events))
            self.note(run)
            self.store.append(run, events, after=after, actor=by.name, via=by.via)
            if run.ended and not had_ended and self.store.is_chained():
                keep(self.store, end_of(run), Outcome(), at=self.clock(), waiting=True)
                self.told_events = True
            if self._draws is not None:
                self._draws(self.store, run, events)
        return run

    def start(self, command: Start) -> Run:
        """A new run, under the next number; what its concurrency group ends for it is ended."""
        run_id = self.store.next_run_id()
        command, ended = self.admission.ask(command)
        for each in ended:
            self.tell(each, Cancel(by=SYSTEM, reason=f"run {run_id} takes its place", force=True))
        return self.tell(run_id, replace(command, run_id=run_id))

    def note(self, run: Run) -> None:
        """Take in what a run has of what runs share: environments, places in its group."""
        self.environments.note(run)
        self.admission.note(run)

    def run(self, run_id: int) -> Run | None:
        """The run as it is, None if there is none. Nobody but `tell` may move it."""
        run = self._runs.get(run_id)
        if run is None:
            run = self.store.load(run_id)
            if run is not None:
                self._runs[run_id] = run
        return run

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is done in it is done wholly, or, after an exception, not at all."""
        before = len(self.moved)
        try:
            with self.store.part():
                yield
        except BaseException:  # also a refusal: what was begun is taken back
            self._take_back(self.moved[before:])
            del self.moved[before:]
            raise

    def settle(self) -> list[tuple[Run, list[Event]]]:
        """What moved since the last time, now that it is stored; runs at rest are let go."""
        moved, self.moved = self.moved, []
        for run, _ in moved:
            if run.resting:
                self._runs.pop(run.id, None)
        if len(self._runs) > RUNS_KEPT_MAX:
            for run_id in list(self._runs)[: len(self._runs) // 2]:
                del self._runs[run_id]
        return moved

    def forget(self) -> None:
        """What moved was not stored: it did not happen."""
        self._take_back(self.moved)
        self.moved = []

    def _take_back(self, moved: list[tuple[Run, list[Event]]]) -> None:
        """These runs are as they are stored, which is read again when they are needed."""
        for run, _ in moved:
            self._runs.pop(run.id, None)
            self.environments.forget(run.id)
            self.admission.forget(run.id, run.group)
            self._stale.add(run.id)

    def freshen(self) -> None:
        """Before a transaction: read again what could not be stored."""
        while self._stale:
            run = self.store.load(min(self._stale))
            self._stale.discard(min(self._stale))
            if run is not None and not run.resting:
                self.note(run)


def _actor(command: Command) -> Caller:
    return getattr(command, "by", SYSTEM)
