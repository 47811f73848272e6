"""What the live channel shows, encoded once for all who look: runs, rows of lists, approvals.

Everything is read after the commit it is read for, so it is at least as new as what was announced.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from threading import Lock
from typing import Any, TypeVar

from orchestrate.engine.driver import Engine
from orchestrate.web import shapes
from orchestrate.web.call import dump

T = TypeVar("T")
Blocking = Callable[[Callable[[], Any]], Awaitable[Any]]

MOVED_MAX = 5_000
PICTURES_MAX = 256
ROWS_MAX = 200
ONE_BY_ONE_MAX = 4
BOARD_MAX = 2_000
LIVE = ("pending", "running", "waiting_approval")


class Marks:
    """Which run moved when, by a number that grows with every commit.

    It begins with the time, so that a number of an earlier server is never taken for one of ours.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.now = time.time_ns() // 1000
        self._floor = self.now
        self._moved: OrderedDict[int, int] = OrderedDict()

    def move(self, run_ids: Iterable[int]) -> None:
        with self._lock:
            self.now += 1
            for run_id in run_ids:
                self._moved[run_id] = self.now
                self._moved.move_to_end(run_id)
            while len(self._moved) > MOVED_MAX:
                self._floor = self._moved.popitem(last=False)[1]

    def of(self, run_id: int) -> int:
        with self._lock:
            return self._moved.get(run_id, self._floor)

    def since(self, mark: int) -> list[int] | None:
        """The runs that moved after a mark; None where nobody can tell any more."""
        with self._lock:
            if not self._floor <= mark <= self.now:
                return None
            return [run_id for run_id, at in self._moved.items() if at > mark]


class Pictures:
    """Used on one loop. What is asked by many at a time is read once."""

    def __init__(self, engine: Engine, marks: Marks, blocking: Blocking) -> None:
        self._reader = engine.reader
        self._marks = marks
        self._blocking = blocking
        self._runs: OrderedDict[int, tuple[int, asyncio.Future[tuple[int, bytes] | None]]]
        self._runs = OrderedDict()
        self._rows: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self.board = Board(engine, blocking)

    async def run(self, run_id: int) -> tuple[int, bytes] | None:
        """A run's `seq` and the whole of it; None if there is none."""
        mark = self._marks.of(run_id)
        kept = self._runs.get(run_id)
        if kept is None or kept[0] < mark:
            future: asyncio.Future[tuple[int, bytes] | None]
            future = asyncio.ensure_future(self._blocking(lambda: self._read_run(run_id)))
            kept = (mark, future)
            self._runs[run_id] = kept
            while len(self._runs) > PICTURES_MAX:
                self._runs.popitem(last=False)
        try:
            return await asyncio.shield(kept[1])
        except BaseException:  # also a cancelled wait: what failed is not kept
            if self._runs.get(run_id) is kept and kept[1].done():
                del self._runs[run_id]
            raise

    def _read_run(self, run_id: int) -> tuple[int, bytes] | None:
        row = self._reader.run(run_id)
        if row is None:
            return None
        return row["seq"], dump({"topic": f"run:{run_id}", **shapes.run(row)})

    async def rows(self, run_ids: Iterable[int]) -> list[bytes]:
        """Runs as a list shows them."""
        marks = {run_id: self._marks.of(run_id) for run_id in run_ids}
        old = [each for each in marks if self._rows.get(each, (-1, b""))[0] < marks[each]]
        if old:
            found: dict[int, bytes] = await self._blocking(lambda: self._read_rows(old))
            for run_id, row in found.items():
                self._rows[run_id] = (marks[run_id], row)
                self._rows.move_to_end(run_id)
            while len(self._rows) > max(MOVED_MAX, len(marks)):
                self._rows.popitem(last=False)
        return [self._rows[each][1] for each in marks if each in self._rows]

    def _read_rows(self, run_ids: list[int]) -> dict[int, bytes]:
        wanted = set(run_ids)
        found: dict[int, bytes] = {}
        if len(wanted) > ONE_BY_ONE_MAX:
            rows = self._reader.runs(pipeline=None, status=None, limit=ROWS_MAX, before=None)
            found = {row["id"]: _row(row) for row in rows if row["id"] in wanted}
        for run_id in wanted - found.keys():
            rows = self._reader.runs(pipeline=None, status=None, limit=1, before=run_id + 1)
            found.update({row["id"]: _row(row) for row in rows if row["id"] == run_id})
        return found

    async def all_rows(self) -> list[bytes]:
        """The newest runs, and those that live, however old."""
        found: list[bytes] = await self._blocking(self._read_all)
        return found

    def _read_all(self) -> list[bytes]:
        found: dict[int, bytes] = {}
        for status in (None, *LIVE):
            rows = self._reader.runs(pipeline=None, status=status, limit=ROWS_MAX, before=None)
            found.update({row["id"]: _row(row) for row in rows})
        return [found[run_id] for run_id in sorted(found)]


def _row(row: shapes.Row) -> bytes:
    return dump(shapes.run_in_list(row))


class Board:
    """The questions to people as they were read last, each with the mark of its last change."""

    def __init__(self, engine: Engine, blocking: Blocking) -> None:
        self._reader = engine.reader
        self._blocking = blocking
        self._lock = asyncio.Lock()
        self._read_at = -1
        self._floor = 0
        self._kept: OrderedDict[int, tuple[int, bytes, bool]] = OrderedDict()

    async def since(self, mark: int | None, now: int) -> list[bytes]:
        """What changed after a mark, as of `now`; everything open where nobody can tell."""
        async with self._lock:
            if self._read_at < now:
                found = await self._blocking(self._read)
                self._keep(found, now)
                self._read_at = now
        if mark is None or mark < self._floor or mark > now:
            return [text for _, text, pending in self._kept.values() if pending]
        return [text for at, text, _ in self._kept.values() if at > mark]

    def _read(self) -> dict[int, tuple[bytes, bool]]:
        rows = self._reader.approvals(status=None, limit=ROWS_MAX // 2, before=None)
        rows += self._reader.approvals(status="pending", limit=ROWS_MAX, before=None)
        found = {row["id"]: row for row in rows}
        for number, (_, _, pending) in list(self._kept.items()):
            if pending and number not in found:
                row = self._reader.approval(number)
                if row is not None:
                    found[number] = row
        return {
            number: (dump(shapes.approval(row)), row["status"] == "pending")
            for number, row in sorted(found.items())
        }

    def _keep(self, found: dict[int, tuple[bytes, bool]], now: int) -> None:
        first = self._read_at < 0
        for number, (text, pending) in found.items():
            kept = self._kept.get(number)
            if kept is None or kept[1] != text:
                self._kept[number] = (now, text, pending)
                self._kept.move_to_end(number)
        if first:
            self._floor = now
        for number in [each for each, kept in self._kept.items() if not kept[2]]:
            if len(self._kept) <= BOARD_MAX:
                break
            self._floor = max(self._floor, self._kept.pop(number)[0])
