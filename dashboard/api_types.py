"""Writes src/logic/api-types.ts from the shapes of the OpenAPI document: `make ui` runs it.

A test compares; what the API says and what the dashboard believes cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrate.web.openapi import document
from orchestrate.web.routes import CALLS

OUT = Path(__file__).parent / "src/logic/api-types.ts"
HEAD = "// Written by dashboard/api_types.py from the API's own document. Change the API instead.\n"
WIDTH = 100
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_SKIPPED = {"OpenApi", "JsonSchema"}


def written() -> str:
    """The whole file."""
    shapes: Mapping[str, Mapping[str, Any]] = document(CALLS)["components"]["schemas"]
    parts = [_declared(name, shapes[name]) for name in sorted(shapes) if name not in _SKIPPED]
    return HEAD + "\n" + "\n".join(parts)


def _declared(name: str, schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        return f"export type {name} = {_type(schema)};\n"
    needed = set(schema.get("required", ()))
    lines = [
        f"  {key}{'' if key in needed else '?'}: {_type(value)};\n"
        for key, value in schema["properties"].items()
    ]
    return f"export interface {name} {{\n{''.join(map(_broken, lines))}}}\n"


def _broken(line: str) -> str:
    """A long line, at its bars."""
    if len(line) <= WIDTH:
        return line
    key, _, rest = line.partition(": ")
    inner = re.fullmatch(r"\(\{ (.*) \}\)\[\];\n", rest)
    if inner is not None:
        return f"{key}: {{\n    " + inner[1].replace("; ", ";\n    ") + ";\n  }[];\n"
    return f"{key}:\n    | " + rest.replace(" | ", "\n    | ")


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " | ".join(_type(each) for each in schema[word])
    kinds = schema.get("type", [])
    listed = [kinds] if isinstance(kinds, str) else list(kinds)
    return " | ".join(_one(kind, schema) for kind in listed) or "unknown"


def _one(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "null":
        return "null"
    if "enum" in schema and kind == "string":
        return " | ".join(f'"{each}"' for each in schema["enum"])
    if kind == "array":
        inner = _type(schema.get("items", {}))
        return f"{inner}[]" if re.fullmatch(r"\w+", inner) else f"({inner})[]"
    if kind == "object":
        if "properties" not in schema:
            return "Record<string, unknown>"
        pairs = (f"{key}: {_type(value)}" for key, value in schema["properties"].items())
        return "{ " + "; ".join(pairs) + " }"
    return _PLAIN[kind]


if __name__ == "__main__":
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(written(), encoding="utf-8")
