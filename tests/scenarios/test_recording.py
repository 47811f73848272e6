"""A real run, recorded, is a scenario that passes: the same rules made both of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orchestrate.cli.rehearse import run_file
from tests.templates.project import Project, begin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(100)]

PIPELINE = """\
name: ship
variables: {environment: staging}
stages:
  - name: test
    run: 'test "$ORCHESTRATE_ATTEMPT" = 2 || exit 75; echo passed=31 >> "$ORCHESTRATE_OUTPUT"'
    retry: {attempts: 2, delay: 0s}
  - name: lint
    run: exit 3
    on_failure: continue
    depends_on: []
  - name: docs
    run: exit 81
    depends_on: []
  - name: deploy
    run: 'echo "url=https://$environment.example" >> "$ORCHESTRATE_OUTPUT"'
    environment: ${environment}
    depends_on: [test, lint, docs]
    rollback: {run: "true"}
    approvers: [ops]
  - name: only-main
    run: "true"
    when: {branch: main, labels: [ready]}
  - name: smoke
    run: exit 1
    on_failure: rollback
    rollback_to: deploy
"""


EVENT = {"event": "push", "branch": "main", "paths": [], "actor": "ann", "number": 7}


def recorded(project: Project, run: int, *words: str) -> str:
    text = project.orchestrate("pipeline", "test", "--record", str(run), *words)
    path = project.root / f"run-{run}.test.yaml"
    path.write_text(text)
    tested = run_file(str(path), text)
    assert (tested.diagnostics, tested.pipeline_diagnostics) == ([], [])
    (scenario,) = tested.scenarios
    assert scenario["passed"], scenario["diagnostics"]
    return text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = begin(tmp_path_factory.mktemp("recording") / "shop")
    (project.root / ".orchestrate").mkdir(mode=0o700)
    project.write({"ship.yaml": PIPELINE, "event.json": json.dumps(EVENT)})
    words = ("pipeline", "run", "ship.yaml", "--event", "event.json", "--no-wait-approval")
    project.orchestrate(*words, code=3)
    project.orchestrate("approval", "approve", "1", "--comment", "LGTM")
    return project


def test_a_run_that_was_rolled_back(project: Project) -> None:
    text = recorded(project, 1)
    one = yaml.safe_load(text)["scenarios"][0]
    assert text.startswith(
        "# Run 1 of ship, revision 1, as it was recorded.\npipeline: ship.yaml\n"
    )
    assert one["event"]["data"] == {"number": 7}
    assert one["event"]["paths"] == []
    assert one["owner"] == one["by"]
    first, second = one["agents"]["test"]
    assert (first["exits"], second["succeeds"]) == (75, {"passed": "31"})
    assert one["agents"]["docs"]["skips"] == "the agent skipped it (exit code 81)"
    assert one["expect"]["warnings"] == 1
    assert one["expect"]["stages"]["test"] == {
        "status": "succeeded", "attempts": 2, "outputs": {"passed": "31"},
    }  # fmt: skip
    assert one["expect"]["stages"]["only-main"] == {"status": "skipped", "reason": "condition"}
    assert one["expect"]["approvals"] == {"deploy": {"status": "approved", "by": [one["by"]]}}
    assert one["expect"]["rollback"]["steps"] == {"smoke": "skipped", "deploy": "succeeded"}


def test_a_run_that_somebody_rejected(project: Project) -> None:
    started = ("pipeline", "run", "ship", "--no-wait-approval", "-o", "json")
    run = json.loads(project.orchestrate(*started, code=3))
    approval = str(run["approvals"][0]["id"])
    project.orchestrate("approval", "reject", approval, "--reason", "Not: on a Friday")
    text = recorded(project, run["id"], "--pipeline", "ship.yaml")
    one = yaml.safe_load(text)["scenarios"][0]
    assert one["people"][0]["comment"] == "Not: on a Friday"
    assert one["expect"]["stages"]["deploy"] == {"status": "failed", "reason": "rejected"}


def test_a_run_that_goes_on_is_not_recorded(project: Project) -> None:
    started = ("pipeline", "run", "ship", "--no-wait-approval", "-o", "json")
    run = json.loads(project.orchestrate(*started, code=3))
    words = ("pipeline", "test", "--record", str(run["id"]))
    assert project.orchestrate(*words, code=6) == ""
    project.orchestrate("pipeline", "cancel", str(run["id"]))
    text = recorded(project, run["id"])
    assert "cancel:" in text


def test_a_run_that_took_over_results_is_not_recorded(project: Project) -> None:
    words = ("pipeline", "rerun", "1", "--failed", "-o", "json")
    again = json.loads(project.orchestrate(*words))
    project.orchestrate("pipeline", "cancel", str(again["id"]))
    assert project.orchestrate("pipeline", "test", "--record", str(again["id"]), code=6) == ""


def test_a_run_that_is_none(project: Project) -> None:
    assert project.orchestrate("pipeline", "test", "--record", "99", code=5) == ""


def test_a_recorded_text_is_a_file_of_its_own(project: Project, tmp_path: Path) -> None:
    """Somewhere else it says that its pipeline is missing, and nothing worse."""
    path = tmp_path / "moved.test.yaml"
    path.write_text(recorded(project, 1))
    tested = run_file(str(path), path.read_text())
    assert [each["code"] for each in tested.diagnostics] == ["no-pipeline"]
