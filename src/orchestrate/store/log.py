"""The log of every run: appending to it, and the fold of it. Nothing in it is ever changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrate.core.events import Event
from orchestrate.core.evolve import fold
from orchestrate.core.run import Run
from orchestrate.store.cell import storable
from orchestrate.store.chain import FIRST, seal
from orchestrate.store.codec import Unreadable, dump_event, load_event
from orchestrate.store.database import Database, Row
from orchestrate.store.drawing import draw
from orchestrate.store.failures import Conflict, StoreBroken

_NEXT_RUN = "UPDATE counters SET value = value + 1 WHERE name = 'run' RETURNING value"
_HEAD = "SELECT seq, hash FROM run_events WHERE run_id = ? ORDER BY seq DESC LIMIT 1"
_APPEND = (
    "INSERT INTO run_events (run_id, seq, type, data, at, actor, via, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_LOG = "SELECT seq, type, data, at FROM run_events WHERE run_id = ? ORDER BY seq"
_LIVE = "SELECT id FROM pipeline_runs WHERE resting = 0 ORDER BY id"


class Log(Database):
    """The runs. A run is the fold of its events; tables are drawn in the same transaction."""

    def next_run_id(self) -> int:
        """A number no run has had."""
        return self.number(_NEXT_RUN)

    def append(
        self, run: Run, events: Sequence[Event], *, after: int, actor: str, via: str
    ) -> None:
        """Write `events` after entry `after`, and redraw what they touch from `run` behind them.

        Conflict if its log does not end at `after`: then, and where an event cannot be written as
        JSON (ValueError), nothing has been touched and the transaction may go on.
        """
        assert run.seq == after + len(events), "the run is as it is behind these events"
        actor, via = storable(actor), storable(via)
        previous = self._head(run.id, after)
        rows = []
        for seq, event in enumerate(events, start=after + 1):
            type_, data = dump_event(event)
            at = float(event.at)
            previous = seal(previous, run.id, seq, type_, data, at, via, actor)
            rows.append((run.id, seq, type_, data, at, actor, via, previous))
        with self.whole():
            self.do_each(_APPEND, rows)
            draw(self, run, events)

    def load(self, run_id: int) -> Run | None:
        """The fold of its log; None if there is no such run."""
        return fold(None, self.log(run_id))

    def log(self, run_id: int) -> list[Event]:
        """Every event of a run, in order."""
        return list(_events(run_id, self.rows(_LOG, (run_id,))))

    def live(self) -> list[int]:
        """The runs that are not at rest, oldest first."""
        return [run_id for (run_id,) in self.rows(_LIVE)]

    def redraw(self, run_id: int) -> None:
        """Draw the tables of a run again, from its log alone. Its rows keep their ids."""
        events = self.log(run_id)
        run = fold(None, events)
        assert run is not None, "a run without a log has no tables"
        with self.whole():
            draw(self, run, events)

    def _head(self, run_id: int, after: int) -> str:
        """The seal of the entry to write behind."""
        end, hash_ = self.row(_HEAD, (run_id,)) or (0, FIRST)
        if end != after:
            raise Conflict(f"run {run_id} has moved: its log ends at entry {end}, not at {after}")
        assert isinstance(hash_, str)
        return hash_


def _events(run_id: int, rows: list[Row]) -> Iterator[Event]:
    for expected, (seq, type_, data, at) in enumerate(rows, start=1):
        if seq != expected:
            raise StoreBroken(f"the log of run {run_id} has a gap: entry {expected} is missing")
        try:
            yield load_event(type_, data, at)
        except Unreadable as error:
            raise StoreBroken(f"run {run_id}, entry {seq}: {error}") from error
