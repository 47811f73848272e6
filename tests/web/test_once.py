"""One effect and one answer for one Idempotency-Key (I20)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.web.client import Reply
from tests.web.conftest import House, close_house, definition, open_house

ONE = "- {name: a, run: 'echo hello'}"


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_the_same_key_starts_one_run_and_gives_one_answer(house: House) -> None:
    name = house.create(ONE)
    path, key = f"/api/pipelines/{name}/run", keyed(f"start-{name}")
    first = house.client.post(path, {"event": {"branch": "x"}}, headers=key)
    house.until(first.data["id"])
    second = house.client.post(path, {"event": {"branch": "x"}}, headers=key)
    assert (second.status, second.body) == (202, first.body)
    assert second.headers["Location"] == first.headers["Location"]
    assert (first.headers["Idempotent-Replayed"], second.headers["Idempotent-Replayed"]) == (
        None,
        "true",
    )
    assert len(house.client.get(f"/api/pipelines/{name}/runs").data["items"]) == 1


def test_a_key_belongs_to_its_request(house: House) -> None:
    name = house.create(ONE)
    path, key = f"/api/pipelines/{name}/run", keyed(f"other-{name}")
    house.client.post(path, headers=key)
    for reply in (
        house.client.post(path, {"force": True}, headers=key),
        house.client.post(f"/api/pipelines/{name}/disable", headers=key),
    ):
        assert (reply.status, reply.data["type"]) == (422, "/api/problems/idempotency-key-reused")


def test_a_key_belongs_to_its_caller(house: House) -> None:
    name = house.create(ONE)
    path, key = f"/api/pipelines/{name}/run", keyed(f"whose-{name}")
    mine = house.client.post(path, headers=key).data["id"]
    theirs = house.person("ann").post(path, headers=key).data["id"]
    assert mine != theirs
    again = house.tcp(house.token()).post(path, headers=key).data["id"]
    assert again == mine


def test_requests_sent_together_do_one_thing(house: House) -> None:
    name = house.create(ONE)
    ready = threading.Barrier(8)

    def start(_: int) -> Reply:
        ready.wait(30)
        return house.client.post(f"/api/pipelines/{name}/run", headers=keyed(f"many-{name}"))

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(start, range(8)))
    assert {each.status for each in replies} == {202}
    assert len({each.body for each in replies}) == 1
    assert len(house.client.get(f"/api/pipelines/{name}/runs").data["items"]) == 1


def test_a_failure_is_not_remembered(house: House) -> None:
    name = house.name()
    path, key = f"/api/pipelines/{name}/run", keyed(f"failed-{name}")
    assert house.client.post(path, headers=key).status == 404
    house.create(ONE, name=name)
    assert house.client.post(path, headers=key).status == 202


def test_creating_twice_by_one_key_is_no_conflict(house: House) -> None:
    name = house.name()
    body = {"definition": definition(name, ONE)}
    first = house.client.post("/api/pipelines", body, headers=keyed(f"create-{name}"))
    second = house.client.post("/api/pipelines", body, headers=keyed(f"create-{name}"))
    assert (first.status, second.status, second.body) == (201, 201, first.body)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert house.client.post("/api/pipelines", body, headers=keyed(f"b-{name}")).status == 409


def test_an_approval_is_given_once(house: House) -> None:
    gate = "- {name: a, run: 'true', requires_approval: true, approvers: [x]}"
    approval_id = house.waiting(house.run(house.create(gate)))
    path, key = f"/api/approvals/{approval_id}/approve", keyed(f"yes-{approval_id}")
    first = house.client.post(path, headers=key)
    second = house.client.post(path, headers=key)
    assert (first.status, second.status, second.body) == (200, 200, first.body)


def test_cancelling_twice_by_one_key_is_no_conflict(house: House) -> None:
    run_id = house.run(house.create("- {name: a, run: 'sleep 600'}"))
    path, key = f"/api/pipeline-runs/{run_id}/cancel", keyed(f"stop-{run_id}")
    first = house.client.post(path, headers=key)
    house.until(run_id)
    assert house.client.post(path, headers=key).body == first.body


def test_the_secret_of_a_token_is_not_shown_again(house: House) -> None:
    key = keyed(f"token-{house.name()}")
    assert house.client.post("/api/tokens", {}, headers=key).status == 201
    again = house.client.post("/api/tokens", {}, headers=key)
    assert (again.status, "shown once" in again.data["detail"]) == (409, True)


def test_a_plan_is_made_anew_each_time(house: House) -> None:
    name = house.create(ONE)
    path, key = f"/api/pipelines/{name}/run", keyed(f"plan-{name}")
    for _ in range(2):
        reply = house.client.post(path, {"dry_run": True}, headers=key)
        assert (reply.status, reply.headers["Idempotent-Replayed"]) == (200, None)


def test_a_key_is_remembered_over_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("restart")
    house = open_house(root)
    name = house.create(ONE)
    first = house.client.post(f"/api/pipelines/{name}/run", headers=keyed("k"))
    house.until(first.data["id"])
    close_house(house)
    house = open_house(root)
    second = house.client.post(f"/api/pipelines/{name}/run", headers=keyed("k"))
    close_house(house)
    assert second.body == first.body


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "a, b"])
def test_what_cannot_be_a_key_is_refused(house: House, key: str) -> None:
    reply = house.client.post("/api/pipelines/nobody/run", headers=keyed(key))
    assert reply.status == 400
