"""Every event of a run has its sentence, or is left out on purpose."""

from __future__ import annotations

import typing

import pytest

from orchestrate.cli.lines import Line, line_of
from orchestrate.core import events

SILENT = {"RunStarted", "AttemptClaimed", "AttemptEnded", "RollbackOwed"}


def said(type_: str, **data: object) -> Line | None:
    return line_of({"seq": 1, "type": type_, "at": "2026-03-01T12:00:00Z", "data": data})


@pytest.mark.parametrize("name", sorted(each.__name__ for each in typing.get_args(events.Event)))
def test_no_event_is_forgotten(name: str) -> None:
    data = {
        "stage": "s", "attempt": 1, "by": "ann", "to": "bob", "run_id": 7, "trigger": "manual",
        "status": "succeeded", "note": {"code": "c", "text": "a note"},
    }  # fmt: skip
    assert (said(name, **data) is None) == (name in SILENT)


@pytest.mark.parametrize(
    ("type_", "data", "text"),
    [
        (
            "AttemptStarted",
            {"stage": "s", "attempt": 2, "agent": "deployer", "environment": "prod"},
            "started (attempt 2, agent deployer, environment prod)",
        ),
        (
            "AttemptStarted",
            {"stage": "s", "attempt": 1, "mode": "rollback"},
            "rollback started (attempt 1)",
        ),
        (
            "StageFailed",
            {
                "stage": "s",
                "reason": {"code": "exit", "text": "it ended with 3"},
                "tolerated": True,
            },
            "failed, and that is tolerated: it ended with 3",
        ),
        (
            "ApprovalRequested",
            {"stage": "s", "approvers": ["a", "b"], "every": True, "message": "sure?"},
            "waits for approval by all of a, b: sure?",
        ),
        (
            "ApprovalGranted",
            {"stage": "s", "by": "bob", "delegated_from": "ann", "comment": "fine\n\x1b[2Jfor me"},
            "approved by bob for ann: fine for me",
        ),
        (
            "RollbackStarted",
            {"trigger": "automatic", "target": "a", "steps": [["b", []], ["a", ["b"]]]},
            "rollback to a begins (automatic): undoes b, a",
        ),
        ("CompensationEnded", {"stage": "s", "status": "skipped"}, "nothing to undo"),
    ],
)
def test_a_sentence(type_: str, data: dict[str, object], text: str) -> None:
    line = said(type_, **data)
    assert line is not None
    assert line.text == text


def test_an_event_of_a_later_release_is_passed_over() -> None:
    assert said("RunPaused") is None
