"""Pipelines over HTTP: kept, changed, switched, deleted, and what is said where they cannot be."""

from __future__ import annotations

from tests.web.conftest import House, definition

ONE = "- {name: a, run: 'echo hello'}"


def test_a_pipeline_is_created_and_shown(house: House) -> None:
    name = house.name()
    text = definition(name, ONE)
    reply = house.client.post("/api/pipelines", {"definition": text})
    assert reply.status == 201
    assert reply.headers["Location"] == f"/api/pipelines/{name}"
    made = reply.data
    assert (made["name"], made["definition"], made["enabled"]) == (name, text, True)
    assert (made["version"], made["revision"], made["last_run"]) == (1, 1, None)
    shown = house.client.get(f"/api/pipelines/{name}")
    assert shown.data == made
    assert shown.headers["ETag"] == f'"{made["sha256"]}"'


def test_a_run_goes_to_its_end(house: House) -> None:
    name = house.create(ONE)
    run = house.until(house.run(name))
    assert run["status"] == "succeeded"
    log = house.client.get(f"/api/pipeline-runs/{run['id']}/stages/a/logs")
    assert log.text == "hello\n"
