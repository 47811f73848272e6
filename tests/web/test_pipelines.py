"""Pipelines over HTTP: kept, changed, switched, deleted, and what is said where they cannot be."""

from __future__ import annotations

import pytest

from tests.web.conftest import House, definition

ONE = "- {name: a, run: 'echo hello'}"
LONG = "- {name: a, run: 'sleep 600'}"


def test_a_pipeline_is_created_and_shown(house: House) -> None:
    name = house.name()
    text = definition(name, ONE, "description: says hello\ntriggers: [{event: push}]\n")
    reply = house.client.post("/api/pipelines", {"definition": text})
    assert reply.status == 201
    assert reply.headers["Location"] == f"/api/pipelines/{name}"
    made = reply.data
    assert (made["name"], made["definition"], made["enabled"]) == (name, text, True)
    assert (made["version"], made["revision"], made["last_run"]) == (1, 1, None)
    assert made["description"] == "says hello"
    assert made["triggers"][0]["events"] == ["push"]
    shown = house.client.get(f"/api/pipelines/{name}")
    assert shown.data == made
    assert shown.headers["ETag"] == f'"{made["sha256"]}"'


def test_a_name_is_taken_once(house: House) -> None:
    name = house.create(ONE)
    reply = house.client.post("/api/pipelines", {"definition": definition(name, ONE)})
    assert (reply.status, reply.data["type"]) == (409, "/api/problems/conflict")
    assert reply.data["detail"] == f"there is already a pipeline `{name}`"
    assert reply.data["hint"] == f"change it: orchestrate pipeline update {name} FILE"


def test_a_pipeline_can_be_created_disabled(house: House) -> None:
    text = definition(house.name(), ONE)
    reply = house.client.post("/api/pipelines", {"definition": text, "enabled": False})
    assert reply.data["enabled"] is False


def test_every_fault_of_a_definition_is_told_with_its_place(house: House) -> None:
    text = "name: broken\nstages:\n  - {name: a, run: x, requires_aproval: true}\n  - {name: a}\n"
    for reply in (
        house.client.post("/api/pipelines", {"definition": text}),
        house.client.put("/api/pipelines/broken", {"definition": text}),
    ):
        assert (reply.status, reply.data["type"]) == (422, "/api/problems/invalid-definition")
        faults = reply.data["diagnostics"]
        assert [each["line"] for each in faults] == sorted(each["line"] for each in faults)
        first = faults[0]
        assert (first["line"], first["column"], first["severity"]) == (3, 23, "error")
        assert "requires_approval" in first["message"] + first["hint"]
    assert house.client.get("/api/pipelines/broken").status == 404


def test_validate_says_the_same_and_stores_nothing(house: House) -> None:
    bad = house.client.post("/api/validate", {"definition": "name: 7\n"})
    assert (bad.status, bad.data["valid"], bad.data["name"]) == (200, False, None)
    assert bad.data["diagnostics"]
    name = house.name()
    good = house.client.post("/api/validate", {"definition": definition(name, ONE)})
    assert (good.data["valid"], good.data["name"]) == (True, name)
    assert house.client.get(f"/api/pipelines/{name}").status == 404


def test_an_update_is_a_new_revision(house: House) -> None:
    name = house.create(ONE)
    text = definition(name, "- {name: b, run: 'true'}")
    changed = house.client.put(f"/api/pipelines/{name}", {"definition": text}).data
    assert (changed["revision"], changed["definition"]) == (2, text)
    same = house.client.put(f"/api/pipelines/{name}", {"definition": text}).data
    assert same["revision"] == 2
    listed = house.client.get(f"/api/pipelines/{name}/revisions").data["items"]
    assert [each["revision"] for each in listed] == [2, 1]
    first = house.client.get(f"/api/pipelines/{name}/revisions/1").data
    assert first["definition"] == definition(name, ONE)
    assert house.client.get(f"/api/pipelines/{name}/revisions/3").status == 404
    page = house.client.get(f"/api/pipelines/{name}/revisions?limit=1").data
    rest = house.client.get(f"/api/pipelines/{name}/revisions?cursor={page['next']}").data
    assert [each["revision"] for each in rest["items"]] == [1]


