"""Agents are added to a file politely: what stands there stays, to the letter; or nothing is."""

from __future__ import annotations

import pytest
import yaml

from orchestrate.language.templates.merging import HEAD, NotMerged, merge

WANTED = """\
agents:
  # Finds faults.
  linter:
    description: Finds
    run: sh ci/lint.sh
  tester:
    run: sh ci/test.sh
"""
OURS = {
    "linter": {"description": "Finds", "run": "sh ci/lint.sh"},
    "tester": {"run": "sh ci/test.sh"},
}


def agents(text: str) -> object:
    return yaml.safe_load(text)["agents"]


def test_a_file_that_is_not_there_begins_with_a_word() -> None:
    merged = merge("", WANTED)
    assert merged.text == HEAD + WANTED
    assert merged.added == ("linter", "tester")


@pytest.mark.parametrize(
    "present",
    [
        "agents:\n  mine: {run: x}\n",
        "agents:\n  mine: {run: x}",
        "agents:\n    mine:   # a word\n        run: x   # another\n\n\n# the end\n",
        "agents:\n  mine:\n    run: |\n      x\n      y\n",
        "agents:\n  mine:\n    run: |\n      x\n      y\n\ndefault_agent: mine\n",
        "default_agent: mine\nagents:\n  mine: {run: x}\nx-other: [1]\n",
        "agents: {mine: {run: x}}\n",
        "agents: {mine: {run: x}, }\ndefault_agent: mine\n",
        "agents: {}\n",
        "agents:\n",
        "agents:   # none yet\ndefault_agent: {run: y}\n",
        "default_agent: {run: y}\n",
        "default_agent: {run: y}",
        "# only words\n",
        "'agents':\n  mine: {run: x}\n",
        "agents:\r\n  mine: {run: x}\r\n",
    ],
)
def test_what_is_there_stays(present: str) -> None:
    merged = merge(present, WANTED)
    before = yaml.safe_load(present) or {}
    after = yaml.safe_load(merged.text)
    assert after == {**before, "agents": {**(before.get("agents") or {}), **OURS}}
    assert merged.added == ("linter", "tester")
    for line in present.splitlines():
        if "agents" not in line:
            assert line in merged.text.splitlines()
    assert merge(merged.text, WANTED).text == merged.text


def test_comments_come_along() -> None:
    merged = merge("agents:\n    mine: {run: x}\n", WANTED)
    assert merged.text == (
        "agents:\n    mine: {run: x}\n    # Finds faults.\n    linter:\n"
        "      description: Finds\n      run: sh ci/lint.sh\n"
        "    tester:\n      run: sh ci/test.sh\n"
    )


def test_a_name_that_is_taken_keeps_its_meaning() -> None:
    present = "agents:\n  linter: {run: make lint}\n"
    merged = merge(present, WANTED)
    assert (merged.added, merged.kept) == (("tester",), ("linter",))
    assert agents(merged.text) == {"linter": {"run": "make lint"}, "tester": OURS["tester"]}


@pytest.mark.parametrize(
    ("present", "why"),
    [
        ("agents: [x\n", "line 1: the list that starts here is not closed"),
        ("- a\n", "it is no mapping, with `agents:` in it"),
        ("agents: words\n", "its `agents` is no mapping written out"),
        ("x-a: &a {mine: {run: x}}\nagents: *a\n", "its `agents` is no mapping written out"),
        ("{default_agent: mine}\n", "it is written between braces"),
    ],
)
def test_what_cannot_be_added_to_is_left(present: str, why: str) -> None:
    with pytest.raises(NotMerged) as caught:
        merge(present, WANTED)
    assert str(caught.value).startswith(why)
