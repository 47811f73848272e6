"""Runs over HTTP: started, followed, explained, stopped, undone, repeated; and their logs."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.web.conftest import House

ONE = "- {name: a, run: 'echo hello'}"
LONG = "- {name: a, run: 'echo begun; exec sleep 600'}"


def test_a_run_goes_to_its_end(house: House) -> None:
    name = house.create(
        "- {name: a, run: 'echo v=1 > $ORCHESTRATE_OUTPUT'}\n- {name: b, run: 'true'}"
    )
    reply = house.client.post(f"/api/pipelines/{name}/run")
    run_id = reply.data["id"]
    assert reply.headers["Location"] == f"/api/pipeline-runs/{run_id}"
    run = house.until(run_id)
    assert (run["status"], run["pipeline"], run["revision"]) == ("succeeded", name, 1)
    assert (run["reason"], run["warnings"], run["rollback"]) == (None, 0, None)
    assert (run["trigger_event"], run["actor"]) == (
        "manual",
        house.client.get("/api/whoami").data["name"],
    )
    first, second = run["stages"]
    assert (first["name"], first["status"], first["outputs"]) == ("a", "succeeded", {"v": "1"})
    assert (first["attempts"], first["attempt"], first["needs"]) == (1, 1, [])
    assert second["needs"] == ["a"]
    assert run["duration_s"] >= first["duration_s"] >= 0
    assert run["created_at"] <= run["started_at"] <= run["completed_at"]
    assert run["completed_at"].endswith("Z")


def test_variables_and_facts_are_given(house: House) -> None:
    name = house.create("- {name: a, run: 'echo $who'}", "variables: {who: null, n: 1}\n")
    missing = house.client.post(f"/api/pipelines/{name}/run")
    assert (missing.status, missing.data["hint"]) == (422, "give it: --var who=VALUE")
    unknown = house.client.post(f"/api/pipelines/{name}/run", {"variables": {"whom": "x"}})
    assert unknown.status == 422
    run_id = house.run(name, variables={"who": "ann", "n": 2}, event={"branch": "main"})
    run = house.until(run_id)
    assert run["variables"] == {"who": "ann", "n": "2"}
    assert run["facts"]["branch"] == "main"
    assert house.client.get(f"/api/pipeline-runs/{run_id}/stages/a/logs").text == "ann\n"


def test_a_dry_run_stores_nothing(house: House) -> None:
    name = house.create("- {name: a, run: 'true', when: {branch: main}}")
    order = {"dry_run": True, "event": {"branch": "dev"}}
    reply = house.client.post(f"/api/pipelines/{name}/run", order)
    assert reply.status == 200
    assert reply.data["stages"][0]["verdict"] == "skip"
    assert house.client.get(f"/api/pipelines/{name}/runs").data == {"items": [], "next": None}


def test_runs_are_listed_newest_first(house: House) -> None:
    name = house.create(ONE)
    ids = [house.run(name) for _ in range(3)]
    for run_id in ids:
        house.until(run_id)
    listed = house.client.get(f"/api/pipelines/{name}/runs?limit=2").data
    assert [each["id"] for each in listed["items"]] == [ids[2], ids[1]]
    assert "stages" not in listed["items"][0]
    rest = house.client.get(f"/api/pipelines/{name}/runs?cursor={listed['next']}").data
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([ids[0]], None)
    done = house.client.get(f"/api/pipeline-runs?status=succeeded&pipeline={name}").data["items"]
    assert [each["id"] for each in done] == ids[::-1]
    assert house.client.get(f"/api/pipelines/{name}/runs?status=failed").data["items"] == []


def test_events_are_waited_for(house: House) -> None:
    name = house.create("- {name: a, run: 'true', requires_approval: true, approvers: x}")
    run_id = house.run(name)
    approval_id = house.waiting(run_id)
    path = f"/api/pipeline-runs/{run_id}/events"
    so_far = house.client.get(path).data["items"]
    assert [each["seq"] for each in so_far] == list(range(1, len(so_far) + 1))
    assert so_far[0]["type"] == "RunCreated"
    last = so_far[-1]["seq"]
    heard: list[Any] = []
    listener = threading.Thread(
        target=lambda: heard.append(house.client.get(f"{path}?after={last}&wait=30").data)
    )
    started = time.monotonic()
    listener.start()
    assert house.client.get(f"{path}?after={last}&wait=0.05").data == {"items": [], "next": None}
    house.client.post(f"/api/approvals/{approval_id}/approve")
    listener.join(30)
    assert time.monotonic() - started < 10
    assert heard[0]["items"][0]["seq"] == last + 1
    house.until(run_id)


def test_events_come_in_pages(house: House) -> None:
    run_id = house.run(house.create(ONE))
    whole = house.until(run_id)["seq"]
    seen: list[int] = []
    after: str | None = "0"
    while after is not None:
        page = house.client.get(f"/api/pipeline-runs/{run_id}/events?limit=3&after={after}").data
        seen += [each["seq"] for each in page["items"]]
        after = page["next"]
    assert seen == list(range(1, whole + 1))


def test_a_failed_run_says_why(house: House) -> None:
    run_id = house.run(house.create("- {name: a, run: 'exit 3'}\n- {name: b, run: 'true'}"))
    run = house.until(run_id)
    assert run["status"] == "failed"
    assert set(run["reason"]) == {"code", "text"}
    assert [each["status"] for each in run["stages"]] == ["failed", "skipped"]
    why = house.client.get(f"/api/pipeline-runs/{run_id}/why").data
    assert [each["stage"] for each in why["stages"]] == ["a", "b"]
    one = house.client.get(f"/api/pipeline-runs/{run_id}/why?stage=b").data
    assert one["stages"][0]["root"] == "a"
    assert house.client.get(f"/api/pipeline-runs/{run_id}/why?stage=c").status == 404


def test_a_retry_is_an_attempt_of_its_own(house: House) -> None:
    stage = (
        "- {name: a, retry: {attempts: 2, delay: 0s},"
        " run: 'echo try $ORCHESTRATE_ATTEMPT; test $ORCHESTRATE_ATTEMPT = 2'}"
    )
    run_id = house.run(house.create(stage))
    assert house.until(run_id)["status"] == "succeeded"
    attempts = house.client.get(f"/api/pipeline-runs/{run_id}/attempts?stage=a").data["items"]
    assert [each["status"] for each in attempts] == ["failed", "succeeded"]
    assert [each["exit_code"] for each in attempts] == [1, 0]
    page = house.client.get(f"/api/pipeline-runs/{run_id}/attempts?limit=1").data
    rest = house.client.get(f"/api/pipeline-runs/{run_id}/attempts?cursor={page['next']}").data
    assert [each["attempt"] for each in rest["items"]] == [2]
    log = f"/api/pipeline-runs/{run_id}/stages/a/logs"
    assert house.client.get(log).text == "try 2\n"
    first = house.client.get(f"{log}?attempt=1")
    assert (first.text, first.headers["Orchestrate-Log-Attempt"]) == ("try 1\n", "1")
    assert house.client.get(f"{log}?attempt=3").status == 404
    assert house.client.get(f"{log}?mode=rollback").headers["Orchestrate-Log-End"] == "true"


def test_a_log_is_followed_while_it_grows(house: House) -> None:
    run_id = house.run(house.create(LONG))
    path = f"/api/pipeline-runs/{run_id}/stages/a/logs"
    first = house.client.get(f"{path}?wait=30")
    assert first.text == "begun\n"
    place = first.headers["Orchestrate-Log-Offset"]
    quiet = house.client.get(f"{path}?offset={place}&wait=0.05")
    assert (quiet.text, quiet.headers["Orchestrate-Log-End"]) == ("", "false")
    house.client.post(f"/api/pipeline-runs/{run_id}/cancel")
    house.until(run_id)
    ended = house.client.get(f"{path}?offset={place}&wait=30")
    assert (ended.text, ended.headers["Orchestrate-Log-End"]) == ("", "true")
    record = house.client.get(f"{path}?format=ndjson")
    assert record.headers["Content-Type"] == "application/x-ndjson"
    assert (record.data["text"], set(record.data)) == ("begun\n", {"t", "text"})


def test_the_log_of_a_stage_that_never_ran_is_empty(house: House) -> None:
    run_id = house.run(house.create("- {name: a, run: 'true', when: false}"))
    house.until(run_id)
    reply = house.client.get(f"/api/pipeline-runs/{run_id}/stages/a/logs?wait=30")
    assert (reply.text, reply.headers["Orchestrate-Log-End"]) == ("", "true")
    assert reply.headers["Orchestrate-Log-Attempt"] == "0"
    assert house.client.get(f"/api/pipeline-runs/{run_id}/stages/b/logs").status == 404


def test_cancel_is_taken_once_and_says_so_twice(house: House) -> None:
    run_id = house.run(house.create(LONG))
    path = f"/api/pipeline-runs/{run_id}/cancel"
    assert house.client.post(path, {"reason": "enough"}).status == 202
    run = house.until(run_id)
    assert run["status"] == "cancelled"
    assert "enough" in run["reason"]["text"]
    assert house.client.post(path).status == 409


def test_a_run_is_rolled_back_by_hand(house: House) -> None:
    stages = "- {name: a, run: 'true', rollback: {run: 'echo undone'}}\n- {name: b, run: 'true'}"
    run_id = house.run(house.create(stages))
    house.until(run_id)
    path = f"/api/pipeline-runs/{run_id}/rollback"
    unknown = house.client.post(path, {"to": "c"})
    assert unknown.status in (404, 409, 422)
    taken = house.client.post(path, {"to": "a", "reason": "wrong"})
    assert taken.status == 202
    run = house.once(run_id, lambda run: run["rollback"]["status"] != "running")
    undone = run["rollback"]
    assert (undone["status"], undone["trigger"], undone["target"]) == ("succeeded", "manual", "a")
    assert undone["reason"] == "wrong"
    assert {"stage": "a", "status": "succeeded", "reason": None} in undone["steps"]
    assert run["status"] == "succeeded"
    log = house.client.get(f"/api/pipeline-runs/{run_id}/stages/a/logs?mode=rollback")
    assert log.text == "undone\n"
    assert house.client.post(path).status == 409


def test_what_failed_is_run_again(house: House) -> None:
    run_id = house.run(house.create("- {name: a, run: 'true'}\n- {name: b, run: 'false'}"))
    house.until(run_id)
    path = f"/api/pipeline-runs/{run_id}/rerun"
    again = house.client.post(path, {"failed": True})
    assert (again.status, again.data["rerun_of"]) == (202, run_id)
    run = house.until(again.data["id"])
    assert [each["carried_from"] for each in run["stages"]] == [run_id, None]
    since = house.client.post(path, {"from": "a"})
    assert house.until(since.data["id"])["stages"][0]["attempts"] == 1
    assert house.client.post(path, {"from": "c"}).status == 404


def test_what_is_not_there_is_not_found(house: House) -> None:
    for path in ("", "/events", "/events?wait=30", "/attempts", "/why", "/stages/a/logs"):
        assert house.client.get(f"/api/pipeline-runs/999999{path}").status == 404, path
    for path in ("cancel", "rollback", "rerun"):
        assert house.client.post(f"/api/pipeline-runs/999999/{path}").status == 404, path
    assert house.client.post("/api/pipelines/nobody/run").status == 404