def test_a_pipeline_keeps_its_name(house: House) -> None:
    name = house.create(ONE)
    reply = house.client.put(f"/api/pipelines/{name}", {"definition": definition("other", ONE)})
    assert reply.status == 422
    assert f"not of `{name}`" in reply.data["detail"]


def test_an_edit_of_what_was_not_seen_is_refused(house: House) -> None:
    name = house.create(ONE)
    path = f"/api/pipelines/{name}"
    seen = house.client.get(path).headers["ETag"]
    second = {"definition": definition(name, "- {name: b, run: 'true'}")}
    third = {"definition": definition(name, "- {name: c, run: 'true'}")}
    assert house.client.put(path, second, headers={"If-Match": seen}).status == 200
    late = house.client.put(path, third, headers={"If-Match": seen})
    assert (late.status, late.data["type"]) == (412, "/api/problems/changed")
    assert house.client.delete(path, headers={"If-Match": seen}).status == 412
    assert house.client.put(path, third, headers={"If-Match": "*"}).status == 200
    weak = {"If-Match": "W/" + house.client.get(path).headers["ETag"]}
    assert house.client.put(path, second, headers=weak).status == 412
    for header in ('"a", "b"', "a", ""):
        assert house.client.put(path, second, headers={"If-Match": header}).status == 400
    nobody = house.client.put("/api/pipelines/nobody", second, headers={"If-Match": "*"})
    assert nobody.status == 412


def test_a_disabled_pipeline_runs_only_for_those_who_insist(house: House) -> None:
    name = house.create(ONE)
    assert house.client.post(f"/api/pipelines/{name}/disable").data["enabled"] is False
    refused = house.client.post(f"/api/pipelines/{name}/run")
    assert (refused.status, refused.data["detail"]) == (409, f"`{name}` is disabled")
    house.until(house.run(name, force=True))
    assert house.client.post(f"/api/pipelines/{name}/enable", {}).data["enabled"] is True
    house.until(house.run(name))


def test_a_pipeline_with_live_runs_is_deleted_by_force_only(house: House) -> None:
    name = house.create(LONG)
    run_id = house.run(name)
    path = f"/api/pipelines/{name}"
    refused = house.client.delete(path)
    assert refused.status == 409
    assert refused.data["detail"] == f"`{name}` has runs that are not at rest: {run_id}"
    gone = house.client.delete(f"{path}?force=true")
    assert (gone.status, gone.data["name"]) == (200, name)
    assert house.client.get(path).status == 404
    assert house.client.delete(path).status == 404
    assert house.client.get(f"{path}/runs").data["items"][0]["id"] == run_id
    assert house.client.get(f"{path}/revisions/1").data["definition"] == definition(name, LONG)
    house.client.post(f"/api/pipeline-runs/{run_id}/cancel")
    house.until(run_id, "cancelled")


def test_the_list_goes_on_where_it_stopped(fresh: House) -> None:
    names = sorted(fresh.create(ONE, name=name) for name in ("b", "a", "C", "d"))
    found: list[str] = []
    query = "?limit=2"
    while True:
        page = fresh.client.get(f"/api/pipelines{query}").data
        found += [each["name"] for each in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert found == names


def test_the_last_run_of_a_pipeline_is_shown(house: House) -> None:
    name = house.create(ONE)
    run_id = house.run(name)
    house.until(run_id)
    last = house.client.get(f"/api/pipelines/{name}").data["last_run"]
    assert (last["id"], last["status"]) == (run_id, "succeeded")


@pytest.mark.parametrize(
    "path", ["nobody", "nobody/runs", "nobody/revisions", "nobody/revisions/1"]
)
def test_a_pipeline_that_is_not_there_is_not_found(house: House, path: str) -> None:
    assert house.client.get(f"/api/pipelines/{path}").status == 404
