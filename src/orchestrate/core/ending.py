"""How work ends before its time: failed for good, halted, stopped, withdrawn (semantics 5, 7.6).

Nothing here starts anything.
"""

from __future__ import annotations

from orchestrate.core.events import (
    ApprovalClosed,
    AttemptStopped,
    RollbackOwed,
    RunHalted,
    StageCancelled,
    StageFailed,
    StageSkipped,
)
from orchestrate.core.pipeline import OnFailure, RunIf
from orchestrate.core.run import (
    STAGE_ENDED,
    ApprovalStatus,
    Mode,
    Reason,
    StageRun,
    StageStatus,
)
from orchestrate.core.turn import Turn

UNSATISFIED = frozenset({"upstream_failed", "halted"})
STOPS = {
    "cancelled": "the run was cancelled",
    "fail_fast": "another stage failed and the pipeline says fail_fast",
    "rollback": "stopped to be rolled back",
    "run_timeout": "the run's timeout passed",
}


def fail(turn: Turn, name: str, reason: Reason, *, consult: bool = True) -> None:
    """A stage has failed for good; `consult` its `on_failure` unless nobody let it run (7.6)."""
    spec = turn.run.pipeline.stage(name)
    tolerated = consult and spec.on_failure is OnFailure.CONTINUE
    turn.say(StageFailed(stage=name, reason=reason, tolerated=tolerated, at=turn.now))
    if tolerated or turn.run.cancelling is not None:
        return
    if consult and spec.on_failure is OnFailure.ROLLBACK:
        turn.say(RollbackOwed(stage=name, at=turn.now))
    halt(turn, Reason("stage_failed", f"stage `{name}` failed: {reason.text}"), name)
    if turn.run.pipeline.fail_fast:
        _fail_fast(turn)


def _fail_fast(turn: Turn) -> None:
    """Running siblings end too: not deployments, nor what runs because of a failure (4.1, 5.1)."""
    for spec in turn.run.pipeline.stages:
        spared = spec.environment is not None or spec.run_if is not RunIf.SUCCESS
        if turn.run.stages[spec.name].started and not spared:
            stop_stage(turn, spec.name, "fail_fast")


def halt(turn: Turn, reason: Reason, name: str | None) -> None:
    """No further stage starts, but those with `run_if`; gates that no longer matter close.

    What waits for a stage that still runs is skipped after that: what cleans up behind it
    (`run_if: always`) must not start before.
    """
    first = turn.run.halted is None
    if first or reason.code == "run_timeout":
        turn.say(RunHalted(reason=reason, stage=name, at=turn.now))
    if not first:
        return  # what became ready since then is skipped as it does
    for spec in turn.run.pipeline.stages:
        stage = turn.run.stages[spec.name]
        gone = stage.status in STAGE_ENDED or stage.started
        if gone or stage.unmet or spec.run_if is not RunIf.SUCCESS:
            continue
        withdraw(turn, spec.name, reason)
        broken = next((need for need in spec.needs if is_broken(turn.run.stages[need])), None)
        why = (
            Reason("halted", reason.text)
            if broken is None
            else Reason("upstream_failed", f"it needs `{broken}`, which did not succeed")
        )
        turn.say(StageSkipped(stage=spec.name, reason=why, at=turn.now))


def is_broken(stage: StageRun) -> bool:
    """Whether a needed stage ended in a way that its dependents cannot build on (4)."""
    if stage.status is StageStatus.FAILED:
        return not stage.tolerated
    if stage.status is StageStatus.SKIPPED:
        return stage.reason is not None and stage.reason.code in UNSATISFIED
    return False


def withdraw(turn: Turn, name: str, reason: Reason) -> None:
    """Close the open question about a stage, if there is one."""
    stage = turn.run.stages[name]
    if stage.status is StageStatus.WAITING_APPROVAL:
        assert stage.approval is not None
        turn.say(
            ApprovalClosed(
                approval=stage.approval,
                stage=name,
                status=ApprovalStatus.WITHDRAWN,
                reason=reason,
                at=turn.now,
            )
        )


def stop(turn: Turn, name: str, why: str, mode: Mode = Mode.RUN) -> None:
    """Ask an attempt to end, once."""
    attempt = turn.run.live[name, mode]
    if attempt.stop is None:
        turn.say(
            AttemptStopped(stage=name, mode=mode, attempt=attempt.number, why=why, at=turn.now)
        )


def stop_stage(turn: Turn, name: str, why: str) -> None:
    """End whatever a started stage is doing: its process, its back-off, its question."""
    stage = turn.run.stages[name]
    if (name, Mode.RUN) in turn.run.live:
        stop(turn, name, why)
    elif stage.status not in STAGE_ENDED:
        cancel_stage(turn, name, why)


def cancel_stage(turn: Turn, name: str, why: str) -> None:
    reason = Reason(why, STOPS[why])
    withdraw(turn, name, reason)
    turn.say(StageCancelled(stage=name, reason=reason, at=turn.now))
