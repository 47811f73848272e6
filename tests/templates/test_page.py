"""What docs/templates.md says of the templates is what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from orchestrate.agent.definitions import discover
from orchestrate.cli.ending import run
from orchestrate.language.templates import gallery

PAGE = (Path(__file__).parents[2] / "docs/templates.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.split()[1:]
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.splitlines()
    if line.startswith("orchestrate pipeline init")
]


def test_the_table_names_all_of_them() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (each.name, " → ".join(each.stages), ", ".join(each.needs)) for each in gallery.templates()
    ]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_that_is_shown_works(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == 0


def test_what_is_written_is_what_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCHESTRATE_HOME", raising=False)
    assert run(["pipeline", "init", "ci"]) == 0
    (listed,) = [text for kind, text in BLOCKS if kind == "text"]
    for line in listed.splitlines():
        assert (tmp_path / line.split()[0]).exists(), line
    text = " ".join(listed.split())
    for path in tmp_path.rglob("pipelines/**/*.*"):
        assert path.name in text or path.name == ".schema", path


def test_the_agents_shown_take_the_place_of_ours(tmp_path: Path) -> None:
    (text,) = [text for kind, text in BLOCKS if kind == "yaml"]
    (tmp_path / "orchestrate.yaml").write_text(text)
    found = discover(tmp_path)
    assert not found.skipped
    assert set(found.definitions) <= set(
        yaml.safe_load(gallery.described(gallery.template("ci"))["agents"])["agents"]
    )
    assert all(each.problem is None for each in found.definitions.values())
