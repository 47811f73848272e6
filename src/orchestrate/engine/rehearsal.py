"""One scenario to the run it becomes: `core.decide` with a world that is written down.

No process, no store, no clock: time is a number that leaps to whatever happens next. It holds no
rule of a run, and gives the core nothing that the driver would not give it.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Final

from orchestrate.agent.definitions import Definition, Found, resolve
from orchestrate.agent.fields import seconds
from orchestrate.agent.outcome import outcome_of
from orchestrate.agent.process import Exited
from orchestrate.core import agenda
from orchestrate.core.agenda import Work
from orchestrate.core.commands import (
    Approve,
    Cancel,
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
from orchestrate.core.decide import decide
from orchestrate.core.people import Caller, Roster
from orchestrate.core.pipeline import Pipeline
from orchestrate.core.run import Approval, ApprovalStatus, Mode, Outcome, OutcomeKind, Run
from orchestrate.engine.starting import facts_of, told, variables_of
from orchestrate.language.scenario import ASKED, WELL, Act, Deed, Scenario

START_S: Final = 1_767_225_600.0  # any moment would do; this is the first of 2026
MOVES_MAX: Final = 200_000
_NEVER_RETRIED: Final = frozenset({"auth", "config"})


@dataclass(slots=True, kw_only=True)
class Rehearsed:
    """The run at its rest, what the answers came to, and those that could not be given.

    `answered`: act → the refusal, or None. `unsaid`: acts whose question never was there.
    """

    run: Run
    answered: dict[Act, str | None] = field(default_factory=dict)
    unsaid: list[Act] = field(default_factory=list)
    endless: bool = False


def rehearse(
    pipeline: Pipeline, scenario: Scenario, groups: Mapping[str, frozenset[str]], found: Found
) -> Rehearsed:
    """Live through one scenario. Raises Refused where the run cannot even start."""
    return _Rehearsal(pipeline, scenario, Roster(groups=groups), found).live()


class _Rehearsal:
    """The world of one scenario: what is to happen and when, soonest first."""

    def __init__(
        self, pipeline: Pipeline, scenario: Scenario, roster: Roster, found: Found
    ) -> None:
        self._scenario = scenario
        self._roster = roster
        self._found = found
        self._now = START_S
        self._order = count()
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._begun: set[tuple[str, Mode, int]] = set()
        self._stopped: set[tuple[str, Mode, int]] = set()
        self._waiting = list(scenario.acts)
        self._too_late: dict[Act, int] = {}
        self._asked: dict[str, Approval] = {}
        self._seen: tuple[int, bool, int] | None = None
        self._answered: dict[Act, str | None] = {}
        self._run = self._start(pipeline)

    def _start(self, pipeline: Pipeline) -> Run:
        by = self._caller(self._scenario.by)
        agents = dict.fromkeys(stage.agent for stage in pipeline.stages if stage.agent is not None)
        known = {name: self._definition(name) for name in agents}
        staffed = told(pipeline, {name: each for name, each in known.items() if each is not None})
        command = Start(
            run_id=1,
            pipeline=staffed,
            pipeline_id=1,
            revision=1,
            sha256="",
            facts=facts_of(self._scenario.event, by),
            variables=variables_of(pipeline, self._scenario.variables),
            by=by,
        )
        return decide(None, command, self._now)[0]

    def live(self) -> Rehearsed:
        for _ in range(MOVES_MAX):
            self._see_to()
            wake_at = agenda.wake_at(self._run)
            next_at = self._coming[0][0] if self._coming else None
            if next_at is not None and (wake_at is None or next_at <= wake_at):
                self._now, _, happen = heapq.heappop(self._coming)
                happen()
            elif wake_at is not None:
                self._now = max(self._now, wake_at)
                self._tell(Tick())
            else:
                return self._ended()
        return self._ended(endless=True)

    def _ended(self, *, endless: bool = False) -> Rehearsed:
        return Rehearsed(
            run=self._run, answered=self._answered, unsaid=self._waiting, endless=endless
        )

    def _tell(self, command: Command) -> None:
        self._run, _ = decide(self._run, command, self._now)

    def _at(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (max(at, self._now), next(self._order), happen))

    # -- what the state asks for -------------------------------------------------------

    def _see_to(self) -> None:
        """Begin what is on the agenda and has not begun; let people see what is asked."""
        for work in agenda.work(self._run):
            key = (work.stage, work.mode, work.attempt)
            if key not in self._begun:
                self._begun.add(key)
                self._begin(work)
            elif work.stop is not None and key not in self._stopped:
                self._stopped.add(key)
                self._report_at(self._now, work, _told_to_end(self._now))
        run = self._run
        seen = (len(run.approvals), run.resting, len(self._waiting))
        if seen != self._seen:  # nothing else gives anybody something to do
            self._let_people_see()
            self._seen = (len(run.approvals), run.resting, len(self._waiting))

    def _let_people_see(self) -> None:
        self._asked = {each.stage: each for each in self._run.approvals.values()}
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            due_at = self._due(act)
            if due_at is None:
                self._waiting.append(act)
            else:
                self._at(due_at, partial(self._act, act))

    # -- agents ------------------------------------------------------------------------

    def _begin(self, work: Work) -> None:
        attempt = self._run.live[work.stage, work.mode]
        definition = self._definition(attempt.agent)
        deed = self._deed(work)
        timeout_s = self._timeout_s(work, definition)
        if deed.kind == "times_out" or (deed.takes_s >= timeout_s and deed.kind != "lost"):
            deed = replace(deed, kind="times_out", takes_s=timeout_s)
        starts = not (deed.kind == "fails" and deed.failure == "start_failed")
        if starts:
            self._tell(
                Claim(
                    stage=work.stage, mode=work.mode, attempt=work.attempt,
                    worker="rehearsal", pid=None, started_at=self._now,
                )
            )  # fmt: skip
        ends_at = self._now + (deed.takes_s if starts else 0.0)
        spec = self._run.pipeline.stage(work.stage)
        outcome = _outcome(deed, definition, spec.outputs, work.mode, self._now, ends_at)
        self._report_at(ends_at, work, outcome)

    def _report_at(self, at: float, work: Work, outcome: Outcome) -> None:
        command = Report(stage=work.stage, mode=work.mode, attempt=work.attempt, outcome=outcome)
        self._at(at, lambda: self._tell(command))

    def _deed(self, work: Work) -> Deed:
        told_of = self._scenario.undo if work.mode is Mode.ROLLBACK else self._scenario.agents
        deeds = told_of.get(work.stage, ())
        return deeds[min(work.attempt, len(deeds)) - 1] if deeds else WELL

    def _timeout_s(self, work: Work, definition: Definition | None) -> float:
        spec = self._run.pipeline.stage(work.stage)
        undo = spec.rollback if work.mode is Mode.ROLLBACK else None
        own = None if definition is None else seconds(definition.fields.get("timeout"))
        given = spec.timeout_s if undo is None else undo.timeout_s
        return given if own is None else min(own, given)

    def _definition(self, agent: str | None) -> Definition | None:
        return None if agent is None else resolve(self._found, agent)

    # -- people ------------------------------------------------------------------------

    def _caller(self, name: str) -> Caller:
        return Caller(name=name, owner=name == self._scenario.owner, via="scenario")

    def _due(self, act: Act) -> float | None:
        """When an answer is given; None while there is nothing to answer."""
        if act.kind == "cancel":
            return START_S + act.after_s
        if act.kind == "roll_back":
            ended_at = self._run.completed_at
            return None if ended_at is None or not self._run.resting else ended_at + act.after_s
        question = self._question(act)
        if question is None or question.number <= self._too_late.get(act, 0):
            return None
        if question.status is not ApprovalStatus.PENDING and act.refused is None:
            return None
        return question.requested_at + act.after_s

    def _question(self, act: Act) -> Approval | None:
        """What a stage asked last. `approvals` are moved in place, so it is as it stands."""
        return self._asked.get(act.stage or "") if act.kind in ASKED else None

    def _act(self, act: Act) -> None:
        question = self._question(act)
        if question is not None and question.status is not ApprovalStatus.PENDING:
            if act.refused is None:  # somebody was quicker: it may be meant for the next question
                self._too_late[act] = question.number
                self._waiting.append(act)
                return
        by = self._caller(act.by)
        try:
            self._tell(_command(act, by, 0 if question is None else question.number, self._roster))
        except Refused as refused:
            self._answered[act] = refused.text
        else:
            self._answered[act] = None


def _command(act: Act, by: Caller, number: int, roster: Roster) -> Command:
    match act.kind:
        case "approve":
            return Approve(approval=number, by=by, comment=act.text, roster=roster)
        case "reject":
            return Reject(approval=number, by=by, reason=act.text, roster=roster)
        case "delegate":
            return Delegate(approval=number, by=by, to=act.to, comment=act.text, roster=roster)
        case "cancel":
            return Cancel(by=by, reason=act.text)
        case _:
            return RollBack(by=by, to=act.stage, reason=act.text)


# -- how an attempt ends ---------------------------------------------------------------


def _outcome(
    deed: Deed,
    definition: Definition | None,
    declared: str | None,
    mode: Mode,
    started_at: float,
    ended_at: float,
) -> Outcome:
    """What the engine would make of the end of such a process."""
    code, reason = _CODES.get(deed.kind, deed.code), "exited"
    if deed.kind == "times_out":
        code, reason = None, "timeout"
    elif deed.kind == "lost":
        code, reason = None, "lost"
    elif deed.kind == "fails" and deed.failure not in _AS_CODES:
        return Outcome(
            kind=OutcomeKind.FAILED,
            reason=deed.failure,
            detail=deed.detail or f"it failed: {deed.failure}",
            outputs=deed.outputs,
            retryable=False if deed.failure in _NEVER_RETRIED else None,
            started_at=None if deed.failure == "start_failed" else started_at,
            ended_at=ended_at,
        )
    elif deed.kind == "fails":
        code = _AS_CODES[deed.failure]
    outputs = dict(deed.outputs)
    if deed.detail:
        outputs["reason"] = deed.detail
    exited = _exited(code, reason, json.dumps(outputs), started_at, ended_at)
    if definition is not None and deed.kind != "exits":
        # What these words mean is fixed; the agent's own exit codes are its own.
        fields = {key: each for key, each in definition.fields.items() if key != "exit_codes"}
        definition = replace(definition, fields=fields)
    return outcome_of(exited, definition, declared=declared, mode=mode.value)


_CODES: Final[Mapping[str, int | None]] = {"succeeds": 0, "skips": 81, "asks": 80}
_AS_CODES: Final = {"exit": 1, "config": 78}


def _exited(
    code: int | None, reason: str, output: str, started_at: float, ended_at: float
) -> Exited:
    return Exited(
        key="", code=code, signal=None, reason=reason, started_at=started_at, ended_at=ended_at,
        pid=None, output=output, output_error=None, cpu_s=0.0, maxrss_kb=0, leftovers_killed=0,
        log_bytes=0, log_truncated=False, detail="",
    )  # fmt: skip


def _told_to_end(at: float) -> Outcome:
    return Outcome(
        kind=OutcomeKind.FAILED, reason="cancelled", detail="it was cancelled", ended_at=at
    )
