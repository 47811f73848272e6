"""run → what the world owes it now: work in flight, questions, a time to wake.

The agenda is derived, never stored. After a crash it is read again, so no effect can be lost
between deciding and doing.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrate.core.run import Approval, ApprovalStatus, Attempt, Mode, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt that must be running, or ending: `stop` says why it should end."""

    run_id: int
    stage: str
    mode: Mode
    attempt: int
    claimed: bool
    stop: str | None


def work(run: Run) -> list[Work]:
    """Everything that must be in flight for this run, in the order of dispatch."""
    return [work_of(run, each) for each in run.live.values()]


def work_of(run: Run, attempt: Attempt) -> Work:
    return Work(
        run_id=run.id,
        stage=attempt.stage,
        mode=attempt.mode,
        attempt=attempt.number,
        claimed=attempt.claimed_at is not None,
        stop=attempt.stop,
    )


def questions(run: Run) -> list[Approval]:
    """The open approvals of this run."""
    return [each for each in run.approvals.values() if each.status is ApprovalStatus.PENDING]


def wake_at(run: Run) -> float | None:
    """When a Tick is due, in epoch seconds; None if time alone changes nothing."""
    return min(run.timers.values(), default=None)


def environments_wanted(run: Run) -> set[str]:
    """The environments that this run waits for, to work in or to undo in (10.8)."""
    wanted = set(run.wanted.values())
    active = run.rolling_back
    if active is not None:
        for name in active.ready:
            environment = run.stages[name].attempts[-1].environment
            if environment is not None:
                wanted.add(environment)
    return wanted
