"""Looks at every answer of the server, and lets each checker look.

It folds the events a second time, one by one, and compares (I15); it must never repair anything.
"""

from __future__ import annotations

from dataclasses import fields

from orchestrate.core.commands import Claim, Command, Refused, Report
from orchestrate.core.events import Event, RunCreated
from orchestrate.core.evolve import evolve
from orchestrate.core.run import OutcomeKind, Run
from tests.simulation import (
    checks_people,
    checks_rollback,
    checks_run,
    checks_sharing,
    checks_stage,
)
from tests.simulation.checker import AT_COMMIT, AT_END, AT_EVENT, Violation, examine
from tests.simulation.history import History
from tests.simulation.machine import Machine

ROOMS = (checks_people, checks_rollback, checks_run, checks_sharing, checks_stage)
WHOLE = tuple(field.name for field in fields(Run) if field.name != "stages")


class Watch:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.history: History | None = None
        self._shadow: Run | None = None

    def committed(self, command: Command, run: Run, events: list[Event]) -> None:
        history = self.history
        if history is None:
            created = events[0]
            assert isinstance(created, RunCreated), "a life starts with a run"
            history = self.history = History(created, self._machine)
            self._shadow = evolve(None, created)
            rest = events[1:]
        else:
            if events and _is_stale(history, command):
                raise Violation("I16", f"{command} changed something: {events[0]}")
            rest = events
        history.command = command
        for event in rest:
            if event.at < history.at:
                raise Violation("I23", f"{event} is before {history.at}")
            examine(AT_EVENT.get(type(event), []), history, event)
            history.take(event)
            self._shadow = evolve(self._shadow, event)
        self._compare(run)
        if events:
            examine(AT_COMMIT, history, run, events)

    def refused(self, command: Command, run: Run | None, refusal: Refused) -> None:
        if run is not None:
            self._compare(run)
        if not refusal.text:
            raise Violation("C6", f"{command} is refused without a word")

    def _compare(self, run: Run) -> None:
        shadow = self._shadow
        if shadow == run:
            return
        assert shadow is not None, "there is a run"
        for name in WHOLE:
            if getattr(shadow, name) != getattr(run, name):
                here, there = getattr(run, name), getattr(shadow, name)
                raise Violation("I15", f"{name} is {here}, replayed {there}")
        for name, stage in shadow.stages.items():
            if stage != run.stages[name]:
                raise Violation("I15", f"{run.stages[name]}, replayed {stage}")


def end_of_life(watch: Watch, log: list[Event], run: Run, *, faultless: bool) -> None:
    """What can only be said when it is over."""
    history = watch.history
    assert history is not None, "there was a life"
    examine(AT_END, history, run, log)
    if not faultless:
        return
    for ends in (history.ends, history.undo_ends):
        for name, outcomes in ends.items():
            if any(each.reason == "lost" and each.kind is OutcomeKind.FAILED for each in outcomes):
                raise Violation("I28", f"an attempt of `{name}` was lost without a fault")


def _is_stale(history: History, command: Command) -> bool:
    """Whether a message of the machine is late, repeated, or about what nobody waits for."""
    if not isinstance(command, Claim | Report):
        return False
    key = (command.stage, command.mode, command.attempt)
    if history.live.get((command.stage, command.mode)) != command.attempt:
        return True
    return isinstance(command, Claim) and key in history.claimed
