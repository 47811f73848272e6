"""YAML becomes plain values, and hostile YAML a sentence; nothing blows up."""

from __future__ import annotations

import math
from typing import Any

import pytest

from orchestrate.agent.yamltext import NODES_MAX, TEXT_BYTES_MAX, BadText, load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes", {"a": "yes"}),
        ("a: off", {"a": "off"}),
        ("on: push", {"on": "push"}),
        ("a: true", {"a": True}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 12:30:45", {"a": "12:30:45"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 010", {"a": 10}),
        ("a: 0o10", {"a": 8}),
        ("a: 0x10", {"a": 16}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("a: .inf", {"a": ".inf"}),
        ("3: skipped", {"3": "skipped"}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x {b: 1}\nc: &y {<<: *x, b: 2}\ne: {<<: *y}",
         {"a": {"b": 1}, "c": {"b": 2}, "e": {"b": 2}}),
        ("a: {b: integer?, c: [d?]}", {"a": {"b": "integer?", "c": ["d?"]}}),
        ("", None),
    ],
)  # fmt: skip
def test_values_are_those_of_the_core_schema(text: str, value: Any) -> None:
    assert load(text)[0] == value


def test_the_lines_of_the_two_top_levels_are_known() -> None:
    _, lines = load("agents:\n  one: {run: a}\n  two:\n    run: b\n")
    assert lines == {"agents": 1, "agents/one": 2, "agents/two": 3}


def nested_merges(depth: int) -> str:
    return "a0: &m0 {k0: 1}\n" + "".join(
        f"a{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], k{i}: 1}}\n" for i in range(1, depth)
    )


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a: 1\nb: 2\na: 3", "`a` is written twice", 3),
        ("a:\n  b: &x [*x]", "it contains itself", 2),
        ("? [a]\n: b", "a key must be plain text", 1),
        ("[" * 5000, "it is nested deeper than 50", 1),
        (nested_merges(30), f"it has more than {NODES_MAX} parts once aliases are expanded", 13),
        ("a" * (TEXT_BYTES_MAX + 1), "it has more than 256 KiB", None),
        ('a: "\\0"', "a text must not contain NUL or halves of characters", 1),
        ("a: " + "9" * 5000, "a number has at most 300 digits", 1),
        ("a: 1e999", "a number is too large", 1),
    ],
)
def test_what_is_refused_says_why_and_where(text: str, why: str, line: int | None) -> None:
    with pytest.raises(BadText) as refusal:
        load(text)
    assert (refusal.value.why, refusal.value.line) == (why, line)


@pytest.mark.parametrize(
    "text",
    ["a: !!python/object/apply:os.system [x]", "a: !x y", "a: b: c", "a: *nothing", "a: \x01",
     "a: \ud800", "--- a\n--- b", "a: [", "\t", "a: <<\n<<: 3"],
)  # fmt: skip
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(BadText) as refusal:
        load(text)
    assert refusal.value.why.startswith("it is not YAML: ")


def test_no_number_is_infinite() -> None:
    value = load("a: 1e300")[0]["a"]
    assert math.isfinite(value)
