"""Cron: when pipelines start by the clock, and what becomes of firings that were missed (10.6).

Each firing is an event with a name of its own, so that none starts anything twice. What fired
last is read from the events; nothing else is stored.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from orchestrate.core.condition import Facts
from orchestrate.core.pipeline import Trigger
from orchestrate.engine.asks import Overloaded
from orchestrate.engine.driver import Engine
from orchestrate.engine.happening import Happening
from orchestrate.engine.intake import Intake
from orchestrate.store.failures import StoreError

MISSED_MAX = 10
LATE_S = 60.0
RETRY_WAIT_S = 1.0
LOOKED_AT_MAX = 100_000
SOURCE = "schedule"
log = logging.getLogger("orchestrate")


def firings(cron: str, timezone: str | None, after: float) -> Iterator[float]:
    """When a schedule fires after a moment, in epoch seconds; summer time fires once (10.6)."""
    zone = ZoneInfo(timezone or "UTC")
    for each in CronSim(cron, datetime.fromtimestamp(after, zone)):
        yield each.timestamp()


def coming(triggers: Sequence[Mapping[str, Any]], after: float, count: int) -> list[float]:
    """The next `count` firings of the triggers of a pipeline, as they are stored."""
    found = [
        islice(firings(each["cron"], each.get("timezone"), after), count)
        for each in triggers
        if each.get("cron")
    ]
    return list(islice(merge(*found), count))


def due(trigger: Trigger, since: float, now: float) -> list[float]:
    """What a trigger must fire now, having fired until `since`: the missed by its own rule."""
    assert trigger.cron is not None, "only a schedule fires"
    found: list[float] = []
    for count, at in enumerate(firings(trigger.cron, trigger.timezone, since)):
        if at > now or count >= LOOKED_AT_MAX:
            break
        found = [*found[-MISSED_MAX + 1 :], at]
    on_time = [at for at in found if at > now - LATE_S]
    if trigger.missed == "all":
        return found
    if trigger.missed == "skip":
        return on_time
    return found[-1:]


@dataclass(frozen=True, slots=True)
class _Timer:
    """One schedule of one pipeline. `key` names it among the deliveries of its source."""

    pipeline: str
    key: str
    trigger: Trigger
    since: float

    def delivery(self, at: float) -> str:
        return f"{self.key} {_utc(at)}"


class Schedule:
    """A thread that sleeps until the next firing, or until a pipeline is changed."""

    def __init__(self, engine: Engine, intake: Intake) -> None:
        self._engine = engine
        self._intake = intake
        self._changed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._keep, name="schedule", daemon=True)

    def open(self) -> None:
        self._engine.when_catalog_changes(self._changed.set)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._changed.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ended:
            self._changed.clear()
            try:
                wait_s = self._fire()
            except (StoreError, Overloaded) as fault:
                log.warning("schedules wait: %s", fault)
                wait_s = RETRY_WAIT_S
            self._changed.wait(wait_s)

    def _fire(self) -> float | None:
        """Fire what is due; the seconds until the next firing, None if there is none."""
        now = self._engine.clock()
        coming: list[float] = []
        for timer in self._timers():
            for at in due(timer.trigger, timer.since, now):
                self._intake.take(_happening(timer, at))
            following = next(firings(_cron(timer), timer.trigger.timezone, now), None)
            if following is not None:
                coming.append(following)
        if not coming:
            return None
        return min(max(0.0, min(coming) - self._engine.clock()), threading.TIMEOUT_MAX)

    def _timers(self) -> list[_Timer]:
        timers = []
        for row in self._engine.reader.pipelines():
            if not row["enabled"] or '"cron"' not in json.dumps(row["triggers"]):
                continue
            whole = self._engine.reader.pipeline_by_id(row["id"])
            assert whole is not None, "pipelines are never forgotten"
            pipeline = self._engine.readings.pipeline(whole["sha256"], whole["definition"])
            timers += [self._timer(whole, each) for each in pipeline.triggers if each.cron]
        return timers

    def _timer(self, row: Mapping[str, Any], trigger: Trigger) -> _Timer:
        said = f"{trigger.cron}|{trigger.timezone}"
        key = f"{row['id']}.{hashlib.sha256(said.encode()).hexdigest()[:12]}"
        known = self._engine.reader.last_delivery(SOURCE, f"{key} ")
        since = datetime.fromisoformat(row["updated_at"]).timestamp()
        if known is not None:
            since = max(since, datetime.fromisoformat(known.partition(" ")[2]).timestamp())
        return _Timer(row["name"], key, trigger, since)


def _cron(timer: _Timer) -> str:
    assert timer.trigger.cron is not None, "a timer has a schedule"
    return timer.trigger.cron


def _happening(timer: _Timer, at: float) -> Happening:
    data = {"pipeline": timer.pipeline, "cron": timer.trigger.cron, "scheduled_at": _utc(at)}
    return Happening(
        facts=Facts(event="schedule", data=data), source=SOURCE, delivery=timer.delivery(at)
    )


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
