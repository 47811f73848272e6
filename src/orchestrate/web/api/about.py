"""Calls about the server and what it knows: agents, the language, the audit trail, its health."""

from __future__ import annotations

from concurrent.futures import TimeoutError as TooLong

from orchestrate.engine import catalog
from orchestrate.language.diagnostic import as_dict
from orchestrate.web import schemas, shapes
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call
from orchestrate.web.paging import PAGING, page_by_id, place_id
from orchestrate.web.problem import BUSY, Problem

READY_S_MAX = 2.0


def agents(asked: Asked) -> Answer:
    """What the agents' files define, and what of them is shadowed or could not be read."""
    found = catalog.found_agents(asked.engine.layout.project)
    return Answer(
        content={
            "items": [shapes.agent(each) for _, each in sorted(found.definitions.items())],
            "next": None,
            "default": None if found.default is None else shapes.agent(found.default),
            "shadowed": [
                {"name": lost.name, "source": lost.source, "by": won.source}
                for lost, won in found.shadowed
            ],
            "skipped": [{"path": path, "why": why} for path, why in found.skipped],
        }
    )


def schema(_: Asked) -> Answer:
    from orchestrate.language.schema import json_schema

    return Answer(content=json_schema())


def validate(asked: Asked) -> Answer:
    reading = catalog.validate(asked.engine, asked.body["definition"])
    return Answer(
        content={
            "valid": reading.pipeline is not None,
            "name": None if reading.pipeline is None else reading.pipeline.name,
            "diagnostics": [as_dict(each) for each in reading.diagnostics],
        }
    )


def audit(asked: Asked) -> Answer:
    limit = asked.query["limit"]
    rows = asked.engine.reader.audit(limit + 1, place_id(asked.query["cursor"]))
    return Answer(content=page_by_id(rows, limit, shapes.audit_entry))


def healthy(_: Asked) -> Answer:
    return Answer(content={"status": "ok"})


def ready(asked: Asked) -> Answer:
    """Whether the engine takes what is asked, and the store keeps it."""
    try:
        asked.engine.perform(lambda _: None).result(timeout=READY_S_MAX)
    except TooLong:
        raise Problem(BUSY, "the engine does not answer", headers={"Retry-After": "1"}) from None
    if asked.engine.trouble is not None:
        raise Problem(BUSY, asked.engine.trouble, headers={"Retry-After": "3"})
    return Answer(content={"status": "ready"})


CALLS = (
    Call(
        method="GET", path="/api/agents", name="list_agents", tag="about",
        about="The agents that a pipeline can name here.", act=agents, scope=Scope.READ,
        answers={200: "Agents"},
    ),
    Call(
        method="GET", path="/api/schema", name="get_schema", tag="about",
        about="The JSON Schema of a definition, for editors.", act=schema, scope=None,
        answers={200: "JsonSchema"},
    ),
    Call(
        method="POST", path="/api/validate", name="validate", tag="about",
        about="Everything that is wrong with a definition; nothing is stored.", act=validate,
        scope=None, body=schemas.VALIDATE, body_required=True, answers={200: "Validation"},
    ),
    Call(
        method="GET", path="/api/audit", name="list_audit", tag="about",
        about="Who did what, newest first.", act=audit, scope=Scope.ADMIN, query=PAGING,
        answers={200: "AuditEntries"},
    ),
    Call(
        method="GET", path="/healthz", name="healthz", tag="about",
        about="Whether the server lives.", act=healthy, scope=None, open_to_all=True,
        answers={200: "Health"},
    ),
    Call(
        method="GET", path="/readyz", name="readyz", tag="about",
        about="Whether it can be worked with.", act=ready, scope=None, open_to_all=True,
        answers={200: "Health"},
    ),
)  # fmt: skip
