"""Follow a run: events as they come, the run as it becomes, the logs of what works on it.

It asks for what happens next and waits for the answer; it never asks again and again. A server
that leaves is looked for anew, and where none is left this process takes its place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from orchestrate.cli.board import pending
from orchestrate.cli.failure import Exit, Unreachable
from orchestrate.cli.road import Road
from orchestrate.cli.tails import Source, Tails
from orchestrate.cli.words import instant

WAIT_S = 25
LOST_MAX = 5
PAGE_MAX = 1_000
ENDED = frozenset({"succeeded", "failed", "cancelled"})
_CODES = {"succeeded": Exit.DONE, "failed": Exit.FAILED, "cancelled": Exit.CANCELLED}
Json = Mapping[str, Any]


class View(Protocol):
    """What shows a run: plain lines, or a picture that is drawn again.

    `begin` comes first, with the run as it is then. `past`: it happened before anybody looked.
    Logs come from threads of their own.
    """

    def begin(self, run: Json) -> None: ...
    def event(self, event: Json, *, past: bool) -> None: ...
    def run(self, run: Json) -> None: ...
    def log(self, source: Source, text: str) -> None: ...
    def close(self) -> None: ...


def at_rest(run: Json) -> bool:
    """Whether nothing more will come of it: it ended, and nothing is being undone."""
    undo = run.get("rollback") or {}
    return run["status"] in ENDED and undo.get("status") != "running"


def waits_for_people(run: Json) -> bool:
    return run["status"] == "waiting_approval" and bool(pending(run))


def code_of(run: Json) -> int:
    """The exit code of a run that was followed."""
    return _CODES.get(run["status"], Exit.DONE)


def follow(
    road: Road,
    run_id: int,
    view: View,
    until: Callable[[Json], bool] = at_rest,
    *,
    since: float | None = None,
) -> Json:
    """Show a run until it is as wanted; the run as it is then.

    What happened before `since` (epoch seconds) is told by its events alone, without its logs.
    """
    following = _Following(road, run_id, view, since)
    try:
        return following.go(until)
    finally:
        following.close()


class _Following:
    def __init__(self, road: Road, run_id: int, view: View, since: float | None) -> None:
        self._road = road
        self._run_id = run_id
        self._view = view
        self._since = since
        self._seq = 0
        self._tails = Tails(road.client, run_id, view.log)

    def close(self) -> None:
        self._tails.close()
        self._view.close()

    def go(self, until: Callable[[Json], bool]) -> Json:
        self._view.begin(self._now())
        wait_s, lost = 0, 0
        while True:
            try:
                events = self._events(wait_s)
                lost = 0
            except Unreachable:
                self._told()
                lost += 1
                if lost > LOST_MAX:
                    raise
                self._again(lost)
                continue
            if not events and wait_s:
                continue
            self._tell(events)
            self._told()
            run = self._now()
            self._view.run(run)
            wait_s = WAIT_S
            if until(run):
                if self._seq >= run["seq"]:
                    return run
                wait_s = 0

    def _now(self) -> Json:
        run: Json = self._road.get(f"/api/pipeline-runs/{self._run_id}")
        return run

    def _events(self, wait_s: int) -> list[Json]:
        answer = self._road.client.ask(
            "GET",
            f"/api/pipeline-runs/{self._run_id}/events",
            query={"after": self._seq, "limit": PAGE_MAX, "wait": wait_s or None},
            wait_s=wait_s,
        )
        return list(answer.json()["items"])

    def _told(self) -> None:
        """Raises what kept a log from being told."""
        if self._tails.fault is not None:
            raise self._tails.fault

    def _again(self, lost: int) -> None:
        """The server left: look for another one, or become it."""
        if self._road.local and not self._road.in_process:
            self._road.arrive()
        else:
            time.sleep(min(0.2 * 2**lost, 5.0))

    def _tell(self, events: list[Json]) -> None:
        ends = [each for each in events if each["type"] == "AttemptEnded"]
        ended = {_source(each) for each in ends}
        past = {_source(each) for each in ends if self._before(each)}
        for event in events:
            self._seq = max(self._seq, int(event["seq"]))
            source = _source(event)
            if source is not None and source not in past:
                if event["type"] == "AttemptEnded":
                    self._tails.end(source)
                elif source not in ended:
                    self._tails.begin(source, past=self._before(event))
            self._view.event(event, past=self._before(event))

    def _before(self, event: Json) -> bool:
        return self._since is not None and (instant(event["at"]) or 0.0) < self._since


def _source(event: Json) -> Source | None:
    if event["type"] not in ("AttemptStarted", "AttemptEnded"):
        return None
    data = event["data"]
    return Source(str(data["stage"]), int(data["attempt"]), str(data.get("mode") or "run"))
