"""Events come in: each is kept, starts what it starts once, and says why the others not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from orchestrate.core.condition import Facts
from orchestrate.core.people import Caller
from orchestrate.engine import catalog, intake, matching
from orchestrate.engine.asks import Overloaded
from orchestrate.engine.happening import (
    PAYLOAD_BYTES_MAX,
    PIPELINES_TOLD_MAX,
    Happening,
    is_ours,
    kept_payload,
)
from orchestrate.engine.intake import Intake, Kept
from tests.engine.conftest import ANN, Lab

BOB = Caller(name="bob")
CI = """
    name: ci
    triggers:
      - event: push
        branches: [main]
        paths: ["src/**"]
      - event: release.published
    stages: [{name: a, run: "true"}]
"""
PUSH = Facts(event="push", branch="main", paths=("src/a.py",), actor="octo")


@pytest.fixture
def door(lab: Lab) -> Iterator[Intake]:
    found = Intake(lab.engine)
    found.open()
    yield found
    found.close()


def create(lab: Lab, text: str) -> str:
    return catalog.create(lab.engine, dedent(text), by=ANN)


def event(facts: Facts = PUSH, **more: Any) -> Happening:
    return Happening(facts=facts, source="github", **more)


def row(lab: Lab, kept: Kept) -> dict[str, Any]:
    found = lab.engine.reader.trigger_event(kept.event)
    assert found is not None
    return found


def reasons(lab: Lab, kept: Kept) -> dict[str, str]:
    return {each["pipeline"]: each["reason"] for each in row(lab, kept)["outcome"]["not_started"]}


# ── what is started ──────────────────────────────────────────────────────────────────────────────


def test_an_event_starts_the_pipeline_that_waits_for_it(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    payload = '{"deep":{"x":7}}'
    kept = door.take(event(payload=payload))
    (run_id,) = kept.runs
    run = lab.ended(run_id)
    assert (run["status"], run["trigger_event"], run["trigger_event_id"]) == (
        "succeeded", "push", kept.event,
    )  # fmt: skip
    assert (run["actor"], run["via"]) == ("octo", "event from github")
    assert lab.replayed(run_id).facts.data == {"payload": {"deep": {"x": 7}}}
    found = row(lab, kept)
    assert found["outcome"]["started"] == [
        {"pipeline": "ci", "run": run_id, "trigger": 1, "line": 4, "note": None}
    ]
    assert found["processed_at"] is not None
    assert (found["payload"], found["runs"]) == ({"deep": {"x": 7}}, [run_id])


def test_what_is_not_known_lets_a_run_start_and_is_said(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    kept = door.take(event(replace(PUSH, paths=None), notes=("the push was forced",)))
    outcome = row(lab, kept)["outcome"]
    assert outcome["started"][0]["note"] == "the changed paths are not known (line 4)"
    assert outcome["notes"] == ["the push was forced"]


def test_every_pipeline_says_why_it_was_not_started(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    create(lab, CI.replace("ci", "needy").replace("stages:", "variables: {to: }\n    stages:"))
    create(lab, CI.replace("ci", "nobody").replace('run: "true"', "agent: ghost"))
    create(lab, CI.replace("ci", "off"))
    catalog.enable(lab.engine, "off", flag=False, by=ANN)
    create(lab, "name: quiet\nstages: [{name: a, run: 'true'}]\n")
    kept = door.take(event())
    said = reasons(lab, kept)
    assert len(kept.runs) == 1
    assert said.pop("nobody").startswith("agent `ghost` cannot run: No agent is called `ghost`")
    assert said == {
        "needy": "`needy` needs a value for `to`: give it: --var to=VALUE",
        "off": "it is disabled",
    }
    other = row(lab, door.take(event(Facts(event="push", branch="dev"))))["outcome"]
    assert other["reason"] == "no pipeline is started"
    assert other["not_started"][0] == {
        "pipeline": "ci",
        "reason": "no trigger is met",
        "triggers": [
            {"trigger": 1, "line": 4, "reason": "branch `dev` does not match `main` (line 4)"},
            {"trigger": 2, "line": 7,
             "reason": "event `push` does not match `release.published` (line 7)"},
        ],
    }  # fmt: skip
    nothing = row(lab, door.take(event(Facts(event="star.created"))))["outcome"]
    assert nothing["reason"] == "no pipeline waits for such an event"


def test_what_is_told_is_bounded_and_says_so(lab: Lab, door: Intake) -> None:
    for number in range(PIPELINES_TOLD_MAX + 3):
        create(lab, CI.replace("ci", f"p{number}").replace("push", "other"))
    create(lab, CI.replace("ci", "zz"))
    outcome = row(lab, door.take(event(replace(PUSH, branch="dev"))))["outcome"]
    assert len(outcome["not_started"]) == PIPELINES_TOLD_MAX
    assert outcome["more"] == 4
    assert outcome["not_started"][0]["pipeline"] == "zz", "those that wait for it come first"


# ── once ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_is_taken_once(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    first = door.take(event(delivery="d1", body_sha256="aa"))
    again = door.take(event(delivery="d1", body_sha256="bb"))
    assert again == replace(first, repeated=True)
    assert len(lab.engine.reader.trigger_events(9)) == 1


def test_a_body_starts_a_pipeline_once_whatever_its_delivery_is_called(
    lab: Lab, door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C9, for seven days; a pipeline that it did not start may be started by it still."""
    create(lab, CI)
    (run,) = door.take(event(delivery="d1", body_sha256="aa")).runs
    create(lab, CI.replace("ci", "late"))
    kept = door.take(event(delivery="d2", body_sha256="aa"))
    assert reasons(lab, kept) == {"ci": f"this very body has started run {run} already"}
    assert len(kept.runs) == 1
    last = door.take(event(delivery="d3", body_sha256="aa"))
    assert (last.runs, row(lab, last)["outcome"]["reason"]) == ((), "no pipeline is started")
    monkeypatch.setattr(matching, "SAME_BODY_S", -1.0)
    assert len(door.take(event(delivery="d4", body_sha256="aa")).runs) == 2


