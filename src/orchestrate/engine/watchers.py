"""The pipelines that wait for events: what their triggers say to one. It starts nothing.

Definitions are read once and kept by the sha256 of their text, without their stages.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from orchestrate.core.condition import Facts
from orchestrate.core.pipeline import Trigger
from orchestrate.core.trigger import Verdict, verdicts
from orchestrate.engine.readings import Readings
from orchestrate.store.reader import Reader

KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Watcher:
    """`row` names the pipeline and its revision; `said` is what each of its triggers says."""

    row: Mapping[str, Any]
    said: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    triggers: tuple[Trigger, ...]
    variables: Mapping[str, str | None]


class Watchers:
    """Asked from any thread."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def hear(self, reader: Reader, facts: Facts) -> list[Watcher]:
        """Every pipeline that has triggers, and what they say to an event with these facts."""
        found = []
        for row in reader.watching():
            watched, kept = self._triggers(reader, row)
            if kept is not None:
                said = verdicts(kept.triggers, facts, kept.variables)
                found.append(Watcher(watched, said))
        return found

    def _triggers(
        self, reader: Reader, row: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], _Kept | None]:
        """What is kept of a definition, and the row it is of: it may change this very moment."""
        kept = self._known(row["sha256"])
        if kept is not None:
            return row, kept
        whole = reader.pipeline_by_id(row["id"])
        if whole is None or whole["deleted_at"] is not None:
            return row, None
        pipeline = self._readings.pipeline(whole["sha256"], whole["definition"])
        kept = _Kept(pipeline.triggers, pipeline.variables)
        with self._lock:
            self._kept[whole["sha256"]] = kept
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return whole, kept

    def _known(self, sha256: str) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(sha256)
            if kept is not None:
                self._kept.move_to_end(sha256)
            return kept
