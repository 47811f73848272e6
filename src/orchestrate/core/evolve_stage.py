"""How events move stages and their attempts. A room of `evolve`; no judgement here either."""

from __future__ import annotations

from orchestrate.core import events as happened
from orchestrate.core.run import Attempt, Mode, Reason, Run, StageRun, StageStatus, StepStatus


def move(run: Run, stage: StageRun, status: StageStatus) -> None:
    """Move a stage to a status that is not an end, and keep the counts."""
    _uncount(run, stage.status)
    stage.status = status
    if status is StageStatus.RUNNING:
        run.running += 1
    elif status is StageStatus.WAITING_APPROVAL:
        run.waiting += 1


def _uncount(run: Run, status: StageStatus) -> None:
    if status is StageStatus.RUNNING:
        run.running -= 1
    elif status is StageStatus.WAITING_APPROVAL:
        run.waiting -= 1


def end(run: Run, stage: StageRun, status: StageStatus, reason: Reason | None, at: float) -> None:
    _uncount(run, stage.status)
    stage.status = status
    stage.reason = reason
    stage.retry_at = None
    stage.completed_at = at
    run.unended -= 1
    run.ripe.pop(stage.name, None)
    run.queue.pop(stage.name, None)
    run.wanted.pop(stage.name, None)
    run.timers.pop(("retry", stage.name), None)
    leave(run, stage.name, Mode.RUN)
    for name in run.pipeline.dependents[stage.name]:
        dependent = run.stages[name]
        dependent.unmet -= 1
        if dependent.unmet == 0 and dependent.status is StageStatus.PENDING:
            run.ripe[name] = None


_PEOPLES = ("rejected", "approval_expired")


def _ended_with_its_agent(stage: StageRun) -> None:
    """A stage ended when its process did, also where nobody was there to hear of it."""
    ended_at = stage.attempts[-1].ended_at if stage.attempts else None
    if ended_at is not None and stage.started_at is not None and stage.completed_at is not None:
        stage.completed_at = min(max(ended_at, stage.started_at), stage.completed_at)


def leave(run: Run, name: str, mode: Mode) -> None:
    """Give back the environment that a stage's work has, if it has one."""
    attempts = run.stages[name].attempts
    environment = attempts[-1].environment if attempts else None
    if environment is not None and run.environments.get(environment) == (name, mode):
        del run.environments[environment]


# -- stages ----------------------------------------------------------------------------


def stage_noted(run: Run, event: happened.StageNoted) -> None:
    run.stages[event.stage].note = event.note


def stage_queued(run: Run, event: happened.StageQueued) -> None:
    stage = run.stages[event.stage]
    move(run, stage, StageStatus.PENDING)
    stage.reason = event.reason
    run.ripe.pop(event.stage, None)
    run.queue[event.stage] = None
    if event.environment is not None:
        run.wanted[event.stage] = event.environment


def stage_skipped(run: Run, event: happened.StageSkipped) -> None:
    end(run, run.stages[event.stage], StageStatus.SKIPPED, event.reason, event.at)


def stage_succeeded(run: Run, event: happened.StageSucceeded) -> None:
    stage = run.stages[event.stage]
    stage.outputs = event.outputs
    end(run, stage, StageStatus.SUCCEEDED, None, event.at)
    _ended_with_its_agent(stage)


def stage_failed(run: Run, event: happened.StageFailed) -> None:
    stage = run.stages[event.stage]
    stage.tolerated = event.tolerated
    end(run, stage, StageStatus.FAILED, event.reason, event.at)
    if event.reason.code not in _PEOPLES:
        _ended_with_its_agent(stage)
    if event.tolerated:
        run.warnings += 1
    elif run.failure is None:
        words = f"stage `{event.stage}` failed: {event.reason.text}"
        run.failure = Reason("stage_failed", words)


def stage_cancelled(run: Run, event: happened.StageCancelled) -> None:
    end(run, run.stages[event.stage], StageStatus.CANCELLED, event.reason, event.at)


# -- attempts --------------------------------------------------------------------------


def attempt_started(run: Run, event: happened.AttemptStarted) -> None:
    stage = run.stages[event.stage]
    attempt = Attempt(
        stage=event.stage,
        mode=event.mode,
        number=event.attempt,
        agent=event.agent,
        model=event.model,
        task=event.task,
        environment=event.environment,
        dispatched_at=event.at,
    )
    run.live[event.stage, event.mode] = attempt
    if event.environment is not None:
        run.environments[event.environment] = (event.stage, event.mode)
    if event.mode is Mode.ROLLBACK:
        stage.compensations.append(attempt)
        _step_started(run, event.stage)
        return
    stage.attempts.append(attempt)
    stage.retry_at = None
    stage.reason = None
    if stage.started_at is None:
        stage.started_at = event.at
    run.timers.pop(("retry", event.stage), None)
    run.ripe.pop(event.stage, None)
    run.queue.pop(event.stage, None)
    run.wanted.pop(event.stage, None)
    move(run, stage, StageStatus.RUNNING)


def attempt_claimed(run: Run, event: happened.AttemptClaimed) -> None:
    attempt = run.live[event.stage, event.mode]
    attempt.claimed_at = event.at
    attempt.worker = event.worker
    attempt.pid = event.pid
    attempt.started_at = event.started_at


def attempt_stopped(run: Run, event: happened.AttemptStopped) -> None:
    run.live[event.stage, event.mode].stop = event.why


def attempt_ended(run: Run, event: happened.AttemptEnded) -> None:
    attempt = run.live.pop((event.stage, event.mode))
    attempt.outcome = event.outcome
    attempt.started_at = event.outcome.started_at or attempt.started_at
    attempt.ended_at = event.outcome.ended_at or event.at


def retry_scheduled(run: Run, event: happened.RetryScheduled) -> None:
    if event.mode is Mode.ROLLBACK:
        active = run.rolling_back
        assert active is not None
        active.steps[event.stage].retry_at = event.due_at
        run.timers["retry_rollback", event.stage] = event.due_at
        return
    stage = run.stages[event.stage]
    stage.retry_at = event.due_at
    stage.reason = event.reason
    run.timers["retry", event.stage] = event.due_at


def _step_started(run: Run, name: str) -> None:
    active = run.rolling_back
    assert active is not None, "only a rollback undoes"
    active.ready.pop(name, None)
    active.steps[name].status = StepStatus.RUNNING
    active.steps[name].retry_at = None
    run.timers.pop(("retry_rollback", name), None)
