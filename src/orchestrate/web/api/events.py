"""Calls about events: told by people and programs here, listed, shown, and told again by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrate.core.commands import Because, Refused
from orchestrate.engine.happening import Happening, is_ours, kept_payload, of_row
from orchestrate.engine.starting import facts_of
from orchestrate.web import event_shapes
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call, Deed
from orchestrate.web.paging import PAGING, page_by_id, place_id
from orchestrate.web.problem import not_found

SOURCE = "local"


def emit(asked: Asked) -> dict[str, Any]:
    """Keep an event that somebody here tells, and start what it starts."""
    said = dict(asked.body)
    payload, workspace = said.pop("payload", None), str(said.pop("workspace", ""))
    if "name" in said:
        raise Refused(Because.INVALID, "`event` and `name` mean the same", "say `event` alone")
    facts = facts_of(said, asked.by)
    if is_ours(facts.event):
        raise Refused(
            Because.INVALID, f"only we make `{facts.event}` events", "choose another name for yours"
        )
    text, notes = (None, ()) if payload is None else kept_payload(payload)
    happening = Happening(
        facts=facts if facts.actor else replace(facts, actor=asked.by.name),
        source=SOURCE,
        payload=text,
        notes=notes,
        workspace=workspace,
    )
    return _taken(asked, happening)


def replay(asked: Asked) -> dict[str, Any]:
    """The same event once more, judged by what the pipelines say by now."""
    row = _row(asked)
    happening = of_row(row)
    again = replace(
        happening,
        source="replay",
        delivery=None,
        body_sha256=None,
        notes=(),
        replay_of=row["id"],
    )
    return _taken(asked, again)


def _taken(asked: Asked, happening: Happening) -> dict[str, Any]:
    kept = asked.site.intake.ask(happening, by=asked.by, also=asked.also)
    return {"event": kept.event, "runs": list(kept.runs)}


def taken(_: Asked, made: Any) -> Answer:
    return Answer(content=made, status=202)


def listed(asked: Asked) -> Answer:
    limit = asked.query["limit"]
    rows = asked.engine.reader.trigger_events(limit + 1, place_id(asked.query["cursor"]))
    return Answer(content=page_by_id(rows, limit, event_shapes.in_list))


def shown(asked: Asked) -> Answer:
    return Answer(content=event_shapes.whole(_row(asked)))


def _row(asked: Asked) -> dict[str, Any]:
    row = asked.engine.reader.trigger_event(asked.path["id"])
    if row is None:
        problem = not_found(f"there is no event {asked.path['id']}")
        problem.hint = "see: orchestrate event list"
        raise problem
    return row


ONE = "/api/events/{id}"
CALLS = (
    Call(
        method="GET", path="/api/events", name="list_trigger_events", tag="events",
        about="Every event, newest first, with what became of it.", act=listed, scope=Scope.READ,
        query=PAGING, answers={200: "TriggerEvents"},
    ),
    Call(
        method="POST", path="/api/events", name="emit_event", tag="events",
        about="Tell of an event, and start what it starts.", act=Deed(emit, taken),
        scope=Scope.RUN, body=event_shapes.EMITTED, body_required=True,
        answers={202: "Received"},
    ),
    Call(
        method="GET", path=ONE, name="get_trigger_event", tag="events",
        about="One event, with what came with it, and why pipelines were started or not.",
        act=shown, scope=Scope.READ, answers={200: "TriggerEvent"}, problems=(404,),
    ),
    Call(
        method="POST", path=f"{ONE}/replay", name="replay_event", tag="events",
        about="Let an event happen once more.", act=Deed(replay, taken), scope=Scope.RUN,
        body=event_shapes.NOTHING, answers={202: "Received"}, problems=(404,),
    ),
)  # fmt: skip
