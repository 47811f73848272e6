"""Going back: what is undone, in which order, and why only once (semantics 8)."""

from __future__ import annotations

from orchestrate.core.attempts import due
from orchestrate.core.commands import Because, Refused, RollBack
from orchestrate.core.ending import halt, stop, stop_stage
from orchestrate.core.events import (
    AttemptStarted,
    CompensationEnded,
    RetryScheduled,
    RollbackEnded,
    RollbackStarted,
)
from orchestrate.core.pipeline import Compensation
from orchestrate.core.run import (
    STAGE_ENDED,
    Attempt,
    Mode,
    Outcome,
    OutcomeKind,
    Reason,
    Rollback,
    RollbackStatus,
    Run,
    StepStatus,
)
from orchestrate.core.template import Undefined, render
from orchestrate.core.turn import Turn
from orchestrate.core.values import default_task, lookup


def plan(run: Run, target: str | None) -> list[tuple[str, tuple[str, ...]]]:
    """The steps of a rollback to `target` (None: of everything), and what each waits for (8.2).

    A step waits for the steps of the started stages right below it; stages that never started
    have nothing to undo and are looked through.
    """
    names = list(run.stages) if target is None else run.pipeline.downstream(target)
    below = set(names)
    nearest: dict[str, tuple[str, ...]] = {}
    steps: list[tuple[str, tuple[str, ...]]] = []
    for name in sorted(names, key=run.pipeline.rank.__getitem__, reverse=True):
        found: dict[str, None] = {}
        for each in run.pipeline.dependents[name]:
            if each in below:
                found.update(dict.fromkeys(nearest[each]))
        if run.stages[name].started and not _compensated(run, name):
            steps.append((name, tuple(found)))
            nearest[name] = (name,)
        else:
            nearest[name] = tuple(found)
    return steps


def _compensated(run: Run, name: str) -> bool:
    """A stage is compensated at most once per run (8.5)."""
    return any(name in each.steps for each in run.rollbacks)


def ask(turn: Turn, command: RollBack) -> None:
    """A person wants a run undone (8.6)."""
    run = turn.run
    if run.rollbacks or run.owed:
        first = run.rollbacks[0].trigger if run.rollbacks else "automatic"
        raise Refused(
            Because.CONFLICT,
            f"run {run.id} has been rolled back already ({first})",
            "a run is rolled back once; start a new run instead",
        )
    if run.cancelling is not None and not run.ended:
        raise Refused(Because.CONFLICT, f"run {run.id} is being cancelled", "wait for its end")
    if command.to is not None and command.to not in run.stages:
        raise Refused(Because.NOT_FOUND, f"run {run.id} has no stage `{command.to}`")
    if not plan(run, command.to):
        raise Refused(
            Because.CONFLICT, f"run {run.id} has started nothing there that could be undone"
        )
    words = command.reason or f"asked by {command.by.name}"
    if not run.ended:
        reason = Reason("rolled_back", f"rolled back by {command.by.name}: {words}")
        halt(turn, reason, None)
    _start(turn, "manual", command.by.name, command.by.via, None, command.to, words)


def owe(turn: Turn) -> None:
    """Start the rollback that a failed stage asks for, one at a time (8.1)."""
    if turn.run.owed and turn.run.rolling_back is None and turn.run.cancelling is None:
        failed = turn.run.owed[0]
        reason = turn.run.stages[failed].reason
        words = f"stage `{failed}` failed" + ("" if reason is None else f": {reason.text}")
        target = turn.run.pipeline.stage(failed).rollback_to
        _start(turn, "automatic", "orchestrate", "", failed, target or failed, words)


def _start(
    turn: Turn,
    trigger: str,
    by: str,
    via: str,
    failed: str | None,
    target: str | None,
    words: str,
) -> None:
    steps = plan(turn.run, target)
    turn.say(
        RollbackStarted(
            rollback=len(turn.run.rollbacks) + 1,
            trigger=trigger,
            by=by,
            via=via,
            failed_stage=failed,
            target=target,
            reason=words,
            steps=tuple(steps),
            at=turn.now,
        )
    )
    for name, _ in steps:
        if turn.run.stages[name].status not in STAGE_ENDED:
            stop_stage(turn, name, "rollback")


def advance(turn: Turn) -> None:
    """Begin every compensation that waits for nothing more; end the rollback after the last."""
    active = turn.run.rolling_back
    if active is None:
        return
    if any(mode is Mode.RUN and name in active.steps for name, mode in turn.run.live):
        return
    if turn.run.cancelling is not None:
        _give_up(turn, active)
    moved = True
    while active.ready and moved:
        before = len(turn.events)
        for name in list(active.ready):
            _compensate(turn, name)
        moved = len(turn.events) > before
    if active.unended == 0:
        turn.say(RollbackEnded(rollback=active.number, status=verdict(active), at=turn.now))


