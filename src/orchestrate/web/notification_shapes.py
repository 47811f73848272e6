"""Notifications as the API shows them: the schema, and the rows made to fit it."""

from __future__ import annotations

from orchestrate.store.outbox import STATUSES
from orchestrate.web.fields import Schema
from orchestrate.web.schemas import ID, INTEGER, STRING, TIME, maybe, page_of, record

SHAPES: dict[str, Schema] = {
    "Notification": record(
        id=ID,
        key=STRING,
        channel=STRING,
        occasion=STRING,
        run_id=ID,
        approval_id=maybe(INTEGER),
        status={"type": "string", "enum": [*STATUSES]},
        attempts=INTEGER,
        error=maybe(STRING),
        created_at=TIME,
        due_at=maybe(TIME),
        sent_at=maybe(TIME),
    ),
    "Notifications": page_of("Notification"),
}
