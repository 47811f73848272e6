"""What every template becomes on every stack is valid, strictly, and passes its own scenarios."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestrate.agent.definitions import discover
from orchestrate.cli.rehearse import run_file
from orchestrate.language.reader import read
from orchestrate.language.templates import gallery
from orchestrate.language.templates.gallery import Kit, NoSuchSetting

EVERY = [(name, stack) for name in gallery.NAMES for stack in gallery.STACKS]


def made(name: str, stack: str, settings: Mapping[str, str] | None = None) -> Kit:
    chosen = gallery.template(name)
    given = gallery.settled(chosen, {"stack": stack, **(settings or {})})
    return gallery.kit(chosen, PurePosixPath("pipelines", f"{name}.yaml"), given)


def written(kit: Kit, root: Path) -> Path:
    for each in kit.files:
        path = root / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.text)
    (root / "orchestrate.yaml").write_text(kit.agents)
    return root


@pytest.mark.parametrize(("name", "stack"), EVERY)
def test_it_is_valid_without_a_word(name: str, stack: str, tmp_path: Path) -> None:
    kit = made(name, stack)
    found = discover(written(kit, tmp_path))
    assert not found.skipped
    assert not [each for each in found.definitions.values() if each.problem]
    reading = read(kit.pipeline.text, known_agents=found.definitions)
    assert reading.diagnostics == ()
    assert reading.pipeline is not None
    assert [each.name for each in reading.pipeline.stages] == list(gallery.template(name).stages)
    assert {each.agent for each in reading.pipeline.stages} == set(found.definitions)


@pytest.mark.parametrize(("name", "stack"), EVERY)
def test_its_own_scenarios_pass(name: str, stack: str, tmp_path: Path) -> None:
    kit = made(name, stack)
    path = written(kit, tmp_path) / kit.scenarios.path
    tested = run_file(str(path), path.read_text())
    assert (tested.diagnostics, tested.pipeline_diagnostics) == ([], [])
    assert [each for each in tested.scenarios if not each["passed"]] == []
    ends = {each["run"] for each in tested.scenarios}
    assert ends == {"succeeded", "failed"}, "the failure paths are told too"


@pytest.mark.parametrize(("name", "stack"), EVERY)
def test_its_files_are_whole(name: str, stack: str) -> None:
    kit = made(name, stack)
    for each in kit.files:
        assert "{{" not in each.text, each.path
        assert each.text.endswith("\n")
        assert not each.text.endswith("\n\n")
        if each.kind != "schema":
            long = [line for line in each.text.splitlines() if len(line) > 100]
            assert not long, each.path
    scripts = [str(each.path) for each in kit.scripts]
    assert len(set(scripts)) == len(scripts)
    for agent in yaml.safe_load(kit.agents)["agents"].values():
        assert agent["run"].removeprefix("sh ") in scripts


@pytest.mark.parametrize("name", gallery.NAMES)
def test_its_schema_lines_lead_to_schemas_that_agree(name: str) -> None:
    kit = made(name, "none")
    texts = {str(each.path): each.text for each in kit.schemas}
    for made_ in (kit.pipeline, kit.scenarios):
        first = made_.text.splitlines()[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        schema = json.loads(texts[str(made_.path.parent / target)])
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(yaml.safe_load(made_.text))


def test_every_script_can_be_read_by_a_plain_shell(tmp_path: Path) -> None:
    paths = []
    for name, stack in EVERY:
        for each in made(name, stack).scripts:
            path = tmp_path / f"{name}-{stack}-{each.path.name}"
            path.write_text(each.text)
            paths.append(path)
    for path in paths:
        subprocess.run(["sh", "-n", path], check=True)
        for program in re.findall(r"<<'PYTHON'\n(.*?)\nPYTHON\n", path.read_text(), re.DOTALL):
            compile(program, path, "exec")


def test_what_is_set_stands_in_it() -> None:
    kit = made("cd", "none", {"name": "ship", "approvers": "bob, ops", "branch": "release"})
    reading = read(kit.pipeline.text)
    assert reading.diagnostics == ()
    assert reading.pipeline is not None
    assert reading.pipeline.name == "ship"
    assert reading.pipeline.triggers[0].branches == ("release",)
    gate = reading.pipeline.stage("deploy-production").gate
    assert gate is not None
    assert gate.approvers == ("bob", "ops")


@pytest.mark.parametrize(
    ("given", "what", "hint"),
    [
        ({"colour": "red"}, "`ci` has no setting `colour`", "it has: `name`, `stack`"),
        ({"stack": "cobol"}, "`cobol` is no stack", "one of: python, node, go, rust, none"),
        ({"name": "a\nb"}, "`name` must be one line of text", "write a plain value"),
        ({"name": "{{name}}"}, "`name` must be one line of text", "write a plain value"),
    ],
)
def test_a_setting_that_is_none(given: dict[str, str], what: str, hint: str) -> None:
    with pytest.raises(NoSuchSetting) as caught:
        gallery.settled(gallery.template("ci"), given)
    assert caught.value.args == (what, hint)


@pytest.mark.parametrize(
    ("names", "stack"),
    [
        ([], "none"), (["README.md", "Makefile"], "none"), (["pyproject.toml"], "python"),
        (["requirements.txt"], "python"), (["app.py"], "python"), (["package.json"], "node"),
        (["go.mod"], "go"), (["Cargo.toml"], "rust"), (["Cargo.toml", "pyproject.toml"], "rust"),
    ],
)  # fmt: skip
def test_the_stack_is_seen(names: list[str], stack: str) -> None:
    assert gallery.detected(names) == stack


def test_a_template_says_what_it_becomes() -> None:
    for each in gallery.templates():
        said = gallery.described(each)
        assert read(said["definition"]).pipeline is not None
        assert set(said) == {
            "name", "title", "description", "stages", "needs", "settings", "definition", "agents",
        }  # fmt: skip