def test_many_threads_with_one_body_start_one_run(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    kept: list[Kept] = []
    threads = [
        threading.Thread(
            target=lambda n=n: kept.append(door.take(event(delivery=f"d{n}", body_sha256="aa")))
        )
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.event for each in kept}) == 12
    assert sum(len(each.runs) for each in kept) == 1


# ── what changes meanwhile ───────────────────────────────────────────────────────────────────────


def test_a_pipeline_that_changes_while_an_event_is_judged(
    lab: Lab, door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is judged anew, and the run is of the revision that holds when it starts."""
    create(lab, CI)
    judge = matching.judge
    turns: list[Any] = []

    def meanwhile(*args: Any) -> Any:
        judged = judge(*args)
        if not turns:
            catalog.update(lab.engine, "ci", dedent(CI).replace("true", "false"), by=ANN)
        turns.append(judged)
        return judged

    monkeypatch.setattr(intake, "judge", meanwhile)
    kept = door.take(event())
    assert len(turns) == 2
    assert lab.run(kept.runs[0])["revision"] == 2


def test_pipelines_that_never_rest_make_an_event_wait(
    lab: Lab, door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost: it is seen to when they rest. A person is asked to come again."""
    create(lab, CI)
    judge, restless = matching.judge, [True]

    def meanwhile(*args: Any) -> Any:
        judged = judge(*args)
        if restless[0]:
            name = f"echo {len(lab.engine.reader.revisions('ci'))}"
            catalog.update(lab.engine, "ci", dedent(CI).replace("true", name), by=ANN)
        return judged

    monkeypatch.setattr(intake, "judge", meanwhile)
    monkeypatch.setattr(intake, "RETRY_WAIT_S", 0.01)
    with pytest.raises(Overloaded):
        door.ask(event(), by=BOB)
    kept = door.take(event())
    assert row(lab, kept)["processed_at"] is None
    restless[0] = False
    lab.until(lambda: row(lab, kept)["runs"])


def test_a_fault_of_ours_loses_no_event(
    lab: Lab, door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, says so, and can be replayed; the events behind it go on."""
    create(lab, CI)
    judge = matching.judge

    def faulty(engine: Any, watchers: Any, happening: Happening, by: Caller) -> Any:
        assert happening.facts.branch != "main", "a fault"
        return judge(engine, watchers, happening, by)

    monkeypatch.setattr(intake, "judge", faulty)
    kept = door.take(event(), wait_s=30.0)
    found = row(lab, kept)
    assert found["outcome"]["reason"] == (
        "a fault of ours: the server's log says more; replay it then"
    )
    assert found["processed_at"] is not None
    assert door.take(event(Facts(event="push", branch="dev"))).event == kept.event + 1


def test_events_that_wait_are_seen_to_at_the_start(lab: Lab) -> None:
    """What a crash left behind: the mark in the table is all that is needed."""
    create(lab, CI)
    closed = Intake(lab.engine)
    kept = closed._take_waiting(event(payload='{"x":1}', delivery="d1"), 0.0)
    assert (kept.runs, row(lab, kept)["processed_at"]) == ((), None)
    lab.engine.close()
    lab.open()
    opened = Intake(lab.engine)
    opened.open()
    (run,) = lab.until(lambda: row(lab, kept)["runs"])
    assert lab.replayed(run).facts.data["payload"] == {"x": 1}
    assert lab.run(run)["actor"] == "octo"
    opened.close()


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def test_whoever_tells_of_an_event_starts_its_runs(lab: Lab, door: Intake) -> None:
    """So they do not approve them, and neither does the event's actor (7.4)."""
    create(lab, CI)
    run = lab.run(door.ask(event(), by=BOB).runs[0])
    assert run["actor"] == "bob"
    assert lab.replayed(run["id"]).facts.actor == "octo"


def test_an_answer_is_remembered_in_the_same_transaction(lab: Lab, door: Intake) -> None:
    create(lab, CI)
    seen: list[object] = []
    kept = door.ask(event(), by=BOB, also=lambda _, made: seen.append(made))
    assert seen == [{"event": kept.event, "runs": list(kept.runs)}]


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def test_a_payload_that_is_too_long_is_left_out(lab: Lab) -> None:
    assert kept_payload({"a": 1}) == ('{"a":1}', ())
    text, notes = kept_payload("x" * PAYLOAD_BYTES_MAX)
    assert text is None
    assert notes == ("what came with it (256 KiB) is not kept: at most 256 KiB are",)


def test_some_names_are_ours() -> None:
    ours = ["manual", "schedule", "pipeline", "pipeline.succeeded"]
    assert [is_ours(each) for each in ours] == [True] * 4
    assert not any(is_ours(each) for each in ("push", "pipelines", "schedule.x", ""))
