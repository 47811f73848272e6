"""What definitions mean: each of `valid/` is read to exactly the pipeline beside it.

Only what differs from the defaults of the core's types is written down. Rewrite the expected
pipelines with `python -m tests.language.test_valid`, and read the difference.
"""

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from orchestrate.core.pipeline import Pipeline
from orchestrate.language.reader import read

VALID = Path(__file__).parent / "valid"
DEFINITIONS = sorted(VALID.glob("*.yaml"), key=lambda path: path.stem)


def written(value: Any) -> Any:
    """Plain data of a value: of a dataclass its name and the fields that say something."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        said: dict[str, Any] = {}
        if type(value).__module__.endswith("condition"):
            said["is"] = type(value).__name__
        for field in dataclasses.fields(value):
            own = getattr(value, field.name)
            default = field.default
            if field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            if own != default:
                said[field.name] = written(own)
        return said
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: written(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [written(each) for each in value]
    return value


def resolved(path: Path) -> str:
    reading = read(path.read_text(encoding="utf-8"))
    assert reading.diagnostics == ()
    assert reading.pipeline is not None
    return json.dumps(written(reading.pipeline), indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_definition_is_resolved(path: Path) -> None:
    assert resolved(path) == path.with_suffix(".json").read_text(encoding="utf-8")


def pipeline(name: str) -> Pipeline:
    found = read((VALID / f"{name}.yaml").read_bytes()).pipeline
    assert found is not None
    return found


def needs(name: str) -> dict[str, tuple[str, ...]]:
    return {stage.name: stage.needs for stage in pipeline(name).stages}


def test_the_example_of_the_mission() -> None:
    found = pipeline("feature-complete")
    assert needs("feature-complete") == {
        "validate": (),
        "security-scan": (),
        "deploy-staging": ("validate", "security-scan"),
        "smoke-test": ("deploy-staging",),
        "deploy-prod": ("smoke-test",),
    }
    assert found.stage("smoke-test").rollback_to == "deploy-staging"
    gate = found.stage("deploy-prod").gate
    assert gate is not None
    assert gate.approvers == ("team-lead", "devops")


def test_a_list_alone_is_strictly_sequential() -> None:
    """3.1"""
    found = list(needs("strictly-sequential").items())
    assert [needed for _, needed in found] == [(), *((name,) for name, _ in found[:-1])]


def test_a_group_is_waited_for_and_waits_as_one() -> None:
    """3.4"""
    assert needs("groups") == {
        "prepare": (),
        "lint": ("prepare",),
        "types": ("prepare",),
        "unit": ("prepare", "lint"),
        "build": ("lint", "types", "unit"),
        "docs": ("build",),
        "image": ("build",),
        "audit": ("lint", "types", "unit"),
        "publish": ("docs", "image", "audit"),
        "notes": ("prepare",),
    }


def test_a_parallel_set_is_waited_for_as_one() -> None:
    """3.1 to 3.3: b, c and d are one set; e waits for all of it, and h for e and g."""
    assert needs("parallel-sets") == {
        "a": (),
        "b": ("a",),
        "c": ("a",),
        "d": ("a",),
        "e": ("b", "c", "d"),
        "f": (),
        "g": ("b", "c", "d", "f"),
        "h": ("e", "g"),
    }


def test_stages_stand_in_topological_order_ties_as_written() -> None:
    text = """
name: p
stages:
  - {name: last, run: x, depends_on: [second, first]}
  - {name: first, run: x, depends_on: []}
  - {name: second, run: x, depends_on: []}
"""
    found = read(text).pipeline
    assert found is not None
    assert [stage.name for stage in found.stages] == ["first", "second", "last"]


if __name__ == "__main__":
    for each in DEFINITIONS:
        each.with_suffix(".json").write_text(resolved(each), encoding="utf-8")
