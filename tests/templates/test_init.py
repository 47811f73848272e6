"""`pipeline init` writes what is not there, adds politely, changes nothing else, and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrate.cli.ending import run

COMMANDS = re.compile(r"orchestrate pipeline \w+ \S+")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCHESTRATE_HOME", raising=False)
    monkeypatch.delenv("ORCHESTRATE_SERVER", raising=False)
    return tmp_path


def tree(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_text() for path in files}


def test_it_says_what_it_wrote(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pipeline", "init", "ci"]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "wrote   .orchestrate/  (the record of this project's runs; git ignores it)\n"
        "wrote   pipelines/ci.yaml\n"
        "wrote   pipelines/ci.test.yaml\n"
        "wrote   pipelines/ci/build.sh\n"
        "wrote   pipelines/ci/lint.sh\n"
        "wrote   pipelines/ci/test.sh\n"
        "wrote   pipelines/.schema/pipeline.json\n"
        "wrote   pipelines/.schema/scenarios.json\n"
        "wrote   orchestrate.yaml  (agents: linter, tester, builder)\n"
    )
    assert said.err == (
        "the scripts are for any project\n"
        "run it: orchestrate pipeline run pipelines/ci.yaml\n"
        "see what it does in every case: orchestrate pipeline test pipelines/ci.test.yaml\n"
    )
    assert len(tree(here)) == 9
    assert run(["pipeline", "test", "pipelines/ci.test.yaml"]) == 0


def test_again_it_changes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["pipeline", "init", "ci"])
    pipeline = here / "pipelines/ci.yaml"
    pipeline.write_text(pipeline.read_text() + "# mine\n")
    (here / "pipelines/ci/build.sh").unlink()
    before = tree(here)
    capsys.readouterr()
    assert run(["pipeline", "init", "ci", "-o", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    did = {each["path"]: (each["status"], each["about"]) for each in said["files"]}
    assert did["pipelines/ci.yaml"] == ("kept", "it was changed, and is yours")
    assert did["pipelines/ci/build.sh"] == ("wrote", "")
    assert did["pipelines/ci/lint.sh"] == ("kept", "")
    assert did["orchestrate.yaml"] == ("kept", "it defines linter, tester, builder already")
    assert said["agents"] == {"added": [], "kept": ["linter", "tester", "builder"]}
    after = tree(here)
    assert {name: each for name, each in after.items() if name in before} == before


def test_all_of_them_share_one_project(here: Path) -> None:
    (here / "orchestrate.yaml").write_text("# Ours\nagents:\n  linter: {run: make lint}\n")
    for name in ("ci", "cd", "release", "security"):
        assert run(["pipeline", "init", name]) == 0
        assert run(["pipeline", "test", f"pipelines/{name}.test.yaml"]) == 0
    text = (here / "orchestrate.yaml").read_text()
    assert text.startswith("# Ours\nagents:\n  linter: {run: make lint}\n  # Runs the tests of")


def test_a_file_of_ones_own_choice(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "package.json").write_text("{}")
    words = ["pipeline", "init", "cd", "-f", "deploy/ship.yml", "--set", "name=ship", "-o", "json"]
    assert run(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["stack"], said["pipeline"]) == ("node", "deploy/ship.yml")
    assert said["scenarios"] == "deploy/ship.test.yaml"
    assert (here / "deploy/ship/deploy.sh").is_file()
    assert "\nname: ship\n" in (here / "deploy/ship.yml").read_text()
    assert "run: sh deploy/ship/deploy.sh" in (here / "orchestrate.yaml").read_text()
    assert run(["pipeline", "test", "deploy/ship.test.yaml"]) == 0


def test_from_a_folder_below_the_paths_are_those_to_type(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / ".orchestrate").mkdir()
    (here / "docs").mkdir()
    monkeypatch.chdir(here / "docs")
    assert run(["pipeline", "init", "ci"]) == 0
    assert "run it: orchestrate pipeline run ../pipelines/ci.yaml\n" in capsys.readouterr().err
    assert run(["pipeline", "test", "../pipelines/ci.test.yaml"]) == 0
    assert run(["pipeline", "init", "cd", "-f", "ship.yaml"]) == 0
    assert "run: sh docs/ship/deploy.sh" in (here / "orchestrate.yaml").read_text()


def test_the_commands_in_the_files_are_those_that_work(here: Path) -> None:
    run(["pipeline", "init", "release", "-f", "release.yaml"])
    said = COMMANDS.findall((here / "release.yaml").read_text())
    assert set(said) == {
        "orchestrate pipeline run release.yaml",
        "orchestrate pipeline test release.test.yaml",
        "orchestrate pipeline init release`;",
    }


REFUSALS = {
    "no template": (
        ["init"], 2, "name a template", "one of: ci, cd, release, security; see --list",
    ),
    "another": (
        ["init", "cdd"], 5, "there is no template `cdd`",
        "one of: ci, cd, release, security; see --list",
    ),
    "a setting": (
        ["init", "ci", "--set", "colour=red"], 2, "`ci` has no setting `colour`",
        "it has: `name`, `stack`",
    ),
    "no value": (
        ["init", "ci", "--set", "name"], 2, "`--set name` gives no value",
        "write --set name=value",
    ),
    "a bad value": (
        ["init", "ci", "--set", "name=-x"], 2,
        "with these settings pipelines/ci.yaml would not be valid",
        "nothing was written; set something else",
    ),
    "outside": (
        ["init", "ci", "-f", "../ci.yaml"], 2, "../ci.yaml is outside of the project, {here}",
        "agents are started in the project",
    ),
    "no yaml": (
        ["init", "ci", "-f", "ci.json"], 2, "ci.json is no name for a pipeline",
        "give the file a name that ends in .yaml",
    ),
    "a stranger": (
        ["init", "ci", "-f", "theirs.yaml"], 6,
        "theirs.yaml is there already, and not of this template",
        "nothing was written; name another file with -f",
    ),
    "a stranger's script": (
        ["init", "cd", "-f", "ours.yaml"], 6,
        "ours/deploy.sh is there already, and not of this template",
        "nothing was written; name another file with -f",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_changes_nothing(
    here: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "theirs.yaml").write_text("name: theirs\n")
    (here / "ours").mkdir()
    (here / "ours/deploy.sh").write_text("rm -rf /srv\n")
    before = tree(here)
    words, code, what, help_ = REFUSALS[case]
    assert run(["pipeline", *words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    expected = f"error: {what.format(here=here)}\n  help: {help_}\n"
    assert said.err.endswith(expected)
    assert tree(here) == before


def test_agents_that_cannot_be_added_to(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "orchestrate.yaml").write_text("agents: nobody\n")
    assert run(["pipeline", "init", "ci"]) == 6
    assert capsys.readouterr().err == (
        "error: orchestrate.yaml cannot be added to: its `agents` is no mapping written out\n"
        "  help: nothing was written; correct it, or write `agents:` as lines of their own\n"
    )
    assert list(tree(here)) == ["orchestrate.yaml"]


def test_the_list(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pipeline", "init", "--list"]) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == [
        "NAME", "ci", "cd", "release", "security",
    ]  # fmt: skip
    assert "ci: --set name=..., --set stack=...\n" in said.err
    assert run(["pipeline", "init", "--list", "-o", "json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert items[0]["stages"] == ["lint", "test", "build"]
    assert items[0]["definition"].startswith("# yaml-language-server: $schema=")


def test_without_git_it_says_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".git").rmdir()
    assert run(["pipeline", "init", "ci"]) == 0
    assert capsys.readouterr().err.splitlines()[1] == (
        "warning: this is no git repository, and the scripts ask git what there is: git init"
    )


def test_a_home_of_ones_own_makes_no_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATE_HOME", str(here / "elsewhere"))
    assert run(["pipeline", "init", "ci"]) == 0
    assert not (here / ".orchestrate").exists()
