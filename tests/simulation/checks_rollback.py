"""Invariants of going back: what is undone, in which order, once, and what is said of it."""

from __future__ import annotations

from orchestrate.core import events as happened
from orchestrate.core.commands import RollBack
from orchestrate.core.events import Event
from orchestrate.core.pipeline import OnFailure
from orchestrate.core.run import Mode, Run, StepStatus
from tests.simulation.checker import at_commit, at_end, at_event
from tests.simulation.history import History

ONCE = "a stage is undone at most once, only if it started"
NOT_CONSULTED = ("rejected", "approval_expired")


@at_event("I12", ONCE, happened.RollbackStarted)
def steps_are_what_started(history: History, event: happened.RollbackStarted) -> str | None:
    if history.undoing is not None:
        return "a rollback starts while another goes on"
    target = event.target
    reach = set(history.specs) if target is None else {target, *history.below[target]}
    before = {name for undoing in history.rollbacks for name in undoing.steps}
    wanted = {name for name in reach if history.started(name)} - before
    steps = {name for name, _ in event.steps}
    if steps != wanted or len(steps) != len(event.steps):
        return f"to `{target}`: undone are {sorted(steps)}, not {sorted(wanted)}"
    return None


@at_event("I12", ONCE, happened.AttemptStarted)
def only_what_took_effect(history: History, event: happened.AttemptStarted) -> str | None:
    if event.mode is Mode.RUN:
        return None
    if history.undoing is None or event.stage not in history.undoing.steps:
        return f"`{event.stage}` is undone outside a rollback"
    if event.stage in history.undone:
        return f"`{event.stage}` is undone again"
    if not history.machine.ran(event.stage):
        return f"`{event.stage}` is undone, and none of its processes ran"
    return None


@at_event("I12", ONCE, happened.CompensationEnded)
def passed_over_for_a_cause(history: History, event: happened.CompensationEnded) -> str | None:
    name = event.stage
    undoing = history.undoing
    if undoing is None or name not in undoing.steps or name in undoing.ended:
        return f"the compensation of `{name}` ends, and was not under way"
    code = "" if event.reason is None else event.reason.code
    if code == "never_ran" and history.machine.ran(name):
        return f"`{name}` did something, and is passed over as if it had not"
    if code == "nothing_to_undo" and history.specs[name].rollback is not None:
        return f"`{name}` says how it is undone, and is passed over"
    if event.status is StepStatus.SUCCEEDED and not history.undo_tries[name]:
        return f"`{name}` counts as undone, and nobody did anything"
    return None


@at_event("I13", "compensations go in reverse topological order", happened.AttemptStarted)
def in_reverse_order(history: History, event: happened.AttemptStarted) -> str | None:
    if event.mode is Mode.RUN:
        return None
    for name in history.below[event.stage]:
        if history.started(name) and name not in history.undone:
            return f"`{event.stage}` is undone before `{name}`, which is built on it"
    assert history.undoing is not None, "checked by I12"
    for name in history.undoing.steps:
        if (name, Mode.RUN) in history.live:
            return f"`{event.stage}` is undone while `{name}` still runs"
    return None


@at_event("8.4", "a rollback says what became of it", happened.RollbackEnded)
def verdict(history: History, event: happened.RollbackEnded) -> str | None:
    undoing = history.undoing
    if undoing is None:
        return "a rollback ends that was not under way"
    if set(undoing.ended) != undoing.steps:
        return f"it ends, and {sorted(undoing.steps - set(undoing.ended))} are not seen to"
    bad = [
        name
        for name, status in undoing.ended.items()
        if status == "failed" or undoing.codes[name] == "cancelled"
    ]
    good = "succeeded" in undoing.ended.values()
    wanted = "succeeded" if not bad else "partial" if good else "failed"
    return None if event.status.value == wanted else f"{event.status.value}, not {wanted}"


@at_event("8.6", "a run is rolled back by hand once", happened.RollbackStarted)
def by_hand_once(history: History, event: happened.RollbackStarted) -> str | None:
    if event.trigger == "manual" and history.rollbacks:
        return "it had been rolled back before"
    if event.trigger == "automatic" and isinstance(history.command, RollBack):
        return "nobody's failure asked for it"
    return None


@at_end("8.1", "a failure that asks for a rollback gets it")
def asked_for_is_done(history: History, run: Run, log: list[Event]) -> str | None:
    if history.end == "cancelled":
        return None
    got = {undoing.started.failed_stage for undoing in history.rollbacks}
    for name, spec in history.specs.items():
        consulted = history.status[name] == "failed" and (
            history.code[name] not in NOT_CONSULTED or history.started(name)
        )
        if consulted and spec.on_failure is OnFailure.ROLLBACK and name not in got:
            return f"`{name}` failed, and nothing was rolled back"
    return None


@at_commit("8.2", "what is undone is stopped first")
def stopped_first(history: History, run: Run, events: list[Event]) -> str | None:
    undoing = history.undoing
    if undoing is None:
        return None
    for name in undoing.steps:
        if (name, Mode.RUN) in history.live and (name, Mode.RUN) not in history.stop:
            return f"`{name}` is to be undone, and runs on"
    return None
