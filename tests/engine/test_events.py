"""Runs that start by the clock and by the end of others (10.2, 10.6, 8.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import dedent

import pytest

from orchestrate.core.pipeline import Trigger
from orchestrate.engine import catalog
from orchestrate.engine.intake import Intake
from orchestrate.engine.schedule import Schedule, due, firings
from tests.engine.conftest import ANN, Lab


@pytest.fixture
def intake(lab: Lab) -> Iterator[Intake]:
    found = Intake(lab.engine)
    found.open()
    yield found
    found.close()


def create(lab: Lab, text: str) -> str:
    return catalog.create(lab.engine, dedent(text), by=ANN)


def run_of(lab: Lab, pipeline: str) -> int:
    """The first run of a pipeline, when there is one."""

    def first() -> int | None:
        rows = lab.engine.reader.runs(pipeline=pipeline, status=None, limit=10, before=None)
        return rows[-1]["id"] if rows else None

    found: int = lab.until(first)
    return found


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_the_end_of_a_run_starts_those_that_wait_for_it(lab: Lab, intake: Intake) -> None:
    """`pipeline.succeeded` with `pipeline:`; outputs and facts are handed over (10.2)."""
    create(
        lab,
        """
        name: deploy
        triggers: [{event: pipeline.succeeded, pipeline: build, branches: main}]
        stages:
          - name: ship
            env: {V: "${event.outputs.make.version}", FROM: "${event.run}"}
            run: echo "$V from $FROM" > shipped
    """,
    )
    first = lab.start(
        """
        name: build
        stages: [{name: make, run: "echo version=7 > $ORCHESTRATE_OUTPUT"}]
    """,
        event={"branch": "main", "sha": "abc", "actor": "bob"},
    )
    second = run_of(lab, "deploy")
    assert lab.ended(second)["status"] == "succeeded"
    assert (lab.home / "shipped").read_text() == f"7 from {first}\n"
    row = lab.run(second)
    assert (row["trigger_event"], row["actor"]) == ("pipeline.succeeded", "bob")


def test_a_chain_that_comes_round_ends_and_says_why(lab: Lab, intake: Intake) -> None:
    """Two pipelines that start each other stop at the same commit (8.5)."""
    create(
        lab,
        """
        name: pong
        triggers: [{event: pipeline.succeeded, pipeline: ping}]
        stages: [{name: hit, run: "true"}]
    """,
    )
    lab.start(
        """
        name: ping
        triggers: [{event: pipeline.*, pipeline: pong}]
        stages: [{name: hit, run: "true"}]
    """,
        event={"sha": "abc"},
    )
    lab.ended(run_of(lab, "pong"))

    def refused() -> str | None:
        for row in lab.engine.reader.trigger_events(10):
            for each in row["outcome"].get("not_started", []):
                if each["pipeline"] == "ping" and "come round" in each["reason"]:
                    return str(each["reason"])
        return None

    assert "run 1 of it, for commit abc, led to this event" in lab.until(refused)
    rows = lab.engine.reader.runs(pipeline="ping", status=None, limit=10, before=None)
    assert len(rows) == 1


def test_an_event_left_by_a_run_survives_the_server(lab: Lab) -> None:
    """It is kept in the transaction that ends the run, and judged after a restart (10.3)."""
    create(
        lab,
        """
        name: after
        triggers: [{event: pipeline.failed, pipeline: before}]
        stages: [{name: tell, run: "true"}]
    """,
    )
    lab.ended(
        lab.start("""
        name: before
        stages: [{name: break, run: "false"}]
    """)
    )
    lab.engine.close()
    lab.open()
    intake = Intake(lab.engine)
    intake.open()
    try:
        assert lab.ended(run_of(lab, "after"))["status"] == "succeeded"
    finally:
        intake.close()


def test_a_schedule_fires_its_own_pipeline_once(lab: Lab, intake: Intake) -> None:
    """Missed while nobody ran: `once`; the same firing starts nothing twice (10.6, 10.3)."""
    for name in ("nightly", "other"):
        create(
            lab,
            f"""
            name: {name}
            triggers: [{{event: schedule, cron: "0 2 * * *", timezone: Europe/Berlin}}]
            stages: [{{name: sweep, run: "true"}}]
        """,
        )
    now = lab.engine.clock()
    lab.engine.clock = lambda: now + 3 * 86_400.0
    for _ in range(2):
        schedule = Schedule(lab.engine, intake)
        schedule.open()
        lab.ended(run_of(lab, "nightly"))
        lab.ended(run_of(lab, "other"))
        schedule.close()
    for name in ("nightly", "other"):
        rows = lab.engine.reader.runs(pipeline=name, status=None, limit=10, before=None)
        assert [row["trigger_event"] for row in rows] == ["schedule"]


def test_missed_firings_go_by_their_own_rule() -> None:
    """`once`: the last; `all`: at most ten; `skip`: those that are not late (10.6)."""
    since, now = at("2026-01-01T00:00"), at("2026-01-01T20:30")
    hourly = {
        each: due(Trigger(events=("schedule",), cron="0 * * * *", missed=each), since, now)
        for each in ("once", "all", "skip")
    }
    assert hourly["once"] == [at("2026-01-01T20:00")]
    assert len(hourly["all"]) == 10
    assert hourly["all"][-1] == at("2026-01-01T20:00")
    assert hourly["skip"] == []
    on_time = Trigger(events=("schedule",), cron="30 20 * * *", missed="skip")
    assert due(on_time, since, now) == [now]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),  # a gap: 02:30 is not
        ("2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),  # a fold: 02:30 is twice
    ],
)
def test_summer_time_fires_once(day: str, expected: list[str]) -> None:
    """DST gaps and folds fire once (10.6)."""
    found = firings("30 2 * * *", "Europe/Berlin", at(day))
    assert [next(found) for _ in expected] == [at(each) for each in expected]
