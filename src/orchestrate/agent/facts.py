"""What is known of an attempt before it starts, and the refusal to start it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFacts:
    """One attempt, as the engine asks for it; every text in it is rendered.

    `task` is empty where the stage has none; then its agent's own counts.
    `run` is the stage's own command, which goes before its agent's. `env` is the stage's.
    `context` holds what only the engine knows: run, pipeline, stage, event, needs,
    previous_attempt. `project` is the directory the project lies in.
    """

    run_id: int
    pipeline: str
    stage: str
    attempt: int
    project: str
    mode: str = "run"  # run, rollback
    task: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    run: str | None = None
    environment: str | None = None
    timeout_s: float | None = None
    grace_s: float | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    last_failure: str | None = None
    model: str | None = None


class CannotStart(Exception):
    """An attempt that must not start: `reason` is its failure class, `text` a sentence."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
