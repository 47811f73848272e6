"""The tables people query: their statements, and the rows that a run fills them with.

Each row function gives its values in the order of the columns named beside it. They are pictures:
nothing reads them in order to decide. A row is found by what names it in its run; its id is given
once and stays.
"""

from __future__ import annotations

from orchestrate.core.agenda import wake_at
from orchestrate.core.events import RunCreated
from orchestrate.core.run import Approval, Attempt, Decision, Reason, Rollback, Run, StageRun, Step
from orchestrate.store.cell import instant, instant_or_none, integer, storable
from orchestrate.store.codec import dump_json
from orchestrate.store.database import Row

_STAGE_ID = "(SELECT id FROM pipeline_stages WHERE run_id = ? AND position = ?)"


def _keep(table: str, key: str, columns: str, *, returning: str = "") -> str:
    """Insert a row; where its key is there already, make it as it is to be."""
    names = f"{key}, {columns}".split(", ")
    marks = ", ".join(_STAGE_ID if each == "stage_id" else "?" for each in names)
    moves = ", ".join(f"{each} = excluded.{each}" for each in columns.split(", "))
    returns = f" RETURNING {returning}" if returning else ""
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 (constants)
        f" ON CONFLICT ({key}) DO UPDATE SET {moves}{returns}"
    )


def _move(table: str, key: str, columns: str, *, first: str = "") -> str:
    moves = first + ", ".join(f"{each} = ?" for each in columns.split(", "))
    where = " AND ".join(f"{each} = ?" for each in key.split(", "))
    return f"UPDATE {table} SET {moves} WHERE {where}"  # noqa: S608 (constants of this file)


# What never moves in a row stands before what does.
_RUN_FIXED = (
    "pipeline_id, revision, sha256, trigger_event, trigger_event_id, actor, via, variables, facts,"
    " chain, rerun_of, workspace, created_at"
)
_RUN_MOVING = "reason_code, reason, warnings, started_at, completed_at, seq, wake_at"
_RUN_STATUS = "status, resting"
_STAGE_FIXED = "stage_name, needs, group_name, attempts_max, carried_from"
_STAGE_MOVING = (
    "status, reason_code, reason, note_code, note, agent, environment, attempts, attempt, outputs,"
    " tolerated, retry_at, started_at, completed_at, rolled_back_at"
)
_ATTEMPT_FIXED = "stage_id, agent, model, task, environment, dispatched_at"
_ATTEMPT_MOVING = (
    "status, pid, worker, stop, exit_code, reason, detail, claimed_at, started_at, completed_at"
)

RUN_NEW = _keep("pipeline_runs", "id", f"{_RUN_FIXED}, {_RUN_MOVING}, {_RUN_STATUS}")
RUN_MOVED = _move("pipeline_runs", "id", _RUN_MOVING)
# Apart, and only where it differs: four indexes would be written again at every event.
RUN_STATUS = _move("pipeline_runs", "id", _RUN_STATUS) + " AND (status <> ? OR resting <> ?)"
STAGE_NEW = _keep("pipeline_stages", "run_id, position", f"{_STAGE_FIXED}, {_STAGE_MOVING}")
STAGE_MOVED = _move(
    "pipeline_stages",
    "run_id, position",
    _STAGE_MOVING,
    first="agent_id = coalesce(?, agent_id), ",
)
_ATTEMPT_KEY = "run_id, stage_name, mode, attempt"
ATTEMPT_NEW = _keep("agents", _ATTEMPT_KEY, f"{_ATTEMPT_FIXED}, {_ATTEMPT_MOVING}", returning="id")
ATTEMPT_MOVED = _move("agents", _ATTEMPT_KEY, _ATTEMPT_MOVING)
APPROVAL = _keep(
    "approvals",
    "run_id, number",
    "stage, kind, status, reason_code, reason, approvers, quorum, every_entry, self_approval,"
    " on_timeout, message, packet, packet_hash, requested_at, expires_at, remind_at, closed_at",
    returning="id",
)
DECISION = (
    'INSERT INTO approval_decisions (approval_id, number, "by", decision, comment, role, via,'
    " delegated_from, delegated_to, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (approval_id, number) DO NOTHING"
)
ROLLBACK = _keep(
    "rollbacks",
    "run_id, number",
    '"trigger", "by", failed_stage, target, reason, status, started_at, completed_at',
    returning="id",
)
_STEP_MOVING = "status, reason_code, reason, agent_id, retry_at"
STEP_NEW = _keep("rollback_steps", "rollback_id, stage", f"position, {_STEP_MOVING}")
STEP_MOVED = _move("rollback_steps", "rollback_id, stage", _STEP_MOVING)
COMPENSATION_ID = (
    "SELECT max(id) FROM agents WHERE run_id = ? AND stage_name = ? AND mode = 'rollback'"
)


def _said(reason: Reason | None) -> Row:
    """The code and the sentence."""
    if reason is None:
        return (None, None)
    return (storable(reason.code), storable(reason.text))


