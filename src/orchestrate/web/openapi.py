"""The OpenAPI document, written from the very declarations that the application obeys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from orchestrate import __version__
from orchestrate.web import event_shapes, notification_shapes
from orchestrate.web.body import INTEGER_MAX
from orchestrate.web.call import JSON, NDJSON, TEXT, Call, Deed, Param
from orchestrate.web.problem import KINDS, MEDIA_TYPE
from orchestrate.web.routing import NAME_PATTERN
from orchestrate.web.schemas import SHAPES, ref

ABOUT = (
    "Pipelines of agents. On the Unix socket you are who the kernel says; over TCP send "
    "`Authorization: Bearer TOKEN`. Every error is `application/problem+json` (RFC 9457)."
)
TAGS = {
    "pipelines": "What people write, and its revisions.",
    "runs": "What became of it: stages, events, logs.",
    "approvals": "What is asked of people.",
    "events": "What happened, here and elsewhere, and what it started.",
    "access": "Who may what.",
    "about": "The server, and what it knows.",
}
ALWAYS = (400, 414, 421, 431, 500, 503)
OF_IDENTITY = (401, 403)
OF_BODY = (408, 413, 415, 422)
_NAME = {"type": "string", "pattern": f"^{NAME_PATTERN}$"}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": INTEGER_MAX}
IN_PATH = {
    "name": _NAME, "stage": _NAME, "source": _NAME, "id": _NUMBER, "revision": _NUMBER,
}  # fmt: skip


def document(calls: Iterable[Call]) -> dict[str, Any]:
    """OpenAPI 3.1 of these calls."""
    paths: dict[str, Any] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orchestrate", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": SHAPES | event_shapes.SHAPES | notification_shapes.SHAPES,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {str(status): _problem(status) for status in _statuses()},
        },
        "security": [{"token": []}],
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.about,
        "description": _who(call),
        "tags": [call.tag],
        "parameters": [*_in_path(call), *map(_in_query, call.query), *_in_head(call)],
        "responses": {
            **{str(status): _answer(call, name) for status, name in call.answers.items()},
            **{
                str(status): {"$ref": f"#/components/responses/{status}"}
                for status in sorted(_failures(call) - call.answers.keys())
            },
        },
    }
    if call.body is not None:
        operation["requestBody"] = {
            "required": call.body_required,
            "content": {"application/json": {"schema": call.body}},
        }
    if call.raw_bytes_max:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": {}}}}
    if call.open_to_all or call.signed:
        operation["security"] = []
    return operation


def _who(call: Call) -> str:
    if call.open_to_all:
        return "Nobody is asked who they are."
    if call.signed:
        return "Needs: a signature over the body, with the secret of the source."
    who = "people only, no agents; " if call.people_only else ""
    who += "the owner only; " if call.owner_only else ""
    return f"Needs: {who}{f'scope `{call.scope}`' if call.scope else 'any token'}."


def _failures(call: Call) -> set[int]:
    found = {*ALWAYS, *call.problems}
    if not call.open_to_all and not call.signed:
        found.update(OF_IDENTITY)
    if call.body is not None:
        found.update(OF_BODY)
    if call.query or isinstance(call.act, Deed):
        found.add(422)
    if call.method != "GET":
        found.add(507)
    return found


def _statuses() -> list[int]:
    return sorted({kind.status for kind in KINDS})


def _problem(status: int) -> dict[str, Any]:
    said = " · ".join(kind.title for kind in KINDS if kind.status == status)
    response: dict[str, Any] = {
        "description": said,
        "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
    }
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def _answer(call: Call, name: str) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    content: dict[str, Any] = {"application/json": {"schema": ref(name)}}
    headers: dict[str, Any] = {}
    if name == "Log":
        content = {TEXT.partition(";")[0]: text, NDJSON: text}
        for each in ("Attempt", "Offset", "End"):
            headers[f"Orchestrate-Log-{each}"] = {"schema": {"type": "string"}}
    if call.etag:
        headers["ETag"] = {"schema": {"type": "string"}}
    response: dict[str, Any] = {"description": call.about, "content": content}
    return response | ({"headers": headers} if headers else {})


def _in_path(call: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": IN_PATH[name]}
        for name in re.findall(r"{(\w+)}", call.path)
    ]


def _in_query(param: Param) -> dict[str, Any]:
    return {
        "name": param.name,
        "in": "query",
        "required": False,
        "description": param.about,
        "schema": param.schema,
    }


def _in_head(call: Call) -> list[dict[str, Any]]:
    found = []
    if isinstance(call.act, Deed) and call.method == "POST":
        schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append(("Idempotency-Key", schema, "One effect, however often it is sent."))
    if call.etag and call.method != "GET":
        schema = {"type": "string"}
        found.append(("If-Match", schema, "The ETag you have seen; 412 if it is another by now."))
    return [
        {"name": name, "in": "header", "required": False, "schema": schema, "description": about}
        for name, schema, about in found
    ]
