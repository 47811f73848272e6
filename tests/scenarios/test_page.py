"""Every example of docs/testing-pipelines.md is lived through, and its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

from orchestrate.cli.ending import run
from orchestrate.cli.rehearse import run_file
from tests.scenarios import pages

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", pages.PAGE.read_text(), re.MULTILINE | re.DOTALL)
YAML = [text for kind, text in BLOCKS if kind == "yaml"]
PIPELINE, *SHOWN = YAML
*PASSING, FAILING = SHOWN
HEAD = "pipeline: ship.yaml\ngroups: {ops: [bob, cyd]}\nscenarios:\n"


@pytest.mark.parametrize("text", PASSING, ids=range(len(PASSING)))
def test_what_is_shown_passes(text: str, tmp_path: Path) -> None:
    (tmp_path / "ship.yaml").write_text(PIPELINE)
    whole = text if "\nscenarios:\n" in text else HEAD + indent(text, "  ")
    path = tmp_path / "ship.test.yaml"
    path.write_text(whole)
    tested = run_file(str(path), whole)
    assert (tested.diagnostics, tested.pipeline_diagnostics) == ([], [])
    assert tested.scenarios
    assert [each for each in tested.scenarios if not each["passed"]] == []


def test_what_is_said_is_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ship.yaml").write_text(PIPELINE)
    (tmp_path / "ship.test.yaml").write_text(FAILING)
    monkeypatch.chdir(tmp_path)
    assert run(["pipeline", "test", "ship.test.yaml"]) == 1
    (shown,) = [text for kind, text in BLOCKS if kind == "text"]
    assert capsys.readouterr().out == shown


def test_the_tables_are_those_of_the_code() -> None:
    rewrite = "run `python -m tests.scenarios.pages`"
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page(), rewrite
