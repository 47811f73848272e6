"""Events over the API: told by hand, listed, shown, and told again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import House


def waits(house: House, event: str, more: str = "") -> str:
    head = f"triggers: [{{event: {event}{more}}}]\n"
    return house.create("- {name: a, run: 'true'}", head)


def test_an_event_told_here_starts_what_waits_for_it(hooked: House) -> None:
    name = waits(hooked, "built", ", branches: main, paths: 'src/**', labels: big")
    told = {
        "event": "built", "branch": "refs/heads/main", "paths": ["src/a"], "labels": ["big"],
        "build": {"n": 17}, "payload": {"x": [1]},
    }  # fmt: skip
    reply = hooked.client.post("/api/events", told)
    assert reply.status == 202
    (run_id,) = reply.data["runs"]
    run = hooked.until(run_id)
    me = hooked.client.get("/api/whoami").data["name"]
    assert (run["pipeline"], run["trigger_event"], run["actor"]) == (name, "built", me)
    event = hooked.client.get(f"/api/events/{reply.data['event']}").data
    assert (event["source"], event["actor"], event["runs"]) == ("local", me, [run_id])
    assert event["facts"]["data"] == {"build": {"n": 17}}
    assert event["payload"] == {"x": [1]}
    assert event["outcome"]["started"] == [
        {"pipeline": name, "run": run_id, "trigger": 1, "line": 2, "note": None}
    ]


def test_an_event_is_told_once_under_one_key(hooked: House) -> None:
    waits(hooked, "keyed")
    headers = {"Idempotency-Key": "event-key-1"}
    first = hooked.client.post("/api/events", {"event": "keyed"}, headers=headers)
    again = hooked.client.post("/api/events", {"event": "keyed"}, headers=headers)
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"


def test_an_event_happens_once_more(hooked: House) -> None:
    """For the pipelines as they are by now, and as an event of its own."""
    first = hooked.client.post("/api/events", {"event": "again", "branch": "main"}).data
    assert first["runs"] == []
    name = waits(hooked, "again")
    reply = hooked.client.post(f"/api/events/{first['event']}/replay")
    (run_id,) = reply.data["runs"]
    assert hooked.until(run_id)["pipeline"] == name
    event = hooked.client.get(f"/api/events/{reply.data['event']}").data
    assert (event["source"], event["outcome"]["replay_of"]) == ("replay", first["event"])
    assert (event["name"], event["facts"]["branch"]) == ("again", "main")
    twice = hooked.client.post(f"/api/events/{reply.data['event']}/replay")
    assert len(twice.data["runs"]) == 1


def test_whoever_tells_an_event_does_not_approve_its_run(hooked: House) -> None:
    """Nor does the actor that they name (7.4)."""
    gate = "- {name: a, run: 'true', requires_approval: true, approvers: [ann, bob, cid]}"
    head = "triggers: [{event: gated}]\n"
    hooked.create(gate, head)
    reply = hooked.person("ann").post("/api/events", {"event": "gated", "actor": "bob"})
    approval = hooked.waiting(reply.data["runs"][0])
    for name, status in (("ann", 403), ("bob", 403), ("cid", 200)):
        path = f"/api/approvals/{approval}/approve"
        assert hooked.person(name).post(path).status == status, name


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "`event` is missing"),
        ({"event": ""}, "must not be empty"),
        ({"event": "x", "branch": 7}, "`branch` has to be a text"),
        ({"event": "x", "paths": "a"}, "`paths` has to be a list"),
        ({"event": "x", "labels": [1]}, "has to be a text"),
        ({"event": "x", "workspace": "relative"}, "`workspace`"),
        ({"event": "schedule"}, "only we make `schedule` events"),
        ({"event": "pipeline.succeeded"}, "only we make `pipeline.succeeded` events"),
        ({"event": "manual"}, "only we make `manual` events"),
        ({"event": "x", "name": "pipeline.failed"}, "`event` and `name`"),
    ],
)
def test_what_is_no_event(hooked: House, told: dict[str, Any], said: str) -> None:
    reply = hooked.client.post("/api/events", told)
    assert reply.status == 422
    assert said in reply.data["detail"]


def test_events_are_listed_newest_first(fresh: House) -> None:
    numbers = [fresh.client.post("/api/events", {"event": "e"}).data["event"] for _ in range(3)]
    page = fresh.client.get("/api/events?limit=2").data
    assert [each["id"] for each in page["items"]] == numbers[:0:-1]
    rest = fresh.client.get(f"/api/events?cursor={page['next']}").data
    assert [each["id"] for each in rest["items"]] == numbers[:1]
    assert rest["next"] is None
    assert fresh.client.get("/api/events/999").status == 404
    assert fresh.client.post("/api/events/999/replay").status == 404


def test_a_run_by_hand_is_an_event_like_any_other(hooked: House) -> None:
    name = hooked.create("- {name: a, run: 'true'}")
    run_id = hooked.run(name, event={"branch": "main"})
    event_id = hooked.until(run_id)["trigger_event_id"]
    event = hooked.client.get(f"/api/events/{event_id}").data
    assert (event["name"], event["source"], event["runs"]) == ("manual", "manual", [run_id])
    assert event["outcome"]["started"][0]["pipeline"] == name
