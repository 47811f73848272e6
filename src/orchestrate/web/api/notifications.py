"""Calls about what people and programs were told, and what could not be told. Nothing decides."""

from __future__ import annotations

import json
from typing import Any

from orchestrate.core.commands import Because, Refused
from orchestrate.engine.door import Door
from orchestrate.store.outbox import STATUSES
from orchestrate.web import shapes
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call, Deed, Param
from orchestrate.web.paging import PAGING, page_by_id, place_id

ALL = "all"


def listed(asked: Asked) -> Answer:
    status, limit = asked.query["status"], asked.query["limit"]
    rows = asked.engine.reader.notifications(
        status=None if status == ALL else status,
        limit=limit + 1,
        before=place_id(asked.query["cursor"]),
    )
    return Answer(content=page_by_id(rows, limit, shapes.notification))


def resend(asked: Asked) -> None:
    """It is told once more, under the key it has: whoever took it before may know it again."""
    notification_id = asked.path["id"]

    def act(door: Door) -> str:
        now = door.clock()
        channel = door.store.resend_notice(notification_id, now)
        if channel is None:
            raise Refused(Because.NOT_FOUND, f"there is no notification {notification_id}")
        door.store.add_audit(
            at=now,
            actor=asked.by.name,
            via=asked.by.via,
            action="notification.resend",
            subject=str(notification_id),
            detail=json.dumps({"channel": channel}),
        )
        if asked.also is not None:
            asked.also(door, None)
        return channel

    asked.engine.stir(asked.engine.perform(act).result())


def resent(asked: Asked, _: Any) -> Answer:
    row = asked.engine.reader.notification(asked.path["id"])
    assert row is not None, "no notification is ever deleted"
    return Answer(content=shapes.notification(row))


STATUS = Param(
    name="status",
    schema={"type": "string", "enum": [*STATUSES, ALL], "default": ALL},
    about="Only those that wait, were sent, or were given up: dead letters.",
)
CALLS = (
    Call(
        method="GET", path="/api/notifications", name="list_notifications", tag="notifications",
        about="What channels and forges were told, or are to be told, newest first.", act=listed,
        scope=Scope.READ, query=(STATUS, *PAGING), answers={200: "Notifications"},
    ),
    Call(
        method="POST", path="/api/notifications/{id}/resend", name="resend_notification",
        tag="notifications", about="Tell it once more, from the first attempt, under its key.",
        act=Deed(resend, resent), scope=Scope.RUN, answers={200: "Notification"}, problems=(404,),
    ),
)  # fmt: skip
