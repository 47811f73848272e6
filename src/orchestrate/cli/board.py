"""A run as the API gives it → lines for people: graph, stages, approvals, rollback. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from orchestrate.cli import graph, words
from orchestrate.cli.paint import (
    YELLOW,
    answer,
    bold,
    crop,
    dim,
    icon,
    pad,
    paint,
    status,
    width,
    word,
)

GRAPH_COLUMNS_MAX = 24
"""A graph that is wider is shown without its edges; the list of needs says the same."""
REASON_COLUMNS = 200
_ENDED = ("succeeded", "failed", "skipped", "cancelled")
Run = Mapping[str, Any]


def head(run: Run, now: float) -> str:
    """`run 12  feature-complete  ● running  2m 03s  main @ 1a2b3c4  by ann`."""
    parts = [bold(f"run {run['id']}"), words.one_line(run["pipeline"]), status(run["status"])]
    parts.append(words.duration(elapsed(run, now)))
    parts.append(dim(words.one_line(cause(run))))
    if run.get("actor"):
        parts.append(dim(f"by {words.one_line(run['actor'])}"))
    return "  ".join(part for part in parts if width(part))


def cause(run: Run) -> str:
    """`push main @ 1a2b3c4`; a run by hand says only where."""
    facts = run.get("facts") or {}
    name = str(run.get("trigger_event") or facts.get("event") or "")
    commit = str(facts.get("sha") or "")[:7]
    at = " @ ".join(each for each in (str(facts.get("branch") or ""), commit) if each)
    return " ".join(each for each in ("" if name == "manual" else name, at) if each)


def because(holder: Mapping[str, Any]) -> str:
    """The sentence of a reason, wherever it is kept: code and text, or a text alone."""
    reason = holder.get("reason")
    text = reason.get("text", "") if isinstance(reason, Mapping) else reason or ""
    return words.short(text, REASON_COLUMNS)


def elapsed(each: Mapping[str, Any], now: float) -> float | None:
    """How long something took, or takes by now."""
    started = words.instant(each.get("started_at"))
    if started is None:
        return None
    ended = words.instant(each.get("completed_at"))
    return (now if ended is None else ended) - started


# -- stages ----------------------------------------------------------------------------


def stages(run: Run, now: float) -> list[tuple[str | None, str]]:
    """The graph with what became of each stage: (the stage of the line, the line)."""
    found = {each["name"]: each for each in run["stages"]}
    rows = _drawn(tuple((name, tuple(each["needs"])) for name, each in found.items()))
    art = max((len(row.art) for row in rows), default=0)
    drawn = art <= GRAPH_COLUMNS_MAX
    if not drawn:
        rows, art = [graph.Row(graph.NODE, name) for name in found], 1
    name_width = max((width(words.one_line(name)) for name in found), default=0)
    lines: list[tuple[str | None, str]] = []
    for row in rows:
        if row.stage is None:
            lines.append((None, dim(row.art)))
            continue
        stage = found[row.stage]
        lines.append((row.stage, _stage(stage, row.art, art, name_width, now)))
    return lines


@lru_cache(maxsize=4)
def _drawn(stages: tuple[tuple[str, tuple[str, ...]], ...]) -> list[graph.Row]:
    """A live view asks for the same graph at every frame."""
    return graph.draw(stages)


def _stage(stage: Mapping[str, Any], art: str, art_width: int, name_width: int, now: float) -> str:
    before, _, after = art.ljust(art_width).partition(graph.NODE)
    mark = (
        dim(before) + icon(stage["status"]) + dim(after)
        if before or after.strip()
        else (icon(stage["status"]) + after)
    )
    number = stage["attempts"]
    facts = [
        mark,
        pad(words.one_line(stage["name"]), name_width),
        pad(word(stage["status"]), 9),
        pad(words.duration(elapsed(stage, now)) if number else "", 7),
    ]
    notes = []
    if number > 1:
        notes.append(f"attempt {number}")
    due = words.instant(stage.get("retry_at"))
    if due is not None and stage["status"] not in _ENDED:
        notes.append(f"attempt {number + 1} in {words.duration(max(0.0, due - now))}")
    if stage.get("rolled_back_at"):
        notes.append("undone")
    if stage["status"] != "succeeded" and because(stage):
        notes.append(because(stage))
    return "  ".join([*facts, dim("; ".join(notes))] if notes else facts).rstrip()


# -- beside the stages -----------------------------------------------------------------


def pending(run: Run) -> list[Mapping[str, Any]]:
    return [each for each in run.get("approvals") or () if each["status"] == "pending"]


def approvals(run: Run, now: float) -> list[str]:
    return [
        f"{answer(each['status'])}  approval {each['id']} of {words.one_line(each['stage'])}: "
        f"{question(each, now)}"
        for each in run.get("approvals") or ()
    ]


def question(approval: Mapping[str, Any], now: float) -> str:
    """Who may answer, who did, how long there is."""
    who = ", ".join(words.one_line(each) for each in approval.get("approvers") or ())
    quorum = "all" if approval.get("every") else approval.get("quorum", 1)
    said = [f"{quorum} of {who}" if who else "anybody who may approve"]
    for each in approval.get("decisions") or ():
        to = f" to {words.one_line(each['delegated_to'])}" if each.get("delegated_to") else ""
        comment = f' "{words.short(each["comment"], 60)}"' if each.get("comment") else ""
        verb = {"approve": "approved", "reject": "rejected", "delegate": "delegated"}
        what = verb.get(each["decision"], words.one_line(each["decision"]))
        said.append(f"{words.one_line(each['by'])} {what}{to}{comment}")
    if approval["status"] == "pending":
        said.append(time_left(approval, now))
    return "; ".join(part for part in said if part)


def time_left(approval: Mapping[str, Any], now: float) -> str:
    """`23h 59m left, then rejected`."""
    expires = words.instant(approval.get("expires_at"))
    if expires is None:
        return "no time limit"
    then = {"approve": "approved", "reject": "rejected"}.get(
        str(approval.get("on_timeout")), "closed"
    )
    return f"{words.duration(max(0.0, expires - now))} left, then {then}"


def answers(approval: Mapping[str, Any]) -> list[str]:
    """The exact commands."""
    number = approval["id"]
    return [
        f"orchestrate approval approve {number}",
        f'orchestrate approval reject {number} --reason "..."',
    ]


def rollback(run: Run) -> list[str]:
    undo = run.get("rollback")
    if not undo:
        return []
    target = f" to {words.one_line(undo['target'])}" if undo.get("target") else ""
    by = f" by {words.one_line(undo['by'])}" if undo.get("by") else ""
    why = f": {because(undo)}" if because(undo) else ""
    lines = [f"{status(undo['status'])}  rollback{target} ({undo.get('trigger', '')}{by}){why}"]
    for step in undo.get("steps") or ():
        note = because(step)
        line = f"  {icon(step['status'])} {words.one_line(step['stage'])}  {word(step['status'])}"
        lines.append(f"{line}  {dim(note)}" if note else line)
    return lines


def whole(run: Run, now: float, columns: int) -> list[str]:
    """Everything `pipeline status` shows."""
    lines = [head(run, now)]
    if because(run) and run["status"] != "succeeded":
        lines.append(f"  {because(run)}")
    lines += ["", *(line for _, line in stages(run, now))]
    for part in (approvals(run, now), rollback(run)):
        if part:
            lines += ["", *part]
    if run["warnings"]:
        tolerated = words.count(run["warnings"], "failure")
        lines += ["", paint(f"{tolerated} tolerated (on_failure: continue)", YELLOW)]
    return [crop(line, columns) for line in lines]


RUN_HEAD = ("RUN", "STATUS", "PIPELINE", "REVISION", "CAUSE", "BY", "STARTED", "TOOK", "REASON")


def run_row(run: Run, now: float) -> Sequence[str]:
    return (
        str(run["id"]),
        status(run["status"]),
        words.one_line(run["pipeline"]),
        str(run.get("revision") or ""),
        words.short(cause(run) or "manual", 40),
        words.one_line(run.get("actor") or ""),
        words.ago(run.get("started_at") or run.get("created_at"), now),
        words.duration(elapsed(run, now)),
        because(run) if run["status"] != "succeeded" else "",
    )