# -- runs and stages -------------------------------------------------------------------


def run_new(run: Run, created: RunCreated) -> Row:
    facts = {"event": run.facts.event}
    for name in ("branch", "head_branch", "tag", "sha", "repository", "paths", "labels", "actor"):
        facts[name] = getattr(run.facts, name)
    return (
        run.id,
        created.pipeline_id,
        created.revision,
        created.sha256,
        storable(run.facts.event),
        created.trigger,
        storable(run.by),
        storable(created.via),
        dump_json(run.variables),
        dump_json(facts),
        dump_json(created.chain),
        created.rerun_of,
        storable(run.workspace),
        instant(run.created_at),
        *run_moving(run),
        *run_status(run),
    )


def run_moving(run: Run) -> Row:
    return (
        *_said(run.reason),
        run.warnings,
        instant_or_none(run.started_at),
        instant_or_none(run.completed_at),
        run.seq,
        instant_or_none(wake_at(run)),
    )


def run_status(run: Run) -> Row:
    return (run.status, int(run.resting))


def stage_new(run: Run, stage: StageRun) -> Row:
    spec = run.pipeline.by_name[stage.name]
    return (
        run.id,
        run.pipeline.rank[stage.name],
        stage.name,
        dump_json(spec.needs),
        storable(spec.group),
        spec.retry.attempts,
        stage.carried_from,
        *stage_moving(run, stage),
    )


def stage_moving(run: Run, stage: StageRun) -> Row:
    """Who works where is what the latest attempt says; before the first, what the stage says."""
    latest = stage.attempts[-1] if stage.attempts else run.pipeline.by_name[stage.name]
    return (
        stage.status,
        *_said(stage.reason),
        *_said(stage.note),
        storable(latest.agent),
        storable(latest.environment),
        len(stage.attempts),
        stage.attempts[-1].number if stage.attempts else None,
        dump_json(stage.outputs),
        int(stage.tolerated),
        instant_or_none(stage.retry_at),
        instant_or_none(stage.started_at),
        instant_or_none(stage.completed_at),
        instant_or_none(stage.rolled_back_at),
    )


# -- attempts --------------------------------------------------------------------------


def attempt_key(run: Run, attempt: Attempt) -> Row:
    return (run.id, attempt.stage, attempt.mode, attempt.number)


def attempt_new(run: Run, attempt: Attempt) -> Row:
    return (
        *attempt_key(run, attempt),
        run.id,
        run.pipeline.rank[attempt.stage],
        storable(attempt.agent),
        storable(attempt.model),
        storable(attempt.task),
        storable(attempt.environment),
        instant(attempt.dispatched_at),
        *attempt_moving(attempt),
    )


def attempt_moving(attempt: Attempt) -> Row:
    outcome = attempt.outcome
    status = "pending" if attempt.claimed_at is None else "running"
    return (
        outcome.kind if outcome else status,
        integer(attempt.pid),
        storable(attempt.worker),
        storable(attempt.stop),
        integer(outcome.code) if outcome else None,
        storable(outcome.reason) if outcome else None,
        storable(outcome.detail) if outcome else None,
        instant_or_none(attempt.claimed_at),
        instant_or_none(attempt.started_at),
        instant_or_none(attempt.ended_at),
    )


# -- approvals -------------------------------------------------------------------------


def approval_row(run_id: int, approval: Approval) -> Row:
    return (
        run_id,
        approval.number,
        approval.stage,
        storable(approval.kind),
        approval.status,
        *_said(approval.reason),
        dump_json(approval.approvers),
        approval.quorum,
        int(approval.every),
        int(approval.self_approval),
        approval.on_timeout,
        storable(approval.message),
        dump_json(approval.packet),
        approval.packet_hash,
        instant(approval.requested_at),
        instant_or_none(approval.expires_at),
        instant(approval.remind_at[0]) if approval.remind_at else None,
        instant_or_none(approval.closed_at),
    )


def decision_row(approval_id: int, number: int, decision: Decision) -> Row:
    return (
        approval_id,
        number,
        storable(decision.by),
        decision.decision,
        storable(decision.comment),
        storable(decision.role),
        storable(decision.via),
        storable(decision.delegated_from),
        storable(decision.to),
        instant(decision.at),
    )


# -- rollbacks -------------------------------------------------------------------------


def rollback_row(run_id: int, rollback: Rollback) -> Row:
    return (
        run_id,
        rollback.number,
        rollback.trigger,
        storable(rollback.by),
        rollback.failed_stage,
        rollback.target,
        storable(rollback.reason),
        rollback.status,
        instant(rollback.started_at),
        instant_or_none(rollback.completed_at),
    )


def step_moving(step: Step, agent_id: int | None) -> Row:
    return (
        step.status,
        *_said(step.reason),
        agent_id,
        instant_or_none(step.retry_at),
    )
