"""Scenarios pass where they should; else the text beside the file in `faults/` is what is said.

Rewrite the expected texts with `python -m tests.scenarios.test_scenarios`, and read the difference.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestrate.agent.definitions import Found
from orchestrate.cli.ending import run
from orchestrate.cli.rehearse import run_file
from orchestrate.engine import rehearsal, verdict
from orchestrate.language import scenario
from orchestrate.language.codes import GROUPS
from orchestrate.language.diagnostic import concise
from orchestrate.language.faults import Faults
from orchestrate.language.reader import read
from orchestrate.language.scenario_keys import json_schema
from tests.language.hostile import TEXTS

HERE = Path(__file__).parent
FAULTS = sorted((HERE / "faults").glob("*.test.yaml"))
PASSING = sorted(HERE.glob("*.test.yaml"))
CPU_S_MAX = 5.0


def said(path: Path) -> str:
    """What the command prints of a file, and how it ends."""
    out = io.StringIO()
    with contextlib.chdir(path.parent), contextlib.redirect_stdout(out):
        code = run(["pipeline", "test", path.name])
    return f"{out.getvalue()}exit code {code}\n"


@pytest.mark.parametrize("path", PASSING, ids=lambda path: path.stem)
def test_what_is_expected_comes_true(path: Path) -> None:
    tested = run_file(str(path), path.read_text())
    assert tested.valid
    faults = [each["diagnostics"] for each in tested.scenarios if not each["passed"]]
    assert faults == []


def test_the_pipeline_of_the_mission_ends_in_five_ways_and_more() -> None:
    path = HERE / "mission.test.yaml"
    tested = run_file(str(path), path.read_text())
    assert len(tested.scenarios) >= 5
    assert {each["run"] for each in tested.scenarios} == {"succeeded", "failed", "cancelled"}


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_difference_is_explained(path: Path) -> None:
    assert said(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_code_of_a_scenario_is_shown() -> None:
    shown = "".join(path.with_suffix(".txt").read_text() for path in FAULTS)
    missing = {code for code in GROUPS["Scenarios"] if f"error[{code}]" not in shown}
    assert missing == {"never-rests"}  # the next test


def test_a_run_without_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "MOVES_MAX", 3)
    monkeypatch.setattr(verdict, "MOVES_MAX", 3)
    tested = run_file(str(HERE / "mission.test.yaml"), (HERE / "mission.test.yaml").read_text())
    (fault,) = tested.scenarios[0]["diagnostics"]
    assert fault["code"] == "never-rests"
    assert fault["message"] == "the run does not come to rest within 3 steps"


def test_data_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(HERE / "mission.test.yaml"), str(HERE / "faults/exact.test.yaml")]
    assert run(["pipeline", "test", *files, "-o", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["passed"], found["failed"]) == (7, 2)
    good, bad = found["items"]
    assert good["valid"]
    assert bad["valid"]
    assert good["scenarios"][0] == {
        "name": "everything goes well", "passed": True, "run": "succeeded", "diagnostics": [],
    }  # fmt: skip
    assert bad["scenarios"][0]["diagnostics"][0]["code"] == "not-as-expected"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ([], 2, "error: name a file of scenarios\n  help: orchestrate pipeline test FILE...\n"),
        (["nowhere.yaml"], 5, "error: nowhere.yaml cannot be read: No such file or directory\n"),
        (
            ["--pipeline", "x.yaml", "y.yaml"], 2,
            "error: `--pipeline` goes with `--record`\n  help: orchestrate pipeline test FILE...\n",
        ),
        (
            ["--record", "1", "x.yaml"], 2,
            "error: `--record` takes no files\n  help: it prints; send it into one\n",
        ),
    ],
)  # fmt: skip
def test_words_that_make_no_sense(
    words: list[str], code: int, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pipeline", "test", *words]) == code
    assert capsys.readouterr().err == error


def test_the_schema_takes_what_passes_and_knows_its_keys() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in PASSING:
        validator.validate(yaml.safe_load(path.read_text()))
    broken = yaml.safe_load((HERE / "faults/keys.test.yaml").read_text())
    assert len(list(validator.iter_errors(broken))) > 3


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_gets_an_answer_soon(name: str) -> None:
    text = TEXTS[name]()
    before = time.process_time()
    faults = Faults()
    file = scenario.read(text, faults)
    assert (file is None) == faults.fatal
    assert all(concise(each, "x") for each in faults.sorted())
    assert time.process_time() - before < CPU_S_MAX


def test_a_thousand_stages_take_no_time() -> None:
    """The dearest run there is to rehearse: every stage is tried, asked about, and undone."""
    stages = "".join(
        f"  - {{name: s{n}, run: x, rollback: {{run: y}}, approvers: bob}}\n" for n in range(1_000)
    )
    last = "  - {name: last, run: x, on_failure: rollback, rollback_to: s0}\n"
    pipeline = read(f"name: long\nstages:\n{stages}{last}").pipeline
    assert pipeline is not None
    people = "".join(f"      - {{approve: s{n}, by: bob}}\n" for n in range(500))
    faults = Faults()
    file = scenario.read(
        "pipeline: x.yaml\nscenarios:\n  - name: a\n    agents: {last: fails}\n"
        f"    people:\n{people}    expect:\n      stages: {{s499: succeeded, s500: failed}}\n",
        faults,
    )
    assert file is not None, faults.sorted()
    before = time.process_time()
    verdict.test(pipeline, file.scenarios[0], file.groups, Found(), faults)
    assert faults.found == []
    assert time.process_time() - before < CPU_S_MAX


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    for each in FAULTS:
        each.with_suffix(".txt").write_text(said(each), encoding="utf-8")
