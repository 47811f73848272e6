"""(run, command, now) → events. Every rule of a run is here or in the rooms it calls.

There are two kinds of consequence, and they never mix:

  answer   what the command itself causes, or why it is refused
  advance  what the new state makes inevitable, whoever caused it

`decide` answers once, then advances until nothing more follows. It moves `run` as it goes; a
refusal is raised before anything has moved. It never looks at a clock, and never draws a number.
"""

from __future__ import annotations

import math

from orchestrate.core import approval, attempts, rollback
from orchestrate.core.advance import settle
from orchestrate.core.commands import (
    Admit,
    Approve,
    Because,
    Cancel,
    Claim,
    Command,
    Delegate,
    Refused,
    Reject,
    Report,
    RollBack,
    Start,
    Tick,
)
from orchestrate.core.ending import cancel_stage, halt, stop
from orchestrate.core.events import (
    AttemptEnded,
    CancelRequested,
    Event,
    RunCreated,
    RunHeld,
    RunStarted,
)
from orchestrate.core.evolve import evolve
from orchestrate.core.run import STAGE_ENDED, Mode, Reason, Run
from orchestrate.core.turn import Taken, Turn, nobody


def decide(
    run: Run | None, command: Command, now: float, taken: Taken = nobody
) -> tuple[Run, list[Event]]:
    """The run after `command`, and the events that moved it there.

    `run` itself is moved. Raises Refused (the run has not moved) where the command cannot be
    honoured. `taken` says which environments other runs have (10.8). Time never goes back within
    a run: an earlier `now` counts as the last one (I23).
    """
    if isinstance(command, Start):
        if run is not None:
            raise Refused(Because.CONFLICT, f"run {run.id} has already started")
        turn = _start(command, now, taken)
    else:
        if run is None:
            raise Refused(Because.NOT_FOUND, "there is no such run")
        turn = Turn(run, max(now, run.last_at), taken)
        _answer(turn, command)
    settle(turn)
    return turn.run, turn.events


def _start(command: Start, now: float, taken: Taken) -> Turn:
    created = RunCreated(
        run_id=command.run_id,
        pipeline=command.pipeline,
        pipeline_id=command.pipeline_id,
        revision=command.revision,
        sha256=command.sha256,
        facts=command.facts,
        variables=command.variables,
        agents=command.agents,
        by=command.by.name,
        via=command.by.via,
        trigger=command.trigger,
        chain=command.chain,
        rerun_of=command.rerun_of,
        carried=command.carried,
        workspace=command.workspace,
        group=command.group,
        at=now,
    )
    turn = Turn(evolve(None, created), now, taken)
    turn.events.append(created)
    if command.hold is not None:
        turn.say(RunHeld(reason=command.hold, at=now))
    else:
        turn.say(RunStarted(at=now))
    return turn


def _answer(turn: Turn, command: Command) -> None:
    match command:
        case Report():
            _report(turn, command)
        case Claim():
            attempts.claim(turn, command)
        case Tick():
            _tick(turn)
        case Admit():
            if turn.run.started_at is None and turn.run.cancelling is None:
                turn.say(RunStarted(at=turn.now))
        case Approve():
            approval.approve(turn, command)
        case Reject():
            approval.reject(turn, command)
        case Delegate():
            approval.delegate(turn, command)
        case Cancel():
            _cancel(turn, command)
        case RollBack():
            rollback.ask(turn, command)
        case Start():
            raise AssertionError("a start is answered before there is a run")


def _report(turn: Turn, command: Report) -> None:
    """A report counts while its attempt is on the agenda; late and repeated ones fall off (I16)."""
    attempt = turn.run.live.get((command.stage, command.mode))
    if attempt is None or attempt.number != command.attempt:
        return
    ended = AttemptEnded(
        stage=command.stage,
        mode=command.mode,
        attempt=command.attempt,
        outcome=command.outcome,
        at=turn.now,
    )
    turn.say(ended)
    conclude = rollback.report if command.mode is Mode.ROLLBACK else attempts.conclude
    conclude(turn, command.stage, command.outcome, attempt.stop, command.jitter)


def _cancel(turn: Turn, command: Cancel) -> None:
    """Cancelling is idempotent while it goes on, and refused after the end (5.7, 8.8, C7)."""
    run = turn.run
    if run.resting:
        raise Refused(Because.CONFLICT, f"run {run.id} has already {_ended(run)}")
    if run.cancelling is not None:
        return
    if run.rolling_back is not None and not command.force:
        raise Refused(
            Because.CONFLICT,
            f"run {run.id} is being rolled back",
            "let it finish, or cancel the rollback too: --force",
        )
    words = f"cancelled by {command.by.name}" + (f": {command.reason}" if command.reason else "")
    turn.say(
        CancelRequested(
            by=command.by.name,
            via=command.by.via,
            reason=Reason("cancelled", words),
            at=turn.now,
        )
    )


def _ended(run: Run) -> str:
    return "been cancelled" if run.status.value == "cancelled" else run.status.value


def _tick(turn: Turn) -> None:
    """Everything whose time has come, in the order of its time (C5)."""
    now = turn.now
    due = sorted((at, key) for key, at in turn.run.timers.items() if at <= now)
    for _, key in due:
        if turn.run.timers.get(key, math.inf) > now:
            continue  # an earlier one made it meaningless
        kind, name = key
        if kind == "expire":
            approval.expire(turn, int(name))
        elif kind == "remind":
            approval.remind(turn, int(name))
        elif kind == "retry":
            attempts.begin(turn, name)
        elif kind == "retry_rollback":
            rollback.retry(turn, name)
        else:
            _run_timeout(turn)


def _run_timeout(turn: Turn) -> None:
    """The whole run took too long (5.5): what runs is stopped, what has not started is skipped."""
    timeout_s = turn.run.pipeline.timeout_s
    halt(turn, Reason("run_timeout", f"the run took longer than {timeout_s:g} s"), None)
    for attempt in list(turn.run.live.values()):
        if attempt.mode is Mode.RUN:
            stop(turn, attempt.stage, "run_timeout")
    for name, stage in turn.run.stages.items():
        idle = stage.started and (name, Mode.RUN) not in turn.run.live
        if idle and stage.status not in STAGE_ENDED:
            cancel_stage(turn, name, "run_timeout")
