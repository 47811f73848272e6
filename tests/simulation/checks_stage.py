"""Invariants of stages and their attempts: order, numbers, bounds, ends."""

from __future__ import annotations

import re

from orchestrate.core import events as happened
from orchestrate.core.events import Event
from orchestrate.core.pipeline import OnLost, Retry, RunIf, Stage
from orchestrate.core.run import Mode, Outcome, OutcomeKind, Run, StepStatus
from tests.simulation.checker import at_commit, at_event
from tests.simulation.history import ENDED, History
from tests.simulation.verdicts import verdicts

LOST_RERUNS_MAX = 3
ASKS_MAX = 10
JITTER_MAX = 1.1

STARTS = "a stage starts only when all it needs is terminal and satisfied"
ATTEMPTS = "attempts do not exceed what is declared"
ALL_TRIED = "every attempt that is declared is made, by whom it is declared"
STOPPED = "after cancel, halt or rollback no forward stage starts (but run_if)"


@at_event("I01", STARTS, happened.AttemptStarted, happened.ApprovalRequested)
def starts_when_satisfied(
    history: History, event: happened.AttemptStarted | happened.ApprovalRequested
) -> str | None:
    if isinstance(event, happened.AttemptStarted) and event.mode is Mode.ROLLBACK:
        return None
    if history.started(event.stage):
        return None
    for name in history.above[event.stage]:
        if history.status[name] not in ENDED:
            return f"`{event.stage}` comes after `{name}`, which is {history.status[name]}"
    return history.satisfied(event.stage)


@at_event("6.9", "a stage runs by its condition, and is skipped by it", happened.AttemptStarted,
          happened.StageSkipped, happened.StageNoted)  # fmt: skip
def runs_by_condition(
    history: History, event: happened.AttemptStarted | happened.StageSkipped | happened.StageNoted
) -> str | None:
    spec = history.specs[event.stage]
    if isinstance(event, happened.AttemptStarted):
        if spec.when is None or event.mode is Mode.ROLLBACK or event.attempt > 1:
            return None
        if verdicts(spec.when, history) == {False}:
            return f"`{event.stage}` starts, and its condition does not hold"
        return None
    reason = event.note if isinstance(event, happened.StageNoted) else event.reason
    if reason.code not in ("condition", "condition_unknown"):
        return None
    if spec.when is None:
        return f"`{event.stage}` has no condition"
    wanted = None if reason.code == "condition_unknown" else False
    if wanted not in verdicts(spec.when, history):
        return f"`{event.stage}`: {reason.code}, and its condition says otherwise"
    return None


@at_event("I02", "at most one live attempt per stage, numbers without gap",
          happened.AttemptStarted)  # fmt: skip
def one_live_attempt(history: History, event: happened.AttemptStarted) -> str | None:
    forward = event.mode is Mode.RUN
    before = (history.tries if forward else history.undo_tries)[event.stage]
    if event.attempt != before + 1:
        return f"attempt {event.attempt} of `{event.stage}` follows {before}"
    for mode in Mode:
        if (event.stage, mode) in history.live:
            return f"`{event.stage}` starts while it is live ({mode.value})"
    return None


@at_event("I03", ATTEMPTS, happened.AttemptStarted)
def attempts_as_declared(history: History, event: happened.AttemptStarted) -> str | None:
    if event.attempt == 1:
        return None
    if event.mode is Mode.ROLLBACK:
        return _no_more_undoing(history, event.stage)
    ends = history.ends[event.stage]
    if ends[-1].kind is not OutcomeKind.NEEDS_PERSON:
        return _no_more(history, event.stage)
    answered = history.questions[history.latest[event.stage]]
    agreed = answered.asked.kind == "agent" and answered.status == "approved"
    return None if agreed else f"`{event.stage}` goes on without the answer it asked for"


@at_event("5.4", ALL_TRIED, happened.StageFailed, happened.CompensationEnded)
def every_attempt_is_made(
    history: History, event: happened.StageFailed | happened.CompensationEnded
) -> str | None:
    name = event.stage
    if isinstance(event, happened.CompensationEnded):
        failed = event.status is StepStatus.FAILED and bool(history.undo_ends[name])
        left = failed and _no_more_undoing(history, name) is None
    else:
        ends = history.ends[name]
        failed = bool(ends) and event.reason.code == ends[-1].reason and not history.cancelled
        left = failed and _no_more(history, name) is None
    return f"`{name}` fails, and may be tried again" if left else None


@at_event("5.4", ALL_TRIED, happened.AttemptStarted)
def the_right_one_tries(history: History, event: happened.AttemptStarted) -> str | None:
    spec = history.specs[event.stage]
    if event.mode is Mode.ROLLBACK:
        return None
    made = _counted(history, event.stage)
    agent, model = spec.agent, None
    if made and spec.retry.escalate:
        entry = spec.retry.escalate[min(made, len(spec.retry.escalate)) - 1]
        agent, model = entry.agent or agent, entry.model
    if (event.agent, event.model) != (agent, model):
        return f"`{spec.name}` is tried by {event.agent} {event.model}, not {agent} {model}"
    return None


