"""What a run can be given, and what a rollback would undo, before either is asked for."""

from __future__ import annotations

from tests.web.conftest import House

STAGES = """
- {name: build, run: 'true', rollback: {run: rm -f it}}
- {name: ship, run: 'true', rollback: {run: echo back}}
"""


def test_variables_say_what_a_run_must_be_given(house: House) -> None:
    head = "variables: {who: world, version: null}\n"
    name = house.create("- {name: one, run: 'true'}", head)
    assert house.client.get(f"/api/pipelines/{name}/variables").data["items"] == [
        {"name": "who", "default": "world", "required": False},
        {"name": "version", "default": None, "required": True},
    ]
    assert house.client.get("/api/pipelines/nobody/variables").status == 404


def test_a_rollback_is_planned_by_the_rule_that_makes_it(house: House) -> None:
    run_id = house.run(house.create(STAGES))
    before = house.until(run_id)
    plan = house.client.get(f"/api/pipeline-runs/{run_id}/rollback-plan").data
    assert [(each["stage"], each["how"]) for each in plan["steps"]] == [
        ("ship", "echo back"),
        ("build", "rm -f it"),
    ]
    assert house.client.get(f"/api/pipeline-runs/{run_id}").data == before
    only = house.client.get(f"/api/pipeline-runs/{run_id}/rollback-plan?to=ship").data
    assert [each["stage"] for each in only["steps"]] == ["ship"]
    house.client.post(f"/api/pipeline-runs/{run_id}/rollback", {})
    done = house.once(run_id, lambda run: (run["rollback"] or {}).get("completed_at") is not None)
    assert [each["stage"] for each in done["rollback"]["steps"]] == ["ship", "build"]
    assert house.client.get(f"/api/pipeline-runs/{run_id}/rollback-plan").status == 409


def test_a_rollback_to_nowhere_is_not_planned(house: House) -> None:
    run_id = house.run(house.create(STAGES))
    house.until(run_id)
    assert house.client.get(f"/api/pipeline-runs/{run_id}/rollback-plan?to=no").status == 404
    assert house.client.get("/api/pipeline-runs/999999/rollback-plan").status == 404
