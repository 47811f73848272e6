"""The JSON Schema accepts every sound definition, and refuses what the tables refuse."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrate.language.composer import compose
from orchestrate.language.faults import Faults
from orchestrate.language.reader import read
from orchestrate.language.schema import json_schema

HERE = Path(__file__).parent
VALIDATOR = Draft202012Validator(json_schema())

# Faults of keys, types and words: what a table alone can see.
SEEN = frozenset(
    {"unknown-key", "missing-key", "wrong-type", "bad-choice", "bad-duration", "out-of-range",
     "empty-list"}
)  # fmt: skip
# What the code says in other words than a table could.
ONLY_READ = {
    "bad-cron", "misplaced-schedule-keys", "trigger-without-event", "retry-without-attempts",
    "rollback-of-nobody", "duration-out-of-range",
}  # fmt: skip


def data(path: Path) -> Any:
    """A definition as plain data, by the rules of YAML 1.2, anchors and merges followed."""
    text = path.read_text(encoding="utf-8")
    document = compose(text, Faults(text=text))
    return None if document is None else document.root().plain()


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", sorted(HERE.glob("valid/*.yaml")), ids=lambda path: path.stem)
def test_a_sound_definition_fits(path: Path) -> None:
    faults = [f"{each.json_path}: {each.message}" for each in VALIDATOR.iter_errors(data(path))]
    assert faults == []


@pytest.mark.parametrize("path", sorted(HERE.glob("faults/*.yaml")), ids=lambda path: path.stem)
def test_it_refuses_what_the_tables_refuse(path: Path) -> None:
    plain = data(path)
    codes = {each.code for each in read(path.read_text(encoding="utf-8")).diagnostics}
    if plain is None or path.stem in ONLY_READ:
        return
    if codes & SEEN:
        assert not VALIDATOR.is_valid(plain)


def test_every_key_has_a_sentence() -> None:
    schema = json_schema()
    shapes = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    assert len(shapes) == 4
    for shape in shapes:
        for key, each in shape["properties"].items():
            assert each["description"].endswith((".", ")")), key
