"""`--dry-run`: what would run, wave by wave, what would not and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrate.cli import words
from orchestrate.cli.paint import GREEN, RED, YELLOW, bold, crop, dim, paint

Json = Mapping[str, Any]
_MARKS = {
    "run": ("✔", "runs", GREEN),
    "skip": ("◌", "is skipped", ""),
    "unknown": ("?", "unknown", YELLOW),
}


def lines(plan: Json, columns: int) -> list[str]:
    stages = {each["name"]: each for each in plan["stages"]}
    said = [_head(plan)]
    if plan.get("variables"):
        values = [f"{words.one_line(k)}={words.short(v, 60)}" for k, v in plan["variables"].items()]
        said.append(dim(f"variables: {', '.join(values)}"))
    for number, wave in enumerate(plan["waves"], start=1):
        together = " (together)" if len(wave) > 1 else ""
        said += ["", bold(f"wave {number}{together}")]
        for name in wave:
            said += [f"  {line}" for line in _stage(stages[name])]
    skipped = sum(each["verdict"] == "skip" for each in plan["stages"])
    unknown = sum(each["verdict"] == "unknown" for each in plan["stages"])
    count = words.count(len(stages), "stage")
    broken = sum(each["verdict"] != "skip" and bool(_problem(each)) for each in plan["stages"])
    sound = [each for each in plan["stages"] if each["verdict"] == "run" and not _problem(each)]
    runs = len(sound)
    cannot = f", {broken} could not" if broken else ""
    open_ = f", {unknown} not known yet" if unknown else ""
    said += [
        "",
        f"{count}: {runs} would run{cannot}, {skipped} would be skipped{open_}; nothing was stored",
    ]
    return [crop(line, columns) for line in said]


def _head(plan: Json) -> str:
    facts = [f"event {words.one_line(plan['event'])}"]
    facts.append(
        f"branch {words.one_line(plan['branch'])}" if plan.get("branch") else "branch unknown"
    )
    revision = f"revision {plan['revision']}, " if plan.get("revision") else ""
    state = "" if plan.get("enabled", True) else paint("disabled, ", YELLOW)
    return f"{bold(words.one_line(plan['pipeline']))}  {revision}{state}{', '.join(facts)}"


def _stage(stage: Json) -> list[str]:
    mark, verdict, style = _MARKS.get(stage["verdict"], ("?", str(stage["verdict"]), ""))
    until = [words.one_line(each) for each in stage.get("unknown_until") or ()]
    known = f" until {', '.join(until)} ended" if until else ""
    why = f": {words.one_line(stage['why'])}" if stage.get("why") else ""
    name = bold(words.one_line(stage["name"]))
    said = [f"{paint(mark, style)} {name}  {paint(verdict + known, style)}{dim(why)}"]
    if stage["verdict"] == "skip":
        return said
    said += [f"    {label}: {text}" for label, text in _facts(stage) if text]
    problem = _problem(stage)
    if problem:
        said.append(paint(f"    cannot run: {words.one_line(problem)}", RED))
    return said


def _problem(stage: Json) -> str:
    """Why a stage that is to run could not: its agent, or a fact that nobody has given."""
    missing = ", ".join(f"`${{{name}}}`" for name in stage.get("missing") or ())
    return stage.get("agent_problem") or (f"{missing} has no value" if missing else "")


def _facts(stage: Json) -> list[tuple[str, str]]:
    gate = stage.get("gate")
    undo = stage.get("undo") or {}
    by = undo.get("run") or f"{undo.get('agent')}: {undo.get('task')}"
    return [
        ("needs", ", ".join(words.one_line(each) for each in stage.get("needs") or ())),
        ("agent", words.one_line(stage.get("agent") or "")),
        (
            "run" if stage.get("run") else "task",
            words.short(stage.get("run") or stage["task"], 200),
        ),
        ("environment", words.one_line(stage.get("environment") or "")),
        ("approval", _gate(gate) if gate else ""),
        ("attempts", str(stage["attempts"]) if stage.get("attempts", 1) > 1 else ""),
        ("on failure", _failure(stage)),
        ("undone by", words.short(by, 200) if undo else ""),
    ]


def _gate(gate: Json) -> str:
    names = (
        ", ".join(words.one_line(each) for each in gate["approvers"]) or "anybody who may approve"
    )
    limit = words.duration(gate["timeout_s"]) if gate.get("timeout_s") else "no time limit"
    then = {"approve": "approved", "reject": "rejected"}.get(gate["on_timeout"], "closed")
    return f"{gate['quorum']} of {names}; after {limit} without an answer: {then}"


def _failure(stage: Json) -> str:
    if stage.get("on_failure", "halt") == "halt":
        return ""
    target = f" to {words.one_line(stage['rollback_to'])}" if stage.get("rollback_to") else ""
    return f"{stage['on_failure']}{target}"
