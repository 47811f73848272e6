"""Front matter as it is found in the wild is read; our own part of it is never guessed at."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.agent.frontmatter import read
from orchestrate.agent.yamltext import BadText

PLAIN = "---\nname: reviewer\ndescription: Reviews code.\ntools: Read, Grep\n---\nYou review.\n"

CORPUS: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "as it should be",
        PLAIN,
        {"name": "reviewer", "description": "Reviews code.", "tools": "Read, Grep"},
        "You review.",
    ),
    (
        "byte order mark",
        "\ufeff---\nname: a\n---\nBody",
        {"name": "a"},
        "Body",
    ),
    (
        "Windows lines",
        "---\r\nname: a\r\ntools:\r\n  - Read\r\n---\r\nOne\r\nTwo\r\n",
        {"name": "a", "tools": ["Read"]},
        "One\nTwo",
    ),
    (
        "a colon in plain text",
        "---\nname: a\ndescription: Use when: the tests fail\nmodel: opus\n---\n",
        {"name": "a", "description": "Use when: the tests fail", "model": "opus"},
        "",
    ),
    (
        "examples in a description",
        (
            "---\nname: a\ndescription: Use this. Examples: <example>Context: x. user: 'hi'\\n"
            'assistant: "I\'ll go"</example>\n---\n'
        ),
        {
            "name": "a",
            "description": "Use this. Examples: <example>Context: x. user: 'hi'\\n"
            'assistant: "I\'ll go"</example>',
        },
        "",
    ),
    (
        "an apostrophe that opens a text",
        "---\nname: a\ndescription: 'Don't wait', it says\n---\n",
        {"name": "a", "description": "'Don't wait', it says"},
        "",
    ),
    (
        "a text in quotes with a quote in it",
        '---\nname: a\ndescription: "Say "hello" to all"\n---\n',
        {"name": "a", "description": 'Say "hello" to all'},
        "",
    ),
    (
        "an at sign, which YAML keeps for itself",
        "---\nname: a\ndescription: @reviewer does it\n---\n",
        {"name": "a", "description": "@reviewer does it"},
        "",
    ),
    (
        "tabs",
        "---\nname: a\ntools:\n\t- Read\n---\n",
        {"name": "a", "tools": "- Read"},
        "",
    ),
    (
        "our fields below a broken description",
        (
            "---\nname: a\ndescription: Use when: x\norchestrate:\n  run: pytest -q\n"
            "  timeout: 5m\n---\n"
        ),
        {
            "name": "a",
            "description": "Use when: x",
            "orchestrate": {"run": "pytest -q", "timeout": "5m"},
        },
        "",
    ),
    (
        "a key that is there twice",
        "---\nname: a\nname: b\n---\n",
        {"name": "b"},
        "",
    ),
    (
        "a ruler in the body",
        "---\nname: a\n---\nOne\n---\nTwo",
        {"name": "a"},
        "One\n---\nTwo",
    ),
    ("nothing between the fences", "---\n---\nBody", {}, "Body"),
    ("words that YAML 1.1 took for switches", "---\nname: on\n---\n", {"name": "on"}, ""),
]


@pytest.mark.parametrize(
    ("text", "fields", "body"), [case[1:] for case in CORPUS], ids=[case[0] for case in CORPUS]
)
def test_it_is_read(text: str, fields: dict[str, Any], body: str) -> None:
    matter = read(text)
    assert matter is not None
    assert (matter.fields, matter.body) == (fields, body)


def test_what_was_taken_as_plain_text_is_said() -> None:
    matter = read("---\nname: a\ndescription: Use when: x\n---\n")
    assert matter is not None
    assert matter.mended == ("description",)


@pytest.mark.parametrize("text", ["# A heading", "", "---\nname: a\n", "name: a\n---\n"])
def test_a_file_without_front_matter_has_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("---\nname: a\ndescription: x: y\norchestrate:\n  run: a\n  run: b\n---\n", 6),
        ("---\nname: a\norchestrate: {run: a: b}\n---\n", 3),
        ("---\n- a\n- b\n---\n", 2),
        ("---\n@@@\n---\n", 2),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadText) as refusal:
        read(text)
    assert refusal.value.line == line
