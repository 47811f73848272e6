"""Outputs keep what was promised about them, or the fault names the output and what came."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrate.core.outputs import FAULTS_SHOWN_MAX, BadPromise, keep, promise

SHORT = {"passed": "integer", "report": "string?"}


def faults(written: object, outputs: dict[str, Any]) -> list[str]:
    return keep(promise(written), outputs)[1]


def test_the_short_form_names_types_and_what_may_be_missing() -> None:
    assert promise(SHORT) == {
        "type": "object",
        "properties": {"passed": {"type": "integer"}, "report": {"type": "string"}},
        "required": ["passed"],
    }


def test_a_list_names_outputs_of_any_type() -> None:
    assert faults(["url"], {"url": 3}) == []
    assert faults(["url"], {}) == ["output `url` is missing"]
    assert faults("url", {}) == ["output `url` is missing"]


def test_text_that_reads_as_the_promised_type_is_taken_as_it() -> None:
    """`passed=12` in $ORCHESTRATE_OUTPUT is text; the promise says that it is a number."""
    written = {"passed": "integer", "ok": "boolean", "parts": "array", "name": "string"}
    kept, broken = keep(
        promise(written), {"passed": "12", "ok": "true", "parts": "[1]", "name": "12"}
    )
    assert broken == []
    assert kept == {"passed": 12, "ok": True, "parts": [1], "name": "12"}


@pytest.mark.parametrize(
    ("written", "outputs", "fault"),
    [
        (SHORT, {}, "output `passed` is missing"),
        (SHORT, {"passed": "many"}, 'output `passed` must be integer, not "many"'),
        (SHORT, {"passed": True}, "output `passed` must be integer, not true"),
        (SHORT, {"passed": 1, "report": 2}, "output `report` must be string, not 2"),
        ({"a": {"enum": ["x", "y"]}}, {"a": "z"}, 'output `a` must be one of "x", "y", not "z"'),
        ({"a": {"const": 1}}, {"a": True}, "output `a` must be 1, not true"),
        ({"a": {"minimum": 3}}, {"a": 2}, "output `a` must be at least 3, not 2"),
        ({"a": {"maxLength": 3}}, {"a": "long"},
         "output `a` must be at most 3 characters long, not 4"),
        ({"a": {"items": {"type": "string"}}}, {"a": ["x", 1]},
         "output `a[1]` must be string, not 1"),
        ({"a": {"properties": {"b": {"type": "null"}}, "required": ["c"]}}, {"a": {"b": 1}},
         "output `a.c` is missing"),
        ({"type": "object", "additionalProperties": False}, {"a": 1}, "output `a` is not declared"),
    ],
)  # fmt: skip
def test_a_broken_promise_is_a_sentence(
    written: object, outputs: dict[str, Any], fault: str
) -> None:
    assert faults(written, outputs)[0] == fault


def test_an_output_nobody_declared_is_no_fault() -> None:
    assert faults(SHORT, {"passed": 1, "more": "x"}) == []


def test_the_number_of_sentences_is_bounded() -> None:
    names = [f"o{number}" for number in range(100)]
    broken = faults(names, {})
    assert len(broken) == FAULTS_SHOWN_MAX + 1
    assert broken[-1] == "and 80 faults more"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (3, "outputs are a map, such as {passed: integer, report: string?}"),
        ({"a": "int"}, ('output `a` has the type "int"; known: string, integer, number, boolean, '
         "object, array, null, any")),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}},
         ("the schema of `a` uses `$ref`, which is not known here: additionalProperties, const, "
         "enum, items, maxItems, maxLength, maximum, minItems, minLength, minimum, properties, "
         "required, type")),
        ({"a": {"type": "text"}}, ('the schema of `a` has the type "text"; known: string, integer, '
         "number, boolean, object, array, null")),
        ({"a": {"minimum": "3"}}, "`minimum` of the schema of `a` is not a number"),
        ({"type": "object", "required": "a"}, "`required` of the schema is not a list"),
        ([1], "a list of outputs is a list of names"),
    ],
)  # fmt: skip
def test_a_promise_nobody_understands_is_refused(written: object, why: str) -> None:
    with pytest.raises(BadPromise) as refusal:
        promise(written)
    assert str(refusal.value) == why


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 2.0]) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "items": inner | st.booleans(),
            "additionalProperties": inner | st.booleans(),
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        },
    ),
    max_leaves=5,
)


@given(SCHEMAS, VALUES)
def test_it_agrees_with_json_schema(schema: dict[str, Any], value: Any) -> None:
    """What is understood of JSON Schema means here what it means everywhere."""
    whole = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    kept, broken = keep(promise(whole), {"a": value})
    right = jsonschema.Draft202012Validator(whole).is_valid(kept)
    assert (not broken) == right
