"""What docs/agents.md shows is true: every example is read, run, and compared."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestrate.agent.command import launch
from orchestrate.agent.context import context
from orchestrate.agent.definitions import define, discover
from orchestrate.agent.environment import INHERITED
from orchestrate.agent.facts import AttemptFacts
from orchestrate.agent.fields import EXIT_MEANINGS
from orchestrate.agent.kinds import OWN, SHARED
from orchestrate.agent.outcome import outcome_of
from orchestrate.agent.process import Exited
from orchestrate.language.reader import read

PAGE = (Path(__file__).parents[2] / "docs/agents.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DEFINING = [text for kind, text in BLOCKS if kind == "yaml" and "stages:" not in text]
SCRIPTS = [
    (text, json.loads(after)) for (kind, text), (_, after) in pairwise(BLOCKS) if kind == "sh"
]
FACTS = AttemptFacts(
    run_id=7,
    pipeline="release",
    stage="deploy",
    attempt=2,
    project=".",
    task="Deploy 1.2.0 to staging",
    variables={"version": "1.2.0"},
    last_failure="it ended with exit code 1",
    model="opus",
)


def exited(code: int, output: str = "") -> Exited:
    empty: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Exited))
    return Exited(**{**empty, "code": code, "reason": "exited", "output": output, "detail": ""})


@pytest.mark.parametrize("text", DEFINING)
def test_every_definition_shown_is_understood(tmp_path: Path, text: str) -> None:
    (tmp_path / "orchestrate.yaml").write_text(text)
    found = discover(tmp_path)
    assert found.skipped == ()
    agents = [*found.definitions.values(), *filter(None, [found.default])]
    assert agents
    for agent in agents:
        yet = (
            None
            if agent.kind == "command"
            else f"agents of kind `{agent.kind}` are not runnable yet"
        )
        assert agent.problem == yet


def test_the_pipeline_shown_is_valid() -> None:
    (text,) = [text for kind, text in BLOCKS if kind == "yaml" and "stages:" in text]
    reading = read(text, known_agents=("regression-tester", "deployer"))
    assert reading.diagnostics == ()


def test_the_kinds_shown_are_all_there_are(tmp_path: Path) -> None:
    text = next(text for text in DEFINING if "summariser" in text)
    (tmp_path / "orchestrate.yaml").write_text(text)
    assert [each.kind for each in discover(tmp_path).definitions.values()] == list(OWN)


def test_the_front_matter_shown_is_read(tmp_path: Path) -> None:
    (tmp_path / ".claude/agents").mkdir(parents=True)
    text = next(text for kind, text in BLOCKS if kind == "markdown")
    (tmp_path / ".claude/agents/any.md").write_text(text)
    agent = discover(tmp_path).definitions["code-reviewer"]
    assert agent.runnable
    assert agent.fields["description"] == "Use when: code has changed"
    assert agent.fields["timeout"] == "15m"


@pytest.mark.parametrize(("text", "shown"), SCRIPTS)
def test_every_script_shown_does_what_is_said(
    tmp_path: Path, text: str, shown: dict[str, Any]
) -> None:
    facts = dataclasses.replace(FACTS, project=str(tmp_path), run=text)
    one = launch(None, facts, key="k", home={"PATH": os.defpath})
    output = tmp_path / "output"
    output.touch()
    env = {**one.env, "ORCHESTRATE_OUTPUT": str(output)}
    done = subprocess.run(one.argv, env=env, cwd=one.cwd, check=False)
    outcome = outcome_of(exited(done.returncode, output.read_text()), None)
    said: object = dict(outcome.outputs) if outcome.kind == "succeeded" else outcome.detail
    assert {outcome.kind.value: said} == shown


def rows(heading: str) -> list[tuple[str, str]]:
    table = PAGE.split(f"| {heading} |")[1].split("\n\n")[0]
    found = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", table, re.MULTILINE)
    assert found
    return found


def test_the_table_of_fields_is_whole() -> None:
    """Every field of a command is in the table, or is said to be not available."""
    listed = {name.strip("`") for name, _ in rows("field")}
    later = set(re.findall(r"`(\w+)`", PAGE.split("Any other name is a fault")[1].split("\n\n")[0]))
    assert listed <= {*SHARED, *OWN["command"]}
    assert {*SHARED, *OWN["command"]} - listed - later == {"kind", "role"}


def test_the_table_of_names_is_whole() -> None:
    facts = dataclasses.replace(FACTS, environment="staging")
    env = launch(define("a", {"run": "x"}, ""), facts, key="k", home={}).env
    ours = {name for name in env if name.startswith("ORCHESTRATE_")}
    guards = {"ORCHESTRATE_CONTEXT", "ORCHESTRATE_OUTPUT", "ORCHESTRATE_ARTIFACTS"}
    assert {name.strip("`") for name, _ in rows("name")} == ours | guards


def test_what_is_inherited_is_said() -> None:
    said = re.search(r"From the server come `([^`]+)`", PAGE)
    assert said is not None
    assert said[1].split() == [name for name in INHERITED if not name.lower().endswith("proxy")]


def test_the_table_of_exit_codes_is_true() -> None:
    for codes, meaning in rows("code"):
        for code in re.findall(r"\d+", codes) or ["1", "2", "77", "255"]:
            outcome = outcome_of(exited(int(code)), None)
            start = {"succeeded": "succeeded", "failed": "failed", "skipped": "skipped",
                     "needs_person": "a person"}[outcome.kind]  # fmt: skip
            assert meaning.startswith(start), code
    assert all(f"`{meaning}`" in PAGE for meaning in EXIT_MEANINGS)


def test_the_context_shown_has_the_form_it_has() -> None:
    shown = next(json.loads(text) for kind, text in BLOCKS if kind == "json" and '"run"' in text)
    known = {name: shown[name] for name in ("event", "needs", "previous_attempt")}
    facts = dataclasses.replace(FACTS, context=known, model=None)
    real = context(define("deployer", {"run": "x"}, ""), facts, {})
    real["agent"] = shown["agent"]
    assert real == shown
