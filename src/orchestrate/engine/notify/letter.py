"""What is said: read from the record when it is sent, so that no copy of it can be wrong or leak.

A letter says what there is to know and where to answer. Nothing in it decides anything: its links
show a page, its commands have to be run by somebody who may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrate.engine.notify.channels import Occasion
from orchestrate.engine.notify.words import joined, plain, until
from orchestrate.store.reader import Reader
from orchestrate.store.snapshot import Record

TITLE_CHARACTERS_MAX = 200
LINE_CHARACTERS_MAX = 500
STAGES_SHOWN_MAX = 12
KEY_CHARACTERS_SHOWN = 12
_WORDS = {"approve": "approved", "reject": "rejected", "delegate": "delegated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`tone`: info, success, warning or failure. `data`: the same for programs."""

    key: str
    occasion: str
    title: str
    lines: tuple[str, ...]
    tone: str = "info"
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where letters are written. `url`: where people reach this server."""

    reader: Reader
    url: Callable[[], str]
    clock: Callable[[], float]

    def letter(self, row: Record) -> Letter:
        """What a row of the outbox says, as things are."""
        if row["approval_id"] is not None:
            return self._of_approval(row)
        return self._of_run(row)

    # -- approvals ---------------------------------------------------------------------

    def _of_approval(self, row: Record) -> Letter:
        asked = self.reader.approval(row["approval_id"])
        assert asked is not None, "an approval that was asked is on record"
        occasion = Occasion(row["occasion"])
        link = f"{self.url()}/approvals/{asked['id']}"
        waits = asked["status"] == "pending"
        lines = _answered(asked) if not waits else []
        lines += self._packet(asked)
        lines += ["", link]
        if waits:
            number = asked["id"]
            lines += [
                f"orchestrate approval show {number}",
                f'orchestrate approval approve {number} --comment "..."',
                f'orchestrate approval reject {number} --reason "..."',
            ]
        return Letter(
            key=row["key"],
            occasion=occasion.value,
            title=plain(_title(occasion, asked), TITLE_CHARACTERS_MAX),
            lines=(*lines, _mark(row)),
            tone=_tone(asked["status"]),
            data={
                **_head(row),
                "run": {"id": asked["run_id"], "pipeline": asked["pipeline"]},
                "approval": _approval_data(asked),
                "url": link,
            },
        )

    def _packet(self, asked: Record) -> list[str]:
        packet = asked["packet"]
        cause = [packet.get(each) for each in ("event", "branch", "commit")]
        before = [
            f"{each['stage']} {each['status']}" for each in packet.get("before") or () if each
        ]
        people = joined([*asked["approvers"]] or ["anybody who may approve"], STAGES_SHOWN_MAX)
        number = "all" if asked["every_entry"] else asked["quorum"]
        facts = [
            ("Message", asked["message"]),
            ("Run", f"{asked['run_id']} of {asked['pipeline']}"),
            ("Cause", " ".join(str(each) for each in cause if each)),
            ("By", packet.get("actor") or packet.get("started_by")),
            ("Stage", asked["stage"]),
            ("Task", packet.get("run") or packet.get("task")),
            ("Agent", packet.get("agent")),
            ("Environment", packet.get("environment")),
            ("Before", joined(before, STAGES_SHOWN_MAX)),
            ("Who", f"{number} of {people}"),
            ("Rollback", _undo(packet.get("rollback"))),
        ]
        if asked["status"] == "pending" and asked["expires_at"] is not None:
            then = {"approve": "approved", "reject": "rejected"}[asked["on_timeout"]]
            left = until(asked["expires_at"], self.clock())
            facts.append(("Left", f"{left}, then it counts as {then}"))
        return _facts(facts)

    # -- runs --------------------------------------------------------------------------

    def _of_run(self, row: Record) -> Letter:
        run = self.reader.run(row["run_id"])
        assert run is not None, "a run that is told of is on record"
        occasion = Occasion(row["occasion"])
        link = f"{self.url()}/runs/{run['id']}"
        cause = [run["trigger_event"], run["facts"].get("branch"), run["facts"].get("sha")]
        undone = run["rollbacks"][-1] if run["rollbacks"] else None
        facts = [
            ("Why", run["reason"]),
            ("Cause", " ".join(str(each) for each in cause if each)),
            ("By", run["actor"]),
            ("Stages", _counted(run)),
            *((each["stage_name"], each["reason"]) for each in _failed(run)),
            ("Rollback", None if undone is None else _undone(undone)),
        ]
        lines = [*_facts(facts), "", link, f"orchestrate pipeline status {run['id']}"]
        return Letter(
            key=row["key"],
            occasion=occasion.value,
            title=plain(_run_title(occasion, run, undone), TITLE_CHARACTERS_MAX),
            lines=(*lines, _mark(row)),
            tone="success" if occasion is Occasion.SUCCEEDED else "failure",
            data={**_head(row), "run": run_data(run), "url": link},
        )


def trial(name: str, key: str) -> Letter:
    """What `doctor --channels` sends."""
    return Letter(
        key=key,
        occasion="test",
        title="Orchestrate can reach you here",
        lines=(
            f"This is a test of the channel `{name}`; nothing is asked of you.",
            "orchestrate doctor --channels",
        ),
        data={"id": key, "type": "test", "channel": name},
    )


# -- words -----------------------------------------------------------------------------


def _facts(facts: list[tuple[str, Any]]) -> list[str]:
    return [f"{name}: {plain(each, LINE_CHARACTERS_MAX)}" for name, each in facts if each]


def _mark(row: Record) -> str:
    """By which a person, too, knows a repetition."""
    return f"notification {row['key'][:KEY_CHARACTERS_SHOWN]}"


def _title(occasion: Occasion, asked: Record) -> str:
    which = f"{asked['stage']} of {asked['pipeline']} (run {asked['run_id']})"
    number, status = asked["id"], asked["status"]
    if status != "pending":
        return f"Approval {number} is {status}: {which}"
    if occasion is Occasion.REMINDED:
        return f"Approval {number} still waits: {which}"
    if occasion is Occasion.DELEGATED:
        return f"Approval {number} was delegated: {which}"
    return f"Approval {number} is needed: {which}"


def _answered(asked: Record) -> list[str]:
    lines = []
    if asked["reason"]:
        lines.append(plain(asked["reason"], LINE_CHARACTERS_MAX))
    for each in asked["decisions"]:
        comment = f": {each['comment']}" if each["comment"] else ""
        to = f" to {each['delegated_to']}" if each["delegated_to"] else ""
        said = f"{each['by']} {_WORDS[each['decision']]}{to}{comment}"
        lines.append(plain(said, LINE_CHARACTERS_MAX))
    return [*lines, ""] if lines else []


def _tone(status: str) -> str:
    return {"pending": "warning", "approved": "success", "withdrawn": "info"}.get(status, "failure")


def _undo(rollback: Record | None) -> str | None:
    if not rollback:
        return None
    steps = [each["stage"] for each in rollback.get("steps") or ()]
    return f"a failure goes back to {rollback['to']}: undoes {joined(steps, STAGES_SHOWN_MAX)}"


def _run_title(occasion: Occasion, run: Record, undone: Record | None) -> str:
    which = f"Run {run['id']} of {run['pipeline']}"
    if occasion is not Occasion.ROLLED_BACK or undone is None:
        return f"{which} {occasion.value.partition('.')[2]}"
    words = {"succeeded": "was rolled back", "partial": "was rolled back in part"}
    return f"{which} {words.get(undone['status'], 'could not be rolled back')}"


def _undone(rollback: Record) -> str:
    steps = [f"{each['stage']} {each['status']}" for each in rollback["steps"]]
    return f"{rollback['status']}: {joined(steps, STAGES_SHOWN_MAX)}"


def _counted(run: Record) -> str:
    counts: dict[str, int] = {}
    for each in run["stages"]:
        counts[each["status"]] = counts.get(each["status"], 0) + 1
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def _failed(run: Record) -> list[Record]:
    return [each for each in run["stages"] if each["status"] == "failed"][:STAGES_SHOWN_MAX]


# -- for programs ----------------------------------------------------------------------


def _head(row: Record) -> dict[str, Any]:
    return {"id": row["key"], "type": row["occasion"], "timestamp": row["created_at"]}


def _approval_data(asked: Record) -> dict[str, Any]:
    names = (
        "id", "stage", "status", "reason", "approvers", "quorum", "message", "requested_at",
        "expires_at", "closed_at", "on_timeout", "packet", "packet_hash",
    )  # fmt: skip
    said = ("by", "decision", "comment", "at", "delegated_from", "delegated_to")
    return {
        **{name: asked[name] for name in names},
        "decisions": [{name: each[name] for name in said} for each in asked["decisions"]],
    }


def run_data(run: Record) -> dict[str, Any]:
    names = (
        "id", "pipeline", "revision", "status", "reason_code", "reason", "warnings",
        "trigger_event", "actor", "created_at", "started_at", "completed_at",
    )  # fmt: skip
    of_rollback = ("status", "trigger", "by", "failed_stage", "target", "reason")
    return {
        **{name: run[name] for name in names},
        "branch": run["facts"].get("branch"),
        "commit": run["facts"].get("sha"),
        "repository": run["facts"].get("repository"),
        "stages": [
            {"name": each["stage_name"], "status": each["status"], "reason": each["reason"]}
            for each in run["stages"]
        ],
        "rollback": None
        if not run["rollbacks"]
        else {name: run["rollbacks"][-1][name] for name in of_rollback},
    }
