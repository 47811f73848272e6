"""The words stories are told in: `Story(stage("a"), ...).start().ends("a").run("succeeded")`.

A story tells the core what agents, people and the clock do, and compares what becomes of it. It
must never look into a run for more than people are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Self

import pytest

from orchestrate.core import agenda
from orchestrate.core.commands import (
    Approve,
    Cancel,
    Carried,
    Claim,
    Command,
    Delegate,
    Refused,
    Reject,
    Report,
    RollBack,
    Start,
    Tick,
)
from orchestrate.core.condition import Facts
from orchestrate.core.decide import decide
from orchestrate.core.events import Event
from orchestrate.core.evolve import fold
from orchestrate.core.people import Caller, Kind, Roster
from orchestrate.core.pipeline import Compensation, Gate, Pipeline, Stage
from orchestrate.core.run import Approval, Mode, Outcome, OutcomeKind, Run

START_S = 1_000_000.0
ROSTER = Roster(
    groups={"leads": frozenset({"bob", "cyd"}), "ops": frozenset({"dee"})},
    emails={"bob@example.com": "bob"},
)
UNDO = Compensation(agent="undoer", task="Roll back")


def stage(name: str, needs: str = "", **fields: Any) -> Stage:
    """A stage of an agent; `needs` are names with spaces between."""
    fields.setdefault("agent", "worker")
    return Stage(name=name, needs=tuple(needs.split()), **fields)


def gate(*approvers: str, **fields: Any) -> Gate:
    return Gate(approvers=approvers, **fields)


def person(name: str, *, owner: bool = False) -> Caller:
    return Caller(name=name, owner=owner, via="token")


class Story:
    def __init__(self, *stages: Stage, **fields: Any) -> None:
        self.pipeline = Pipeline(name="story", stages=stages, **fields)
        self.now = START_S
        self.log: list[Event] = []
        self.roster = ROSTER
        self._run: Run | None = None

    @property
    def state(self) -> Run:
        assert self._run is not None, "a story begins with start()"
        return self._run

    # -- given, when -------------------------------------------------------------------

    def start(
        self,
        by: str = "ann",
        facts: Facts | None = None,
        variables: Mapping[str, str] | None = None,
        carried: Collection[Carried] = (),
    ) -> Self:
        return self.tell(
            Start(
                run_id=1,
                pipeline=self.pipeline,
                pipeline_id=1,
                revision=1,
                sha256="",
                facts=facts or Facts(),
                variables=variables or {},
                by=person(by),
                carried=tuple(carried),
                rerun_of=8 if carried else None,
            )
        )

    def tell(self, command: Command) -> Self:
        self._run, events = decide(self._run, command, self.now)
        self.log += events
        assert fold(None, self.log) == self._run, "the log is the run"
        return self

    def ends(self, *names: str, **outputs: object) -> Self:
        """Agents of these stages end well. `undo x` is the compensation of x."""
        for name in names:
            self._report(name, Outcome(kind=OutcomeKind.SUCCEEDED, outputs=outputs))
        return self

    def fails(self, *names: str, reason: str = "exit", retryable: bool | None = None) -> Self:
        words = {"exit": "exit code 1", "lost": "its process is gone"}.get(reason, reason)
        for name in names:
            outcome = Outcome(
                kind=OutcomeKind.FAILED, reason=reason, detail=words, retryable=retryable
            )
            self._report(name, outcome)
        return self

    def stops(self, *names: str) -> Self:
        """Agents that were told to end have ended."""
        for name in names:
            assert self._attempt(name).stop is not None, f"{name} was not told to end"
        return self.fails(*names, reason="cancelled")

    def asks(self, name: str, why: str = "may I?") -> Self:
        return self._report(name, Outcome(kind=OutcomeKind.NEEDS_PERSON, detail=why))

    def passes_over(self, name: str, why: str = "") -> Self:
        return self._report(name, Outcome(kind=OutcomeKind.SKIPPED, detail=why))

    def claims(self, *names: str) -> Self:
        for name in names:
            which, mode = _named(name)
            self.tell(
                Claim(
                    stage=which,
                    mode=mode,
                    attempt=self._attempt(name).number,
                    worker="w",
                    pid=1,
                    started_at=self.now,
                )
            )
        return self

    def _report(self, name: str, outcome: Outcome) -> Self:
        which, mode = _named(name)
        number = self._attempt(name).number
        if self._attempt(name).claimed_at is None:
            self.claims(name)
        outcome = replace(outcome, started_at=self.now)
        return self.tell(Report(stage=which, mode=mode, attempt=number, outcome=outcome))

    def after(self, seconds: float) -> Self:
        """Time passes, and whatever is due in it happens in its time."""
        until = self.now + seconds
        for _ in range(100):
            wake_at = agenda.wake_at(self.state)
            if wake_at is None or wake_at > until:
                break
            self.now = max(self.now, wake_at)
            self.tell(Tick())
        self.now = until
        return self.tell(Tick())

    def approves(self, *names: str, number: int | None = None, owner: bool = False) -> Self:
        for name in names:
            self.tell(
                Approve(
                    approval=number or self.open().number,
                    by=person(name, owner=owner),
                    roster=self.roster,
                )
            )
        return self

    def rejects(self, name: str, reason: str = "not like this") -> Self:
        return self.tell(
            Reject(approval=self.open().number, by=person(name), reason=reason, roster=self.roster)
        )

    def delegates(self, name: str, to: str, *, owner: bool = False) -> Self:
        by = person(name, owner=owner)
        return self.tell(Delegate(approval=self.open().number, by=by, to=to, roster=self.roster))

    def cancels(self, by: str = "ann", reason: str = "", *, force: bool = False) -> Self:
        return self.tell(Cancel(by=person(by), reason=reason, force=force))

    def rolls_back(self, to: str | None = None, by: str = "ann", reason: str = "") -> Self:
        return self.tell(RollBack(by=person(by), to=to, reason=reason))

    # -- then --------------------------------------------------------------------------

    def live(self, *names: str) -> Self:
        """Exactly these agents are to work; `-x` is told to end, `undo x` compensates x."""
        found = [_shown(work) for work in agenda.work(self.state)]
        assert found == list(names)
        return self

    def run(self, status: str, reason: str | None = None) -> Self:
        assert self.state.status.value == status
        assert reason is None or _text(self.state.reason) == reason
        return self

    def has(self, name: str, status: str, reason: str | None = None) -> Self:
        found = self.state.stages[name]
        assert found.status.value == status, f"{name} is {found.status.value}: {found.reason}"
        assert reason is None or _text(found.reason) == reason
        return self

    def all(self, status: str, *names: str) -> Self:
        for name in names:
            self.has(name, status)
        return self

    def gates(self, *names: str) -> Self:
        """Exactly these stages ask."""
        assert [question.stage for question in agenda.questions(self.state)] == list(names)
        return self

    def closed(self, number: int, status: str, reason: str | None = None) -> Self:
        approval = self.state.approvals[number]
        assert approval.status.value == status
        assert reason is None or _text(approval.reason) == reason
        return self

    def undone(self, status: str, **steps: str) -> Self:
        """How the last rollback stands, and each of its steps, by the order of undoing."""
        last = self.state.rollbacks[-1]
        assert last.status.value == status
        assert {name: step.status.value for name, step in last.steps.items()} == steps
        return self

    def refused(self, command: Command, text: str, hint: str | None = None) -> Self:
        """It is refused in these words, and nothing has happened."""
        before = len(self.log)
        with pytest.raises(Refused) as refused:
            self.tell(command)
        assert refused.value.text == text
        assert hint is None or refused.value.hint == hint
        assert fold(None, self.log[:before]) == self._run, "a refusal changes nothing"
        return self

    def open(self) -> Approval:
        """The one open question."""
        [question] = agenda.questions(self.state)
        return question

    def _attempt(self, name: str) -> Any:
        which, mode = _named(name)
        return self.state.live[which, mode]


def _named(name: str) -> tuple[str, Mode]:
    if name.startswith("undo "):
        return name.removeprefix("undo "), Mode.ROLLBACK
    return name, Mode.RUN


def _shown(work: agenda.Work) -> str:
    ends = "-" if work.stop else ""
    undoes = "undo " if work.mode is Mode.ROLLBACK else ""
    return f"{ends}{undoes}{work.stage}"


def _text(reason: Any) -> str:
    return "" if reason is None else str(reason.text)


AGENT = Caller(name="bob", kind=Kind.AGENT)
