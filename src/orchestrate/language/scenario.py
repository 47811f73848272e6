"""A file of scenarios: its text to what the world does, and the places of what is expected.

It reads within the bounds of `composer` and never raises. What a scenario expects stays in its
sections, so that whoever finds something else can point at the very word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrate.core.pipeline import Pipeline
from orchestrate.language.composer import compose
from orchestrate.language.document import Node
from orchestrate.language.encoding import decode
from orchestrate.language.faults import Enough, Faults, shown
from orchestrate.language.kinds import Word
from orchestrate.language.scenario_keys import ACTS, DEEDS, PLAIN_FACTS, SCENARIO_FILE
from orchestrate.language.shape import Section

TAKES_S: Final = 1.0
STARTER: Final = "someone"
ASKED: Final = ("approve", "reject", "delegate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What one attempt does. `detail` is the sentence, or the class of a failure's own word."""

    kind: str = "succeeds"
    detail: str = ""
    failure: str = "exit"
    code: int = 0
    outputs: Mapping[str, Any] = field(default_factory=dict)
    takes_s: float = TAKES_S


WELL: Final = Deed()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Act:
    """What one person does, `after_s` after it can be done. `node` is where it is written."""

    kind: str
    stage: str | None
    by: str
    to: str
    text: str
    after_s: float
    refused: str | None
    node: Node
    refused_node: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`agents`, `undo`: stage → its attempts; the last one stands for all that follow."""

    name: str
    node: Node
    event: Mapping[str, Any]
    by: str
    owner: str | None
    variables: Mapping[str, str]
    variables_node: Node
    agents: Mapping[str, tuple[Deed, ...]]
    undo: Mapping[str, tuple[Deed, ...]]
    acts: tuple[Act, ...]
    expect: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFile:
    """`named`: every word that must be a stage of the pipeline."""

    pipeline: Word
    groups: Mapping[str, frozenset[str]]
    scenarios: tuple[Scenario, ...]
    named: tuple[Word, ...]


def read(text: str | bytes, faults: Faults) -> ScenarioFile | None:
    """The scenarios of a text; None where it has faults, which are noted."""
    found, stopped = None, False
    try:
        found = _read(text, faults)
    except Enough:
        stopped = True
    faults.close(stopped=stopped)
    return None if faults.fatal else found


def check(file: ScenarioFile, pipeline: Pipeline, faults: Faults) -> None:
    """Note every stage that a scenario names and the pipeline does not have."""
    for word in file.named:
        if word.text not in pipeline.by_name:
            faults.at(
                word.node,
                "unknown-stage",
                f"`{pipeline.name}` has no stage `{shown(word.text)}`",
                faults.spelling.guess(word.text, pipeline.by_name, "stages"),
            )


def _read(text: str | bytes, faults: Faults) -> ScenarioFile | None:
    decoded = decode(text, faults)
    if decoded is None:
        return None
    if not any(line.strip() and line.lstrip()[0] != "#" for line in decoded.splitlines()):
        hint = "start with `pipeline: FILE` and `scenarios:`"
        faults.place("empty", 0, 0, "there are no scenarios in this text", hint)
        return None
    document = compose(decoded, faults)
    section = None if document is None else SCENARIO_FILE.read(document.root(), faults)
    if section is None:
        return None
    named: list[Word] = []
    sections: list[Section | None] = section.get("scenarios", [])
    scenarios = [_scenario(each, faults, named) for each in sections if each is not None]
    _check_names(scenarios, sections, faults)
    return ScenarioFile(
        pipeline=Word(section.get("pipeline", ""), section.nodes.get("pipeline", section.node)),
        groups={
            name: frozenset(word.text for word in members or ())
            for name, (_, _, members) in section.get("groups", {}).items()
        },
        scenarios=tuple(scenarios),
        named=tuple(named),
    )


def _check_names(scenarios: list[Scenario], sections: list[Section | None], faults: Faults) -> None:
    seen: dict[str, int] = {}
    for scenario, section in zip(scenarios, filter(None, sections), strict=True):
        if scenario.name and scenario.name in seen:
            faults.at(
                section.lone("name"),
                "duplicate-name",
                f"two scenarios are called `{shown(scenario.name)}`; the first is on line "
                f"{seen[scenario.name]}",
                "a name says which one failed: choose another",
            )
        seen.setdefault(scenario.name, section.node.line)


def _scenario(section: Section, faults: Faults, named: list[Word]) -> Scenario:
    expect: Section = section.get("expect") or Section(section.node)
    owner: str | None = section.get("owner")
    by: str = section.get("by", owner or STARTER)
    variables = section.get("variables", {})
    for key, _, value in variables.values():
        if value is None:
            faults.at(key, "missing-key", "a variable of a scenario needs a value", "write one")
    _name_stages(expect, named)
    return Scenario(
        name=section.get("name", ""),
        node=section.lone("name"),
        event=_event(section.get("event")),
        by=by,
        owner=owner,
        variables={name: value for name, (_, _, value) in variables.items() if value is not None},
        variables_node=section.lone("variables")
        if "variables" in section
        else section.lone("name"),
        agents=_deeds(section.get("agents", {}), faults, named),
        undo=_deeds(section.get("undo", {}), faults, named),
        acts=tuple(
            _act(each, faults, named) for each in section.get("people", []) if each is not None
        ),
        expect=expect,
    )


def _event(section: Section | None) -> dict[str, Any]:
    if section is None:
        return {"event": "manual"}
    facts: dict[str, Any] = dict(section.get("data", {}))
    facts |= {name: section.get(name) for name in PLAIN_FACTS if section.get(name) is not None}
    for name in ("paths", "labels"):
        if section.get(name) is not None:
            facts[name] = [word.text for word in section.get(name)]
    facts.setdefault("event", "manual")
    return facts


def _deeds(
    written: Mapping[str, tuple[Node, Node, Any]], faults: Faults, named: list[Word]
) -> dict[str, tuple[Deed, ...]]:
    found = {}
    for stage, (key, _, sections) in written.items():
        named.append(Word(stage, key))
        found[stage] = tuple(_deed(each, faults) for each in sections or () if each is not None)
    return found


def _deed(section: Section, faults: Faults) -> Deed:
    kind = _one_of(DEEDS, section, "an attempt", faults)
    value = section.values.get(kind)
    for flag in ("lost", "times_out"):
        if section.values.get(flag) is False:
            what = f"`{flag}: false` says nothing"
            faults.at(section.nodes[flag], "bad-choice", what, "delete the key")
    if kind == "succeeds" and "outputs" in section:
        hint = "write `succeeds: {name: value}`"
        faults.at(section.keys["outputs"], "misplaced-key", "the outputs are written twice", hint)
    detail: str = section.get("because", "")
    if kind in {"skips", "asks"}:
        detail = value or detail
    return Deed(
        kind=kind,
        detail=detail,
        failure=value or "exit" if kind == "fails" else "exit",
        code=value or 0 if kind == "exits" else 0,
        outputs=(value or {}) if kind == "succeeds" else section.get("outputs", {}),
        takes_s=section.get("takes", TAKES_S),
    )


def _act(section: Section, faults: Faults, named: list[Word]) -> Act:
    kind = _one_of(ACTS, section, "an answer", faults)
    value: str | None = section.get(kind)
    at = section.lone(kind)
    stage = value if kind in ASKED or kind == "roll_back" else None
    if stage is not None:
        named.append(Word(stage, section.nodes[kind]))
    if kind == "delegate" and "to" not in section:
        faults.at(at, "missing-key", "`delegate` needs `to`", "say who gets the vote: `to: NAME`")
    if kind != "delegate" and "to" in section:
        faults.at(section.keys["to"], "misplaced-key", f"`{kind}` has no `to`", "delete it")
    text: str = section.get("comment", "")
    if kind == "cancel":
        text = value or text
    if kind == "reject" and not text:
        text = "no"
    return Act(
        kind=kind,
        stage=stage,
        by=section.get("by", ""),
        to=section.get("to", ""),
        text=text,
        after_s=section.get("after", 0.0),
        refused=section.get("refused"),
        node=at,
        refused_node=section.nodes.get("refused", at),
    )


def _one_of(words: tuple[str, ...], section: Section, noun: str, faults: Faults) -> str:
    """The one of some keys that is written."""
    written = [word for word in words if word in section]
    if not written:
        some = ", ".join(f"`{word}`" for word in words)
        faults.at(section.node, "missing-key", f"{noun} needs one of {some}", "add one")
        return words[0]
    for extra in written[1:]:
        faults.at(
            section.keys[extra],
            "misplaced-key",
            f"`{written[0]}` and `{extra}` exclude each other",
            "write two of them, one after the other" if noun == "an answer" else "keep one",
        )
    return written[0]


def _name_stages(expect: Section, named: list[Word]) -> None:
    for part in ("stages", "approvals"):
        named += [Word(name, key) for name, (key, _, _) in expect.get(part, {}).items()]
    for rollback in expect.get("rollback", []):
        for part in ("failed_stage", "target"):
            if rollback.get(part) is not None:
                named.append(Word(rollback.get(part), rollback.nodes[part]))
        named += [Word(name, key) for name, (key, _, _) in rollback.get("steps", {}).items()]
        named += rollback.get("order", [])
