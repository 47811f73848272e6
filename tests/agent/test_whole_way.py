"""From a file in a project to an outcome: found, started by a real runner, and understood."""

from __future__ import annotations

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrate.agent.command import AttemptFacts, launch
from orchestrate.agent.definitions import discover, from_json, resolve, to_json
from orchestrate.agent.outcome import outcome_of
from orchestrate.agent.process import Exited, Runner
from orchestrate.core.run import Outcome

WAIT_S = 20.0
SERVER = {"PATH": "/usr/bin:/bin", "TOKEN": "hush-hush-hush"}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    (tmp_path / "data").mkdir()
    opened = Runner.open(tmp_path / "data")
    yield opened
    opened.close()


def attempt(runner: Runner, project: Path, agents: str, variables: dict[str, str]) -> Outcome:
    """One attempt of the agent `worker` of a project, by way of the copy in the run."""
    project.mkdir()
    (project / "orchestrate.yaml").write_text(agents)
    found = resolve(discover(project), "worker")
    assert found is not None
    definition = from_json(to_json(found))
    facts = AttemptFacts(
        run_id=1, pipeline="p", stage="s", attempt=1, project=str(project), variables=variables,
        task="The task",
    )  # fmt: skip
    runner.launch([launch(definition, facts, key="1-s-1", home=SERVER)])
    while True:
        ready, _, _ = select.select([runner], [], [], WAIT_S)
        assert ready, "nothing was heard of the attempt"
        for report in runner.receive():
            if isinstance(report, Exited):
                return outcome_of(report, definition)


def test_a_command_gives_out_what_it_promised(runner: Runner, tmp_path: Path) -> None:
    agents = """
agents:
  worker:
    run: |
      cat > task
      echo "where=$PWD" >> "$ORCHESTRATE_OUTPUT"
      echo "who=$who" >> "$ORCHESTRATE_OUTPUT"
      echo "count=3" >> "$ORCHESTRATE_OUTPUT"
      echo "secret=$TOKEN" >> "$ORCHESTRATE_OUTPUT"
    secrets: TOKEN
    outputs: {count: integer, secret: string, more: string?}
"""
    outcome = attempt(runner, tmp_path / "project", agents, {"who": "$(id)"})
    assert outcome.kind == "succeeded", outcome.detail
    outputs = dict(outcome.outputs)
    assert "hush" not in str(outputs.pop("secret"))
    assert outputs == {"where": str(tmp_path / "project"), "who": "$(id)", "count": 3}
    assert (tmp_path / "project/task").read_text() == "The task"


def test_a_default_agent_works_in_an_empty_directory(runner: Runner, tmp_path: Path) -> None:
    agents = """
default_agent:
  run: |
    test -z "$(ls -A)"
    echo "reason=$ORCHESTRATE_AGENT in ${PWD##*/}" > "$ORCHESTRATE_OUTPUT"
    exit 9
  workspace: none
  exit_codes: {9: skipped}
"""
    outcome = attempt(runner, tmp_path / "project", agents, {})
    assert (outcome.kind, outcome.detail) == ("skipped", "worker in workspace")
    assert not (tmp_path / "project/workspace").exists()


def test_a_program_that_is_not_there_is_a_start_that_failed(runner: Runner, tmp_path: Path) -> None:
    agents = "agents:\n  worker: {run: [no-such-program]}\n"
    outcome = attempt(runner, tmp_path / "project", agents, {})
    assert (outcome.kind, outcome.reason) == ("failed", "start_failed")
    assert "no-such-program" in outcome.detail
