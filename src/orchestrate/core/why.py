"""Why a run, or a stage of it, is as it is: sentences, from the state alone."""

from __future__ import annotations

from typing import Any

from orchestrate.core.ending import UNSATISFIED
from orchestrate.core.run import (
    STAGE_ENDED,
    Approval,
    ApprovalStatus,
    Reason,
    Run,
    StageRun,
    StageStatus,
)

WAITS_SHOWN_MAX = 10


def why(run: Run, names: list[str]) -> dict[str, Any]:
    """The run's reason and, for each of `names`, its status, reason, root and sentences."""
    return {
        "run_id": run.id,
        "status": run.status.value,
        "reason": _reason(run.reason),
        "sentences": _run(run),
        "stages": [_stage(run, run.stages[name]) for name in names],
    }


def _reason(reason: Reason | None) -> dict[str, str] | None:
    return None if reason is None else {"code": reason.code, "text": reason.text}


def _run(run: Run) -> list[str]:
    said = [run.reason.text] if run.reason is not None else []
    if run.cancelling is not None and not run.ended:
        said.append(f"it is being {run.cancelling.text}")
    elif run.halted is not None and not run.ended:
        said.append(f"it is halted: {run.halted.text}; what runs is let finish")
    said += [
        f"it was rolled back ({each.trigger}, {each.status.value}): {each.reason}"
        for each in run.rollbacks
    ]
    if run.warnings:
        said.append(f"{run.warnings} failed stages were tolerated (on_failure: continue)")
    return said or [f"it is {run.status.value}"]


def _stage(run: Run, stage: StageRun) -> dict[str, Any]:
    root = _root(run, stage.name)
    return {
        "stage": stage.name,
        "status": stage.status.value,
        "reason": _reason(stage.reason),
        "root": None if root == stage.name else root,
        "sentences": _sentences(run, stage, root),
    }


def _sentences(run: Run, stage: StageRun, root: str) -> list[str]:
    said: list[str] = []
    if stage.note is not None:
        said.append(stage.note.text)
    if stage.status is StageStatus.PENDING:
        said.append(_pending(run, stage))
    elif stage.status is StageStatus.WAITING_APPROVAL:
        assert stage.approval is not None
        said.append(_asked(run.approvals[stage.approval]))
    elif stage.reason is not None:
        said.append(stage.reason.text)
    elif stage.status is StageStatus.SUCCEEDED:
        said.append(f"it succeeded at attempt {len(stage.attempts)}")
    else:
        said.append(f"attempt {len(stage.attempts)} is running")
    if root != stage.name:
        reason = run.stages[root].reason
        said.append(f"the cause is `{root}`: {reason.text if reason else 'it failed'}")
    failures = [each for each in stage.attempts[:-1] if each.outcome is not None]
    said += [f"attempt {each.number}: {each.outcome.detail}" for each in failures if each.outcome]
    if stage.rolled_back_at is not None:
        said.append("it was undone by a rollback")
    return said


def _pending(run: Run, stage: StageRun) -> str:
    if stage.name in run.queue and stage.reason is not None:
        return f"it {stage.reason.text}"
    if run.rolling_back is not None:
        return "it waits for the end of the rollback"
    waits = [
        f"`{need}` ({run.stages[need].status.value})"
        for need in run.pipeline.stage(stage.name).needs
        if run.stages[need].status not in STAGE_ENDED
    ]
    more = len(waits) - WAITS_SHOWN_MAX
    shown = ", ".join(waits[:WAITS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
    return f"it waits for {shown}" if waits else "it is about to start"


def _asked(approval: Approval) -> str:
    assert approval.status is ApprovalStatus.PENDING, "a waiting stage has an open question"
    given = [each.by for each in approval.decisions if each.decision == "approve"]
    who = ", ".join(approval.approvers) or "anybody who may approve"
    needed = "each of them" if approval.every else f"{approval.quorum} of them"
    so_far = f"; approved so far by {', '.join(given)}" if given else ""
    return f"it waits for the approval of {needed}: {who}{so_far}"


def _root(run: Run, name: str) -> str:
    """The failed stage that a skip goes back to; the stage itself where there is none."""
    seen = {name}
    while True:
        stage = run.stages[name]
        code = stage.reason.code if stage.reason is not None else ""
        if stage.status is not StageStatus.SKIPPED or code not in UNSATISFIED:
            return name
        broken = next((need for need in run.pipeline.stage(name).needs if _bad(run, need)), None)
        if broken is None or broken in seen:
            return name
        name = broken
        seen.add(name)


def _bad(run: Run, name: str) -> bool:
    stage = run.stages[name]
    code = stage.reason.code if stage.reason is not None else ""
    failed = stage.status is StageStatus.FAILED and not stage.tolerated
    return failed or (stage.status is StageStatus.SKIPPED and code in UNSATISFIED)
