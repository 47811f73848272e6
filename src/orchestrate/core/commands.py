"""What one may ask of a run. Imperative; may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from orchestrate.core.condition import Facts
from orchestrate.core.people import NOBODY_KNOWN, SYSTEM, Caller, Roster
from orchestrate.core.pipeline import Pipeline
from orchestrate.core.run import Mode, Outcome, Reason


class Because(StrEnum):
    """The kind of a refusal; the web answers 404, 403, 409, 422."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    INVALID = "invalid"


class Refused(Exception):
    """A command that cannot be honoured: why, in a sentence, and what the person can do."""

    def __init__(self, because: Because, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.because = because
        self.text = text
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A stage's result taken over from an earlier run (rerun from a stage)."""

    stage: str
    status: str  # succeeded, skipped
    outputs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin a run. `agents`: name → resolved definition (JSON text), copied into the run.

    `rerun_of` is the run this one repeats, `carried` what it takes over from it. `workspace` is
    the project's directory on the machine, where its agents work. `group` is its concurrency
    group, `hold` why it must wait for others of it (10.7).
    """

    run_id: int
    pipeline: Pipeline
    pipeline_id: int
    revision: int
    sha256: str
    facts: Facts
    variables: Mapping[str, str]
    by: Caller
    agents: Mapping[str, str] = field(default_factory=dict)
    trigger: int | None = None
    chain: tuple[int, ...] = ()
    rerun_of: int | None = None
    carried: tuple[Carried, ...] = ()
    workspace: str = ""
    group: str | None = None
    hold: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """A run that was held may begin."""

    by: Caller = SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A runner has taken an attempt and started its process. Fenced by number."""

    stage: str
    mode: Mode
    attempt: int
    worker: str
    pid: int | None
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an attempt ended. It counts only while that attempt is on the agenda.

    `jitter` in [0, 1) is drawn by the caller, for the delay before a retry.
    """

    stage: str
    mode: Mode
    attempt: int
    outcome: Outcome
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    approval: int
    by: Caller
    comment: str = ""
    packet: str | None = None
    roster: Roster = NOBODY_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    approval: int
    by: Caller
    reason: str
    packet: str | None = None
    roster: Roster = NOBODY_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    approval: int
    by: Caller
    to: str
    comment: str = ""
    roster: Roster = NOBODY_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    by: Caller
    reason: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """Undo what a run did. `to` None undoes everything it started (semantics 8.6)."""

    by: Caller
    to: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed. Nothing else has."""

    by: Caller = SYSTEM


Command: TypeAlias = (
    Start | Admit | Claim | Report | Approve | Reject | Delegate | Cancel | RollBack | Tick
)
