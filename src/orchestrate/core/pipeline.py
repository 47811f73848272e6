"""What people write: a pipeline and its stages, as plain facts, resolved.

Nothing here knows YAML, and nothing here has happened yet. The language floor has resolved
shorthand (`parallel_with`, groups, implied order, defaults), so the core knows one ordering
relation only: a stage `needs` other stages (semantics 3.6). Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from orchestrate.core.condition import Condition

STAGES_MAX = 10_000
ATTEMPTS_MAX = 100
TIMEOUT_S = 3600.0
GRACE_S = 10.0
APPROVAL_TIMEOUT_S = 86_400.0


class OnFailure(StrEnum):
    HALT = "halt"
    CONTINUE = "continue"
    ROLLBACK = "rollback"


class RunIf(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"


class OnTimeout(StrEnum):
    REJECT = "reject"
    APPROVE = "approve"


class OnLost(StrEnum):
    FAIL = "fail"
    RERUN = "rerun"


class Backoff(StrEnum):
    EXPONENTIAL = "exponential"
    LINEAR = "linear"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What the next attempt changes: another agent, another model, or both (semantics 5.4)."""

    agent: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`attempts` is the total, the first included. `on` names the failure classes retried."""

    attempts: int = 1
    backoff: Backoff = Backoff.EXPONENTIAL
    delay_s: float = 1.0
    max_delay_s: float = 60.0
    on: tuple[str, ...] = ("exit", "timeout", "lost")
    escalate: tuple[Escalation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who must agree before a stage may start, and what silence means (semantics 7.3).

    `approvers` empty: anybody who may approve. `quorum` is a number of distinct people; with
    `every` each entry needs a person of its own (`quorum: all`; then quorum = len(approvers)).
    """

    approvers: tuple[str, ...] = ()
    quorum: int = 1
    every: bool = False
    timeout_s: float | None = APPROVAL_TIMEOUT_S
    on_timeout: OnTimeout = OnTimeout.REJECT
    self_approval: bool = False
    message: str | None = None
    notify: tuple[str, ...] = ()
    remind_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """How a stage is undone, resolved by semantics 8.3. `run` and `agent` exclude each other."""

    agent: str | None = None
    task: str | None = None
    run: str | None = None
    timeout_s: float = TIMEOUT_S
    retry: Retry = Retry()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputUse:
    """A reference to an output of another stage, found in a template or a condition."""

    stage: str
    name: str
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One node of the DAG. `task`, `environment`, `env` values and messages are templates (9.1).

    `rollback_to` is the resolved target T of `on_failure: rollback` (8.1), else None. `rollback`
    is the resolved compensation, None where there is nothing to undo. `outputs` is what the stage
    declares (a JSON Schema object, as JSON text), None where it declares nothing. `uses` are the
    outputs its templates refer to. `group` is the `parallel:` group it was written in, if any.
    """

    name: str
    agent: str | None = None
    run: str | None = None
    task: str | None = None
    needs: tuple[str, ...] = ()
    when: Condition | None = None
    run_if: RunIf = RunIf.SUCCESS
    gate: Gate | None = None
    on_failure: OnFailure = OnFailure.HALT
    rollback_to: str | None = None
    rollback: Compensation | None = None
    on_lost: OnLost = OnLost.FAIL
    environment: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    retry: Retry = Retry()
    timeout_s: float = TIMEOUT_S
    grace_s: float = GRACE_S
    outputs: str | None = None
    uses: tuple[OutputUse, ...] = ()
    runs_on: tuple[str, ...] = ()
    description: str | None = None
    group: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One way a pipeline starts (semantics 10.1); filters are and-ed, `condition` is `if`."""

    events: tuple[str, ...]
    branches: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    condition: Condition | None = None
    cron: str | None = None
    timezone: str | None = None
    missed: str = "once"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """`concurrency: {group, limit, on_conflict}` (semantics 10.7)."""

    group: str
    limit: int = 1
    on_conflict: str = "queue"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A definition, resolved. `stages` are in topological order, ties in the order written.

    A variable whose value is None is required at start (9.2). `agents` are definitions written
    in the pipeline itself, name → JSON text.
    """

    name: str
    description: str | None = None
    version: int = 1
    stages: tuple[Stage, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)
    max_parallel: int | None = None
    fail_fast: bool = False
    timeout_s: float | None = None
    concurrency: Concurrency | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in self.stages}

    @cached_property
    def dependents(self) -> Mapping[str, tuple[str, ...]]:
        """stage → the stages that need it directly, in order."""
        found: dict[str, list[str]] = {stage.name: [] for stage in self.stages}
        for stage in self.stages:
            for need in stage.needs:
                found[need].append(stage.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """stage → its place in `stages`."""
        return {stage.name: place for place, stage in enumerate(self.stages)}

    def stage(self, name: str) -> Stage:
        """The stage called `name`; KeyError if there is none."""
        return self.by_name[name]

    def downstream(self, name: str) -> list[str]:
        """`name` and every stage that needs it, directly or through others, in order."""
        found = {name}
        todo = [name]
        while todo:
            for each in self.dependents[todo.pop()]:
                if each not in found:
                    found.add(each)
                    todo.append(each)
        return sorted(found, key=self.rank.__getitem__)

    def upstream(self, name: str) -> list[str]:
        """Every stage that `name` needs, directly or through others, in order."""
        found: set[str] = set()
        todo = [name]
        while todo:
            for each in self.by_name[todo.pop()].needs:
                if each not in found:
                    found.add(each)
                    todo.append(each)
        return sorted(found, key=self.rank.__getitem__)
