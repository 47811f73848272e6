"""An event → the runs it starts: judged first, then started in one transaction.

Judging reads definitions and agents, and takes as long as it takes; whether it still holds is
looked at when the runs are started. It keeps no event.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrate.core.commands import Refused, Start
from orchestrate.core.people import Caller
from orchestrate.core.predicate import quoted
from orchestrate.core.trigger import Verdict, first_met
from orchestrate.engine import starting
from orchestrate.engine.chain import chain_of, refusal
from orchestrate.engine.door import Broken, Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.happening import NOT_NAMED, Happening, Outcome
from orchestrate.engine.starting import Order
from orchestrate.engine.watchers import Watcher, Watchers

SAME_BODY_S = 7 * 86_400.0
log = logging.getLogger("orchestrate")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A pipeline that an event starts: its row, the trigger that is met, the run to start."""

    row: Mapping[str, Any]
    met: Verdict
    command: Start


@dataclass(slots=True)
class Judged:
    """`outcome` says why the others are not started; `meetings` are still to be."""

    meetings: list[Meeting] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)


def judge(engine: Engine, watchers: Watchers, happening: Happening, by: Caller) -> Judged:
    """Which pipelines an event starts, their runs made ready, and why the others not."""
    judged = Judged()
    judged.outcome.notes, judged.outcome.replay_of = happening.notes, happening.replay_of
    waits = False
    for watcher in watchers.hear(engine.reader, happening.facts):
        waits = waits or any(each.named for each in watcher.said)
        _meet(engine, judged, watcher, happening, by)
    if not waits:
        judged.outcome.reason = "no pipeline waits for such an event"
    elif not judged.meetings:
        judged.outcome.reason = "no pipeline is started"
    return judged


def _meet(
    engine: Engine, judged: Judged, watcher: Watcher, happening: Happening, by: Caller
) -> None:
    row, met = watcher.row, first_met(watcher.said)
    name = str(row["name"])
    if happening.facts.event == "schedule" and happening.facts.data.get("pipeline") != name:
        judged.outcome.pass_over(name, f"{NOT_NAMED}the schedule of another pipeline")
        return
    if met is None:
        named = any(each.named for each in watcher.said)
        unnamed = f"{NOT_NAMED}{quoted(happening.facts.event)}"
        reason = "no trigger is met" if named else unnamed
        judged.outcome.pass_over(name, reason, watcher.said)
        return
    if not row["enabled"]:
        judged.outcome.pass_over(name, "it is disabled", watcher.said)
        return
    whole = engine.reader.pipeline_by_id(row["id"])
    assert whole is not None, "pipelines are never forgotten"
    order = Order(pipeline=name, workspace=happening.workspace)
    round_again = refusal(happening.facts, name)
    if round_again is not None:
        judged.outcome.pass_over(name, round_again, watcher.said)
        return
    try:
        command = starting.command_of(engine, whole, order, happening.whole_facts, by)
        command = replace(command, chain=chain_of(happening.facts))
    except Refused as refused:
        judged.outcome.pass_over(name, _sentence(refused), watcher.said)
    else:
        judged.meetings.append(Meeting(whole, met, command))


def is_stale(door: Door, judged: Judged) -> bool:
    """Whether a pipeline that is to be started was changed, disabled or deleted meanwhile."""
    for each in judged.meetings:
        now = door.store.current(each.row["name"])
        if now is None or (now.id, now.revision) != (each.row["id"], each.row["revision"]):
            return True
        if not now.enabled:
            return True
    return False


def start_all(door: Door, event_id: int, happening: Happening, judged: Judged) -> tuple[int, ...]:
    """Start every run that was made ready, each wholly or not at all; keep what became of each."""
    outcome = judged.outcome.copy()
    runs = []
    for each in judged.meetings:
        name = str(each.row["name"])
        before = _started_before(door, happening, each.row["id"])
        if before is not None:
            outcome.pass_over(name, f"this very body has started run {before} already")
            continue
        try:
            with door.part():
                run = door.start(replace(each.command, trigger=event_id))
        except Refused as refused:
            outcome.pass_over(name, _sentence(refused))
        except Broken:
            log.exception("run of %s, for event %s", name, event_id)
            outcome.pass_over(name, "a fault of ours: the server's log says more")
        else:
            runs.append(run.id)
            outcome.start(name, run.id, each.met)
    if judged.meetings and not runs:
        outcome.reason = "no pipeline is started"
    door.store.set_outcome(event_id, outcome.as_json(), door.clock())
    return tuple(runs)


def _started_before(door: Door, happening: Happening, pipeline_id: int) -> int | None:
    """C9: one body starts at most one run of a pipeline, whatever its delivery is called."""
    if happening.body_sha256 is None:
        return None
    since = door.clock() - SAME_BODY_S
    return door.store.body_started(happening.body_sha256, pipeline_id, since)


def _sentence(refused: Refused) -> str:
    return f"{refused.text}: {refused.hint}" if refused.hint else refused.text
