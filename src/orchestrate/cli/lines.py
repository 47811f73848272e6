"""One event of a run → one line for a log: who, what, why. Pure.

What only engines care about has no line, and the end of an attempt none beside its stage's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrate.cli import words
from orchestrate.cli.paint import GREEN, RED, YELLOW, paint

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`stage` is empty for what concerns the run as a whole."""

    stage: str
    text: str
    style: str = ""


def line_of(event: Data) -> Line | None:
    """What an event says, None where it says nothing to people."""
    said = _SENTENCES.get(str(event["type"]))
    if said is None:
        return None
    data = event.get("data")
    data = data if isinstance(data, Mapping) else event
    line = said(data)
    return Line(words.one_line(line.stage), words.one_line(line.text), line.style)


def shown(event: Data, line: Line, stage_columns: int) -> str:
    """`12:03:01  deploy-staging  started (attempt 1, agent deployer)`."""
    at = words.clock(event.get("at"))
    return f"{at}  {line.stage:<{stage_columns}}  {paint(line.text, line.style)}"


def _reason(data: Data) -> str:
    reason = data.get("reason")
    if isinstance(reason, Mapping):
        return str(reason.get("text") or reason.get("code") or "")
    return str(reason or "")


def _with(text: str, more: str) -> str:
    return f"{text}: {more}" if more else text


def _stage(text: str, style: str = "") -> Callable[[Data], Line]:
    return lambda data: Line(str(data["stage"]), _with(text, _reason(data)), style)


def _run(text: str, style: str = "") -> Callable[[Data], Line]:
    return lambda data: Line("", _with(text, _reason(data)), style)


def _started(data: Data) -> Line:
    facts = [f"attempt {data['attempt']}"]
    if data.get("agent"):
        facts.append(f"agent {data['agent']}")
    if data.get("model"):
        facts.append(f"model {data['model']}")
    if data.get("environment"):
        facts.append(f"environment {data['environment']}")
    verb = "rollback started" if data.get("mode") == "rollback" else "started"
    return Line(str(data["stage"]), f"{verb} ({', '.join(facts)})", YELLOW)


def _retry(data: Data) -> Line:
    text = _reason(data) or f"attempt {data.get('attempt')} follows"
    return Line(str(data["stage"]), text, YELLOW)


def _asked(data: Data) -> Line:
    who = ", ".join(str(each) for each in data.get("approvers") or ()) or "anybody who may approve"
    quorum = "all" if data.get("every") else data.get("quorum", 1)
    text = f"waits for approval by {quorum} of {who}"
    return Line(str(data["stage"]), _with(text, str(data.get("message") or "")), YELLOW)


def _decided(verb: str, style: str) -> Callable[[Data], Line]:
    def line(data: Data) -> Line:
        whose = f" for {data['delegated_from']}" if data.get("delegated_from") else ""
        role = f" {data['role']}" if data.get("role") else ""
        text = f"{verb} by {data['by']}{role}{whose}"
        return Line(str(data["stage"]), _with(text, str(data.get("comment") or "")), style)

    return line


def _delegated(data: Data) -> Line:
    return Line(str(data["stage"]), f"{data['by']} gave the vote to {data['to']}", YELLOW)


def _closed(data: Data) -> Line:
    closed = str(data.get("status", "closed"))
    if closed == "approved":
        return Line(str(data["stage"]), "is approved", GREEN)
    return Line(str(data["stage"]), _with(f"approval {closed}", _reason(data)), RED)


def _failed(data: Data) -> Line:
    what = "failed, and that is tolerated" if data.get("tolerated") else "failed"
    return Line(str(data["stage"]), _with(what, _reason(data)), RED)


def _stopped(data: Data) -> Line:
    return Line(str(data["stage"]), _with("is being stopped", str(data.get("why") or "")), YELLOW)


def _created(data: Data) -> Line:
    facts = data.get("facts")
    event = facts.get("event", "manual") if isinstance(facts, Mapping) else "manual"
    again = f", again after run {data['rerun_of']}" if data.get("rerun_of") else ""
    return Line("", f"run {data['run_id']} created ({event}, by {data.get('by', '?')}{again})")


def _undoing(data: Data) -> Line:
    to = f" to {data['target']}" if data.get("target") else ""
    undone = [str(step[0]) for step in data.get("steps") or () if step]
    text = f"rollback{to} begins ({data.get('trigger')}): undoes {', '.join(undone) or 'nothing'}"
    return Line("", _with(text, _reason(data)), YELLOW)


def _undone(data: Data) -> Line:
    done = str(data.get("status", "ended"))
    style = {"succeeded": GREEN, "failed": RED}.get(done, YELLOW)
    words_ = {"succeeded": "undone", "skipped": "nothing to undo"}.get(done, f"undoing {done}")
    return Line(str(data["stage"]), _with(words_, _reason(data)), style)


def _rolled_back(data: Data) -> Line:
    done = str(data.get("status", "ended"))
    return Line("", f"rollback {done}", {"succeeded": GREEN, "failed": RED}.get(done, YELLOW))


_SENTENCES: Mapping[str, Callable[[Data], Line]] = {
    "RunCreated": _created,
    "RunHeld": _run("waits", YELLOW),
    "StageNoted": lambda data: Line(str(data["stage"]), str((data.get("note") or {}).get("text"))),
    "StageQueued": _stage("waits for a place"),
    "StageSkipped": _stage("skipped"),
    "StageSucceeded": _stage("succeeded", GREEN),
    "StageFailed": _failed,
    "StageCancelled": _stage("cancelled", RED),
    "AttemptStarted": _started,
    "AttemptStopped": _stopped,
    "RetryScheduled": _retry,
    "ApprovalRequested": _asked,
    "ApprovalGranted": _decided("approved", GREEN),
    "ApprovalDenied": _decided("rejected", RED),
    "ApprovalDelegated": _delegated,
    "ApprovalReminded": _stage("people were reminded of the approval", YELLOW),
    "ApprovalClosed": _closed,
    "RunHalted": _run("halted", RED),
    "CancelRequested": _run("cancel requested", RED),
    "RollbackStarted": _undoing,
    "CompensationEnded": _undone,
    "RollbackEnded": _rolled_back,
    "RunSucceeded": _run("run succeeded", GREEN),
    "RunFailed": _run("run failed", RED),
    "RunCancelled": _run("run cancelled", RED),
}
