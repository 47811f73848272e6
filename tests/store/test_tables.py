"""The tables people query are a pure function of the log, and say what the run says."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orchestrate.core.commands import Tick
from orchestrate.core.run import Run
from orchestrate.store.cell import instant
from orchestrate.store.codec import EVENTS
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import BROKEN, DONE, House, chain, rich, wander

DRAWN = (
    "pipeline_runs",
    "pipeline_stages",
    "agents",
    "approvals",
    "approval_decisions",
    "rollbacks",
    "rollback_steps",
)
SEEDS = range(30)


def drawn(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    everything = "SELECT * FROM "
    with closing(sqlite3.connect(path)) as other:
        return {
            table: sorted(other.execute(everything + table).fetchall(), key=repr) for table in DRAWN
        }


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_again_they_are_the_same(house: House, path: Path, seed: int) -> None:
    """Whatever was scribbled over them."""
    dice = Random(seed)
    runs = [wander(house, house.start(rich()), dice) for _ in range(3)]
    before = drawn(path)
    scribble(path)
    assert drawn(path) != before
    with house.store.transaction():
        for run in runs:
            house.store.redraw(run.id)
    assert drawn(path) == before


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_in_an_empty_house_they_are_the_same(
    house: House, path: Path, tmp_path: Path, seed: int
) -> None:
    """From the log alone, run by run; only ids are given anew."""
    run = wander(house, house.start(rich()), Random(seed))
    copy = tmp_path / "copy.db"
    with closing(Store.open(copy)) as other:
        with closing(sqlite3.connect(copy)) as raw, raw:
            raw.execute("ATTACH ? AS old", (str(path),))
            raw.execute("INSERT INTO main.pipelines SELECT * FROM old.pipelines")
            raw.execute("INSERT INTO main.pipeline_revisions SELECT * FROM old.pipeline_revisions")
            raw.execute("INSERT INTO main.run_events SELECT * FROM old.run_events")
        with other.transaction():
            other.redraw(run.id)
        assert other.live() == house.store.live()
    assert drawn(copy) == drawn(path)


def test_all_of_it_happens_in_these_lives(house: House, path: Path) -> None:
    """What the proofs above live through: every table, every status that a row can have."""
    for seed in range(120):
        wander(house, house.start(rich()), Random(seed))
    with closing(sqlite3.connect(path)) as other:
        statuses = partial(distinct, other, "status")
        assert statuses("pipeline_runs") >= {"succeeded", "failed", "cancelled"}
        assert statuses("pipeline_stages") >= {"succeeded", "failed", "skipped", "cancelled"}
        assert statuses("agents") >= {"succeeded", "failed", "skipped", "needs_person"}
        assert statuses("approvals") >= {"approved", "rejected", "expired", "withdrawn"}
        assert statuses("rollbacks") >= {"succeeded", "partial"}
        assert statuses("rollback_steps") >= {"succeeded", "failed", "skipped"}
        assert distinct(other, "type", "run_events") == set(EVENTS)


def distinct(other: sqlite3.Connection, column: str, table: str) -> set[str]:
    asked = f"SELECT DISTINCT {column} FROM {table}"  # noqa: S608 (names of this file)
    return {each for (each,) in other.execute(asked)}


@pytest.mark.parametrize("seed", SEEDS)
def test_they_say_what_the_run_says(house: House, reader: Reader, seed: int) -> None:
    run = wander(house, house.start(rich()), Random(seed))
    row = reader.run(run.id)
    assert row is not None
    assert (row["status"], row["seq"], row["resting"]) == (run.status, run.seq, run.resting)
    assert row["completed_at"] == (run.completed_at and instant(run.completed_at))
    assert [each["stage_name"] for each in row["stages"]] == list(run.stages)
    for stage, each in zip(run.stages.values(), row["stages"], strict=True):
        assert (each["status"], each["attempts"]) == (stage.status, len(stage.attempts))
        assert each["outputs"] == stage.outputs
        assert each["reason_code"] == (stage.reason and stage.reason.code)
    assert [each["status"] for each in row["approvals"]] == [
        each.status for each in run.approvals.values()
    ]
    for approval, each in zip(run.approvals.values(), row["approvals"], strict=True):
        assert [said["decision"] for said in each["decisions"]] == [
            said.decision for said in approval.decisions
        ]
    for rollback, each in zip(run.rollbacks, row["rollbacks"], strict=True):
        assert {step["stage"]: step["status"] for step in each["steps"]} == {
            name: step.status for name, step in rollback.steps.items()
        }
    assert_agents(run, reader.attempts(run.id))


def assert_agents(run: Run, rows: list[dict[str, Any]]) -> None:
    made = {
        (each.stage, each.mode.value, each.number): each.outcome and each.outcome.kind.value
        for stage in run.stages.values()
        for each in (*stage.attempts, *stage.compensations)
    }
    found = {(each["stage_name"], each["mode"], each["attempt"]): each for each in rows}
    assert found.keys() == made.keys()
    for key, outcome in made.items():
        assert outcome is None or found[key]["status"] == outcome


def test_a_stage_knows_the_agent_that_tried_last(house: House, reader: Reader) -> None:
    run = house.start(rich())
    run = house.work(run, BROKEN)
    house.now += 10
    only = reader.attempts(run.id, "build")
    assert [(each["attempt"], each["status"]) for each in only] == [(1, "failed")]
    assert only[0]["detail"] == "exit code 1\ufffd\ufffd"
    run = house.tell(run, Tick())
    run = house.finish(run)
    first, second = reader.attempts(run.id, "build")
    row = reader.run(run.id)
    assert row is not None
    assert row["stages"][0]["agent_id"] == second["id"] != first["id"]
    assert row["stages"][0]["attempts_max"] == 3
    assert second["model"] == "opus"


def test_the_cost_of_an_event_does_not_depend_on_the_size_of_its_run(store: Store) -> None:
    """Counted, not timed: the statements of one event are the same for 20 stages and 2,000."""
    counts = []
    for stages in (20, 2_000):
        house = House(store)
        run = house.work(house.start(chain(stages, f"chain-{stages}")))
        seen: list[str] = []
        connection = store._connection
        assert connection is not None
        before = connection.total_changes
        connection.set_trace_callback(seen.append)
        house.work(run, DONE)
        connection.set_trace_callback(None)
        counts.append((len(seen), connection.total_changes - before))
    assert counts[0] == counts[1]


def scribble(path: Path) -> None:
    """Make every cell of every picture wrong that may be: but keys, and what is written once."""
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE pipeline_runs SET status = 'pending', reason = 'x', seq = 0")
        other.execute("UPDATE pipeline_runs SET resting = 1 - resting, wake_at = 'x', facts = '0'")
        other.execute("UPDATE pipeline_runs SET variables = '0', actor = 'x', completed_at = 'x'")
        other.execute("UPDATE pipeline_stages SET status = 'pending', reason = 'x', note = 'x'")
        other.execute("UPDATE pipeline_stages SET attempts = 9, outputs = '0', needs = '0'")
        other.execute("UPDATE pipeline_stages SET stage_name = 'x' || position, agent_id = NULL")
        other.execute("UPDATE agents SET status = 'pending', task = 'x', reason = 'x', pid = 9")
        other.execute("UPDATE approvals SET status = 'pending', approvers = '0', quorum = 9")
        other.execute("UPDATE approvals SET reason = 'x', packet = '0', closed_at = 'x'")
        other.execute("UPDATE rollbacks SET status = 'running', reason = 'x', target = 'x'")
        other.execute("UPDATE rollback_steps SET status = 'pending', reason = 'x', position = 9")