def _counted(history: History, name: str) -> int:
    """The ended attempts that `retry` counts."""
    ends = history.ends[name]
    asks = sum(each.kind is OutcomeKind.NEEDS_PERSON for each in ends)
    lost = sum(each.reason == "lost" for each in ends)
    rerun = history.specs[name].on_lost is OnLost.RERUN
    return len(ends) - asks - (min(lost, LOST_RERUNS_MAX) if rerun else 0)


def _no_more(history: History, name: str) -> str | None:
    """Why a stage whose last attempt failed may have no further one."""
    spec = history.specs[name]
    ends = history.ends[name]
    if sum(each.kind is OutcomeKind.NEEDS_PERSON for each in ends) > ASKS_MAX:
        return f"`{name}` asked too often"
    lost = sum(each.reason == "lost" for each in ends)
    if ends[-1].reason == "lost" and spec.on_lost is OnLost.RERUN and lost <= LOST_RERUNS_MAX:
        return _deployed(spec)
    return _against(spec, spec.retry, ends[-1], _counted(history, name))


def _no_more_undoing(history: History, name: str) -> str | None:
    spec = history.specs[name]
    retry = Retry() if spec.rollback is None else spec.rollback.retry
    ends = history.undo_ends[name]
    return _against(spec, retry, ends[-1], len(ends))


def _against(spec: Stage, retry: Retry, last: Outcome, made: int) -> str | None:
    """Why a policy wants no further attempt after `made` of them."""
    if made >= retry.attempts:
        return f"`{spec.name}` has had its {retry.attempts} attempts"
    if last.retryable is False or not (last.retryable or last.reason in retry.on):
        return f"`{spec.name}` failed by {last.reason}, which is not tried again"
    return _deployed(spec) if last.reason == "lost" else None


def _deployed(spec: Stage) -> str | None:
    if spec.environment is None:
        return None
    return f"`{spec.name}` has an environment; a lost attempt of it is not repeated"


@at_event("9.5", "a stage gives out what its last attempt gave", happened.StageSucceeded)
def gives_what_was_given(history: History, event: happened.StageSucceeded) -> str | None:
    if event.outputs != history.ends[event.stage][-1].outputs:
        return f"`{event.stage}` gives {event.outputs}"
    return None


@at_event("C5", "a retry is due within its back-off, and not before", happened.RetryScheduled,
          happened.AttemptStarted)  # fmt: skip
def back_off(
    history: History, event: happened.RetryScheduled | happened.AttemptStarted
) -> str | None:
    kind = "retry" if event.mode is Mode.RUN else "undo"
    if isinstance(event, happened.AttemptStarted):
        due_at = history.deadlines.get((kind, event.stage), event.at)
        return f"`{event.stage}` starts {due_at - event.at} s early" if event.at < due_at else None
    spec = history.specs[event.stage]
    retry = spec.retry if event.mode is Mode.RUN else spec.rollback and spec.rollback.retry
    if not retry or not event.at <= event.due_at <= event.at + retry.max_delay_s * JITTER_MAX:
        return f"`{event.stage}` is due after {event.due_at - event.at} s"
    return None


@at_event("I04", STOPPED, happened.AttemptStarted, happened.ApprovalRequested)
def nothing_new_starts(
    history: History, event: happened.AttemptStarted | happened.ApprovalRequested
) -> str | None:
    name = event.stage
    if history.cancelled:
        return f"`{name}` starts after the cancel"
    if isinstance(event, happened.AttemptStarted) and event.mode is Mode.ROLLBACK:
        return None
    if history.started(name):
        return None
    if history.undoing is not None:
        return f"`{name}` starts during the rollback"
    if history.halted and history.specs[name].run_if is RunIf.SUCCESS:
        return f"`{name}` starts after the halt ({history.halted[0]})"
    return None


@at_event("I05", "terminal statuses never change", happened.StageQueued, happened.StageSkipped,
          happened.StageSucceeded, happened.StageFailed, happened.StageCancelled,
          happened.AttemptStarted, happened.ApprovalRequested)  # fmt: skip
def ended_stage_stays(
    history: History, event: happened.StageSkipped | happened.AttemptStarted
) -> str | None:
    undoes = isinstance(event, happened.AttemptStarted) and event.mode is Mode.ROLLBACK
    if history.status[event.stage] in ENDED and not undoes:
        return f"`{event.stage}` is {history.status[event.stage]}, then {type(event).__name__}"
    return None


@at_event("I17", "each attempt is executed at most once, after a claim", happened.AttemptClaimed)
def claimed_once(history: History, event: happened.AttemptClaimed) -> str | None:
    key = (event.stage, event.mode, event.attempt)
    if key in history.claimed:
        return f"{key} is claimed twice"
    if history.live.get((event.stage, event.mode)) != event.attempt:
        return f"{key} is claimed, and is not to run"
    if history.machine.executions.get(key) != 1:
        return f"{key} was executed {history.machine.executions.get(key)} times"
    return None


