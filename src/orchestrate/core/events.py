"""What can happen to a run. Past tense; never refused; never changed once written.

Every event has `at`, in seconds since the epoch, UTC; it never decreases within a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from orchestrate.core.commands import Carried
from orchestrate.core.condition import Facts
from orchestrate.core.pipeline import Pipeline
from orchestrate.core.run import ApprovalStatus, Mode, Outcome, Reason, RollbackStatus, StepStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreated:
    run_id: int
    pipeline: Pipeline
    pipeline_id: int
    revision: int
    sha256: str
    facts: Facts
    variables: Mapping[str, str]
    agents: Mapping[str, str]
    by: str
    via: str
    trigger: int | None
    chain: tuple[int, ...]
    rerun_of: int | None
    carried: tuple[Carried, ...]
    workspace: str
    at: float
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeld:
    """It is created, and waits for others of its concurrency group (10.7)."""

    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNoted:
    """Something worth knowing about a stage that changes nothing: an unknown condition (6.6)."""

    stage: str
    note: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageQueued:
    """It may start and waits: for a place, or for its environment."""

    stage: str
    reason: Reason
    at: float
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSkipped:
    stage: str
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSucceeded:
    stage: str
    outputs: Mapping[str, object] = field(default_factory=dict)
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed:
    """`tolerated`: by `on_failure: continue`; it counts as a warning."""

    stage: str
    reason: Reason
    tolerated: bool
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCancelled:
    stage: str
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """Dispatched: it is on the agenda from here on. `task` and `environment` are resolved."""

    stage: str
    mode: Mode
    attempt: int
    agent: str | None
    model: str | None
    task: str
    environment: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptClaimed:
    """A runner has started its process, at its own `started_at`."""

    stage: str
    mode: Mode
    attempt: int
    worker: str
    pid: int | None
    started_at: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStopped:
    """It was asked to end; it ends when its report says that every process is gone."""

    stage: str
    mode: Mode
    attempt: int
    why: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    stage: str
    mode: Mode
    attempt: int
    outcome: Outcome
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    stage: str
    mode: Mode
    attempt: int
    due_at: float
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    approval: int
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
    expires_at: float | None
    remind_at: tuple[float, ...]
    notify: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGranted:
    approval: int
    stage: str
    by: str
    comment: str
    role: str
    via: str
    fills: tuple[int, ...]
    delegated_from: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDenied:
    approval: int
    stage: str
    by: str
    comment: str
    role: str
    via: str
    delegated_from: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDelegated:
    """`fills`: the approvers that the vote stood for when it was given, by their places."""

    approval: int
    stage: str
    by: str
    to: str
    comment: str
    role: str
    via: str
    fills: tuple[int, ...] = ()
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    approval: int
    stage: str
    left: tuple[float, ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalClosed:
    """The question is closed: by quorum, rejection, silence, or because it no longer matters."""

    approval: int
    stage: str
    status: ApprovalStatus
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHalted:
    """No further stage starts, but those with `run_if` (5.1)."""

    reason: Reason
    stage: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    by: str
    via: str
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOwed:
    """A stage failed that asks for a rollback while another one is under way."""

    stage: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStarted:
    """`steps`: stage and the stages whose compensation it waits for, last started first."""

    rollback: int
    trigger: str
    by: str
    via: str
    failed_stage: str | None
    target: str | None
    reason: str
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensationEnded:
    stage: str
    status: StepStatus
    reason: Reason | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackEnded:
    rollback: int
    status: RollbackStatus
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSucceeded:
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    reason: Reason
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled:
    reason: Reason
    at: float


Event: TypeAlias = (
    RunCreated
    | RunHeld
    | RunStarted
    | StageNoted
    | StageQueued
    | StageSkipped
    | StageSucceeded
    | StageFailed
    | StageCancelled
    | AttemptStarted
    | AttemptClaimed
    | AttemptStopped
    | AttemptEnded
    | RetryScheduled
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalDelegated
    | ApprovalReminded
    | ApprovalClosed
    | RunHalted
    | CancelRequested
    | RollbackOwed
    | RollbackStarted
    | CompensationEnded
    | RollbackEnded
    | RunSucceeded
    | RunFailed
    | RunCancelled
)
