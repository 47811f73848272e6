"""Drawing the tables from a run: only the rows that an event touches, whatever the run's size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestrate.core import events as happened
from orchestrate.core.events import Event, RunCreated
from orchestrate.core.run import Approval, Attempt, Mode, Rollback, Run
from orchestrate.store import tables
from orchestrate.store.database import Database


def draw(db: Database, run: Run, events: Sequence[Event]) -> None:
    """Make the rows that `events` touch what `run`, as it is behind them, says."""
    touched = _touched(run, events)
    if touched.created is None:
        status = tables.run_status(run)
        db.do(tables.RUN_MOVED, (*tables.run_moving(run), run.id))
        db.do(tables.RUN_STATUS, (*status, run.id, *status))
    else:
        db.do(tables.RUN_NEW, tables.run_new(run, touched.created))
        db.do_each(tables.STAGE_NEW, [tables.stage_new(run, each) for each in run.stages.values()])
    agents: dict[str, int] = {}
    for (name, mode, number), new in touched.attempts.items():
        attempt = _attempt(run, name, mode, number)
        if not new:
            moved = (*tables.attempt_moving(attempt), *tables.attempt_key(run, attempt))
            db.do(tables.ATTEMPT_MOVED, moved)
            continue
        agent_id = db.number(tables.ATTEMPT_NEW, tables.attempt_new(run, attempt))
        if mode is Mode.RUN:
            agents[name] = agent_id
    _draw_stages(db, run, touched.stages, agents)
    for number, decided in touched.approvals.items():
        _draw_approval(db, run.id, run.approvals[number], decided)
    for place, steps in touched.steps.items():
        _draw_rollback(db, run, run.rollbacks[place - 1], steps, new=place in touched.rollbacks)


def _attempt(run: Run, name: str, mode: Mode, number: int) -> Attempt:
    stage = run.stages[name]
    found = (stage.attempts if mode is Mode.RUN else stage.compensations)[number - 1]
    assert found.number == number, "attempts are numbered without a gap"
    return found


def _draw_stages(db: Database, run: Run, names: Iterable[str], agents: dict[str, int]) -> None:
    rank = run.pipeline.rank
    for name in names:
        moving = tables.stage_moving(run, run.stages[name])
        db.do(tables.STAGE_MOVED, (agents.get(name), *moving, run.id, rank[name]))


def _draw_approval(db: Database, run_id: int, approval: Approval, decided: int) -> None:
    """The question, and the last `decided` answers to it: the earlier ones never change."""
    own = db.number(tables.APPROVAL, tables.approval_row(run_id, approval))
    made = len(approval.decisions)
    for number in range(made - decided, made):
        db.do(tables.DECISION, tables.decision_row(own, number + 1, approval.decisions[number]))


def _draw_rollback(
    db: Database, run: Run, rollback: Rollback, steps: Iterable[str], *, new: bool
) -> None:
    own = db.number(tables.ROLLBACK, tables.rollback_row(run.id, rollback))
    if new:
        rows = [
            (own, name, place, *tables.step_moving(step, None))
            for place, (name, step) in enumerate(rollback.steps.items())
        ]
        db.do_each(tables.STEP_NEW, rows)
    for name in steps:
        agent_id = None
        if run.stages[name].compensations:
            agent_id = db.number(tables.COMPENSATION_ID, (run.id, name))
        moving = tables.step_moving(rollback.steps[name], agent_id)
        db.do(tables.STEP_MOVED, (*moving, own, name))


# -- what the events touch -------------------------------------------------------------


@dataclass(slots=True)
class _Touched:
    """The rows to draw. `steps`: by the place of their rollback among those of the run."""

    created: RunCreated | None = None
    stages: dict[str, None] = field(default_factory=dict)
    attempts: dict[tuple[str, Mode, int], bool] = field(default_factory=dict)  # new?
    approvals: dict[int, int] = field(default_factory=dict)  # how many new decisions
    rollbacks: set[int] = field(default_factory=set)  # new ones
    steps: dict[int, dict[str, None]] = field(default_factory=dict)


_STAGES = (
    happened.StageNoted,
    happened.StageQueued,
    happened.StageSkipped,
    happened.StageSucceeded,
    happened.StageFailed,
    happened.StageCancelled,
)
_ATTEMPTS = (happened.AttemptClaimed, happened.AttemptStopped, happened.AttemptEnded)
_ANSWERS = (
    happened.ApprovalGranted,
    happened.ApprovalDenied,
    happened.ApprovalDelegated,
)


def _touched(run: Run, events: Sequence[Event]) -> _Touched:
    found = _Touched()
    active = len(run.rollbacks) - sum(isinstance(each, happened.RollbackStarted) for each in events)
    for event in events:
        if isinstance(event, _STAGES):
            found.stages[event.stage] = None
        elif isinstance(event, _ATTEMPTS):
            found.attempts.setdefault((event.stage, event.mode, event.attempt), False)
        elif isinstance(event, happened.AttemptStarted | happened.RetryScheduled):
            if isinstance(event, happened.AttemptStarted):
                found.attempts[event.stage, event.mode, event.attempt] = True
            if event.mode is Mode.ROLLBACK:
                found.steps.setdefault(active, {})[event.stage] = None
            else:
                found.stages[event.stage] = None
        elif isinstance(event, _ANSWERS):
            found.approvals[event.approval] = found.approvals.get(event.approval, 0) + 1
        elif isinstance(event, happened.ApprovalReminded):
            found.approvals.setdefault(event.approval, 0)
        elif isinstance(event, happened.ApprovalRequested | happened.ApprovalClosed):
            found.approvals.setdefault(event.approval, 0)
            found.stages[event.stage] = None
        elif isinstance(event, happened.CompensationEnded):
            found.steps.setdefault(active, {})[event.stage] = None
            found.stages[event.stage] = None
        elif isinstance(event, happened.RollbackStarted):
            active += 1
            found.rollbacks.add(active)
            found.steps.setdefault(active, {})
        elif isinstance(event, happened.RollbackEnded):
            found.steps.setdefault(active, {})
        elif isinstance(event, RunCreated):
            found.created = event
    return found
