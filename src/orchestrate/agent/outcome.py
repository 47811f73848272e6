"""How a process ended → what that means for its attempt: the table of exit codes, and the outputs.

Nothing is ever read out of the log. What is said here decides about retries, so it is data: a
kind, a failure class, a wish about retrying; the sentence comes last.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any

from orchestrate.agent.definitions import Definition
from orchestrate.agent.facts import CannotStart
from orchestrate.agent.outputs import Fault, parse
from orchestrate.agent.process import Exited
from orchestrate.core.outputs import BadPromise, keep, promise
from orchestrate.core.run import Outcome, OutcomeKind

DETAIL_CHARACTERS_MAX = 4_000

_MEANINGS: Mapping[int, str] = {
    0: "succeeded",
    75: "retry",
    78: "config",
    80: "needs_person",
    81: "skipped",
    126: "cannot_start",
    127: "cannot_start",
}
# Why it ended, where that was not its own decision → the failure class, and a sentence.
_ENDED: Mapping[str, tuple[str, str]] = {
    "timeout": ("timeout", "it was stopped at its timeout"),
    "idle_timeout": ("timeout", "it was stopped: it wrote nothing for its idle timeout"),
    "cancelled": ("cancelled", "it was cancelled"),
    "lost": ("lost", "nothing is known of how it ended"),
    "start_failed": ("start_failed", "it could not be started"),
}


def outcome_of(
    exited: Exited,
    definition: Definition | None,
    *,
    declared: str | None = None,
    mode: str = "run",
) -> Outcome:
    """What the end of an attempt means. `declared` is the stage's `outputs`, as JSON text.

    Promised outputs are those of the work; what undoes it (`mode` rollback) owes none.
    """
    promises = [definition.fields.get("outputs")] if definition else []
    promises.append(json.loads(declared) if declared else None)
    if mode == "rollback":
        promises = []
    if exited.reason != "exited":
        reason, text = _ENDED[exited.reason]
        return _outcome(exited, OutcomeKind.FAILED, reason, exited.detail or text)
    outputs, fault = _written(exited)
    meaning = _meaning(exited.code, definition)
    said = outputs.get("reason")
    why = said if isinstance(said, str) and said.strip() else ""
    match meaning:
        case "succeeded":
            return _succeeded(exited, promises, outputs, fault)
        case "skipped":
            text = why or f"the agent skipped it (exit code {exited.code})"
            return _outcome(exited, OutcomeKind.SKIPPED, "", text, outputs)
        case "needs_person":
            text = why or f"the agent asks for a person (exit code {exited.code})"
            return _outcome(exited, OutcomeKind.NEEDS_PERSON, "", text, outputs)
        case "retry":
            text = why or f"it asks to be tried again (exit code {exited.code})"
            return _outcome(exited, OutcomeKind.FAILED, "exit", text, outputs, retryable=True)
        case "config":
            text = why or f"it is not configured correctly (exit code {exited.code})"
            return _outcome(exited, OutcomeKind.FAILED, "config", text, outputs, retryable=False)
        case "cannot_start":
            text = why or f"a command was not found or may not be run (exit code {exited.code})"
            return _outcome(exited, OutcomeKind.FAILED, "start_failed", text, outputs)
        case _:
            return _outcome(exited, OutcomeKind.FAILED, "exit", why or _end(exited), outputs)


def outcome_unstarted(refusal: CannotStart) -> Outcome:
    """The outcome of an attempt that must not start; trying again would change nothing."""
    return Outcome(
        kind=OutcomeKind.FAILED, reason=refusal.reason, detail=refusal.text, retryable=False
    )


def _succeeded(
    exited: Exited, promises: list[object], outputs: Mapping[str, Any], fault: str
) -> Outcome:
    """Success needs outputs that keep every promise made about them."""
    faults = [fault] if fault else []
    for written in () if fault else promises:
        if written is None:
            continue
        try:
            outputs, broken = keep(promise(written), outputs)
        except BadPromise as misunderstood:
            broken = [f"`outputs` is not understood: {misunderstood}"]
        faults += [each for each in broken if each not in faults]
    if faults:
        return _outcome(exited, OutcomeKind.FAILED, "output_schema", "; ".join(faults), outputs)
    return _outcome(exited, OutcomeKind.SUCCEEDED, "", "", outputs)


def _written(exited: Exited) -> tuple[Mapping[str, Any], str]:
    """The outputs, and why they cannot be read if they cannot."""
    if exited.output_error:
        return {}, f"$ORCHESTRATE_OUTPUT: {exited.output_error}"
    read = parse(exited.output)
    if isinstance(read, Fault):
        return {}, f"$ORCHESTRATE_OUTPUT, {read}"
    return read, ""


def _meaning(code: int | None, definition: Definition | None) -> str:
    if code is None:
        return "failed"
    remapped = (definition.fields.get("exit_codes") or {}) if definition else {}
    by_number = {int(number): str(meaning) for number, meaning in remapped.items()}
    return by_number.get(code) or _MEANINGS.get(code, "failed")


def _end(exited: Exited) -> str:
    if exited.signal is None:
        return f"it ended with exit code {exited.code}"
    try:
        name = signal.Signals(exited.signal).name
    except ValueError:
        name = "unknown"
    return f"it was ended by signal {exited.signal} ({name})"


def _outcome(
    exited: Exited,
    kind: OutcomeKind,
    reason: str,
    detail: str,
    outputs: Mapping[str, Any] | None = None,
    *,
    retryable: bool | None = None,
) -> Outcome:
    return Outcome(
        kind=kind,
        reason=reason,
        detail=detail[:DETAIL_CHARACTERS_MAX],
        code=exited.code,
        outputs=dict(outputs or {}),
        retryable=retryable,
        started_at=exited.started_at,
        ended_at=exited.ended_at,
    )
