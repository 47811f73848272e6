"""Approvals over HTTP: the packet, the answers of several people, and who is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.web.client import Client
from tests.web.conftest import House


def gate(words: str = "", approvers: str = "[leads]") -> str:
    head = f"- {{name: a, run: 'true', requires_approval: true, approvers: {approvers}"
    return f"{head}, {words}}}" if words else f"{head}}}"


def asked(house: House, words: str = "", approvers: str = "[leads]") -> int:
    """The id of a question that is open."""
    return house.waiting(house.run(house.create(gate(words, approvers))))


def test_an_open_question_is_listed_and_shown(house: House) -> None:
    approval_id = asked(house, "approval: {message: Ship it?, timeout: 1h}")
    listed = house.client.get("/api/approvals").data["items"]
    one = next(each for each in listed if each["id"] == approval_id)
    shown = house.client.get(f"/api/approvals/{approval_id}").data
    assert shown == one
    assert (shown["status"], shown["approvers"], shown["quorum"]) == ("pending", ["leads"], 1)
    assert (shown["message"], shown["on_timeout"], shown["reason"]) == ("Ship it?", "reject", None)
    assert shown["packet"]["stage"] == "a"
    assert shown["expires_at"] > shown["requested_at"]
    house.client.get("/readyz")  # the engine has done by then what was asked before
    trail = house.client.get("/api/audit?limit=5").data["items"]
    seen = [each for each in trail if each["action"] == "approval.view"]
    assert seen[0]["subject"] == str(approval_id)


def test_the_owner_approves(house: House) -> None:
    approval_id = asked(house)
    packet = house.client.get(f"/api/approvals/{approval_id}").data["packet_hash"]
    path = f"/api/approvals/{approval_id}/approve"
    stale = house.client.post(path, {"packet": "0" * 64})
    assert (stale.status, stale.data["type"]) == (409, "/api/problems/conflict")
    done = house.client.post(path, {"comment": "fine", "packet": packet}).data
    assert done["status"] == "approved"
    decision = done["decisions"][0]
    me = house.client.get("/api/whoami").data
    assert (decision["by"], decision["comment"]) == (me["name"], "fine")
    assert decision["role"] == "as owner for leads"
    assert decision["via"] == me["via"]
    assert house.until(done["run_id"])["status"] == "succeeded"
    late = house.client.post(path)
    assert late.status == 409
    assert "already approved" in late.data["detail"]
    open_now = house.client.get("/api/approvals").data["items"]
    assert approval_id not in [each["id"] for each in open_now]
    every = house.client.get("/api/approvals?status=all").data["items"]
    assert approval_id in [each["id"] for each in every]
    approved = house.client.get("/api/approvals?status=approved&limit=1").data
    assert approved["items"][0]["id"] == approval_id


def test_a_rejection_needs_a_reason_and_settles_it(house: House) -> None:
    approval_id = asked(house)
    path = f"/api/approvals/{approval_id}/reject"
    missing = house.client.post(path, {})
    assert missing.status == 422
    assert missing.data["faults"] == [{"field": "reason", "message": "is missing"}]
    assert house.client.post(path, {"reason": " "}).status == 422
    done = house.client.post(path, {"reason": "not today"}).data
    assert (done["status"], done["decisions"][0]["comment"]) == ("rejected", "not today")
    assert house.until(done["run_id"])["status"] == "failed"


def test_a_quorum_of_people_is_counted_by_person(house: House) -> None:
    approval_id = asked(house, "approval: {quorum: 2}", "[ann, bob, leads]")
    path = f"/api/approvals/{approval_id}/approve"
    ann, bob, cid = (house.person(name) for name in ("ann", "bob", "cid"))
    assert ann.post(path).data["status"] == "pending"
    twice = ann.post(path)
    assert (twice.status, "already decided" in twice.data["detail"]) == (409, True)
    stranger = cid.post(path)
    assert (stranger.status, stranger.data["hint"]) == (403, "ask one of: ann, bob, leads")
    done = bob.post(path).data
    assert done["status"] == "approved"
    assert [each["by"] for each in done["decisions"]] == ["ann", "bob"]
    assert "ann" in done["decisions"][0]["role"]
    assert done["decisions"][0]["via"].startswith("token ")


def test_who_started_a_run_does_not_approve_it(house: House) -> None:
    ann = house.person("ann")
    run_id = ann.post(f"/api/pipelines/{house.create(gate())}/run").data["id"]
    refused = ann.post(f"/api/approvals/{house.waiting(run_id)}/approve")
    assert (refused.status, refused.data["type"]) == (403, "/api/problems/forbidden")


def test_a_vote_moves_to_somebody_else(house: House) -> None:
    approval_id = asked(house, approvers="[ann]")
    ann, cid = house.person("ann"), house.person("cid")
    moved = ann.post(f"/api/approvals/{approval_id}/delegate", {"to": "cid"})
    assert (moved.status, moved.data["status"]) == (200, "pending")
    assert moved.data["decisions"][0]["delegated_to"] == "cid"
    assert ann.post(f"/api/approvals/{approval_id}/approve").status in (403, 409)
    assert house.client.post(f"/api/approvals/{approval_id}/delegate", {}).status == 422
    done = cid.post(f"/api/approvals/{approval_id}/approve").data
    assert (done["status"], done["decisions"][-1]["delegated_from"]) == ("approved", "ann")


def test_mine_are_those_that_i_am_asked(house: House) -> None:
    leads, ops = asked(house), asked(house, approvers="[ops]")
    named = asked(house, approvers="[ann@example.org]")
    ann, cid = house.person("ann"), house.person("cid")

    def mine(client: Client) -> set[int]:
        listed = client.get("/api/approvals?mine=true&limit=200").data["items"]
        return {each["id"] for each in listed} & {leads, ops, named}

    assert mine(ann) == {leads, named}
    assert mine(cid) == {ops}
    ann.post(f"/api/approvals/{leads}/delegate", {"to": "cid"})
    assert mine(ann) == {named}
    assert mine(cid) == {ops, leads}
    assert mine(house.client) == {leads, ops, named}


def test_many_answers_at_once_are_one_decision(house: House) -> None:
    """The first terminal outcome wins; every loser is told what happened (C6)."""
    approval_id = asked(house, approvers="[ann, bob, cid]")
    people = [house.person(name) for name in ("ann", "bob", "cid")]
    ready = threading.Barrier(6)

    def answer(number: int) -> int:
        client = people[number % 3]
        ready.wait(30)
        if number < 3:
            return client.post(f"/api/approvals/{approval_id}/approve").status
        return client.post(f"/api/approvals/{approval_id}/reject", {"reason": "no"}).status

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(answer, range(6)))
    assert statuses == [200, 409, 409, 409, 409, 409]
    shown = house.client.get(f"/api/approvals/{approval_id}").data
    assert shown["status"] in ("approved", "rejected")
    assert len(shown["decisions"]) == 1


def test_what_is_not_there_is_not_found(house: House) -> None:
    assert house.client.get("/api/approvals/999999").status == 404
    assert house.client.post("/api/approvals/999999/approve").status == 404
    assert house.client.post("/api/approvals/999999/reject", {"reason": "x"}).status == 404
    assert house.client.post("/api/approvals/999999/delegate", {"to": "x"}).status == 404
