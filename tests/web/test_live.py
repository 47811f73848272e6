"""The live channel: who may look, what comes, in which order, and what a slow client is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect, unix_connect
from websockets.typing import Origin

from orchestrate.web import live
from orchestrate.web.pictures import MOVED_MAX, Marks
from tests.web.conftest import House

WAIT_S = 20.0
STAGES = """
- {name: one, run: 'true'}
- {name: gate, run: 'true', requires_approval: true, approvers: [ann]}
"""


@contextmanager
def looking(house: House, *words: dict[str, Any], **more: Any) -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {house.token()}"}
    given = {"additional_headers": headers, **more}
    with connect(f"ws://127.0.0.1:{house.port}/api/live", max_size=None, **given) as client:
        for word in words:
            client.send(json.dumps(word))
        yield client


def heard(client: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.recv(WAIT_S))
    return found


def until(client: ClientConnection, status: str) -> list[dict[str, Any]]:
    """All that comes until a run has this status."""
    found = [heard(client)]
    while found[-1]["status"] != status:
        found.append(heard(client))
    return found


def refused(house: House, path: str, **more: Any) -> int:
    with pytest.raises(InvalidStatus) as caught:
        connect(f"ws://127.0.0.1:{house.port}{path}", **more).__enter__()
    assert caught.value.response.headers["Content-Type"] == "application/problem+json"
    return caught.value.response.status_code


# ── who may look ─────────────────────────────────────────────────────────────────────────────────


def test_nobody_looks_without_a_name(house: House) -> None:
    assert refused(house, "/api/live") == 401
    assert refused(house, "/api/live?ticket=abc") == 401
    headers = {"Authorization": f"Bearer {house.token(scopes=['approve'])}"}
    assert refused(house, "/api/live", additional_headers=headers) == 403
    assert refused(house, "/api/nothing") == 404
    assert refused(house, "/") == 404


def test_another_site_may_not_look(house: House) -> None:
    headers = {"Authorization": f"Bearer {house.token()}"}
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{house.port}"):
        given = {"additional_headers": headers, "origin": origin}
        assert refused(house, "/api/live", **given) == 403
    given = {"additional_headers": {**headers, "Host": "evil.example"}}
    assert refused(house, "/api/live", **given) == 421


def test_a_ticket_opens_one_socket(house: House) -> None:
    ticket = house.tcp(house.token()).post("/api/live/tickets").data["ticket"]
    address = f"ws://127.0.0.1:{house.port}/api/live?ticket={ticket}"
    with connect(address, origin=Origin(f"http://127.0.0.1:{house.port}")) as client:
        client.send('{"subscribe": "approvals"}')
        assert heard(client)["topic"] == "approvals"
    assert refused(house, f"/api/live?ticket={ticket}") == 401


def test_the_owner_looks_at_the_local_socket(house: House) -> None:
    with unix_connect(str(house.socket), "ws://localhost/api/live") as client:
        client.send('{"subscribe": "runs"}')
        assert heard(client)["whole"] is True


def test_a_revoked_token_closes_its_socket(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STILL_S", 0.05)
    made = house.client.post("/api/tokens", {"scopes": ["read"]}).data
    headers = {"Authorization": f"Bearer {made['token']}"}
    with looking(house, {"subscribe": "approvals"}, additional_headers=headers) as client:
        heard(client)
        house.client.delete(f"/api/tokens/{made['id']}")
        with pytest.raises(ConnectionClosed) as caught:
            heard(client)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == live.NOT_ALLOWED


# ── what comes ───────────────────────────────────────────────────────────────────────────────────


def test_a_run_comes_whole_and_forward(house: House) -> None:
    run_id = house.run(house.create(STAGES))
    with looking(house, {"subscribe": f"run:{run_id}"}) as client:
        seen = until(client, "waiting_approval")
        house.client.post(f"/api/approvals/{seen[-1]['approvals'][0]['id']}/approve", {})
        seen += until(client, "succeeded")
    seqs = [each["seq"] for each in seen]
    assert seqs == sorted(set(seqs))
    last = dict(seen[-1])
    assert last.pop("topic") == f"run:{run_id}"
    assert last == house.client.get(f"/api/pipeline-runs/{run_id}").data


def test_whoever_comes_back_is_told_what_is_new_and_nothing_else(house: House) -> None:
    run_id = house.run(house.create(STAGES))
    seq = house.until(run_id, "waiting_approval")["seq"]
    with looking(house, {"subscribe": f"run:{run_id}", "after": seq}) as client:
        with pytest.raises(TimeoutError):
            client.recv(0.3)
        house.client.post(f"/api/approvals/{house.waiting(run_id)}/approve", {})
        assert until(client, "succeeded")[0]["seq"] > seq
    with looking(house, {"subscribe": f"run:{run_id}", "after": seq}) as client:
        assert heard(client)["status"] == "succeeded"


def test_runs_come_as_a_list_shows_them(fresh: House) -> None:
    name = fresh.create("- {name: one, run: 'true'}")
    fresh.until(fresh.run(name))
    with looking(fresh, {"subscribe": "runs"}) as client:
        first = heard(client)
        assert first["whole"] is True
        assert first["items"] == fresh.client.get("/api/pipeline-runs").data["items"]
        run_id = fresh.run(name)
        fresh.until(run_id)
        seen: dict[str, Any] = {}
        while seen.get("status") != "succeeded":
            (seen,) = heard(client)["items"]
            assert seen["id"] == run_id
    with looking(fresh, {"subscribe": "runs", "after": first["seq"]}) as client:
        again = heard(client)
        assert (again["whole"], again["items"]) == (False, [seen])
    with looking(fresh, {"subscribe": "runs", "after": 5}) as client:
        assert heard(client)["whole"] is True


def test_approvals_come_when_they_open_and_when_they_close(fresh: House) -> None:
    with looking(fresh, {"subscribe": "approvals"}) as client:
        first = heard(client)
        assert first["items"] == []
        run_id = fresh.run(fresh.create(STAGES))
        (opened,) = heard(client)["items"]
        assert (opened["run_id"], opened["status"]) == (run_id, "pending")
        fresh.client.post(f"/api/approvals/{opened['id']}/reject", {"reason": "no"})
        (closed,) = heard(client)["items"]
        assert (closed["id"], closed["status"]) == (opened["id"], "rejected")
    with looking(fresh, {"subscribe": "approvals", "after": first["seq"]}) as client:
        assert [each["status"] for each in heard(client)["items"]] == ["rejected"]


def test_many_topics_share_a_socket(house: House) -> None:
    words = [{"subscribe": "approvals"}, {"subscribe": "runs"}, {"subscribe": "run:999999"}]
    with looking(house, *words) as client:
        found = {each["topic"]: each for each in (heard(client) for _ in words)}
    assert found.keys() == {"approvals", "runs", "run:999999"}
    assert found["run:999999"]["problem"]["detail"] == "there is no run 999999"


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "word",
    [
        "nonsense", "[]", '{"subscribe": "everything"}', '{"subscribe": "run:0"}', "{}",
        '{"subscribe": "runs", "after": -1}', '{"subscribe": "runs", "subscribe": "runs"}',
        '{"subscribe": "runs", "more": 1}', '{"subscribe": "' + "x" * 5000 + '"}',
    ],
)  # fmt: skip
def test_what_is_not_understood_ends_the_conversation(house: House, word: str) -> None:
    with looking(house) as client:
        client.send(word)
        with pytest.raises(ConnectionClosed) as caught:
            client.recv(WAIT_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == live.NOT_UNDERSTOOD


def test_who_waits_too_long_before_the_first_word_is_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FIRST_WORD_WAIT_S", 0.05)
    said = "nothing was subscribed to in time"
    with looking(house) as client, pytest.raises(ConnectionClosed, match=said):
        client.recv(WAIT_S)


def test_who_reads_too_slowly_is_let_go(fresh: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WAITING_MAX", 1)
    monkeypatch.setattr(live, "FRAME_S", 30.0)
    name = fresh.create("- {name: one, run: 'true'}")
    with looking(fresh, {"subscribe": "runs"}) as client:
        heard(client)
        for _ in range(3):
            fresh.until(fresh.run(name))
        with pytest.raises(ConnectionClosed) as caught:
            heard(client)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == live.TOO_SLOW


def test_the_end_of_the_server_is_told(fresh: House) -> None:
    with looking(fresh, {"subscribe": "runs"}) as client:
        heard(client)
        fresh.server.stop()
        with pytest.raises(ConnectionClosed) as caught:
            heard(client)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == live.GOING_AWAY


def test_marks_tell_what_moved_as_long_as_they_can() -> None:
    marks = Marks()
    begin = marks.now
    marks.move([1, 2])
    marks.move([1])
    assert marks.since(begin) == [2, 1]
    assert marks.since(begin + 1) == [1]
    assert marks.since(marks.now) == []
    assert marks.since(begin - 1) is None
    assert marks.since(marks.now + 1) is None
    marks.move(range(10, 10 + MOVED_MAX))
    assert marks.since(begin) is None
