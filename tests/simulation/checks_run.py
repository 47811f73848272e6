"""Invariants of the run as a whole: its status, its end, its time, its log."""

from __future__ import annotations

from orchestrate.core import agenda
from orchestrate.core import events as happened
from orchestrate.core.events import Event
from orchestrate.core.evolve import fold
from orchestrate.core.run import Mode, Run
from orchestrate.store.codec import dump_event, load_event
from tests.simulation.checker import at_commit, at_end, at_event
from tests.simulation.history import ENDED, History
from tests.simulation.machine import State

ROUNDING_S = 1e-3
STORED_EVERY = 5

End = happened.RunSucceeded | happened.RunFailed | happened.RunCancelled
ENDS = (happened.RunSucceeded, happened.RunFailed, happened.RunCancelled)
FORWARD = (
    happened.StageNoted,
    happened.StageQueued,
    happened.StageSkipped,
    happened.StageSucceeded,
    happened.StageFailed,
    happened.StageCancelled,
    happened.ApprovalRequested,
    happened.ApprovalClosed,
    happened.RunHalted,
    happened.RollbackOwed,
)


@at_event("I05", "terminal statuses never change", *ENDS, *FORWARD)
def ended_run_stays(history: History, event: Event) -> str | None:
    if history.end is not None:
        return f"the run has {history.end}, then {type(event).__name__}"
    return None


@at_event("I06", "an ended run has no live attempt, gate, timer, kill", *ENDS)
def ends_clean(history: History, event: End) -> str | None:
    if history.live:
        return f"it ends, and {list(history.live)} are live"
    if history.waiting or history.deadlines:
        return f"it ends, and waits for {list(history.deadlines) or 'people'}"
    if history.undoing is not None:
        return "it ends while it is rolled back"
    running = [each.key for each in history.machine.running()]
    if running:
        return f"it ends, and the processes of {running} run"
    left = [name for name, status in history.status.items() if status not in ENDED]
    return f"it ends, and {left} have not" if left else None


@at_commit("I06", "an ended run has no live attempt, gate, timer, kill")
def rests(history: History, run: Run, events: list[Event]) -> str | None:
    if history.end is None or history.undoing is not None:
        return None
    if run.timers or run.live or not run.resting or agenda.questions(run):
        return f"it has ended, and owes {run.timers} {list(run.live)}"
    return None


@at_event("I27", "run status is a function of the stages", *ENDS)
def ends_as_its_stages(history: History, event: End) -> str | None:
    failed = [
        name
        for name, status in history.status.items()
        if status == "failed" and name not in history.tolerated
    ]
    if history.cancelled:
        wanted: type = happened.RunCancelled
    elif failed or history.halted:
        wanted = happened.RunFailed
    else:
        wanted = happened.RunSucceeded
    if type(event) is not wanted:
        return f"{type(event).__name__}, and its stages say {wanted.__name__}"
    if isinstance(event, happened.RunFailed | happened.RunCancelled):
        if not event.reason.code or not event.reason.text:
            return "it ends without a reason"
    return None


@at_commit("I27", "run status is a function of the stages")
def status_as_stages(history: History, run: Run, events: list[Event]) -> str | None:
    if history.end is not None:
        wanted = history.end
    elif history.held:
        wanted = "pending"
    else:
        wanted = "waiting_approval" if history.waiting and not history.busy else "running"
    if run.status.value != wanted:
        return f"it is {run.status.value}, and its stages say {wanted}"
    if run.warnings != len(history.tolerated):
        return f"{run.warnings} warnings, {len(history.tolerated)} tolerated failures"
    return None


@at_commit("I14", "seq is gapless")
def seq_counts_events(history: History, run: Run, events: list[Event]) -> str | None:
    return None if run.seq == history.count else f"seq {run.seq}, {history.count} events"


@at_commit("I25", "every wait has a durable deadline or an explicit none")
def wakes_in_time(history: History, run: Run, events: list[Event]) -> str | None:
    wake_at = agenda.wake_at(run)
    if history.held:
        return None  # others admit it
    history.count_time()
    due_at = min(history.deadlines.values(), default=None)
    timeout_s = history.created.pipeline.timeout_s
    if history.busy_since is not None and timeout_s is not None:
        if "run_timeout" not in history.halted:
            end_at = history.at + max(0.0, timeout_s - history.worked_s) + ROUNDING_S
            due_at = end_at if due_at is None else min(due_at, end_at)
    if due_at is not None and (wake_at is None or wake_at > due_at):
        return f"something is due at {due_at}, and it wakes at {wake_at}"
    if history.end is None and not history.live and wake_at is None and not history.waiting:
        return "it goes on, and nothing will ever move it"
    return None


@at_event("5.5", "a run times out after its working time, not before", happened.RunHalted)
def timed_out_in_time(history: History, event: happened.RunHalted) -> str | None:
    if event.reason.code != "run_timeout":
        return None
    timeout_s = history.created.pipeline.timeout_s
    since = history.busy_since
    worked_s = history.worked_s + (0.0 if since is None else event.at - since)
    if timeout_s is None or worked_s < timeout_s - ROUNDING_S:
        return f"it worked {worked_s} s of {timeout_s} s"
    return None


@at_end("I15", "replay = live state")
def replay_is_live(history: History, run: Run, log: list[Event]) -> str | None:
    if fold(None, log) != run:
        return "the log, folded anew, is another run"
    if len(log) % STORED_EVERY:
        return None  # reading what was stored costs more than living it
    stored = [(*dump_event(event), event.at) for event in log]
    if fold(None, (load_event(*each) for each in stored)) != run:
        return "the log, as it is stored and read, is another run"
    return None


@at_end("I17", "each attempt is executed at most once, after a claim")
def executed_once(history: History, run: Run, log: list[Event]) -> str | None:
    started = {
        (event.stage, event.mode, event.attempt)
        for event in log
        if isinstance(event, happened.AttemptStarted)
    }
    for key, times in history.machine.executions.items():
        if times > 1 or key not in started:
            return f"{key} was executed {times} times"
    return None


@at_end("I06", "an ended run has no live attempt, gate, timer, kill")
def no_process_is_left(history: History, run: Run, log: list[Event]) -> str | None:
    left = [each.key for each in history.machine.processes.values() if each.state is State.RUNNING]
    return f"the processes of {left} outlived the run" if left else None


@at_event("C7", "after a cancel is acknowledged nothing new starts", happened.AttemptStarted)
def cancelled_rollback_starts_nothing(
    history: History, event: happened.AttemptStarted
) -> str | None:
    if history.cancelled and event.mode is Mode.ROLLBACK:
        return f"the compensation of `{event.stage}` starts after the cancel"
    return None
