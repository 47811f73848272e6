"""A definition that is not stored can be planned, and only planned."""

from __future__ import annotations

from tests.web.conftest import House, definition


def test_a_text_is_planned_and_not_stored(house: House) -> None:
    name = house.name()
    text = definition(name, "- {name: a, run: 'true'}\n- {name: b, run: 'true', when: false}")
    order = {"dry_run": True, "definition": text}
    reply = house.client.post(f"/api/pipelines/{name}/run", order)
    assert reply.status == 200, reply.text
    assert [(each["name"], each["verdict"]) for each in reply.data["stages"]] == [
        ("a", "run"),
        ("b", "skip"),
    ]
    assert (reply.data["revision"], reply.data["enabled"]) == (None, True)
    assert house.client.get(f"/api/pipelines/{name}").status == 404


def test_a_text_with_faults_is_answered_with_them(house: House) -> None:
    order = {"dry_run": True, "definition": "name: x\n"}
    reply = house.client.post("/api/pipelines/x/run", order)
    assert reply.status == 422
    assert reply.data["diagnostics"]


def test_a_text_is_never_run(house: House) -> None:
    name = house.name()
    text = definition(name, "- {name: a, run: 'true'}")
    reply = house.client.post(f"/api/pipelines/{name}/run", {"definition": text})
    assert reply.status == 422
    assert "definition" in reply.data["detail"] + str(reply.data.get("faults"))
