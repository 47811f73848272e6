"""What has happened so far: one run of one pipeline.

A `Run` is made and changed by `evolve` only, event by event. It carries the pipeline it started
with, so later edits cannot change its past. Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrate.core.condition import Facts
from orchestrate.core.pipeline import Pipeline


class RunStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StageStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class ApprovalStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Mode(StrEnum):
    """What an attempt is for: the stage's work, or undoing it."""

    RUN = "run"
    ROLLBACK = "rollback"


class RollbackStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


RUN_ENDED = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})
STAGE_ENDED = frozenset(
    {StageStatus.SUCCEEDED, StageStatus.FAILED, StageStatus.SKIPPED, StageStatus.CANCELLED}
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is as it is: a code for programs, a sentence for people."""

    code: str
    text: str


class OutcomeKind(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended, in the words of `agents.md`.

    `reason` is the failure class (`exit timeout lost start_failed output_schema config cancelled
    ...`), empty on success. `retryable`: True asks for a retry (exit 75), False forbids one (78),
    None leaves it to the policy. `started_at`, `ended_at` are the guard's, in epoch seconds.
    """

    kind: OutcomeKind
    reason: str = ""
    detail: str = ""
    code: int | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)
    retryable: bool | None = None
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One execution of a stage by an agent. `stop` is why it was asked to end, if it was."""

    stage: str
    mode: Mode
    number: int
    agent: str | None
    model: str | None
    task: str
    environment: str | None
    dispatched_at: float
    claimed_at: float | None = None
    worker: str | None = None
    pid: int | None = None
    stop: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One person's answer to one approval. `fills` are indexes into its approvers."""

    by: str
    decision: str  # approve, reject, delegate
    comment: str
    at: float
    delegated_from: str | None = None
    role: str = ""
    via: str = ""
    to: str | None = None
    fills: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Approval:
    """A question to people. `number` is its place among the questions of its run, from 1.

    `kind`: `gate` (before the first attempt) or `agent` (an attempt asked for a person).
    `delegations` maps who gave a vote away to who holds it.
    """

    number: int
    stage: str
    kind: str
    approvers: tuple[str, ...]
    quorum: int
    every: bool
    self_approval: bool
    on_timeout: str
    message: str | None
    packet: Mapping[str, object]
    packet_hash: str
    requested_at: float
    expires_at: float | None
    remind_at: tuple[float, ...] = ()
    status: ApprovalStatus = ApprovalStatus.PENDING
    reason: Reason | None = None
    decisions: list[Decision] = field(default_factory=list)
    delegations: dict[str, str] = field(default_factory=dict)
    closed_at: float | None = None


@dataclass(slots=True, kw_only=True)
class StageRun:
    """One stage in one run. `unmet` counts the needed stages that have not ended."""

    name: str
    unmet: int
    status: StageStatus = StageStatus.PENDING
    reason: Reason | None = None
    note: Reason | None = None
    attempts: list[Attempt] = field(default_factory=list)
    compensations: list[Attempt] = field(default_factory=list)
    outputs: Mapping[str, object] = field(default_factory=dict)
    tolerated: bool = False
    retry_at: float | None = None
    approval: int | None = None
    carried_from: int | None = None
    started_at: float | None = None
    completed_at: float | None = None
    rolled_back_at: float | None = None

    @property
    def started(self) -> bool:
        """Whether an agent ever began on it in this run."""
        return bool(self.attempts)


@dataclass(slots=True, kw_only=True)
class Step:
    """One compensation of a rollback. `unmet` counts the dependents' steps it waits for."""

    stage: str
    unmet: int
    status: StepStatus = StepStatus.PENDING
    reason: Reason | None = None
    retry_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Rollback:
    """An ordered list of compensations. `target` None means: everything that was started.

    `releases`: step → the steps that wait for it. `ready`: steps that wait for nothing more.
    """

    number: int
    trigger: str  # automatic, manual
    by: str
    failed_stage: str | None
    target: str | None
    reason: str
    steps: dict[str, Step]
    started_at: float
    after_end: bool
    releases: dict[str, list[str]] = field(default_factory=dict)
    ready: dict[str, None] = field(default_factory=dict)
    unended: int = 0
    status: RollbackStatus = RollbackStatus.RUNNING
    completed_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Run:
    """The fold of a run's events, with the indexes that make the next decision cheap.

    `ripe`: pending stages whose needs have all ended, in the order they became so.
    `queue`: stages that may start and wait for a place (max_parallel), first come first served.
    `live`: attempts dispatched and not ended, by (stage, mode).
    `timers`: what is to be decided at a time: ("expire", n), ("retry", stage), ... → when.
    `environments`: the environments this run has, and for which stage's work (10.8).
    `wanted`: queued stages → the environment each waits for.
    """

    id: int
    pipeline: Pipeline
    facts: Facts
    variables: Mapping[str, str]
    agents: Mapping[str, str]
    by: str
    group: str | None = None
    pipeline_id: int = 0
    revision: int = 0
    workspace: str = ""
    seq: int = 0
    last_at: float = 0.0
    status: RunStatus = RunStatus.PENDING
    reason: Reason | None = None
    warnings: int = 0
    created_at: float = 0.0
    started_at: float | None = None
    completed_at: float | None = None
    stages: dict[str, StageRun] = field(default_factory=dict)
    approvals: dict[int, Approval] = field(default_factory=dict)
    rollbacks: list[Rollback] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    halted: Reason | None = None
    failure: Reason | None = None
    cancelling: Reason | None = None
    timed_out: bool = False
    worked_s: float = 0.0
    working_since: float | None = None
    unended: int = 0
    running: int = 0
    waiting: int = 0
    ripe: dict[str, None] = field(default_factory=dict)
    queue: dict[str, None] = field(default_factory=dict)
    live: dict[tuple[str, Mode], Attempt] = field(default_factory=dict)
    timers: dict[tuple[str, str], float] = field(default_factory=dict)
    environments: dict[str, tuple[str, Mode]] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.status in RUN_ENDED

    @property
    def rolling_back(self) -> Rollback | None:
        """The rollback that is under way, if one is."""
        last = self.rollbacks[-1] if self.rollbacks else None
        return last if last is not None and last.status is RollbackStatus.RUNNING else None

    @property
    def resting(self) -> bool:
        """Whether nothing is left to do or to ask: it ended, and no rollback is under way."""
        return self.ended and self.rolling_back is None
