"""What the pages on the language show is what the product does."""

import re

import pytest

from orchestrate.language.codes import CODES, GROUPS
from orchestrate.language.reader import read
from tests.language import pages
from tests.language.test_faults import DEFINITIONS

EXAMPLES = re.findall(r"```yaml\n(.*?)```", pages.LANGUAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_an_example_can_be_created_as_it_stands(example: str) -> None:
    reading = read(example)
    assert reading.diagnostics == ()


def test_the_example_of_order() -> None:
    [example] = [text for text in EXAMPLES if text.startswith("name: order")]
    pipeline = read(example).pipeline
    assert pipeline is not None
    assert {stage.name: stage.needs for stage in pipeline.stages} == {
        "prepare": (),
        "lint": ("prepare",),
        "unit": ("prepare",),
        "report": ("prepare", "unit"),
        "build": ("lint", "unit", "report"),
        "docs": ("lint", "unit", "report"),
        "publish": ("build", "docs"),
        "audit": ("lint", "unit", "report"),
    }


def test_the_tables_are_those_of_the_code() -> None:
    rewrite = "run `python -m tests.language.pages`"
    assert pages.LANGUAGE.read_text(encoding="utf-8") == pages.language(), rewrite
    assert pages.DIAGNOSTICS.read_text(encoding="utf-8") == pages.diagnostics(), rewrite


# Reached by texts too large, too strange or too fragile for a file: `test_hostile`, `test_reader`.
ELSEWHERE = {
    "too-large", "encoding", "unprintable", "too-many-faults", "too-many-warnings", "too-long",
    "too-many", "too-many-edges", "unknown-agent",
}  # fmt: skip


def test_every_code_has_a_fault_that_shows_it() -> None:
    shown = {
        each.code
        for path in DEFINITIONS
        for each in read(path.read_text(encoding="utf-8")).diagnostics
    }
    assert shown | ELSEWHERE == set(CODES) - set(GROUPS["Scenarios"])  # those: tests/scenarios
    assert not shown & ELSEWHERE
