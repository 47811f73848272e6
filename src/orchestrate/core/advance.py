"""What a run's state makes inevitable, whoever caused it: stages open, skip, queue, begin, end.

It never answers a command. A stage becomes ripe when all it needs has ended; then it is skipped,
asked about, queued or begun, and leaves the ripe ones (semantics 3.7, 4, 6.7, 7.1).
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrate.core import approval, attempts, rollback
from orchestrate.core.condition import Condition
from orchestrate.core.ending import cancel_stage, fail, is_broken, stop_stage
from orchestrate.core.events import (
    RunCancelled,
    RunFailed,
    RunSucceeded,
    StageCancelled,
    StageNoted,
    StageQueued,
    StageSkipped,
)
from orchestrate.core.judge import ConditionError, Truth, explain, judge
from orchestrate.core.pipeline import RunIf, Stage
from orchestrate.core.run import STAGE_ENDED, Reason, Run, StageRun, StageStatus
from orchestrate.core.template import Undefined
from orchestrate.core.turn import Turn
from orchestrate.core.values import view


def settle(turn: Turn) -> None:
    """Advance until nothing more follows. Stages only move forward, so that point is near."""
    rounds_max = 4 * len(turn.run.stages) + 8
    for _ in range(rounds_max):
        before = len(turn.events)
        _advance(turn)
        if len(turn.events) == before:
            return
    raise AssertionError("a run must settle")


def _advance(turn: Turn) -> None:
    run = turn.run
    if run.ended:
        rollback.advance(turn)
        return
    if run.cancelling is not None:
        _cancel(turn)
    elif run.started_at is None:
        return  # it is held (10.7)
    rollback.owe(turn)
    rollback.advance(turn)
    for name in list(run.queue):
        if not turn.has_place() or _going_back(run):
            break
        if name in run.queue and turn.busy(run.wanted.get(name)) is None:
            _or_fail(turn, name, _begin_or_queue)
    for name in list(run.ripe):
        if name in run.ripe and not (_going_back(run) and _may_start(run, name)):
            _consider(turn, name)
    _end(turn)


def _going_back(run: Run) -> bool:
    """Whether a rollback goes on, or is about to: no stage starts meanwhile (8.2)."""
    return run.rolling_back is not None or bool(run.owed and run.cancelling is None)


def _may_start(run: Run, name: str) -> bool:
    """Whether anything but a skip may become of a stage of a run that was halted."""
    return run.stages[name].started or run.pipeline.stage(name).run_if is not RunIf.SUCCESS


def _cancel(turn: Turn) -> None:
    """Nothing new starts; what runs is told to end; the rest is cancelled (5.7)."""
    for name, stage in turn.run.stages.items():
        if stage.status in STAGE_ENDED:
            continue
        if stage.started:
            stop_stage(turn, name, "cancelled")
        else:
            cancel_stage(turn, name, "cancelled")


def _consider(turn: Turn, name: str) -> None:
    """Decide what becomes of a stage whose needs have all ended."""
    run = turn.run
    spec = run.pipeline.stage(name)
    stage = run.stages[name]
    if not stage.started and stage.approval is None:
        verdict = _against(run, spec)
        if verdict is not None:
            turn.say(
                StageCancelled(stage=name, reason=verdict, at=turn.now)
                if verdict.code == "upstream_cancelled"
                else StageSkipped(stage=name, reason=verdict, at=turn.now)
            )
            return
        if spec.when is not None and not _holds(turn, name, spec.when):
            return
        if spec.gate is not None:
            _or_fail(turn, name, approval.ask)
            return
    _or_fail(turn, name, _begin_or_queue)


def _begin_or_queue(turn: Turn, name: str) -> None:
    """Begin a stage, if there is a place for it and its environment is free (3.7, 10.8)."""
    environment = attempts.environment_of(turn, name)
    if not turn.has_place():
        words = f"waits for one of {turn.run.pipeline.max_parallel} places (max_parallel)"
        reason = Reason("max_parallel", words)
    elif (holder := turn.busy(environment)) is not None:
        reason = Reason("environment", f"waits for the environment `{environment}`: {holder}")
    else:
        attempts.begin(turn, name)
        return
    if name not in turn.run.queue:
        turn.say(StageQueued(stage=name, reason=reason, environment=environment, at=turn.now))


def _against(run: Run, spec: Stage) -> Reason | None:
    """Why a stage does not run because of what it needs, None if it may (4, 4.1)."""
    needs = [run.stages[need] for need in spec.needs]
    if spec.run_if is RunIf.SUCCESS:
        for need in needs:
            if is_broken(need):
                words = f"it needs `{need.name}`, which did not succeed"
                return Reason("upstream_failed", words)
        for need in needs:
            if need.status is StageStatus.CANCELLED:
                return Reason("upstream_cancelled", f"it needs `{need.name}`, which was cancelled")
        if run.halted is not None:
            return Reason("halted", run.halted.text)
    elif spec.run_if is RunIf.FAILURE and not any(map(_went_wrong, needs)):
        return Reason("run_if", "it runs on failure only, and nothing it needs failed")
    for use in spec.uses:
        used = run.stages[use.stage]
        if used.status is StageStatus.SKIPPED and not use.default and use.name not in used.outputs:
            words = f"it uses `{use.stage}.{use.name}`, and `{use.stage}` was skipped"
            return Reason("missing_output", words)
    return None


def _went_wrong(need: StageRun) -> bool:
    """Whether `run_if: failure` runs for it. What is cancelled before the run is, is cancelled
    because something failed (fail_fast, rollback, the run's timeout).
    """
    return is_broken(need) or need.status in (StageStatus.FAILED, StageStatus.CANCELLED)


def _holds(turn: Turn, name: str, condition: Condition) -> bool:
    """Whether `when` lets a stage run; unknown lets it, and says so (6.6); an error fails it."""
    try:
        seen = view(turn.run, name)
        truth = judge(condition, seen)
        if truth is Truth.YES:
            return True
        why = explain(condition, seen)
    except ConditionError as fault:
        fail(turn, name, Reason("condition_error", str(fault)))
        return False
    if truth is Truth.UNKNOWN:
        note = Reason("condition_unknown", f"it runs, because {why.text}")
        turn.say(StageNoted(stage=name, note=note, at=turn.now))
        return True
    words = f"{why.text}; {why.counterfactual}" if why.counterfactual else why.text
    turn.say(StageSkipped(stage=name, reason=Reason("condition", words), at=turn.now))
    return False


def _or_fail(turn: Turn, name: str, act: Callable[[Turn, str], None]) -> None:
    """Do something that resolves a stage's texts; a hole in them fails the stage (9.1)."""
    try:
        attempts.check_texts(turn, name)
        act(turn, name)
    except Undefined as hole:
        words = f"`${{{hole.args[0]}}}` has no value; give it one, or a default: `${{name:-text}}`"
        fail(turn, name, Reason("undefined_variable", words))


def _end(turn: Turn) -> None:
    """The run ends when its stages have, its agents are gone, and nothing is to be undone."""
    run = turn.run
    if run.unended or run.live or _going_back(run):
        return
    if run.cancelling is not None:
        turn.say(RunCancelled(reason=run.cancelling, at=turn.now))
    elif run.failure is not None:
        turn.say(RunFailed(reason=run.failure, at=turn.now))
    elif run.halted is not None:
        turn.say(RunFailed(reason=run.halted, at=turn.now))
    else:
        turn.say(RunSucceeded(at=turn.now))
