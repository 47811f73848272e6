"""Events come in here: each is kept, and starts the pipelines whose triggers it meets.

An event and its runs are stored in one transaction. Where something slow has to be asked first
(git, for the changed paths), the event is stored alone, marked as waiting, and seen to by a thread
of its own: after a crash the mark is still there. Nothing is acknowledged before it is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrate.core.people import Caller, Kind
from orchestrate.engine import changes
from orchestrate.engine.asks import Overloaded
from orchestrate.engine.catalog import Also
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.happening import Happening, Outcome, keep, of_row, stored_facts
from orchestrate.engine.matching import Judged, is_stale, judge, start_all
from orchestrate.engine.watchers import Watchers
from orchestrate.store.failures import StoreError

TRIES_MAX = 3
"""How often an event is judged anew because a pipeline that it starts was changed meanwhile."""
WAITING_MAX = 100
RETRY_WAIT_S = 1.0
log = logging.getLogger("orchestrate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The number of an event, and of the runs it started so far; `repeated`: it was known."""

    event: int
    runs: tuple[int, ...] = ()
    repeated: bool = False


class Intake:
    """Takes events from any thread. `open` sees to those that wait; `close` lets them wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watchers = Watchers(engine.readings)
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._awaited: dict[int, threading.Event] = {}
        self._thread = threading.Thread(target=self._see_to_all, name="events", daemon=True)

    def open(self) -> None:
        self._engine.when_events_wait(self.wake)
        self._woken.set()
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._woken.set()
        self._thread.join()

    # -- from any thread ---------------------------------------------------------------

    def take(self, happening: Happening, *, wait_s: float = 0.0) -> Kept:
        """Keep an event from outside and start what it starts.

        `wait_s`: how long to wait for the runs of one that has to wait itself. Raises Overloaded,
        StoreError; nothing is kept then.
        """
        if self._asks_git(happening):
            return self._take_waiting(happening, wait_s)
        try:
            kept = self._take_whole(happening, caller_of(happening), None)
        except (StoreError, Overloaded):
            raise
        except Exception:  # a fault of ours must not lose what others have told us
            log.exception("an event from %s cannot be judged at once", happening.source)
            kept = None
        return kept or self._take_waiting(happening, wait_s)

    def ask(self, happening: Happening, *, by: Caller, also: Also | None = None) -> Kept:
        """The same for a person, who waits for the answer; `also` is done in the transaction."""
        if self._asks_git(happening):
            happening = self._with_paths(happening)
        kept = self._take_whole(happening, by, also)
        if kept is None:
            raise Overloaded("the pipelines are being changed")
        return kept

    def wake(self) -> None:
        """There may be events that wait."""
        self._woken.set()

    def _take_whole(self, happening: Happening, by: Caller, also: Also | None) -> Kept | None:
        for _ in range(TRIES_MAX):
            judged = judge(self._engine, self._watchers, happening, by)

            def act(door: Door, judged: Judged = judged) -> Kept | None:
                return _keep_whole(door, happening, judged, also)

            kept: Kept | None = self._engine.perform(act).result()
            if kept is not None:
                return kept
        return None

    def _take_waiting(self, happening: Happening, wait_s: float) -> Kept:
        def act(door: Door) -> Kept:
            outcome = Outcome(notes=happening.notes, replay_of=happening.replay_of)
            outcome.reason = "it waits to be looked at"
            return _known(door, happening) or Kept(
                event=_add(door, happening, outcome, waiting=True)
            )

        kept: Kept = self._engine.perform(act).result()
        if not kept.repeated:
            self._wait_for(kept.event, wait_s)
        row = self._engine.reader.trigger_event(kept.event)
        assert row is not None, "it was kept"
        return replace(kept, runs=tuple(row["runs"]))

    def _wait_for(self, event_id: int, wait_s: float) -> None:
        """Return when an event was seen to, or the time is over."""
        seen_to = threading.Event()
        with self._lock:
            self._awaited[event_id] = seen_to
        self._woken.set()  # every pass after this looks for it, and finds it awaited
        seen_to.wait(wait_s)
        with self._lock:
            del self._awaited[event_id]

    def _asks_git(self, happening: Happening) -> bool:
        facts = happening.facts
        if facts.paths is not None or changes.span_of(facts) is None:
            return False
        return changes.has_clone(self._workspace(happening))

    def _with_paths(self, happening: Happening) -> Happening:
        span = changes.span_of(happening.facts)
        assert span is not None, "git is asked where there is something to ask"
        return happening.with_paths(*changes.changed_paths(self._workspace(happening), span))

    def _workspace(self, happening: Happening) -> Path:
        return Path(happening.workspace or self._engine.layout.project)

    # -- the thread of those that wait -------------------------------------------------

    def _see_to_all(self) -> None:
        while not self._ended.is_set():
            self._woken.wait()
            self._woken.clear()
            with self._lock:
                before = list(self._awaited.values())
            self._see_to_waiting()
            for seen_to in before:  # those that an earlier pass had seen to already
                seen_to.set()

    def _see_to_waiting(self) -> None:
        after = 0
        while not self._ended.is_set():
            try:
                found = self._engine.reader.waiting_events(WAITING_MAX, after)
                for event_id in found:
                    if not self._ended.is_set():
                        self._see_to(event_id)
            except (StoreError, Overloaded) as fault:
                log.warning("events wait: %s", fault)
                self._ended.wait(RETRY_WAIT_S)
                continue
            if not found:
                return
            after = found[-1]

    def _see_to(self, event_id: int) -> None:
        """Judge one event that waits. A fault of ours is its outcome: the others go on."""
        row = self._engine.reader.trigger_event(event_id)
        if row is None:
            return
        try:
            self._start(event_id, row)
        except (StoreError, Overloaded):
            raise
        except Exception:  # whatever it is, it is ours, and would come again
            log.exception("event %s cannot be judged", event_id)
            outcome = Outcome(reason="a fault of ours: the server's log says more; replay it then")
            self._engine.perform(
                lambda door: door.store.set_outcome(event_id, outcome.as_json(), door.clock())
            ).result()
        with self._lock:
            seen_to = self._awaited.get(event_id)
        if seen_to is not None:
            seen_to.set()

    def _start(self, event_id: int, row: Mapping[str, Any]) -> None:
        happening = of_row(row)
        if self._asks_git(happening):
            happening = self._with_paths(happening)
        by = caller_of(happening)
        for _ in range(TRIES_MAX):
            judged = judge(self._engine, self._watchers, happening, by)

            def act(door: Door, judged: Judged = judged) -> bool:
                if not door.store.event_waits(event_id):
                    return True
                if is_stale(door, judged):
                    return False
                door.store.set_facts(event_id, stored_facts(happening.facts))
                start_all(door, event_id, happening, judged)
                return True

            if self._engine.perform(act).result():
                return
        raise Overloaded("the pipelines are being changed")


def caller_of(happening: Happening) -> Caller:
    """Who starts the runs of an event from outside: nobody who has a say here.

    The name is that of the event's actor, so the one who caused it does not approve it (7.4).
    """
    name = happening.facts.actor or happening.source
    return Caller(name=name, kind=Kind.SYSTEM, via=f"event from {happening.source}")


# ── within a transaction ─────────────────────────────────────────────────────────────────────────


def _keep_whole(door: Door, happening: Happening, judged: Judged, also: Also | None) -> Kept | None:
    """The event and its runs; None where a pipeline was changed since it was judged."""
    known = _known(door, happening)
    if known is not None:
        return known
    if is_stale(door, judged):
        return None
    event_id = _add(door, happening, judged.outcome, waiting=False)
    runs = start_all(door, event_id, happening, judged) if judged.meetings else ()
    if also is not None:
        also(door, {"event": event_id, "runs": list(runs)})
    return Kept(event=event_id, runs=runs)


def _known(door: Door, happening: Happening) -> Kept | None:
    if happening.delivery is None:
        return None
    event_id = door.store.delivered(happening.source, happening.delivery)
    if event_id is None:
        return None
    return Kept(event=event_id, runs=tuple(door.store.started_by(event_id)), repeated=True)


def _add(door: Door, happening: Happening, outcome: Outcome, *, waiting: bool) -> int:
    return keep(door.store, happening, outcome, at=door.clock(), waiting=waiting)
