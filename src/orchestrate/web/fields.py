"""Checking a value against a small part of JSON Schema: the very schemas the document shows.

It knows the words in `WORDS` and no others; a schema with another word is a fault of ours.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from orchestrate.web.body import INTEGER_MAX

Schema: TypeAlias = Mapping[str, Any]
Fault: TypeAlias = tuple[str, str]

WORDS = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "enum", "pattern",
    "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "maxProperties",
    "description", "examples", "default", "format",
})  # fmt: skip
FAULTS_MAX = 20
KEY_CHARACTERS_MAX = 200

_NAMES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def faults(value: Any, schema: Schema, at: str = "") -> list[Fault]:
    """Everything that is wrong with a value: (the field, what is wrong)."""
    found: list[Fault] = []
    _check(value, schema, at, found)
    return found[:FAULTS_MAX]


def _check(value: Any, schema: Schema, at: str, found: list[Fault]) -> None:
    assert schema.keys() <= WORDS, f"not checked here: {set(schema) - WORDS}"
    if len(found) >= FAULTS_MAX:
        return
    types = schema.get("type")
    if types is not None:
        listed = [types] if isinstance(types, str) else list(types)
        if not any(_is(value, each) for each in listed):
            wanted = " or ".join(_NAMES[each] for each in listed)
            found.append((at, f"has to be {wanted}, not {_NAMES[_type(value)]}"))
            return
    if "enum" in schema and value not in schema["enum"]:
        listed = [f"`{each}`" for each in schema["enum"]]
        found.append((at, f"has to be one of {', '.join(listed)}"))
        return
    match value:
        case str():
            _check_text(value, schema, at, found)
        case bool():
            return
        case int() | float():
            _check_number(value, schema, at, found)
        case dict():
            _check_object(value, schema, at, found)
        case list():
            _check_list(value, schema, at, found)
        case _:
            return


def _check_text(value: str, schema: Schema, at: str, found: list[Fault]) -> None:
    if len(value) < schema.get("minLength", 0):
        found.append((at, "must not be empty"))
    elif len(value) > schema.get("maxLength", len(value)):
        found.append((at, f"is too long: at most {schema['maxLength']} characters"))
    elif "pattern" in schema and re.fullmatch(schema["pattern"].strip("^$"), value) is None:
        found.append((at, f"does not have the form {schema['pattern']}"))


def _check_number(value: float, schema: Schema, at: str, found: list[Fault]) -> None:
    if value < schema.get("minimum", value):
        found.append((at, f"is too small: at least {schema['minimum']}"))
    elif value > schema.get("maximum", value):
        found.append((at, f"is too large: at most {schema['maximum']}"))


def _check_object(value: dict[str, Any], schema: Schema, at: str, found: list[Fault]) -> None:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    others: bool | Schema = schema.get("additionalProperties", True)
    if len(value) > schema.get("maxProperties", len(value)):
        found.append((at, f"has too many entries: at most {schema['maxProperties']}"))
        return
    missing = [name for name in schema.get("required", ()) if name not in value]
    found += [(_below(at, name), "is missing") for name in missing]
    for name, each in value.items():
        if len(found) >= FAULTS_MAX:
            return
        here = _below(at, name)
        if name in properties:
            _check(each, properties[name], here, found)
        elif others is False:
            found.append((here, _unknown(name, properties)))
        elif len(name) > KEY_CHARACTERS_MAX:
            found.append((here, f"is too long for a name: at most {KEY_CHARACTERS_MAX}"))
        elif isinstance(others, Mapping):
            _check(each, others, here, found)


def _check_list(value: list[Any], schema: Schema, at: str, found: list[Fault]) -> None:
    if len(value) < schema.get("minItems", 0):
        found.append((at, "must not be empty"))
    elif len(value) > schema.get("maxItems", len(value)):
        found.append((at, f"has too many entries: at most {schema['maxItems']}"))
    elif "items" in schema:
        for index, each in enumerate(value):
            _check(each, schema["items"], f"{at}[{index}]", found)


def _unknown(name: str, properties: Mapping[str, Schema]) -> str:
    near = difflib.get_close_matches(name[:KEY_CHARACTERS_MAX], properties, 1)
    if near:
        return f"is not known; did you mean `{near[0]}`?"
    known = ", ".join(f"`{each}`" for each in properties)
    return f"is not known; there is {known}" if known else "is not known; nothing belongs here"


def _below(at: str, name: str) -> str:
    shown = name if len(name) <= KEY_CHARACTERS_MAX else name[:KEY_CHARACTERS_MAX] + "…"
    return f"{at}.{shown}" if at else shown


def _is(value: Any, name: str) -> bool:
    found = _type(value)
    return found == name or (name == "number" and found == "integer")


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def of_text(text: str, schema: Schema) -> Any:
    """The value that a text of a query stands for; the text itself where it stands for none."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII):
        value = int(text)
        return value if abs(value) <= INTEGER_MAX else text
    if kind == "number" and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
