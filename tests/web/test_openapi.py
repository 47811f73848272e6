"""The OpenAPI document: whole, without loose ends. That answers obey it, every client checks."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator

from orchestrate.web.fields import WORDS
from orchestrate.web.routes import CALLS
from tests.web.conftest import House


def test_the_document_names_every_call(house: House) -> None:
    document = house.client.get("/api/openapi.json").data
    assert document["openapi"] == "3.1.0"
    named = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert named == {(call.method, call.path) for call in CALLS}


def test_every_reference_leads_somewhere(house: House) -> None:
    document = house.client.get("/api/openapi.json").data
    for node in nodes(document):
        if "$ref" in node:
            target: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]


def test_every_schema_is_one(house: House) -> None:
    document = house.client.get("/api/openapi.json").data
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    used = {each.rpartition("/")[2] for node in nodes(document) if (each := node.get("$ref"))}
    assert set(document["components"]["schemas"]) <= used


def test_every_operation_says_what_it_takes_and_gives(house: House) -> None:
    document = house.client.get("/api/openapi.json").data
    names = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            given = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert given == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"].endswith(".")
            assert any(status.startswith("2") for status in operation["responses"])
            assert {"400", "500", "503"} <= operation["responses"].keys()
    assert len(names) == len(set(names))


def test_what_is_taken_is_checked_by_every_word_of_its_schema() -> None:
    """A word that `fields` does not know would be shown and not obeyed."""
    for call in CALLS:
        taken = [each.schema for each in call.query] + ([call.body] if call.body else [])
        for schema in taken:
            for node in schemas(schema):
                assert node.keys() <= WORDS


def schemas(schema: Any) -> list[Any]:
    below = [*schema.get("properties", {}).values()]
    below += [each for key in ("items", "additionalProperties") if (each := schema.get(key))]
    return [schema, *(one for each in below if isinstance(each, dict) for one in schemas(each))]


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for each in node for found in nodes(each)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for each in node.values() for found in nodes(each))]
