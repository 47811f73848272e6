"""How events move approvals and rollbacks. A room of `evolve`; no judgement here either."""

from __future__ import annotations

from orchestrate.core import events as happened
from orchestrate.core.evolve_stage import leave, move
from orchestrate.core.run import (
    Approval,
    ApprovalStatus,
    Decision,
    Mode,
    Rollback,
    RollbackStatus,
    Run,
    StageStatus,
    Step,
    StepStatus,
)

# -- approvals -------------------------------------------------------------------------


def approval_requested(run: Run, event: happened.ApprovalRequested) -> None:
    run.approvals[event.approval] = Approval(
        number=event.approval,
        stage=event.stage,
        kind=event.kind,
        approvers=event.approvers,
        quorum=event.quorum,
        every=event.every,
        self_approval=event.self_approval,
        on_timeout=event.on_timeout,
        message=event.message,
        packet=event.packet,
        packet_hash=event.packet_hash,
        requested_at=event.at,
        expires_at=event.expires_at,
        remind_at=event.remind_at,
    )
    stage = run.stages[event.stage]
    stage.approval = event.approval
    run.ripe.pop(event.stage, None)
    leave(run, event.stage, Mode.RUN)  # an agent that waits for a person deploys nothing
    move(run, stage, StageStatus.WAITING_APPROVAL)
    if event.expires_at is not None:
        run.timers["expire", str(event.approval)] = event.expires_at
    if event.remind_at:
        run.timers["remind", str(event.approval)] = event.remind_at[0]


def approval_granted(run: Run, event: happened.ApprovalGranted) -> None:
    decision = Decision(
        by=event.by,
        decision="approve",
        comment=event.comment,
        role=event.role,
        via=event.via,
        at=event.at,
        fills=event.fills,
        delegated_from=event.delegated_from,
    )
    run.approvals[event.approval].decisions.append(decision)


def approval_denied(run: Run, event: happened.ApprovalDenied) -> None:
    decision = Decision(
        by=event.by,
        decision="reject",
        comment=event.comment,
        role=event.role,
        via=event.via,
        at=event.at,
        delegated_from=event.delegated_from,
    )
    run.approvals[event.approval].decisions.append(decision)


def approval_delegated(run: Run, event: happened.ApprovalDelegated) -> None:
    decision = Decision(
        by=event.by,
        decision="delegate",
        comment=event.comment,
        role=event.role,
        via=event.via,
        at=event.at,
        to=event.to,
        fills=event.fills,
    )
    approval = run.approvals[event.approval]
    approval.delegations[event.by] = event.to
    approval.decisions.append(decision)


def approval_reminded(run: Run, event: happened.ApprovalReminded) -> None:
    run.approvals[event.approval].remind_at = event.left
    run.timers.pop(("remind", str(event.approval)), None)
    if event.left:
        run.timers["remind", str(event.approval)] = event.left[0]


def approval_closed(run: Run, event: happened.ApprovalClosed) -> None:
    approval = run.approvals[event.approval]
    approval.status = event.status
    approval.reason = event.reason
    approval.closed_at = event.at
    run.timers.pop(("expire", str(event.approval)), None)
    run.timers.pop(("remind", str(event.approval)), None)
    stage = run.stages[event.stage]
    move(run, stage, StageStatus.PENDING)
    if event.status is ApprovalStatus.APPROVED:
        run.ripe[event.stage] = None


# -- rollback --------------------------------------------------------------------------


def rollback_owed(run: Run, event: happened.RollbackOwed) -> None:
    run.owed.append(event.stage)


def rollback_started(run: Run, event: happened.RollbackStarted) -> None:
    steps = {name: Step(stage=name, unmet=len(waits)) for name, waits in event.steps}
    releases: dict[str, list[str]] = {}
    for name, waits in event.steps:
        for each in waits:
            releases.setdefault(each, []).append(name)
    if event.failed_stage in run.owed:
        run.owed.remove(event.failed_stage)
    if run.ended:
        run.cancelling = None  # that was about the run; the rollback may be cancelled anew
    run.rollbacks.append(
        Rollback(
            number=event.rollback,
            trigger=event.trigger,
            by=event.by,
            failed_stage=event.failed_stage,
            target=event.target,
            reason=event.reason,
            steps=steps,
            started_at=event.at,
            after_end=run.ended,
            releases=releases,
            ready={name: None for name, step in steps.items() if step.unmet == 0},
            unended=len(steps),
        )
    )


def compensation_ended(run: Run, event: happened.CompensationEnded) -> None:
    active = run.rolling_back
    assert active is not None, "only a rollback undoes"
    step = active.steps[event.stage]
    step.status = event.status
    step.reason = event.reason
    step.retry_at = None
    run.timers.pop(("retry_rollback", event.stage), None)
    active.ready.pop(event.stage, None)
    active.unended -= 1
    leave(run, event.stage, Mode.ROLLBACK)
    if event.status is StepStatus.SUCCEEDED:
        run.stages[event.stage].rolled_back_at = event.at
    for name in active.releases.get(event.stage, ()):
        waiting = active.steps[name]
        waiting.unmet -= 1
        if waiting.unmet == 0 and waiting.status is StepStatus.PENDING:
            active.ready[name] = None


def rollback_ended(run: Run, event: happened.RollbackEnded) -> None:
    active = run.rollbacks[-1]
    assert active.status is RollbackStatus.RUNNING, "a rollback ends once"
    active.status = event.status
    active.completed_at = event.at
