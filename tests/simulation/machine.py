"""A machine of agents: claims are exclusive, processes survive the server, some vanish.

It keeps what a real runner keeps on its disk: that an attempt was taken, whether its process
lives, and how it ended. It must never run one attempt twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from orchestrate.core.run import Mode, Outcome, OutcomeKind

Key = tuple[str, Mode, int]
EPOCH_S = 1_800_000_000.0

LOST = Outcome(kind=OutcomeKind.FAILED, reason="lost", detail="nothing is known of its end")
UNSTARTED = Outcome(kind=OutcomeKind.FAILED, reason="cancelled", detail="it was never started")


class State(Enum):
    RUNNING = "running"
    EXITED = "exited"
    GONE = "gone"  # no process, no record of its end
    FENCED = "fenced"  # taken for lost, though it still runs
    REFUSED = "refused"  # taken so that nobody starts it any more


@dataclass(slots=True)
class Process:
    key: Key
    started_at: float | None
    ends_at: float
    outcome: Outcome
    state: State = State.RUNNING


@dataclass(frozen=True, kw_only=True)
class Temper:
    """How the agents of a life behave: chances of each way to end."""

    fails: float
    asks: float
    undo_fails: float
    always_ask: bool


def a_temper(dice: Random) -> Temper:
    return Temper(
        fails=dice.choice((0.0, 0.02, 0.05, 0.1, 0.25, 0.5)),
        asks=dice.choice((0.0, 0.0, 0.0, 0.05, 0.2)),
        undo_fails=dice.choice((0.0, 0.2, 0.6)),
        always_ask=dice.random() < 0.02,
    )


class Machine:
    def __init__(self, dice: Random, temper: Temper) -> None:
        self.processes: dict[Key, Process] = {}
        self.executions: dict[Key, int] = {}
        self._dice = dice
        self._temper = temper

    def start(self, key: Key, now: float) -> Process | None:
        """Take an attempt and run it; None if somebody has taken it before."""
        if key in self.processes:
            return None
        lasts_s = self._dice.choice((0.1, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 200.0))
        outcome = self._outcome(key, EPOCH_S + now)
        runs = outcome.started_at is not None
        process = Process(key, now if runs else None, now + lasts_s, outcome)
        self.processes[key] = process
        if runs:
            self.executions[key] = self.executions.get(key, 0) + 1
        return process

    def refuse(self, key: Key) -> None:
        """Take an attempt that must not start any more."""
        self.processes[key] = Process(key, None, 0.0, UNSTARTED, State.REFUSED)

    def stop(self, key: Key, now: float) -> Process | None:
        """Ask a process to end; it ends within its grace, mostly as cancelled."""
        process = self.processes[key]
        grace_s = self._dice.choice((0.0, 0.1, 3.0, 10.0))
        if process.state is not State.RUNNING or process.ends_at <= now + grace_s:
            return None
        process.ends_at = now + grace_s
        if self._dice.random() < 0.85:
            process.outcome = Outcome(
                kind=OutcomeKind.FAILED,
                reason="cancelled",
                detail="it was cancelled",
                started_at=process.outcome.started_at,
            )
        return process

    def ran(self, stage: str, mode: Mode = Mode.RUN) -> bool:
        """Whether any process ever did something for this stage."""
        return any(key[0] == stage and key[1] is mode for key in self.executions)

    def running(self) -> list[Process]:
        return [each for each in self.processes.values() if each.state is State.RUNNING]

    def _outcome(self, key: Key, at: float) -> Outcome:
        stage, mode, _ = key
        roll = self._dice.random()
        if mode is Mode.ROLLBACK:
            if roll < self._temper.undo_fails:
                return self._failure(at)
            kind = OutcomeKind.SKIPPED if roll > 0.95 else OutcomeKind.SUCCEEDED
            return Outcome(kind=kind, started_at=at)
        if roll < self._temper.fails:
            return self._failure(at)
        if self._temper.always_ask and int(stage[1:]) % 3 == 0 and roll < 0.97:
            return Outcome(kind=OutcomeKind.NEEDS_PERSON, detail="may I?", started_at=at)
        if roll < self._temper.fails + self._temper.asks:
            return Outcome(kind=OutcomeKind.NEEDS_PERSON, started_at=at)
        if roll > 0.97:
            return Outcome(kind=OutcomeKind.SKIPPED, detail="nothing to do", started_at=at)
        outputs = {"v": f"out({stage})"} if self._dice.random() < 0.85 else {}
        return Outcome(kind=OutcomeKind.SUCCEEDED, outputs=outputs, started_at=at)

    def _failure(self, at: float) -> Outcome:
        roll = self._dice.random()
        for below, reason, detail, retryable in _FAILURES:
            if roll < below:
                return Outcome(
                    kind=OutcomeKind.FAILED,
                    reason=reason,
                    detail=detail,
                    retryable=retryable,
                    started_at=None if reason == "start_failed" else at,
                )
        raise AssertionError("the last failure is below 1")


# Below which throw of the dice a process fails in which way.
_FAILURES: tuple[tuple[float, str, str, bool | None], ...] = (
    (0.60, "exit", "it ended with exit code 1", None),
    (0.70, "timeout", "it was stopped at its timeout", None),
    (0.80, "exit", "it asks to be tried again", True),
    (0.86, "config", "it is not configured", False),
    (0.90, "output_schema", "output `v` is missing", None),
    (0.95, "auth", "its key was refused", None),
    (1.00, "start_failed", "it could not be started", None),
)
