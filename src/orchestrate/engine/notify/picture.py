"""How a run looks to those who read it on a forge: one state, one sentence, one comment. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrate.engine.notify.words import joined, plain
from orchestrate.store.snapshot import Record

DESCRIPTION_CHARACTERS_MAX = 255
REASON_CHARACTERS_MAX = 200
STAGES_SHOWN_MAX = 60
SHA_CHARACTERS = 10
PEOPLE_SHOWN_MAX = 4


@dataclass(frozen=True, slots=True)
class Gate:
    """A question of a run. `state`: as that of a picture."""

    name: str
    state: str
    description: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """`state`: pending, running, success, failed or cancelled."""

    state: str
    context: str
    description: str
    link: str | None
    comment: str
    gates: tuple[Gate, ...]


_STATES = {
    "pending": "pending",
    "running": "running",
    "waiting_approval": "pending",
    "succeeded": "success",
    "failed": "failed",
    "cancelled": "cancelled",
}
_ANSWERS = {
    "pending": "pending",
    "approved": "success",
    "rejected": "failed",
    "expired": "failed",
    "withdrawn": "cancelled",
}


def picture(run: Record, url: str | None) -> Picture:
    """`url`: where people reach the server; without it nothing links there."""
    said = plain(_sentence(run), DESCRIPTION_CHARACTERS_MAX)
    link = None if url is None else f"{url}/runs/{run['id']}"
    context = f"orchestrate/{run['pipeline']}"
    gates = tuple(_gate(each, context, url) for each in run["approvals"])
    return Picture(_STATES[run["status"]], context, said, link, _comment(run, said, url), gates)


def _gate(asked: Record, context: str, url: str | None) -> Gate:
    said = _waits(asked) if asked["status"] == "pending" else asked["reason"] or asked["status"]
    link = None if url is None else f"{url}/approvals/{asked['id']}"
    description = plain(said, DESCRIPTION_CHARACTERS_MAX)
    return Gate(f"{context}/{asked['stage']}", _ANSWERS[asked["status"]], description, link)


def _sentence(run: Record) -> str:
    asked = [each for each in run["approvals"] if each["status"] == "pending"]
    undone = run["rollbacks"][-1] if run["rollbacks"] else None
    if undone is not None and undone["status"] == "running":
        return f"rolling back: {undone['reason']}"
    if asked and run["status"] in ("running", "waiting_approval"):
        return "; ".join(_waits(each) for each in asked)
    if run["status"] == "failed":
        after = "" if undone is None else f" (rollback: {undone['status']})"
        return f"{run['reason'] or 'failed'}{after}"
    if run["status"] == "cancelled":
        return run["reason"] or "cancelled"
    if run["status"] == "succeeded":
        warned = f", {run['warnings']} warnings" if run["warnings"] else ""
        return f"{_done(run)}{warned}"
    return run["reason"] or _done(run)


def _waits(asked: Record) -> str:
    people = joined(asked["approvers"] or ["anybody who may approve"], PEOPLE_SHOWN_MAX)
    return f"waiting for approval by {people} ({asked['stage']})"


def _done(run: Record) -> str:
    ended = [each for each in run["stages"] if each["status"] in ("succeeded", "skipped")]
    return f"{len(ended)} of {len(run['stages'])} stages done"


# -- the comment -----------------------------------------------------------------------


def _comment(run: Record, said: str, url: str | None) -> str:
    """Markdown; every text from outside stands in code, where it is only text."""
    status = run["status"].replace("_", " ")
    number = f"run {run['id']}" if url is None else f"[run {run['id']}]({url}/runs/{run['id']})"
    sha = run["facts"].get("sha")
    commit = f" for {_code(sha[:SHA_CHARACTERS])}" if isinstance(sha, str) else ""
    lines = [f"**{_code(run['pipeline'])}: {status}** · {number}{commit}", "", _code(said), ""]
    for asked in run["approvals"]:
        if asked["status"] == "pending":
            lines += [_to_answer(asked, url), ""]
    lines += ["| stage | status | |", "|---|---|---|"]
    for each in run["stages"][:STAGES_SHOWN_MAX]:
        why = _code(each["reason"]) if each["reason"] else ""
        lines.append(
            f"| {_code(each['stage_name'])} | {each['status'].replace('_', ' ')} | {why} |"
        )
    left = len(run["stages"]) - STAGES_SHOWN_MAX
    if left > 0:
        lines.append(f"| and {left} more | | |")
    return "\n".join(lines) + "\n"


def _to_answer(asked: Record, url: str | None) -> str:
    """Where to look; the answer itself is given there, by somebody who may."""
    command = f"`orchestrate approval show {asked['id']}`"
    people = ", ".join(_code(each) for each in asked["approvers"][:PEOPLE_SHOWN_MAX])
    who = f" by {people}" if people else ""
    page = "" if url is None else f" or [its page]({url}/approvals/{asked['id']})"
    return f"Waiting for approval of {_code(asked['stage'])}{who}: {command}{page}"


def _code(text: object) -> str:
    """Text as a code span that it cannot leave, within a table, too."""
    shown = plain(text, REASON_CHARACTERS_MAX).replace("`", "'").replace("|", "\\|")
    return f"`{shown or ' '}`"
