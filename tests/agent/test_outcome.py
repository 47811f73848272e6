"""How a process ended says what became of its attempt; a log never does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrate.agent.definitions import define
from orchestrate.agent.facts import CannotStart
from orchestrate.agent.outcome import outcome_of, outcome_unstarted
from orchestrate.agent.process import Exited
from orchestrate.core.run import Outcome, OutcomeKind

DEPLOYED = json.dumps({"url": "https://example.org"})


def end(code: int | None = 0, **how: Any) -> Exited:
    return Exited(
        **{
            "key": "7-deploy-1",
            "code": code,
            "signal": None,
            "reason": "exited",
            "started_at": 1.0,
            "ended_at": 2.0,
            "pid": 1,
            "output": "",
            "output_error": None,
            "cpu_s": 0.0,
            "maxrss_kb": 0,
            "leftovers_killed": 0,
            "log_bytes": 0,
            "log_truncated": False,
            "detail": "",
            **how,
        }
    )


def became(
    exited: Exited, definition: dict[str, Any] | None = None, declared: object = None
) -> Outcome:
    who = define("x", {"run": "true", **definition}, "the pipeline") if definition else None
    return outcome_of(exited, who, declared=json.dumps(declared) if declared else None)


@pytest.mark.parametrize(
    ("code", "kind", "reason", "retryable", "detail"),
    [
        (0, "succeeded", "", None, ""),
        (1, "failed", "exit", None, "it ended with exit code 1"),
        (75, "failed", "exit", True, "it asks to be tried again (exit code 75)"),
        (78, "failed", "config", False, "it is not configured correctly (exit code 78)"),
        (80, "needs_person", "", None, "the agent asks for a person (exit code 80)"),
        (81, "skipped", "", None, "the agent skipped it (exit code 81)"),
        (126, "failed", "start_failed", None,
         "a command was not found or may not be run (exit code 126)"),
        (127, "failed", "start_failed", None,
         "a command was not found or may not be run (exit code 127)"),
        (255, "failed", "exit", None, "it ended with exit code 255"),
    ],
)  # fmt: skip
def test_an_exit_code_has_a_meaning(
    code: int, kind: str, reason: str, retryable: bool | None, detail: str
) -> None:
    outcome = became(end(code))
    assert (outcome.kind, outcome.reason, outcome.retryable) == (kind, reason, retryable)
    assert (outcome.detail, outcome.code) == (detail, code)
    assert (outcome.started_at, outcome.ended_at) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("meaning", "kind", "reason", "retryable"),
    [
        ("succeeded", "succeeded", "", None),
        ("failed", "failed", "exit", None),
        ("retry", "failed", "exit", True),
        ("config", "failed", "config", False),
        ("needs_person", "needs_person", "", None),
        ("skipped", "skipped", "", None),
    ],
)
@pytest.mark.parametrize("code", [0, 3, 75, 127])
def test_a_definition_may_give_any_code_another_meaning(
    code: int, meaning: str, kind: str, reason: str, retryable: bool | None
) -> None:
    outcome = became(end(code), {"exit_codes": {str(code): meaning}})
    assert (outcome.kind, outcome.reason, outcome.retryable) == (kind, reason, retryable)


@pytest.mark.parametrize(
    ("reason", "failure", "detail"),
    [
        ("timeout", "timeout", "it was stopped at its timeout"),
        ("idle_timeout", "timeout", "it was stopped: it wrote nothing for its idle timeout"),
        ("cancelled", "cancelled", "it was cancelled"),
        ("lost", "lost", "nothing is known of how it ended"),
        ("start_failed", "start_failed", "it could not be started"),
    ],
)
def test_an_end_that_was_not_its_own_is_a_failure_whatever_the_code(
    reason: str, failure: str, detail: str
) -> None:
    outcome = became(end(0, reason=reason, output=DEPLOYED))
    assert (outcome.kind, outcome.reason, outcome.detail) == ("failed", failure, detail)
    assert became(end(None, reason=reason, detail="because")).detail == "because"


def test_a_signal_is_a_failure_with_its_name() -> None:
    outcome = became(end(None, signal=9))
    assert (outcome.kind, outcome.reason) == ("failed", "exit")
    assert outcome.detail == "it was ended by signal 9 (SIGKILL)"


@pytest.mark.parametrize("code", [1, 75, 78, 80, 81])
def test_the_agent_may_say_why_in_its_output(code: int) -> None:
    assert became(end(code, output="reason=The market is closed\n")).detail == (
        "The market is closed"
    )


@pytest.mark.parametrize(
    "text", [DEPLOYED, "url=https://example.org\n", "url<<E\nhttps://example.org\nE\n"]
)
def test_outputs_are_what_was_written_to_the_output_file(text: str) -> None:
    outcome = became(end(output=text), declared={"url": "string"})
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.outputs == {"url": "https://example.org"}


@pytest.mark.parametrize(
    ("output", "detail"),
    [
        ("", "output `passed` is missing"),
        ("passed=many", 'output `passed` must be integer, not "many"'),
        ('{"passed": 1,}', "$ORCHESTRATE_OUTPUT, line 1: "),
        ("what is this", "$ORCHESTRATE_OUTPUT, line 1: "),
    ],
)
def test_a_broken_promise_fails_an_attempt_that_ended_well(output: str, detail: str) -> None:
    """Whoever made the promise: the agent's definition, or the stage."""
    for outcome in (
        became(end(output=output), {"outputs": {"passed": "integer"}}),
        became(end(output=output), declared={"passed": "integer"}),
    ):
        assert (outcome.kind, outcome.reason) == ("failed", "output_schema")
        assert outcome.detail.startswith(detail)
        assert outcome.retryable is None


def test_the_agents_promise_and_the_stages_both_count() -> None:
    outcome = became(end(output="a=1"), {"outputs": {"a": "integer", "c": "any?"}},
                     {"type": "object", "required": ["b"]})  # fmt: skip
    assert outcome.detail == "output `b` is missing"
    assert outcome.outputs == {"a": 1}


def test_what_undoes_the_work_owes_no_outputs() -> None:
    who = define("x", {"run": "true", "outputs": ["url"]}, "the pipeline")
    outcome = outcome_of(end(output="note=undone"), who, declared='["url"]', mode="rollback")
    assert (outcome.kind, outcome.outputs) == ("succeeded", {"note": "undone"})


def test_outputs_nobody_can_read_fail_it_without_any_promise() -> None:
    outcome = became(end(output_error="it has more than 1048576 bytes"))
    assert (outcome.kind, outcome.reason) == ("failed", "output_schema")
    assert outcome.detail == "$ORCHESTRATE_OUTPUT: it has more than 1048576 bytes"


def test_a_failure_keeps_its_code_and_needs_no_outputs() -> None:
    outcome = became(end(1, output="what is this"), declared={"passed": "integer"})
    assert (outcome.reason, outcome.detail) == ("exit", "it ended with exit code 1")


def test_an_attempt_that_must_not_start_is_never_retried() -> None:
    outcome = outcome_unstarted(CannotStart("config", "`cwd: no` is no directory"))
    assert (outcome.kind, outcome.reason, outcome.retryable) == ("failed", "config", False)
    assert outcome.detail == "`cwd: no` is no directory"
