"""An event as it is kept: its facts, where it came from, what became of it. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrate.core.condition import Facts
from orchestrate.core.trigger import Verdict
from orchestrate.store.sqlite import Store

PAYLOAD_BYTES_MAX = 256 << 10
"""A longer payload is not kept: it would be copied into every run that it starts."""
PIPELINES_TOLD_MAX = 100
TRIGGERS_TOLD_MAX = 20
TEXTS = ("branch", "head_branch", "tag", "sha", "repository", "actor")
OURS = ("manual", "schedule", "pipeline")
"""Events that only we make; nobody else's may bear such a name."""
NOT_NAMED = "no trigger waits for "


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`delivery` is unique for its source; `body_sha256` counts for promise C9.

    `notes` say what is not known, and why. `workspace` is where its runs work, the project if it
    is empty. `replay_of` is the event that this one repeats.
    """

    facts: Facts
    source: str
    delivery: str | None = None
    body_sha256: str | None = None
    payload: str | None = None
    notes: tuple[str, ...] = ()
    workspace: str = ""
    replay_of: int | None = None

    def with_paths(self, paths: tuple[str, ...] | None, note: str) -> Happening:
        facts = self.facts if paths is None else replace(self.facts, paths=paths)
        return replace(self, facts=facts, notes=(*self.notes, f"changed paths: {note}"))

    @property
    def whole_facts(self) -> Facts:
        """The facts as a run sees them: with what came with the event, as `event.payload`."""
        if self.payload is None:
            return self.facts
        data = {**self.facts.data, "payload": json.loads(self.payload)}
        return replace(self.facts, data=data)


def is_ours(event: str) -> bool:
    return event in OURS or event.startswith("pipeline.")


def kept_payload(payload: object) -> tuple[str | None, tuple[str, ...]]:
    """What came with an event as it is kept, and the note that it is not."""
    text = json.dumps(payload, separators=(",", ":"))
    if len(text) > PAYLOAD_BYTES_MAX:
        most = f"at most {PAYLOAD_BYTES_MAX >> 10} KiB are"
        return None, (f"what came with it ({len(text) >> 10:,} KiB) is not kept: {most}",)
    return text, ()


# ── in the table ─────────────────────────────────────────────────────────────────────────────────


def stored_facts(facts: Facts) -> str:
    said = {name: getattr(facts, name) for name in (*TEXTS, "paths", "labels", "data")}
    return json.dumps(said)


def of_row(row: Mapping[str, Any]) -> Happening:
    """What was kept of an event."""
    said = row["facts"]
    paths = said.get("paths")
    facts = Facts(
        event=row["name"],
        paths=None if paths is None else tuple(paths),
        labels=tuple(said.get("labels") or ()),
        data=said.get("data") or {},
        **{name: said.get(name) for name in TEXTS},
    )
    payload = row["payload"]
    return Happening(
        facts=facts,
        source=row["source"],
        delivery=row["delivery"],
        body_sha256=row["body_sha256"],
        payload=None if payload is None else json.dumps(payload, separators=(",", ":")),
        notes=tuple(row["outcome"].get("notes") or ()),
        workspace=row["workspace"],
        replay_of=row["outcome"].get("replay_of"),
    )


def keep(store: Store, happening: Happening, outcome: Outcome, *, at: float, waiting: bool) -> int:
    """Keep an event, within a transaction; its number. `waiting`: it is judged later."""
    return store.add_trigger_event(
        name=happening.facts.event,
        source=happening.source,
        delivery=happening.delivery,
        body_sha256=happening.body_sha256,
        facts=stored_facts(happening.facts),
        payload=happening.payload,
        actor=happening.facts.actor,
        workspace=happening.workspace,
        received_at=at,
        outcome=outcome.as_json(),
        waiting=waiting,
    )


# ── what became of it ────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Which pipelines an event started, and why the others not; bounded, and it says so."""

    notes: tuple[str, ...] = ()
    replay_of: int | None = None
    started: list[dict[str, Any]] = field(default_factory=list)
    not_started: list[dict[str, Any]] = field(default_factory=list)
    reason: str | None = None

    def start(self, pipeline: str, run: int | None, met: Verdict | None = None) -> None:
        line = {"trigger": met.place, "line": met.line} if met else {"trigger": None, "line": None}
        note = met.text if met and met.text else None
        self.started.append({"pipeline": pipeline, "run": run, **line, "note": note})

    def pass_over(self, pipeline: str, reason: str, said: Sequence[Verdict] = ()) -> None:
        """Why a pipeline is not started; what those triggers say that wait for the event first."""
        triggers = [
            {"trigger": each.place, "line": each.line, "reason": each.text}
            for each in sorted(said, key=lambda each: not each.named)[:TRIGGERS_TOLD_MAX]
        ]
        self.not_started.append({"pipeline": pipeline, "reason": reason, "triggers": triggers})

    def copy(self) -> Outcome:
        return replace(self, started=[*self.started], not_started=[*self.not_started])

    def as_json(self) -> str:
        """The pipelines that wait for such an event come first: theirs are the reasons to read."""
        near = sorted(self.not_started, key=lambda each: each["reason"].startswith(NOT_NAMED))
        told = near[:PIPELINES_TOLD_MAX]
        return json.dumps({
            "started": self.started,
            "not_started": told,
            "more": len(self.not_started) - len(told),
            "notes": self.notes,
            "reason": self.reason,
            "replay_of": self.replay_of,
        })  # fmt: skip
