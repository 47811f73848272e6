"""What is shared is shared fairly: places, environments, the order of those that wait."""

from __future__ import annotations

from orchestrate.core import events as happened
from orchestrate.core.events import Event
from orchestrate.core.run import Mode, Run
from tests.simulation.checker import at_commit, at_event
from tests.simulation.history import History


@at_event("I29", "ready stages start in fair order", happened.AttemptStarted)
def first_come_first_served(history: History, event: happened.AttemptStarted) -> str | None:
    if event.mode is Mode.ROLLBACK or history.status[event.stage] == "running":
        return None  # a retry keeps its place
    first = _first_in_line(history, event.stage)
    if first is None or first == event.stage:
        return None
    return f"`{event.stage}` starts before `{first}`, which waited longer"


def _first_in_line(history: History, starting: str | None = None) -> str | None:
    """The stage that waited longest and whose environment nobody else has (10.8)."""
    held = {
        _environment(history, name)
        for name, status in history.status.items()
        if status == "running" and name != starting
    }
    held |= {_environment(history, name) for name, mode in history.live if mode is Mode.ROLLBACK}
    for name in history.queue:
        environment = _environment(history, name)
        if environment is None or environment not in held:
            return name
    return None


def _environment(history: History, name: str) -> str | None:
    """The environment of a stage; the only name that a life writes in one is `env`."""
    text = history.created.pipeline.stage(name).environment
    env = history.created.variables.get("env", "")
    return None if text is None else text.replace("${env}", env)


@at_event("I19", "every declared concurrency limit holds at all times", happened.AttemptStarted)
def not_while_held(history: History, event: happened.AttemptStarted) -> str | None:
    return f"`{event.stage}` starts in a run that is held" if history.held else None


@at_event("I19", "every declared concurrency limit holds at all times", happened.AttemptStarted)
def alone_in_an_environment(history: History, event: happened.AttemptStarted) -> str | None:
    environment = _environment(history, event.stage)
    if environment is None:
        return None
    others = [name for name, status in history.status.items() if status == "running"]
    others += [name for name, mode in history.live if mode is Mode.ROLLBACK]
    for name in others:
        if name != event.stage and _environment(history, name) == environment:
            return f"`{event.stage}` starts in `{environment}` beside `{name}`"
    return None


@at_commit("I19", "every declared concurrency limit holds at all times")
def enough_places(history: History, run: Run, events: list[Event]) -> str | None:
    places = history.created.pipeline.max_parallel
    if places is None:
        return None
    if len(history.live) > places:
        return f"{len(history.live)} attempts live, {places} places"
    free = sum(status == "running" for status in history.status.values()) < places
    first = _first_in_line(history)
    if first is not None and free and not (history.rollbacks or history.cancelled):
        return f"`{first}` waits while a place is free"
    return None
