"""What has happened in a life, told again from its events alone, for those who judge.

It is written without the core's own fold, so that a fault there is not a fault here. It must
never judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrate.core import events as happened
from orchestrate.core.commands import Approve, Command, Delegate, Reject
from orchestrate.core.events import ApprovalRequested, Event
from orchestrate.core.pipeline import RunIf
from orchestrate.core.run import Mode, Outcome
from tests.simulation.machine import Machine

# Codes of a skip after which what needs the stage may run all the same (semantics 4).
BENIGN = frozenset({"condition", "agent_skipped", "missing_output", "run_if", "carried"})
ENDED = frozenset({"succeeded", "failed", "skipped", "cancelled"})


@dataclass(slots=True)
class Question:
    asked: ApprovalRequested
    answers: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)  # who gave the vote away → to whom
    entries: dict[str, frozenset[int]] = field(default_factory=dict)  # holder → what it counts for
    fills: dict[str, frozenset[int]] = field(default_factory=dict)  # who said yes → for what
    status: str = "pending"


@dataclass(slots=True)
class Undoing:
    """A rollback: its steps, and how each ended."""

    started: happened.RollbackStarted
    steps: frozenset[str]
    ended: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    status: str = "running"


class History:
    """The facts of one run. `command` is what is being answered."""

    def __init__(self, created: happened.RunCreated, machine: Machine) -> None:
        self.created = created
        self.machine = machine
        self.command: Command | None = None
        self.specs = {stage.name: stage for stage in created.pipeline.stages}
        self.above: dict[str, frozenset[str]] = {}
        self.below: dict[str, set[str]] = {name: set() for name in self.specs}
        for name, spec in self.specs.items():
            above = {each for need in spec.needs for each in (need, *self.above[need])}
            self.above[name] = frozenset(above)
            for each in above:
                self.below[each].add(name)
        self.count = 1
        self.at = created.at
        self.status = dict.fromkeys(self.specs, "pending")
        self.code = dict.fromkeys(self.specs, "")
        self.outputs: dict[str, Any] = {name: {} for name in self.specs}
        self.held = False
        self.tolerated: set[str] = set()
        self.tries = dict.fromkeys(self.specs, 0)
        self.undo_tries = dict.fromkeys(self.specs, 0)
        self.ends: dict[str, list[Outcome]] = {name: [] for name in self.specs}
        self.undo_ends: dict[str, list[Outcome]] = {name: [] for name in self.specs}
        self.live: dict[tuple[str, Mode], int] = {}
        self.stop: dict[tuple[str, Mode], str] = {}
        self.claimed: set[tuple[str, Mode, int]] = set()
        self.questions: dict[int, Question] = {}
        self.latest: dict[str, int] = {}  # stage → its last question
        self.halted: list[str] = []  # codes
        self.cancelled = False
        self.rollbacks: list[Undoing] = []
        self.undone: dict[str, str] = {}  # stage → how its one compensation ended
        self.queue: list[str] = []
        self.deadlines: dict[tuple[str, str], float] = {}
        self.end: str | None = None
        self.worked_s = 0.0
        self.busy_since: float | None = None
        for carried in created.carried:
            self.status[carried.stage] = carried.status
            self.code[carried.stage] = "carried"
            self.outputs[carried.stage] = carried.outputs

    @property
    def undoing(self) -> Undoing | None:
        """The rollback that goes on, if one does."""
        last = self.rollbacks[-1] if self.rollbacks else None
        return last if last is not None and last.status == "running" else None

    def started(self, name: str) -> bool:
        return self.tries[name] > 0

    def broken(self, name: str) -> bool:
        """Whether a stage ended so that nothing can be built on it (semantics 4)."""
        status = self.status[name]
        if status == "failed":
            return name not in self.tolerated
        return status == "skipped" and self.code[name] not in BENIGN

    def satisfied(self, name: str) -> str | None:
        """Why a stage may not start yet, by what it needs; None if it may."""
        spec = self.specs[name]
        for need in spec.needs:
            if self.status[need] not in ENDED:
                return f"`{name}` needs `{need}`, which is {self.status[need]}"
            if spec.run_if is RunIf.SUCCESS and (
                self.broken(need) or self.status[need] == "cancelled"
            ):
                return f"`{name}` needs `{need}`, which ended {self.status[need]}"
        if spec.run_if is RunIf.FAILURE and not any(
            self.status[need] in ("failed", "cancelled") or self.broken(need) for need in spec.needs
        ):
            return f"`{name}` runs on failure only, and nothing it needs failed"
        return None

    def entries_of(self, question: Question, name: str) -> frozenset[int]:
        """The approvers for whom somebody may speak at this moment; a vote given is kept."""
        command = self.command
        assert isinstance(command, Approve | Reject | Delegate), "somebody answers"
        approvers = question.asked.approvers
        if command.by.owner and command.by.name == name:
            return frozenset(range(len(approvers)))
        if name in question.entries:
            return question.entries[name]
        roster = command.roster
        return frozenset(
            place
            for place, entry in enumerate(approvers)
            if (
                name in roster.groups[entry]
                if entry in roster.groups
                else roster.emails.get(entry, entry) == name
            )
        )

    @property
    def busy(self) -> bool:
        """Whether anything runs, is tried again, or is undone (semantics 7.8)."""
        return bool(self.live) or self.undoing is not None or "running" in self.status.values()

    @property
    def waiting(self) -> bool:
        return any(question.status == "pending" for question in self.questions.values())

    def count_time(self) -> None:
        """Counts working time: none while the run only waits for people (5.5)."""
        works = self.end is None and (self.busy or not self.waiting)
        if self.busy_since is not None:
            self.worked_s += self.at - self.busy_since
        self.busy_since = self.at if works else None

    def take(self, event: Event) -> None:
        self.count += 1
        self.at = event.at
        way = _WAYS.get(type(event))
        if way is not None:
            way(self, event)

    def end_stage(self, name: str, status: str, code: str = "") -> None:
        self.status[name] = status
        self.code[name] = code
        self.deadlines.pop(("retry", name), None)
        if name in self.queue:
            self.queue.remove(name)


# ── stages ───────────────────────────────────────────────────────────────────────────────────────


def _queued(history: History, event: happened.StageQueued) -> None:
    history.queue.append(event.stage)


def _skipped(history: History, event: happened.StageSkipped) -> None:
    history.end_stage(event.stage, "skipped", event.reason.code)


def _succeeded(history: History, event: happened.StageSucceeded) -> None:
    history.end_stage(event.stage, "succeeded")
    history.outputs[event.stage] = event.outputs


def _failed(history: History, event: happened.StageFailed) -> None:
    history.end_stage(event.stage, "failed", event.reason.code)
    if event.tolerated:
        history.tolerated.add(event.stage)


def _cancelled(history: History, event: happened.StageCancelled) -> None:
    history.end_stage(event.stage, "cancelled", event.reason.code)


def _started(history: History, event: happened.AttemptStarted) -> None:
    history.live[event.stage, event.mode] = event.attempt
    if event.mode is Mode.ROLLBACK:
        history.undo_tries[event.stage] = event.attempt
        history.deadlines.pop(("undo", event.stage), None)
        return
    history.tries[event.stage] = event.attempt
    history.status[event.stage] = "running"
    history.deadlines.pop(("retry", event.stage), None)
    if event.stage in history.queue:
        history.queue.remove(event.stage)


def _claimed(history: History, event: happened.AttemptClaimed) -> None:
    history.claimed.add((event.stage, event.mode, event.attempt))


def _stopped(history: History, event: happened.AttemptStopped) -> None:
    history.stop[event.stage, event.mode] = event.why


def _attempt_ended(history: History, event: happened.AttemptEnded) -> None:
    history.live.pop((event.stage, event.mode), None)
    history.stop.pop((event.stage, event.mode), None)
    ends = history.ends if event.mode is Mode.RUN else history.undo_ends
    ends[event.stage].append(event.outcome)


def _retried(history: History, event: happened.RetryScheduled) -> None:
    kind = "retry" if event.mode is Mode.RUN else "undo"
    history.deadlines[kind, event.stage] = event.due_at


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def _asked(history: History, event: happened.ApprovalRequested) -> None:
    history.questions[event.approval] = Question(event)
    history.latest[event.stage] = event.approval
    history.status[event.stage] = "waiting_approval"
    if event.expires_at is not None:
        history.deadlines["expire", str(event.approval)] = event.expires_at
    if event.remind_at:
        history.deadlines["remind", str(event.approval)] = min(event.remind_at)


def _granted(history: History, event: happened.ApprovalGranted) -> None:
    question = history.questions[event.approval]
    question.answers[event.by] = "approve"
    question.fills[event.by] = frozenset(event.fills)


def _denied(history: History, event: happened.ApprovalDenied) -> None:
    history.questions[event.approval].answers[event.by] = "reject"


def _delegated(history: History, event: happened.ApprovalDelegated) -> None:
    question = history.questions[event.approval]
    question.given[event.by] = event.to
    question.entries[event.to] = history.entries_of(question, event.by)


def _reminded(history: History, event: happened.ApprovalReminded) -> None:
    asked = history.questions[event.approval].asked
    left = [each for each in asked.remind_at if each > event.at]
    history.deadlines.pop(("remind", str(event.approval)), None)
    if left:
        history.deadlines["remind", str(event.approval)] = min(left)


def _closed(history: History, event: happened.ApprovalClosed) -> None:
    history.questions[event.approval].status = event.status.value
    history.status[event.stage] = "pending"
    for kind in ("expire", "remind"):
        history.deadlines.pop((kind, str(event.approval)), None)


# ── the run ──────────────────────────────────────────────────────────────────────────────────────


def _halted(history: History, event: happened.RunHalted) -> None:
    history.halted.append(event.reason.code)


def _cancel_requested(history: History, event: happened.CancelRequested) -> None:
    history.cancelled = True


def _rolling_back(history: History, event: happened.RollbackStarted) -> None:
    if history.end is not None:
        history.cancelled = False
    history.rollbacks.append(Undoing(event, frozenset(name for name, _ in event.steps)))


def _undone(history: History, event: happened.CompensationEnded) -> None:
    undoing = history.rollbacks[-1]
    undoing.ended[event.stage] = event.status.value
    undoing.codes[event.stage] = "" if event.reason is None else event.reason.code
    history.undone[event.stage] = event.status.value
    history.deadlines.pop(("undo", event.stage), None)


def _rolled_back(history: History, event: happened.RollbackEnded) -> None:
    history.rollbacks[-1].status = event.status.value


def _ended(history: History, event: Event) -> None:
    history.end = {
        happened.RunSucceeded: "succeeded",
        happened.RunFailed: "failed",
        happened.RunCancelled: "cancelled",
    }[type(event)]


def _held(history: History, event: happened.RunHeld) -> None:
    history.held = True


def _admitted(history: History, event: happened.RunStarted) -> None:
    if history.held:
        history.held = False
        history.worked_s, history.busy_since = 0.0, event.at


_WAYS: dict[type, Callable[[History, Any], None]] = {
    happened.RunHeld: _held,
    happened.RunStarted: _admitted,
    happened.StageQueued: _queued,
    happened.StageSkipped: _skipped,
    happened.StageSucceeded: _succeeded,
    happened.StageFailed: _failed,
    happened.StageCancelled: _cancelled,
    happened.AttemptStarted: _started,
    happened.AttemptClaimed: _claimed,
    happened.AttemptStopped: _stopped,
    happened.AttemptEnded: _attempt_ended,
    happened.RetryScheduled: _retried,
    happened.ApprovalRequested: _asked,
    happened.ApprovalGranted: _granted,
    happened.ApprovalDenied: _denied,
    happened.ApprovalDelegated: _delegated,
    happened.ApprovalReminded: _reminded,
    happened.ApprovalClosed: _closed,
    happened.RunHalted: _halted,
    happened.CancelRequested: _cancel_requested,
    happened.RollbackStarted: _rolling_back,
    happened.CompensationEnded: _undone,
    happened.RollbackEnded: _rolled_back,
    happened.RunSucceeded: _ended,
    happened.RunFailed: _ended,
    happened.RunCancelled: _ended,
}
