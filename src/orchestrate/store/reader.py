"""The read side: what the tables say, as plain dictionaries; any thread may ask.

Every call sees one moment of the database, whatever is written meanwhile. It reads pictures and
logs; nothing here decides, and nothing here can write. Lists are newest first and go on from the
id of their last row (`before`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from orchestrate.store import outbox
from orchestrate.store import queries as ask
from orchestrate.store.cell import INTEGER_MAX, instant, seconds, storable
from orchestrate.store.chain import first_broken_entry, first_broken_event
from orchestrate.store.connection import BUSY_TIMEOUT_S, connect, named
from orchestrate.store.migrate import check, known
from orchestrate.store.snapshot import Record, Snapshot

IDLE_MAX = 16  # connections kept open between calls


class Reader:
    """Reads what a `Store` writes, in the same process or another. A call borrows a connection."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    def open(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """A reader, once the tables are known to be of this release."""
        with closing(connect(path, busy_timeout_s=busy_timeout_s, readonly=True)) as connection:
            try:
                check(connection, len(known()))
            except sqlite3.Error as error:
                raise named(error, path) from error
        return cls(path, busy_timeout_s=busy_timeout_s)

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    # -- pipelines ---------------------------------------------------------------------

    def pipelines(self) -> list[Record]:
        """Those that are not deleted, by name, each with its `last_run` (a run row, or None)."""
        with self._moment() as now:
            found = now.records(ask.PIPELINES)
            last = {each["pipeline_id"]: each for each in now.records(ask.LAST_RUN_OF_EACH)}
        return [{**each, "last_run": last.get(each["id"])} for each in found]

    def pipeline(self, name: str) -> Record | None:
        with self._moment() as now:
            return _with_last_run(now, now.record(ask.PIPELINE, (storable(name),)))

    def pipeline_by_id(self, pipeline_id: int) -> Record | None:
        """Deleted ones too: `deleted_at` says so."""
        with self._moment() as now:
            return _with_last_run(now, now.record(ask.PIPELINE_BY_ID, (_id(pipeline_id),)))

    def watching(self) -> list[Record]:
        """The pipelines that have triggers, by name, without their definitions."""
        with self._moment() as now:
            return now.records(ask.WATCHING)

    def revisions(self, name: str) -> list[Record]:
        """Newest first, without the definitions; of a deleted pipeline too."""
        with self._moment() as now:
            return now.records(ask.REVISIONS, (storable(name),))

    def revision(self, name: str, number: int) -> Record | None:
        with self._moment() as now:
            return now.record(ask.REVISION, (storable(name), _id(number)))

    # -- runs --------------------------------------------------------------------------

    def runs(
        self, *, pipeline: str | None, status: str | None, limit: int, before: int | None
    ) -> list[Record]:
        """Newest first, without their stages. A name means the pipeline that last bore it."""
        wanted = [storable(each) for each in (pipeline, status) if each is not None]
        with self._moment() as now:
            query = ask.RUNS[pipeline is not None, status is not None]
            return now.records(query, (*wanted, _before(before), _id(limit)))

    def last_runs(self, pipeline_id: int, n: int) -> list[Record]:
        with self._moment() as now:
            return now.records(ask.LAST_RUNS, (_id(pipeline_id), _id(n)))

    def run(self, run_id: int) -> Record | None:
        """The run with `stages`, `approvals` (and their `decisions`), `rollbacks` (and `steps`)."""
        with self._moment() as now:
            found = now.record(ask.RUN, (_id(run_id),))
            if found is None:
                return None
            found["stages"] = now.records(ask.STAGES, (run_id,))
            asked = now.records(ask.APPROVALS_OF_RUN, (run_id,))
            found["approvals"] = [_with_decisions(now, each) for each in asked]
            rollbacks = now.records(ask.ROLLBACKS, (run_id,))
            steps: dict[int, list[Record]] = {each["id"]: [] for each in rollbacks}
            for step in now.records(ask.STEPS, (run_id,)) if rollbacks else ():
                steps[step.pop("rollback_id")].append(step)
            found["rollbacks"] = [{**each, "steps": steps[each["id"]]} for each in rollbacks]
        return found

    def attempts(self, run_id: int, stage: str | None = None) -> list[Record]:
        """The rows of `agents`, in the order of dispatch: every attempt and every compensation."""
        with self._moment() as now:
            if stage is None:
                return now.records(ask.ATTEMPTS, (_id(run_id),))
            return now.records(ask.ATTEMPTS_OF_STAGE, (_id(run_id), storable(stage)))

    # -- the log -----------------------------------------------------------------------

    def events(self, run_id: int, after: int, limit: int) -> list[Record]:
        """What happened to a run behind entry `after`; `at` is text, `at_s` the exact seconds."""
        with self._moment() as now:
            found = now.records(ask.EVENTS, (_id(run_id), _id(after), _id(limit)))
        return [{**each, "at": instant(each["at_s"])} for each in found]

    def verify_run(self, run_id: int) -> int | None:
        """The first entry of a run's log that was changed or is missing; None if all are whole."""
        with self._moment() as now:
            length = now.rows(ask.LENGTH, (_id(run_id),)).fetchone()
            rows = now.rows(ask.WHOLE_LOG, (_id(run_id),)).fetchall()
        broken = first_broken_event(run_id, rows)
        if broken is None and length is not None and length[0] > len(rows):
            return len(rows) + 1
        return broken

    # -- approvals ---------------------------------------------------------------------

    def approvals(self, *, status: str | None, limit: int, before: int | None) -> list[Record]:
        """Newest first, each with its `decisions` and the name of its `pipeline`."""
        with self._moment() as now:
            if status is None:
                found = now.records(ask.APPROVALS, (_before(before), _id(limit)))
            else:
                values = (storable(status), _before(before), _id(limit))
                found = now.records(ask.APPROVALS_BY_STATUS, values)
            return [_with_decisions(now, each) for each in found]

    def approval(self, approval_id: int) -> Record | None:
        with self._moment() as now:
            found = now.record(ask.APPROVAL, (_id(approval_id),))
            return found and _with_decisions(now, found)

    def approval_key(self, approval_id: int) -> tuple[int, int] | None:
        """(run id, number of the question in that run)."""
        with self._moment() as now:
            found: tuple[int, int] | None = now.rows(
                ask.APPROVAL_KEY, (_id(approval_id),)
            ).fetchone()
            return found

    def approval_id(self, run_id: int, number: int) -> int:
        """LookupError if that run has asked no such question."""
        with self._moment() as now:
            found = now.rows(ask.APPROVAL_ID, (_id(run_id), _id(number))).fetchone()
        if found is None:
            raise LookupError(f"run {run_id} has asked no question {number}")
        own: int = found[0]
        return own

    # -- the world around --------------------------------------------------------------

    def trigger_events(self, limit: int, before: int | None = None) -> list[Record]:
        """Newest first, without what came with them."""
        with self._moment() as now:
            return now.records(ask.TRIGGERS, (_before(before), _id(limit)))

    def trigger_event(self, event_id: int) -> Record | None:
        """With what came with it (`payload`) and the ids of the `runs` it started."""
        with self._moment() as now:
            found = now.record(ask.TRIGGER, (_id(event_id),))
            if found is not None:
                found["runs"] = [each for (each,) in now.rows(ask.STARTED_BY, (event_id,))]
        return found

    def waiting_events(self, limit: int, after: int = 0) -> list[int]:
        """The events of which nobody has found out yet what they start, oldest first."""
        with self._moment() as now:
            return [each for (each,) in now.rows(ask.WAITING, (_id(after), _id(limit)))]

    def last_delivery(self, source: str, prefix: str) -> str | None:
        """Of the deliveries of a source that begin with `prefix`, the last by name."""
        with self._moment() as now:
            found = now.rows(ask.LAST_DELIVERY, (source, prefix, prefix + "\U0010ffff"))
            return next((delivery for (delivery,) in found), None)

    def audit(self, limit: int, before: int | None = None) -> list[Record]:
        with self._moment() as now:
            found = now.records(ask.AUDIT, (_before(before), _id(limit)))
        return [{**each, "at": instant(each["at_s"])} for each in found]

    def verify_audit(self, key: bytes = b"") -> int | None:
        """The first entry of the audit trail that was changed or is missing; None: all whole."""
        with self._moment() as now:
            return first_broken_entry(key, now.rows(ask.WHOLE_AUDIT))

    def token(self, sha256: str) -> Record | None:
        """Revoked and expired ones too: `revoked_at`, `expires_at` say so."""
        with self._moment() as now:
            return now.record(ask.TOKEN, (storable(sha256),))

    def tokens(self, limit: int, before: int | None = None) -> list[Record]:
        with self._moment() as now:
            return now.records(ask.TOKENS, (_before(before), _id(limit)))

    # -- what is to be told --------------------------------------------------------------

    def notifications(
        self, *, status: str | None, limit: int, before: int | None = None
    ) -> list[Record]:
        with self._moment() as now:
            if status is None:
                return now.records(outbox.NOTIFICATIONS, (_before(before), _id(limit)))
            values = (storable(status), _before(before), _id(limit))
            return now.records(outbox.NOTIFICATIONS_BY_STATUS, values)

    def notification(self, notification_id: int) -> Record | None:
        with self._moment() as now:
            return now.record(outbox.NOTIFICATION, (_id(notification_id),))

    def due(self, channel: str, at: float, limit: int) -> tuple[list[Record], float | None]:
        """What one channel is to be told by then; if nothing, when there will be something."""
        with self._moment() as now:
            found = now.records(outbox.DUE, (channel, instant(at), _id(limit)))
            (next_at,) = now.rows(outbox.NEXT_DUE, (channel,)).fetchone()
        return found, None if next_at is None else seconds(next_at)

    # -- connections -------------------------------------------------------------------

    @contextmanager
    def _moment(self) -> Iterator[Snapshot]:
        """A read transaction on a connection that nobody else uses meanwhile."""
        connection = self._borrowed()
        try:
            connection.execute("BEGIN")
            yield Snapshot(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            raise named(error, self._path) from error
        except BaseException:  # whoever asked is gone; the connection may be in any state
            connection.close()
            raise
        if self._closed or len(self._idle) >= IDLE_MAX:
            connection.close()
        else:
            self._idle.append(connection)

    def _borrowed(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path, busy_timeout_s=self._busy_timeout_s, readonly=True)


def _id(number: int) -> int:
    """A number from outside as one a database can compare; no row has such an id."""
    return max(-INTEGER_MAX, min(number, INTEGER_MAX))


def _before(number: int | None) -> int:
    return INTEGER_MAX if number is None else _id(number)


def _with_decisions(now: Snapshot, approval: Record) -> Record:
    """And with whom it was told, or why not (semantics 7.11)."""
    own = (approval["id"],)
    told = now.records(outbox.OF_APPROVAL, own)
    return {**approval, "decisions": now.records(ask.DECISIONS, own), "notifications": told}


def _with_last_run(now: Snapshot, pipeline: Record | None) -> Record | None:
    if pipeline is None:
        return None
    return {**pipeline, "last_run": now.record(ask.LAST_RUNS, (pipeline["id"], 1))}
