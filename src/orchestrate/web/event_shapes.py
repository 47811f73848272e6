"""Events as the API shows and takes them: the schemas, and the rows made to fit them."""

from __future__ import annotations

from orchestrate.engine.happening import TEXTS
from orchestrate.web.fields import Schema
from orchestrate.web.schemas import (
    ANY_OBJECT,
    ID,
    INTEGER,
    LINE,
    NOTHING,
    STRING,
    TIME,
    body,
    list_of,
    maybe,
    page_of,
    record,
    ref,
)
from orchestrate.web.shapes import Json, Row

__all__ = ["EMITTED", "NOTHING", "SHAPES", "in_list", "whole"]

PATHS_MAX = 10_000
LABELS_MAX = 1_000
NAME_CHARACTERS_MAX = 1_000

_FACT: Schema = {"type": "string", "maxLength": NAME_CHARACTERS_MAX}

OUTCOME = record(
    started=list_of(record(
        pipeline=STRING, run=maybe(INTEGER), trigger=maybe(INTEGER), line=maybe(INTEGER),
        note=maybe(STRING),
    )),
    not_started=list_of(record(
        pipeline=STRING, reason=STRING,
        triggers=list_of(record(trigger=INTEGER, line=INTEGER, reason=STRING)),
    )),
    more=INTEGER,
    notes=list_of(STRING),
    reason=maybe(STRING),
    replay_of=maybe(INTEGER),
)  # fmt: skip
IN_LIST = record(
    id=ID,
    name=STRING,
    source=STRING,
    delivery=maybe(STRING),
    actor=maybe(STRING),
    facts=ANY_OBJECT,
    workspace=STRING,
    received_at=TIME,
    processed_at=maybe(TIME),
    outcome=ref("EventOutcome"),
)
SHAPES: dict[str, Schema] = {
    "EventOutcome": OUTCOME,
    "TriggerEvent": record(**IN_LIST["properties"], payload={}, runs=list_of(INTEGER)),
    "TriggerEventInList": IN_LIST,
    "TriggerEvents": page_of("TriggerEventInList"),
    "Received": record(event=ID, runs=list_of(INTEGER)),
}

EMITTED: Schema = {
    **body(
        "event",
        event={**LINE, "description": "Its name, such as `push` or `build.finished`."},
        **dict.fromkeys(TEXTS, _FACT),
        paths={"type": "array", "items": _FACT, "maxItems": PATHS_MAX},
        labels={"type": "array", "items": _FACT, "maxItems": LABELS_MAX},
        payload={"description": "What came with it: `${event.payload...}`."},
        workspace={
            "type": "string",
            "maxLength": 4_000,
            "pattern": "^/.*$",
            "description": "The directory its runs work in; else the project's.",
        },
    ),
    "additionalProperties": True,
    "maxProperties": 200,
}
"""Whatever else is said is a fact, too: `${event.NAME}`."""

_NO_OUTCOME: Json = {
    "started": [], "not_started": [], "more": 0, "notes": [], "reason": None, "replay_of": None,
}  # fmt: skip


def in_list(row: Row) -> Json:
    names = ("id", "name", "source", "delivery", "actor", "facts", "workspace")
    found = {name: row[name] for name in (*names, "received_at", "processed_at")}
    return {**found, "outcome": {**_NO_OUTCOME, **row["outcome"]}}


def whole(row: Row) -> Json:
    return {**in_list(row), "payload": row["payload"], "runs": row["runs"]}
