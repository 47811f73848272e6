"""Rows of the store to what the API says of them. It reads nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from orchestrate.agent.definitions import Definition
from orchestrate.engine.schedule import coming
from orchestrate.store.cell import instant

FIRINGS_SHOWN = 3

Row: TypeAlias = Mapping[str, Any]
Json: TypeAlias = dict[str, Any]


def reason(row: Row, what: str = "reason") -> Json | None:
    """A code for programs and a sentence for people, where there is anything to say."""
    code, text = row[f"{what}_code"], row[what]
    return None if code is None and text is None else {"code": code or "", "text": text or ""}


def duration_s(row: Row) -> float | None:
    """From the first moment of its work to the last; None until both are known."""
    started, completed = row["started_at"], row["completed_at"]
    if started is None or completed is None:
        return None
    span = datetime.fromisoformat(completed) - datetime.fromisoformat(started)
    return round(span.total_seconds(), 6)


def _copied(row: Row, *names: str) -> Json:
    return {name: row[name] for name in names}


# ── pipelines ────────────────────────────────────────────────────────────────────────────────────


def pipeline(row: Row, now: float) -> Json:
    """A pipeline, with the next times its schedules fire, if events may start it (10.5, 10.6)."""
    last = row["last_run"]
    fires = coming(row["triggers"], now, FIRINGS_SHOWN) if row["enabled"] else []
    return {
        **_copied(
            row, "id", "name", "description", "version", "revision", "sha256", "enabled",
            "definition", "triggers", "created_at", "updated_at",
        ),
        "next_firings": [instant(at) for at in fires],
        "last_run": None if last is None else _copied(
            last, "id", "status", "created_at", "started_at", "completed_at"
        ),
    }  # fmt: skip


def revision(row: Row) -> Json:
    return _copied(row, "revision", "sha256", "created_at", "created_by") | (
        {"definition": row["definition"]} if "definition" in row else {}
    )


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────


def run_in_list(row: Row) -> Json:
    return {
        **_copied(row, "id", "pipeline", "pipeline_id", "revision", "status"),
        "reason": reason(row),
        **_copied(
            row, "warnings", "trigger_event", "trigger_event_id", "actor", "variables", "facts",
            "rerun_of", "created_at", "started_at", "completed_at",
        ),
        "duration_s": duration_s(row),
        "seq": row["seq"],
    }  # fmt: skip


def run(row: Row) -> Json:
    """The whole of it: what `Reader.run` gives. `rollback` is the latest one."""
    rollbacks = [rollback(each) for each in row["rollbacks"]]
    return {
        **run_in_list(row),
        "rollback": rollbacks[-1] if rollbacks else None,
        "rollbacks": rollbacks,
        "stages": [stage(each) for each in row["stages"]],
        "approvals": [approval(each) for each in row["approvals"]],
    }


def stage(row: Row) -> Json:
    return {
        "name": row["stage_name"],
        "status": row["status"],
        "reason": reason(row),
        "note": reason(row, "note"),
        "needs": row["needs"],
        "group": row["group_name"],
        **_copied(
            row, "agent", "agent_id", "environment", "attempts", "attempts_max", "attempt",
            "outputs", "tolerated", "carried_from", "retry_at", "started_at", "completed_at",
        ),
        "duration_s": duration_s(row),
        "rolled_back_at": row["rolled_back_at"],
    }  # fmt: skip


def rollback(row: Row) -> Json:
    return {
        **_copied(row, "status", "trigger", "by", "failed_stage", "target", "reason"),
        "steps": [
            {"stage": each["stage"], "status": each["status"], "reason": reason(each)}
            for each in row["steps"]
        ],
        **_copied(row, "started_at", "completed_at"),
    }


def event(row: Row) -> Json:
    return _copied(row, "seq", "type", "at", "actor", "via", "data")


def attempt(row: Row) -> Json:
    return {
        "agent_id": row["id"],
        "stage": row["stage_name"],
        **_copied(
            row, "mode", "attempt", "agent", "model", "task", "environment", "status", "reason",
            "detail", "exit_code", "worker", "pid", "dispatched_at", "started_at", "completed_at",
        ),
        "duration_s": duration_s(row),
    }  # fmt: skip


# ── approvals ────────────────────────────────────────────────────────────────────────────────────


def approval(row: Row) -> Json:
    return {
        **_copied(row, "id", "run_id", "pipeline", "stage", "kind", "status"),
        "reason": reason(row),
        **_copied(row, "approvers", "quorum", "self_approval"),
        "every": row["every_entry"],
        "decisions": [decision(each) for each in row["decisions"]],
        **_copied(
            row, "requested_at", "expires_at", "closed_at", "on_timeout", "message", "packet",
            "packet_hash",
        ),
        "notifications": [notification(each) for each in row["notifications"]],
    }  # fmt: skip


def notification(row: Row) -> Json:
    """What one channel was told, or why not; `due_at` while it waits."""
    return {
        **_copied(
            row, "id", "key", "channel", "occasion", "run_id", "approval_id", "status", "attempts",
            "error", "created_at", "sent_at",
        ),
        "due_at": row["due_at"] if row["status"] == "pending" else None,
    }  # fmt: skip


def decision(row: Row) -> Json:
    return _copied(
        row, "by", "decision", "comment", "at", "delegated_from", "delegated_to", "role", "via"
    )


# ── the world around ─────────────────────────────────────────────────────────────────────────────


def token(row: Row) -> Json:
    return {
        "id": row["id"],
        "user": row["user"] or None,
        **_copied(row, "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at"),
    }


def audit_entry(row: Row) -> Json:
    return _copied(row, "id", "at", "actor", "via", "action", "subject", "detail", "hash")


def agent(definition: Definition) -> Json:
    described = definition.fields.get("description")
    return {
        "name": definition.name,
        "kind": definition.kind,
        "source": definition.source,
        "description": described if isinstance(described, str) else None,
        "sha256": definition.sha256,
        "runnable": definition.runnable,
        "problem": definition.problem,
    }
