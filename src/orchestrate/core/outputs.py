"""What an agent promises to give out (`outputs:`), and whether it did.

A promise is a JSON Schema of an object (the part of JSON Schema listed here), or short:
`{passed: integer, report: string?}`, or a list of names. This module must never guess: a keyword
it does not know is a fault of the promise, not something to pass over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

FAULTS_SHOWN_MAX = 20
VALUE_SHOWN_MAX = 60

TYPES = ("string", "integer", "number", "boolean", "object", "array", "null", "any")

_NOTES = frozenset(
    {"title", "description", "default", "examples", "format", "deprecated", "$schema", "$id",
     "$comment"}
)  # fmt: skip
_KEYWORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "const",
     "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}
)  # fmt: skip


class BadPromise(Exception):
    """`outputs:` that cannot be understood. `args[0]` says what is wrong and what may stand."""


def promise(written: object) -> dict[str, Any]:
    """`outputs:` as somebody wrote it → a JSON Schema of an object. Raises BadPromise."""
    if isinstance(written, str):
        written = [written]
    if isinstance(written, list):
        names = [name for name in written if isinstance(name, str)]
        if len(names) < len(written):
            raise BadPromise("a list of outputs is a list of names")
        return {"type": "object", "properties": {name: {} for name in names}, "required": names}
    if not isinstance(written, Mapping):
        raise BadPromise("outputs are a map, such as {passed: integer, report: string?}")
    if written.get("type") == "object" or isinstance(written.get("properties"), Mapping):
        _check_schema(written, "")
        return dict(written)
    schema: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for name, short in written.items():
        optional = isinstance(short, str) and short.endswith("?")
        schema["properties"][name] = _long(name, short)
        if not optional:
            schema["required"].append(name)
    return schema


def keep(schema: Mapping[str, Any], outputs: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The outputs, each of the promised type, and how they break the promise, in sentences.

    Outputs written as `name=value` are text; text that reads as the promised type is taken as it.
    """
    promised = schema.get("properties", {})
    kept = {name: _read_as(promised.get(name, {}), value) for name, value in outputs.items()}
    faults: list[str] = []
    _compare(schema, kept, "", faults)
    if len(faults) > FAULTS_SHOWN_MAX:
        more = len(faults) - FAULTS_SHOWN_MAX
        faults[FAULTS_SHOWN_MAX:] = [f"and {more} faults more"]
    return kept, faults


# ── the promise ──────────────────────────────────────────────────────────────────────────────────


def _long(name: str, short: object) -> dict[str, Any]:
    if isinstance(short, Mapping):
        _check_schema(short, name)
        return dict(short)
    kind = short.removesuffix("?") if isinstance(short, str) else ""
    if kind not in TYPES:
        raise BadPromise(f"output `{name}` has the type {_shown(short)}; known: {', '.join(TYPES)}")
    return {} if kind == "any" else {"type": kind}


def _check_schema(schema: object, place: str) -> None:
    where = f" of `{place}`" if place else ""
    if not isinstance(schema, Mapping):
        raise BadPromise(f"the schema{where} must be a map, not {_shown(schema)}")
    for key in schema:
        if key not in _KEYWORDS and key not in _NOTES and not str(key).startswith("x-"):
            known = ", ".join(sorted(_KEYWORDS))
            raise BadPromise(f"the schema{where} uses `{key}`, which is not known here: {known}")
    types = schema.get("type", [])
    for kind in types if isinstance(types, list) else [types]:
        if kind not in TYPES[:-1]:
            known = ", ".join(TYPES[:-1])
            raise BadPromise(f"the schema{where} has the type {_shown(kind)}; known: {known}")
    for name, form in (("properties", Mapping), ("required", list), ("enum", list)):
        if name in schema and not isinstance(schema[name], form):
            raise BadPromise(f"`{name}` of the schema{where} is not a {_NOUN[form]}")
    if not all(isinstance(name, str) for name in schema.get("required", ())):
        raise BadPromise(f"`required` of the schema{where} is not a list of names")
    for name in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"):
        if name in schema and not _is(schema[name], "number"):
            raise BadPromise(f"`{name}` of the schema{where} is not a number")
    for name, part in schema.get("properties", {}).items():
        _check_schema(part, f"{place}.{name}" if place else str(name))
    for name, inside in (("items", "[]"), ("additionalProperties", ".*")):
        if name in schema and not isinstance(schema[name], bool):
            _check_schema(schema[name], place + inside)


_NOUN = {Mapping: "map", list: "list"}

# ── the outputs ──────────────────────────────────────────────────────────────────────────────────


def _read_as(schema: object, value: Any) -> Any:
    """Text as the value it spells, where only that is promised; anything else as it is."""
    types = schema.get("type", "string") if isinstance(schema, Mapping) else "string"
    kinds = [types] if isinstance(types, str) else types
    if not isinstance(value, str) or "string" in kinds:
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return read if any(_is(read, kind) for kind in kinds) else value


def _is(value: Any, kind: str) -> bool:
    if kind == "integer":
        whole = isinstance(value, float) and value.is_integer()
        return whole or (isinstance(value, int) and not isinstance(value, bool))
    if kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    return isinstance(value, _CLASSES[kind])


_CLASSES: Mapping[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "object": Mapping, "array": (list, tuple), "null": type(None),
}  # fmt: skip


def _compare(schema: Any, value: Any, place: str, faults: list[str]) -> None:
    """Append a sentence for everything in `value` that `schema` does not allow."""
    name = f"output `{place}`" if place else "the outputs"
    if schema is False:
        faults.append(f"{name} is not declared")
    if not isinstance(schema, Mapping):
        return
    types = schema.get("type", [])
    allowed = [types] if isinstance(types, str) else list(types)
    if allowed and not any(_is(value, kind) for kind in allowed):
        faults.append(f"{name} must be {' or '.join(allowed)}, not {_shown(value)}")
        return
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        choice = ", ".join(_shown(each) for each in schema["enum"])
        faults.append(f"{name} must be one of {choice}, not {_shown(value)}")
    if "const" in schema and not _same(value, schema["const"]):
        faults.append(f"{name} must be {_shown(schema['const'])}, not {_shown(value)}")
    faults.extend(f"{name} {fault}" for fault in _bounds(schema, value))
    if isinstance(value, Mapping):
        _compare_object(schema, value, place, faults)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _compare(schema.get("items", True), each, f"{place}[{index}]", faults)


def _compare_object(
    schema: Mapping[str, Any], value: Mapping[str, Any], place: str, faults: list[str]
) -> None:
    promised = schema.get("properties", {})
    inside = f"{place}." if place else ""
    faults.extend(
        f"output `{inside}{key}` is missing"
        for key in schema.get("required", ())
        if key not in value
    )
    other = schema.get("additionalProperties", True)
    for key, each in value.items():
        _compare(promised.get(key, other), each, f"{inside}{key}", faults)


def _bounds(schema: Mapping[str, Any], value: Any) -> list[str]:
    found: list[str] = []
    measures = [("minimum", "maximum", value, "")] if _is(value, "number") else []
    if isinstance(value, str):
        measures = [("minLength", "maxLength", len(value), " characters long")]
    elif isinstance(value, list | tuple):
        measures = [("minItems", "maxItems", len(value), " items long")]
    for least, most, size, unit in measures:
        if least in schema and size < schema[least]:
            found.append(f"must be at least {schema[least]}{unit}, not {size}")
        if most in schema and size > schema[most]:
            found.append(f"must be at most {schema[most]}{unit}, not {size}")
    return found


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= VALUE_SHOWN_MAX else f"{text[:VALUE_SHOWN_MAX]}..."