def _give_up(turn: Turn, active: Rollback) -> None:
    """The rollback itself was cancelled, by force (8.8)."""
    for name, step in active.steps.items():
        if (name, Mode.ROLLBACK) in turn.run.live:
            stop(turn, name, "cancelled", Mode.ROLLBACK)
        elif step.status in (StepStatus.PENDING, StepStatus.RUNNING):
            _end(turn, name, StepStatus.SKIPPED, Reason("cancelled", "the rollback was cancelled"))


def compensation(run: Run, name: str) -> Compensation | None:
    """How a stage is undone in the rollback under way; None where there is nothing to undo (8.3).

    A target named by hand is undone by its own agent, even where it says nothing about it; for
    the targets in a definition the reader has resolved that already.
    """
    spec = run.pipeline.stage(name)
    last = run.rollbacks[-1]
    targeted = last.trigger == "manual" and last.target == name
    if spec.rollback is not None or not targeted or spec.run is not None or spec.agent is None:
        return spec.rollback
    return Compensation(
        agent=spec.agent, task=f"Roll back: {spec.task or default_task(run.pipeline, spec)}"
    )


def _compensate(turn: Turn, name: str) -> None:
    stage = turn.run.stages[name]
    undo = compensation(turn.run, name)
    if undo is None:
        reason = Reason("nothing_to_undo", "the stage does not say how it is undone")
        _end(turn, name, StepStatus.SKIPPED, reason)
    elif not any(_may_have_run(each) for each in stage.attempts):
        _end(turn, name, StepStatus.SKIPPED, Reason("never_ran", "none of its processes ran"))
    elif turn.has_place() and turn.busy(stage.attempts[-1].environment) is None:
        try:
            _begin(turn, name)
        except Undefined as hole:
            words = f"`${{{hole.args[0]}}}` has no value"
            _end(turn, name, StepStatus.FAILED, Reason("undefined_variable", words))


def _may_have_run(attempt: Attempt) -> bool:
    """Whether its process may have done something. Of a lost one nobody knows, so it may."""
    lost = attempt.outcome is not None and attempt.outcome.reason == "lost"
    return lost or attempt.started_at is not None


def _begin(turn: Turn, name: str) -> None:
    stage = turn.run.stages[name]
    undo = compensation(turn.run, name)
    assert undo is not None, "only what can be undone is begun"
    value = lookup(turn.run, name)
    last = stage.attempts[-1]
    turn.say(
        AttemptStarted(
            stage=name,
            mode=Mode.ROLLBACK,
            attempt=len(stage.compensations) + 1,
            agent=undo.agent,
            model=None,
            task=render(undo.task, value) if undo.task else "",
            environment=last.environment,
            at=turn.now,
        )
    )


def report(turn: Turn, name: str, outcome: Outcome, stopped: str | None, jitter: float) -> None:
    """How one compensation ended; a failed one is recorded and the others still run (8.4)."""
    if outcome.kind is OutcomeKind.SUCCEEDED:
        _end(turn, name, StepStatus.SUCCEEDED, None)
        return
    if stopped is not None:
        _end(turn, name, StepStatus.SKIPPED, Reason("cancelled", "the rollback was cancelled"))
        return
    if outcome.kind is OutcomeKind.SKIPPED:
        words = outcome.detail or "its agent had nothing to undo"
        _end(turn, name, StepStatus.SKIPPED, Reason("agent_skipped", words))
        return
    spec = turn.run.pipeline.stage(name)
    undo = compensation(turn.run, name)
    assert undo is not None, "only what was begun reports"
    made = len(turn.run.stages[name].compensations)
    lost = outcome.reason == "lost" and spec.environment is not None
    due_at = None if lost else due(undo.retry, made, outcome, turn.now, jitter)
    if due_at is None:
        reason = outcome.reason or outcome.kind.value
        _end(turn, name, StepStatus.FAILED, Reason(reason, outcome.detail))
        return
    turn.say(
        RetryScheduled(
            stage=name,
            mode=Mode.ROLLBACK,
            attempt=made + 1,
            due_at=due_at,
            reason=Reason("retrying", f"compensation {made} failed: {outcome.detail}"),
            at=turn.now,
        )
    )


def retry(turn: Turn, name: str) -> None:
    """A compensation's back-off is over."""
    active = turn.run.rolling_back
    assert active is not None, "a compensation is retried within its rollback"
    _begin(turn, name)


def verdict(active: Rollback) -> RollbackStatus:
    """`partial` when some of what should be undone was and some was not (8.4)."""
    steps = active.steps.values()
    done = sum(step.status is StepStatus.SUCCEEDED for step in steps)
    undone = sum(
        step.status is StepStatus.FAILED
        or (step.reason is not None and step.reason.code == "cancelled")
        for step in steps
    )
    if not undone:
        return RollbackStatus.SUCCEEDED
    return RollbackStatus.PARTIAL if done else RollbackStatus.FAILED


def _end(turn: Turn, name: str, status: StepStatus, reason: Reason | None) -> None:
    turn.say(CompensationEnded(stage=name, status=status, reason=reason, at=turn.now))
