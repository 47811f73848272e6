"""Whether an answer is what the OpenAPI document says of the call; every client here asks it."""

from __future__ import annotations

import json
import re
from email.message import Message
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from orchestrate.web.openapi import document
from orchestrate.web.routes import CALLS

PROBLEM = "application/problem+json"


@cache
def api() -> dict[str, Any]:
    """The document, with nothing allowed in an object that it does not name."""
    strict: dict[str, Any] = _closed(json.loads(json.dumps(document(CALLS))))
    return strict


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: _closed(each) for name, each in node.items()}
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


def check(method: str, path: str, status: int, headers: Message, body: bytes) -> None:
    """AssertionError where the document and the answer disagree."""
    media = headers["Content-Type"].partition(";")[0]
    assert headers["Cache-Control"] == "no-store"
    operation = _operation(method, path)
    if status >= 400:
        assert media == PROBLEM
        problem = json.loads(body)
        _validator("#/components/schemas/Problem").validate(problem)
        assert problem["status"] == status
        assert operation is None or str(status) in operation["responses"], (method, path, problem)
        return
    assert operation is not None, f"{method} {path} is not in the document"
    said = operation["responses"][str(status)]["content"]
    assert media in said, (media, path)
    if media == "application/json" and method != "HEAD":
        _validator(said[media]["schema"]["$ref"]).validate(json.loads(body))


def _operation(method: str, path: str) -> dict[str, Any] | None:
    path = path.partition("?")[0]
    for template, operations in api()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(
                {"HEAD": "get"}.get(method, method.lower())
            )
            return found
    return None


@cache
def _validator(ref: str) -> Draft202012Validator:
    schema = {"$ref": ref, "components": api()["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())
