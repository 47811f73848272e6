"""What could not be told is seen on its approval and in the list, and can be sent again."""

from __future__ import annotations

from typing import Any

from orchestrate.store.outbox import Notice, Told
from tests.web.conftest import House

GATE = """
- {name: prod, run: 'true', requires_approval: true, approvers: [ann]}
"""


def notice(house: House, run_id: int, channel: str, error: str | None = None) -> dict[str, Any]:
    """A row of the outbox about the first approval of a run, as the post would draw it."""
    row = Notice(
        key=f"{channel} {run_id}",
        channel=channel,
        occasion="approval.requested",
        run_id=run_id,
        approval=1,
        seq=3,
        at=house.engine.clock(),
        error=error,
    )
    house.engine.perform(lambda door: door.store.add_notices([row])).result()
    found: dict[str, Any] = house.client.get("/api/notifications?limit=1").data["items"][0]
    return found


def test_a_channel_that_failed_is_seen_on_the_approval(house: House) -> None:
    """Semantics 7.11: the gate stays open."""
    run_id = house.run(house.create(GATE))
    approval_id = house.waiting(run_id)
    notice(house, run_id, "slack", "no channel `slack` is configured")
    found = house.client.get(f"/api/approvals/{approval_id}").data
    (shown,) = found["notifications"]
    assert found["status"] == "pending"
    assert (shown["channel"], shown["status"]) == ("slack", "dead")
    assert shown["error"] == "no channel `slack` is configured"
    assert shown["due_at"] is None
    run = house.client.get(f"/api/pipeline-runs/{run_id}").data
    assert run["approvals"][0]["notifications"] == [shown]
    assert house.client.get("/api/approvals?limit=1").data["items"][0]["notifications"] == [shown]


def test_a_dead_letter_is_listed_and_sent_again(fresh: House) -> None:
    """Under its key, from the first attempt; whoever carries it is stirred; it is audited."""
    run_id = fresh.run(fresh.create(GATE))
    fresh.waiting(run_id)
    stirred: list[str] = []
    fresh.engine.stir = stirred.append
    row = notice(fresh, run_id, "mail")
    assert fresh.client.get("/api/notifications?status=dead").data["items"] == []
    told = Told(id=row["id"], run_id=run_id, seq=3, at=fresh.engine.clock(), error="no route")
    fresh.engine.perform(lambda door: door.store.note_told([told])).result()
    (dead,) = fresh.client.get("/api/notifications?status=dead").data["items"]
    assert (dead["id"], dead["attempts"], dead["error"]) == (row["id"], 1, "no route")
    reply = fresh.client.post(f"/api/notifications/{row['id']}/resend", {})
    assert reply.status == 200
    assert (reply.data["status"], reply.data["attempts"]) == ("pending", 0)
    assert reply.data["key"] == row["key"]
    assert stirred == ["mail"]
    entry = fresh.client.get("/api/audit?limit=1").data["items"][0]
    assert (entry["action"], entry["subject"]) == ("notification.resend", str(row["id"]))
    assert entry["detail"] == {"channel": "mail"}


def test_pages_go_on_where_the_last_ended(fresh: House) -> None:
    run_id = fresh.run(fresh.create(GATE))
    fresh.waiting(run_id)
    ids = [notice(fresh, run_id, f"c{number}")["id"] for number in range(3)]
    first = fresh.client.get("/api/notifications?limit=2").data
    rest = fresh.client.get(f"/api/notifications?limit=2&cursor={first['next']}").data
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next"] is None


def test_what_does_not_exist_is_not_sent(house: House) -> None:
    assert house.client.post("/api/notifications/999999/resend", {}).status == 404
    assert house.client.get("/api/notifications?status=lost").status == 422
