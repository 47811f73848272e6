"""Sections to `Stage`s: what each key becomes, with the pipeline's defaults below it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrate.core.outputs import BadPromise, promise
from orchestrate.core.pipeline import (
    GRACE_S,
    TIMEOUT_S,
    Backoff,
    Escalation,
    OnFailure,
    OnLost,
    OutputUse,
    Retry,
    RunIf,
    Stage,
)
from orchestrate.language.conditions import Asked
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.gates import gate
from orchestrate.language.graph import Graph
from orchestrate.language.kinds import TEXT_CHARACTERS_MAX, Word
from orchestrate.language.names import output_fault
from orchestrate.language.references import References
from orchestrate.language.shape import Section
from orchestrate.language.undo import Undoing

MAX_DELAY_S = 60.0
ENTRIES_MAX = 100_000
Env = Mapping[str, tuple[Node, Node, Any]]


@dataclass
class Building:
    """Everything that the stages of one pipeline are made from.

    `commands`: the agents that are known to be plain commands. `known`: the names of all agents
    that are defined, None where that is not to be checked.
    """

    faults: Faults
    graph: Graph
    pipeline: str
    defaults: Section
    variables: Mapping[str, Any]
    commands: Collection[str]
    known: Collection[str] | None
    single_user: bool
    promises: dict[int, str] = field(default_factory=dict)
    entries: int = 0  # of `env`, of all stages together

    def __post_init__(self) -> None:
        """What the defaults say is read once, whatever the number of stages."""
        self.default_retry = self.retry(self.defaults.get("retry"))
        self.default_labels = _texts(self.defaults.get("runs_on", []))
        self.default_env = _values(self.defaults.get("env", {}))
        self.default_entries = tuple(self.default_env.items())

    def stages(self) -> tuple[Stage, ...]:
        """All stages, in topological order."""
        graph = self.graph
        promised: dict[int, Mapping[str, Any]] = {}
        for number, placed in enumerate(graph.stages):
            schema = self.promise(placed.section)
            if schema is not None:
                self.promises[number] = json.dumps(schema, ensure_ascii=False)
                whole = schema == placed.section.get(
                    "outputs"
                )  # a JSON Schema, which may allow others
                if schema.get("additionalProperties") is False or not whole:
                    promised[number] = schema.get("properties", {})
        references = References(self.faults, graph, self.variables, promised)
        agents = [self.agent(placed.section) for placed in graph.stages]
        timeouts = [self.timeout(placed.section) for placed in graph.stages]
        undone = Undoing(
            graph, self.faults, agents, timeouts, self.retry, self.commands, self.pipeline
        ).resolve()
        built: dict[int, Stage] = {}
        for number, placed in enumerate(graph.stages):
            section = placed.section
            built[number] = Stage(
                name=placed.name,
                agent=agents[number],
                run=section.get("run"),
                task=section.get("task"),
                when=self.when(number, section, references),
                run_if=RunIf(section.get("run_if", RunIf.SUCCESS)),
                gate=gate(section, self.faults, single_user=self.single_user),
                on_failure=OnFailure(section.get("on_failure", OnFailure.HALT)),
                rollback_to=undone[number].rollback_to,
                rollback=undone[number].how,
                on_lost=OnLost(section.get("on_lost", self.defaults.get("on_lost", OnLost.FAIL))),
                environment=section.get("environment"),
                env=self.env(section),
                retry=self.retry(section.get("retry"))
                if "retry" in section
                else self.default_retry,
                timeout_s=timeouts[number],
                grace_s=section.get("grace", self.defaults.get("grace", GRACE_S)),
                outputs=self.promises.get(number),
                uses=self.uses(number, section, references),
                runs_on=_texts(section.get("runs_on", [])) or self.default_labels,
                description=section.get("description"),
                group=placed.group,
                needs=tuple([graph.stages[need].name for need in graph.needs[number]]),
                line=section.node.line,
            )
        return tuple(built[number] for number in graph.order)

    # ── who, and for how long ──

    def agent(self, section: Section) -> str | None:
        """The agent of a stage, None where it has a `run` (9.4)."""
        rollback: Section | None = section.get("rollback")
        if rollback is not None and "agent" in rollback:
            self.check_agent(rollback.get("agent", ""), rollback.nodes["agent"])
        if "run" in section:
            for key in ("agent", "task"):
                if key in section:
                    self.faults.at(
                        section.keys[key],
                        "agent-and-run",
                        f"`run` and `{key}` exclude each other",
                        "a stage is a command, or an agent with a task: keep one",
                    )
            return None
        name: str = section.get("agent") or self.defaults.get("agent") or section.get("name", "")
        where = section.nodes.get("agent") or section.nodes.get("name")
        if "agent" not in section and self.defaults.get("agent"):
            where = None  # said once, at the defaults
        self.check_agent(name, where, named_by_stage="agent" not in section)
        return name

    def check_agent(self, name: str, node: Node | None, *, named_by_stage: bool = False) -> None:
        if self.known is None or node is None or not name or name in self.known:
            return
        hint = self.faults.spelling.guess(name, self.known, "")
        what = f"no agent is defined as `{shown(name)}`"
        if named_by_stage:
            what = f"the stage names no agent, and none is defined as `{shown(name)}`"
        self.faults.at(
            node, "unknown-agent", what, hint or "define it under `agents:`, or in orchestrate.yaml"
        )

    def timeout(self, section: Section) -> float:
        seconds: float = section.get("timeout", self.defaults.get("timeout", TIMEOUT_S))
        return seconds

    def retry(self, section: Section | None) -> Retry:
        if section is None:
            return Retry()
        attempts: int = section.get("attempts", 1)
        delay: float = section.get("delay", 1.0)
        most: float = section.get("max_delay", max(MAX_DELAY_S, delay))
        if most < delay:
            self.faults.at(
                section.nodes["max_delay"],
                "out-of-range",
                "`max_delay` is shorter than `delay`",
                "no wait could be both",
            )
        if "attempts" not in section:
            self.faults.at(
                section.node,
                "missing-key",
                "`retry` needs `attempts`",
                "how many attempts in all: `retry: 3` or `attempts: 3`",
            )
        return Retry(
            attempts=attempts,
            backoff=Backoff(section.get("backoff", Backoff.EXPONENTIAL)),
            delay_s=delay,
            max_delay_s=most,
            on=self.failures(section),
            escalate=self.escalations(section, attempts),
        )

    def failures(self, section: Section) -> tuple[str, ...]:
        found: list[str] | None = section.get("on")
        if found is None:
            return Retry().on
        if "auth" in found:
            self.faults.at(
                section.nodes["on"],
                "never-retried",
                "a failed login is never retried",
                "delete `auth`",
            )
        return tuple(dict.fromkeys(found))

    def escalations(self, section: Section, attempts: int) -> tuple[Escalation, ...]:
        found: list[Section] = section.get("escalate", [])
        for each in found:
            if not each.nodes:
                self.faults.at(
                    each.node,
                    "missing-key",
                    "an escalation needs `agent` or `model`",
                    "say what the next attempt changes",
                )
            if "agent" in each:
                self.check_agent(each.get("agent", ""), each.nodes["agent"])
        if len(found) >= attempts and "attempts" in section:
            self.faults.at(
                found[max(0, attempts - 1)].node,
                "unused-escalation",
                f"there are {attempts} attempts, and this would be for attempt "
                f"{max(0, attempts - 1) + 2}",
                "raise `attempts`, or delete it",
            )
        return tuple(Escalation(agent=each.get("agent"), model=each.get("model")) for each in found)

    # ── texts ──

    def env(self, section: Section) -> tuple[tuple[str, str], ...]:
        own = _values(section.get("env", {}))
        if not own:
            return self.default_entries
        before, self.entries = self.entries, self.entries + len(own) + len(self.default_env)
        if before <= ENTRIES_MAX < self.entries:
            self.faults.at(
                section.keys["env"],
                "too-many",
                f"the stages have more than {ENTRIES_MAX:,} entries of `env` together",
                "write fewer, or fewer in `defaults`",
            )
        return tuple({**self.default_env, **own}.items()) if self.entries <= ENTRIES_MAX else ()

    def when(self, number: int, section: Section, references: References) -> Any:
        asked: Asked | None = section.get("when")
        if asked is None:
            return None
        for mention in asked.mentions.names:
            references.condition(mention, number)
        for word in asked.mentions.texts:
            references.template(word.text, word.node, number)
        return asked.condition

    def uses(self, number: int, section: Section, references: References) -> tuple[OutputUse, ...]:
        """The outputs that the texts of a stage use, and those its condition asks for."""
        found: dict[OutputUse, None] = {}
        texts = [(section, "task"), (section, "environment")]
        approval: Section | None = section.get("approval")
        if approval is not None:
            texts.append((approval, "message"))
        for source, key in texts:
            text = source.get(key)
            if text is not None:
                found.update(dict.fromkeys(references.template(text, source.nodes[key], number)))
        env: Env = section.get("env", {})
        for _, node, value in env.values():
            if value is not None:
                found.update(dict.fromkeys(references.template(value, node, number)))
        if section.get("run") is not None:
            references.command(section.get("run"), section.nodes["run"])
        rollback: Section | None = section.get("rollback")
        if rollback is not None:
            if rollback.get("task") is not None:
                node = rollback.nodes["task"]
                references.template(rollback.get("task"), node, number, own=True)
            if rollback.get("run") is not None:
                references.command(rollback.get("run"), rollback.nodes["run"])
        asked: Asked | None = section.get("when")
        if asked is not None:
            for mention in asked.mentions.names:
                if mention.kind == "output":
                    found[OutputUse(stage=mention.name, name=mention.output, default=True)] = None
        return tuple(found)

    def promise(self, section: Section) -> dict[str, Any] | None:
        """`outputs` as a JSON Schema of an object."""
        written = section.get("outputs")
        if written is None:
            return None
        node = section.nodes["outputs"]
        try:
            schema = promise([written] if isinstance(written, str) else written)
        except BadPromise as broken:
            self.faults.at(
                node,
                "bad-outputs",
                str(broken.args[0]),
                "such as `outputs: {passed: integer, report: string?}`",
            )
            return None
        for name in schema.get("properties", {}):
            if fault := output_fault(str(name)):
                self.faults.at(node, *fault)
        if len(json.dumps(schema)) > TEXT_CHARACTERS_MAX:
            self.faults.at(
                node,
                "too-long",
                f"`outputs` has more than {TEXT_CHARACTERS_MAX:,} characters as JSON",
            )
        return schema


def _texts(words: list[Word]) -> tuple[str, ...]:
    return tuple(word.text for word in words)


def _values(env: Env) -> dict[str, str]:
    return {name: value for name, (_, _, value) in env.items() if value is not None}
