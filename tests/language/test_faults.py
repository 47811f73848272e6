"""Every fault is shown with its place and a way out: the texts beside the definitions in `faults/`.

Rewrite the expected texts with `python -m tests.language.test_faults`, and read the difference.
"""

from pathlib import Path

import pytest

from orchestrate.language.codes import CODES
from orchestrate.language.diagnostic import Diagnostic, as_dict, concise, full
from orchestrate.language.reader import read

FAULTS = Path(__file__).parent / "faults"
DEFINITIONS = sorted(FAULTS.glob("*.yaml"), key=lambda path: path.stem)


def rendered(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    reading = read(text)
    return "\n\n".join(full(each, path.name, text) for each in reading.diagnostics) + "\n"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_fault_is_explained(path: Path) -> None:
    assert rendered(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_reading_is_a_pipeline_or_has_errors(path: Path) -> None:
    reading = read(path.read_text(encoding="utf-8"))
    errors = [each for each in reading.diagnostics if each.severity == "error"]
    assert (reading.pipeline is None) == bool(errors)
    assert reading.diagnostics, "a definition without a fault belongs into `valid/`"
    places = [(each.line, each.column) for each in reading.diagnostics]
    assert places == sorted(places), "faults are told in file order"
    for each in reading.diagnostics:
        assert each.severity == CODES[each.code].severity
        assert (each.end_line, each.end_column) >= (each.line, each.column) >= (1, 1)


def test_there_are_many() -> None:
    assert len(DEFINITIONS) >= 60


def test_one_line_for_editors() -> None:
    fault = Diagnostic(
        code="unknown-key",
        severity="error",
        message="a stage has no key `agnet`",
        line=4,
        column=5,
        end_line=4,
        end_column=10,
        hint="did you mean `agent`?",
    )
    assert concise(fault, "ci.yaml") == "ci.yaml:4:5: error[unknown-key] a stage has no key `agnet`"
    assert as_dict(fault) == {
        "code": "unknown-key",
        "severity": "error",
        "message": "a stage has no key `agnet`",
        "line": 4,
        "column": 5,
        "end_line": 4,
        "end_column": 10,
        "hint": "did you mean `agent`?",
    }


def test_colour_changes_no_letter() -> None:
    text = "name: p\nstages:\n\t- x\n"
    [fault] = read(text).diagnostics
    plain = full(fault, "p.yaml", text)
    coloured = full(fault, "p.yaml", text, colour=True)
    assert "\x1b[1;31m" in coloured
    for code in ("\x1b[1;31m", "\x1b[1m", "\x1b[34m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


if __name__ == "__main__":
    for each in DEFINITIONS:
        each.with_suffix(".txt").write_text(rendered(each), encoding="utf-8")
