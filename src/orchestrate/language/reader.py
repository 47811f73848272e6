"""YAML text to a pipeline, or to every fault in it.

`read` is the one function by which definitions come in: on create and update, by `validate`,
in the editor (semantics 2.9). It never raises, whatever the text is, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrate.core.pipeline import Concurrency, Pipeline, Trigger
from orchestrate.language import triggers
from orchestrate.language.composer import compose
from orchestrate.language.diagnostic import Diagnostic
from orchestrate.language.document import Node
from orchestrate.language.encoding import decode
from orchestrate.language.faults import Enough, Faults, shown
from orchestrate.language.names import variable_fault
from orchestrate.language.order import resolve
from orchestrate.language.pipeline_keys import PIPELINE
from orchestrate.language.references import References
from orchestrate.language.shape import Section
from orchestrate.language.stages import Building

Named = Mapping[str, tuple[Node, Node, Any]]


@dataclass(frozen=True, slots=True)
class Reading:
    """`pipeline` is None if and only if one of the diagnostics is an error."""

    pipeline: Pipeline | None
    diagnostics: tuple[Diagnostic, ...]


def read(
    text: str | bytes,
    *,
    known_agents: Collection[str] | None = None,
    default_agent: bool = False,
    single_user: bool = True,
) -> Reading:
    """The pipeline that `text` defines, resolved, and all that is to be said of it.

    `known_agents`: the names of all agents that are defined outside of the text; without it, or
    with a default agent for all other names, they are not checked.
    """
    faults = Faults()
    known = None if default_agent else known_agents
    pipeline, stopped = None, False
    try:
        pipeline = _read(text, faults, known, single_user=single_user)
    except Enough:
        stopped = True
    faults.close(stopped=stopped)
    return Reading(None if faults.fatal else pipeline, faults.sorted())


def _read(
    text: str | bytes, faults: Faults, known: Collection[str] | None, *, single_user: bool
) -> Pipeline | None:
    decoded = decode(text, faults)
    document = None if decoded is None else compose(decoded, faults)
    section = None if document is None else PIPELINE.read(document.root(), faults)
    if section is None:
        return None
    agents: Named = section.get("agents", {})
    variables: Named = section.get("variables", {})
    name: str = section.get("name", "")
    graph = resolve(section.get("stages", []), faults)
    empty = Section(section.node)
    building = Building(
        faults=faults,
        graph=graph,
        pipeline=name,
        defaults=section.get("defaults", empty),
        variables=variables,
        commands=frozenset(key for key, (_, _, made) in agents.items() if _is_command(made)),
        known=None if known is None else frozenset(known) | agents.keys(),
        single_user=single_user,
    )
    stages = building.stages()
    references = References(faults, graph, variables, {})
    _check_defaults(building, references)
    _check_variables(variables, faults)
    _check_agents(agents, faults)
    return Pipeline(
        name=name,
        description=section.get("description"),
        version=section.get("version", 1),
        stages=stages,
        triggers=_triggers(section, references, faults),
        variables={key: value for key, (_, _, value) in variables.items()},
        agents={key: json.dumps(made, ensure_ascii=False) for key, (_, _, made) in agents.items()},
        max_parallel=section.get("max_parallel"),
        fail_fast=section.get("fail_fast", False),
        timeout_s=section.get("timeout"),
        concurrency=_concurrency(section, name, references),
    )


def _triggers(section: Section, references: References, faults: Faults) -> tuple[Trigger, ...]:
    built: list[Trigger] = []
    for each in section.get("triggers", []):
        built.append(triggers.build(each, section.get("name"), faults))
        asked = each.get("if")
        if asked is not None:
            for mention in asked.mentions.names:
                references.condition(mention, None)
            for word in asked.mentions.texts:
                references.template(word.text, word.node, None)
    return tuple(built)


def _concurrency(section: Section, pipeline: str, references: References) -> Concurrency | None:
    written: Section | None = section.get("concurrency")
    if written is None:
        return None
    group: str = written.get("group", "")
    if group:
        references.template(group, written.nodes["group"], None)
    return Concurrency(
        group=group or pipeline,
        limit=written.get("limit", 1),
        on_conflict=written.get("on_conflict", "queue"),
    )


def _check_defaults(building: Building, references: References) -> None:
    """What stands in the defaults is checked there, once."""
    defaults = building.defaults
    if "agent" in defaults:
        building.check_agent(defaults.get("agent", ""), defaults.nodes["agent"])
    env: Named = defaults.get("env", {})
    for _, node, value in env.values():
        if value is not None:
            references.template(value, node, None)


def _check_variables(variables: Named, faults: Faults) -> None:
    for name, (_, node, value) in variables.items():
        if isinstance(value, str) and "${" in value:
            faults.at(
                node,
                "not-substituted",
                f"nothing is substituted in the value of `{shown(name)}`",
                "write both variables where they are used",
            )


def _check_agents(agents: Named, faults: Faults) -> None:
    """What belongs to the pipeline; the rest of a definition is read by who starts agents."""
    for _, node, made in agents.values():
        if not isinstance(made, dict) or not isinstance(made.get("env"), dict):
            continue
        entries = node.entries()["env"][1].entries()
        for key, (place, _) in entries.items():
            if fault := variable_fault(key):
                faults.at(place, *fault)


def _is_command(made: object) -> bool:
    if not isinstance(made, dict):
        return False
    return "run" in made and "image" not in made and made.get("kind", "command") == "command"