@at_event("I18", "a skipped stage never runs and has a reason", happened.StageSkipped)
def skipped_for_a_reason(history: History, event: happened.StageSkipped) -> str | None:
    if not event.reason.code or not event.reason.text.strip():
        return f"`{event.stage}` is skipped without a reason"
    if history.started(event.stage) and event.reason.code != "agent_skipped":
        return f"`{event.stage}` had started, and is skipped ({event.reason.code})"
    if event.reason.code == "upstream_failed" and not any(
        history.broken(need) for need in history.specs[event.stage].needs
    ):
        return f"`{event.stage}` is skipped for a failure of what it needs, and none failed"
    return None


@at_event("4.1", "a stage that may run is not skipped", happened.StageSkipped)
def not_skipped_in_vain(history: History, event: happened.StageSkipped) -> str | None:
    spec = history.specs[event.stage]
    code = event.reason.code
    if code in ("halted", "upstream_failed"):
        if spec.run_if is not RunIf.SUCCESS:
            return f"`{spec.name}` has run_if, and is skipped ({code})"
        if code == "halted" and any(history.broken(need) for need in spec.needs):
            return f"`{spec.name}` needs what failed, and is skipped for another reason"
        return None if history.halted else f"`{spec.name}` is skipped ({code}) without a halt"
    if code == "run_if" and history.satisfied(spec.name) is None:
        return f"`{spec.name}` is to run, and is skipped"
    if code == "missing_output" and not any(
        history.status[use.stage] == "skipped" and use.name not in history.outputs[use.stage]
        for use in spec.uses
    ):
        return f"`{spec.name}` has all outputs it uses"
    return None


@at_event("I21", "only a claimed attempt can time out", happened.AttemptEnded)
def timed_out_while_it_ran(history: History, event: happened.AttemptEnded) -> str | None:
    key = (event.stage, event.mode, event.attempt)
    if event.outcome.reason == "timeout" and not history.machine.executions.get(key):
        return f"{key} timed out, and never ran"
    return None


@at_event("I16", "an old or second report changes nothing", happened.AttemptEnded)
def ends_once(history: History, event: happened.AttemptEnded) -> str | None:
    if history.live.get((event.stage, event.mode)) != event.attempt:
        return f"attempt {event.attempt} of `{event.stage}` ends, and is not live"
    return None


@at_event("4", "what is cancelled was stopped for a cause", happened.StageCancelled)
def cancelled_for_a_cause(history: History, event: happened.StageCancelled) -> str | None:
    name, why = event.stage, event.reason.code
    causes = {
        "cancelled": history.cancelled,
        "fail_fast": history.created.pipeline.fail_fast and bool(history.halted),
        "rollback": bool(history.rollbacks),
        "run_timeout": "run_timeout" in history.halted,
        "upstream_cancelled": any(
            history.status[need] == "cancelled" for need in history.specs[name].needs
        ),
    }
    return None if causes.get(why) else f"`{name}` is cancelled by {why}, which did not happen"


@at_event("5.1", "fail_fast spares deployments and what runs because of a failure",
          happened.AttemptStopped, happened.StageCancelled)  # fmt: skip
def fail_fast_spares(
    history: History, event: happened.AttemptStopped | happened.StageCancelled
) -> str | None:
    why = event.why if isinstance(event, happened.AttemptStopped) else event.reason.code
    spec = history.specs[event.stage]
    if why != "fail_fast":
        return None
    if spec.environment is not None or spec.run_if is not RunIf.SUCCESS:
        return f"`{spec.name}` is cancelled by a sibling's failure"
    return None


@at_event("I26", "no output is visible to a stage that is not downstream", happened.AttemptStarted,
          happened.ApprovalRequested)  # fmt: skip
def sees_what_is_above(
    history: History, event: happened.AttemptStarted | happened.ApprovalRequested
) -> str | None:
    shown = event.task if isinstance(event, happened.AttemptStarted) else str(event.packet)
    if "out(" not in shown:
        return None
    for name in re.findall(r"out\((\w+)\)", shown):
        if name != event.stage and name not in history.above[event.stage]:
            return f"`{event.stage}` sees the output of `{name}`"
    return None


@at_commit("5.7", "after a cancel everything that runs is told to end")
def all_are_stopped(history: History, run: Run, events: list[Event]) -> str | None:
    if not history.cancelled or history.end is not None:
        return None
    for key in history.live:
        if key not in history.stop:
            return f"{key} runs on after the cancel"
    idle = [name for name, status in history.status.items() if status not in ENDED]
    for name in idle:
        if (name, Mode.RUN) not in history.live:
            return f"`{name}` is {history.status[name]} after the cancel"
    return None


@at_commit("3.7", "what is ready does not linger")
def nothing_lingers(history: History, run: Run, events: list[Event]) -> str | None:
    if history.end is not None or history.undoing is not None:
        return None
    for event in events:
        if not isinstance(event, happened.StageSucceeded | happened.StageSkipped):
            continue
        for name in history.below[event.stage]:
            if history.status[name] != "pending" or name in history.queue:
                continue
            if all(history.status[need] in ENDED for need in history.specs[name].needs):
                return f"`{name}` is ready, and nothing becomes of it"
    return None
