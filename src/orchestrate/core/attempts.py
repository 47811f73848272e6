"""One stage's work: begun, claimed, ended, tried again (semantics 5).

Nothing here decides whether a stage may start; that is `advance`.
"""

from __future__ import annotations

from orchestrate.core.approval import ask_person
from orchestrate.core.commands import Claim
from orchestrate.core.ending import STOPS, fail
from orchestrate.core.events import (
    AttemptClaimed,
    AttemptStarted,
    RetryScheduled,
    StageCancelled,
    StageSkipped,
    StageSucceeded,
)
from orchestrate.core.pipeline import Backoff, Escalation, OnLost, Retry, Stage
from orchestrate.core.run import Mode, Outcome, OutcomeKind, Reason, StageRun
from orchestrate.core.template import render
from orchestrate.core.turn import Turn
from orchestrate.core.values import default_task, lookup

LOST_RERUNS_MAX = 3
PERSON_ASKS_MAX = 10
JITTER = 0.1


def begin(turn: Turn, name: str) -> None:
    """Dispatch the next attempt of a stage. Raises Undefined for a hole in its texts."""
    spec = turn.run.pipeline.stage(name)
    number = len(turn.run.stages[name].attempts) + 1
    change = _escalation(spec.retry, _counted(spec, turn.run.stages[name]) + 1)
    value = lookup(turn.run, name)
    turn.say(
        AttemptStarted(
            stage=name,
            mode=Mode.RUN,
            attempt=number,
            agent=change.agent or spec.agent,
            model=change.model,
            task=render(spec.task, value) if spec.task else default_task(turn.run.pipeline, spec),
            environment=environment_of(turn, name),
            at=turn.now,
        )
    )


def environment_of(turn: Turn, name: str) -> str | None:
    """The environment of a stage, resolved. Raises Undefined."""
    template = turn.run.pipeline.stage(name).environment
    return None if template is None else render(template, lookup(turn.run, name))


def check_texts(turn: Turn, name: str) -> None:
    """Raises Undefined for a hole in any text that an attempt of this stage is given."""
    spec = turn.run.pipeline.stage(name)
    value = lookup(turn.run, name)
    for text in (spec.task, spec.environment, *(each for _, each in spec.env)):
        if text is not None:
            render(text, value)


def _escalation(retry: Retry, number: int) -> Escalation:
    """The n-th entry is for attempt n+1; the last one stays for those after it (5.4).

    `number` is among those that count: a question answered is no reason to send somebody else.
    """
    if number == 1 or not retry.escalate:
        return Escalation()
    return retry.escalate[min(number - 2, len(retry.escalate) - 1)]


def claim(turn: Turn, command: Claim) -> None:
    """A claim counts once, for the attempt that is on the agenda (I17)."""
    attempt = turn.run.live.get((command.stage, command.mode))
    if attempt is None or attempt.number != command.attempt or attempt.claimed_at is not None:
        return
    turn.say(
        AttemptClaimed(
            stage=command.stage,
            mode=command.mode,
            attempt=command.attempt,
            worker=command.worker,
            pid=command.pid,
            started_at=command.started_at,
            at=turn.now,
        )
    )


def conclude(turn: Turn, name: str, outcome: Outcome, stop: str | None, jitter: float) -> None:
    """What the end of a stage's attempt means for the stage. `stop` is why it was told to end."""
    if outcome.kind is OutcomeKind.SUCCEEDED:
        turn.say(StageSucceeded(stage=name, outputs=outcome.outputs, at=turn.now))
    elif stop is not None:
        turn.say(StageCancelled(stage=name, reason=Reason(stop, STOPS[stop]), at=turn.now))
    elif outcome.kind is OutcomeKind.SKIPPED:
        words = outcome.detail or "its agent had nothing to do"
        turn.say(StageSkipped(stage=name, reason=Reason("agent_skipped", words), at=turn.now))
    elif outcome.kind is OutcomeKind.NEEDS_PERSON and _may_ask(turn, name):
        ask_person(turn, name, outcome)
    else:
        _failed(turn, name, outcome, jitter)


def _may_ask(turn: Turn, name: str) -> bool:
    asked = sum(each.stage == name for each in turn.run.approvals.values())
    return asked < PERSON_ASKS_MAX


def _failed(turn: Turn, name: str, outcome: Outcome, jitter: float) -> None:
    spec = turn.run.pipeline.stage(name)
    stage = turn.run.stages[name]
    due_at = _retry_at(turn, spec, stage, outcome, jitter)
    if due_at is None:
        fail(turn, name, _why(outcome))
        return
    number = len(stage.attempts) + 1
    words = f"attempt {number - 1} failed: {outcome.detail}; attempt {number} follows"
    turn.say(
        RetryScheduled(
            stage=name,
            mode=Mode.RUN,
            attempt=number,
            due_at=due_at,
            reason=Reason("retrying", words),
            at=turn.now,
        )
    )


def _why(outcome: Outcome) -> Reason:
    if outcome.kind is OutcomeKind.NEEDS_PERSON:
        words = f"it asked for a person more than {PERSON_ASKS_MAX} times"
        return Reason("needs_person", f"{words}; the last time: {outcome.detail}")
    return Reason(outcome.reason, outcome.detail)


def _retry_at(
    turn: Turn, spec: Stage, stage: StageRun, outcome: Outcome, jitter: float
) -> float | None:
    """When the next attempt is due, None if there is none (5.4, C3).

    A lost attempt of a stage with an environment is never repeated by itself: nobody knows how
    far that deployment came.
    """
    if turn.run.cancelling is not None:
        return None
    lost = outcome.reason == "lost"
    if lost and spec.environment is not None:
        return None
    if lost and spec.on_lost is OnLost.RERUN and _losses(stage) <= LOST_RERUNS_MAX:
        return turn.now
    return due(spec.retry, _counted(spec, stage), outcome, turn.now, jitter)


def _counted(spec: Stage, stage: StageRun) -> int:
    """The ended attempts that count for `retry`: not those that asked for a person, nor those
    that `on_lost: rerun` repeats.
    """
    ends = [each.outcome for each in stage.attempts if each.outcome is not None]
    asks = sum(each.kind is OutcomeKind.NEEDS_PERSON for each in ends)
    free = min(_losses(stage), LOST_RERUNS_MAX) if spec.on_lost is OnLost.RERUN else 0
    return len(ends) - asks - free


def _losses(stage: StageRun) -> int:
    return sum(
        each.outcome is not None and each.outcome.reason == "lost" for each in stage.attempts
    )


def due(retry: Retry, made: int, outcome: Outcome, now: float, jitter: float) -> float | None:
    """When a policy wants the next attempt after `made` of them, None if it wants none."""
    asked = outcome.retryable is True or outcome.reason in retry.on
    if outcome.retryable is False or not asked or made >= retry.attempts:
        return None
    factor = {
        Backoff.EXPONENTIAL: 2.0 ** min(made - 1, 30),
        Backoff.LINEAR: float(made),
        Backoff.CONSTANT: 1.0,
    }[retry.backoff]
    return now + min(retry.delay_s * factor, retry.max_delay_s) * (1.0 + JITTER * jitter)
