"""What is to be told to whom, and what became of it: told at least once, or kept as a dead letter.

A row is made in the transaction of the events it tells of, so none can be lost. What a forge shows
(the status of a commit, a comment) is one row for each such thing, which is raised again whenever
there is something newer to show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrate.store.cell import instant, storable
from orchestrate.store.database import Database
from orchestrate.store.snapshot import Query

ERROR_CHARACTERS_MAX = 1_000
PENDING, SENT, DEAD = STATUSES = ("pending", "sent", "dead")

_NOTICE = (
    "INSERT INTO notifications (key, channel, occasion, run_id, approval_id, seq, target, status,"
    " attempts, error, created_at, due_at) VALUES (?, ?, ?, ?,"
    " (SELECT id FROM approvals WHERE run_id = ? AND number = ?), ?, ?, ?, 0, ?, ?, ?)"
)
_ADD = f"{_NOTICE} ON CONFLICT (key) DO NOTHING"
# A newer run, or a newer state of the same one, is to be shown instead of what was.
_RAISE = (
    f"{_NOTICE} ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, seq = excluded.seq,"
    " status = 'pending', attempts = 0, error = NULL, created_at = excluded.created_at,"
    " due_at = excluded.due_at WHERE excluded.run_id >= notifications.run_id"
)
# Only what is still to be told: a row that was raised meanwhile has another seq or run.
_TOLD = (
    "UPDATE notifications SET status = 'sent', attempts = attempts + 1, error = NULL, sent_at = ?"
    " WHERE id = ? AND run_id = ? AND seq = ? AND status = 'pending'"
)
_REMOTE = "UPDATE notifications SET remote = ? WHERE id = ?"
_FAILED = (
    "UPDATE notifications SET attempts = attempts + 1, error = ?, due_at = ?, status = ?"
    " WHERE id = ? AND run_id = ? AND seq = ? AND status = 'pending'"
)
_RESEND = (
    "UPDATE notifications SET status = 'pending', attempts = 0, error = NULL, due_at = ?"
    " WHERE id = ? RETURNING channel"
)
_ABANDON = (
    "UPDATE notifications SET status = 'dead', error = ? WHERE status = 'pending' AND channel = ?"
)
_WAITED_FOR = "SELECT DISTINCT channel FROM notifications WHERE status = 'pending'"
_SOURCE = (
    "SELECT e.source FROM pipeline_runs r JOIN trigger_events e ON e.id = r.trigger_event_id"
    " WHERE r.id = ?"
)

_COLUMNS = (
    "SELECT n.id, n.key, n.channel, n.occasion, n.run_id, n.approval_id, n.seq, n.target, n.remote,"
    " n.status, n.attempts, n.error, n.created_at, n.due_at, n.sent_at FROM notifications n"
)
NOTIFICATIONS = Query(f"{_COLUMNS} WHERE n.id < ? ORDER BY n.id DESC LIMIT ?")
NOTIFICATIONS_BY_STATUS = Query(
    f"{_COLUMNS} WHERE n.status = ? AND n.id < ? ORDER BY n.id DESC LIMIT ?"
)
NOTIFICATION = Query(f"{_COLUMNS} WHERE n.id = ?")
OF_APPROVAL = Query(f"{_COLUMNS} WHERE n.approval_id = ? ORDER BY n.id")
DUE = Query(
    f"{_COLUMNS} WHERE n.channel = ? AND n.status = 'pending' AND n.due_at <= ?"
    " ORDER BY n.due_at, n.id LIMIT ?"
)
NEXT_DUE = "SELECT min(due_at) FROM notifications WHERE channel = ? AND status = 'pending'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that one channel is to be told. `approval`: its number in the run.

    `error`: why it cannot be told at all; it is kept as a dead letter then.
    """

    key: str
    channel: str
    occasion: str
    run_id: int
    approval: int | None
    seq: int
    at: float
    target: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one attempt to tell row `id` of its state at (`run_id`, `seq`).

    `error` None: it was told. `due_at` None: it is not tried again.
    """

    id: int
    run_id: int
    seq: int
    at: float
    error: str | None = None
    due_at: float | None = None
    remote: str | None = None


class Outbox(Database):
    """The letters. Those who carry them live elsewhere, and cannot hold up who writes them."""

    def add_notices(self, notices: Iterable[Notice]) -> None:
        """Within the transaction of the events that they tell of."""
        for each in notices:
            at = instant(each.at)
            status = PENDING if each.error is None else DEAD
            values = (each.key, each.channel, each.occasion, each.run_id, each.run_id)
            state = (each.approval, each.seq, storable(each.target), status, _error(each.error))
            self.do(_ADD if each.target is None else _RAISE, (*values, *state, at, at))

    def note_told(self, told: Iterable[Told]) -> None:
        """What became of attempts to tell."""
        for each in told:
            which = (each.id, each.run_id, each.seq)
            if each.remote is not None:
                self.do(_REMOTE, (storable(each.remote), each.id))
            if each.error is None:
                self.do(_TOLD, (instant(each.at), *which))
            else:
                status = DEAD if each.due_at is None else PENDING
                due_at = instant(each.at if each.due_at is None else each.due_at)
                self.do(_FAILED, (_error(each.error), due_at, status, *which))

    def resend_notice(self, notice_id: int, at: float) -> str | None:
        """Let it be told once more, under its key; its channel, or None if there is no such row."""
        found = self.row(_RESEND, (instant(at), notice_id))
        return None if found is None else found[0]

    def abandon_notices(self, channel: str, error: str) -> None:
        """Nobody is there to carry them: they become dead letters, to be sent again by hand."""
        self.do(_ABANDON, (_error(error), channel))

    def channels_waited_for(self) -> list[str]:
        return [channel for (channel,) in self.rows(_WAITED_FOR)]

    def source_of(self, run_id: int) -> str | None:
        """Where the event that started a run came from."""
        found = self.row(_SOURCE, (run_id,))
        return None if found is None else found[0]


def _error(text: str | None) -> str | None:
    return None if text is None else storable(text[:ERROR_CHARACTERS_MAX])
