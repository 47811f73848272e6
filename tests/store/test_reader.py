"""The read side: whole, of one moment, from any thread, and never by looking at everything."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event as Signal
from typing import Any

import pytest

from orchestrate.core.commands import Cancel
from orchestrate.store import snapshot
from orchestrate.store.outbox import Told
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import ANNA, House, chain, claim_of, notice, rich, wander

BIG = 10**30
# All the pipelines there are is what is asked for; deleted ones are not in that index.
MEANT = {
    "SCAN pipelines USING INDEX pipelines_by_name",
    "SCAN p USING INDEX pipelines_by_name",
    "SCAN CONSTANT ROW",
    "SCAN pipeline_runs USING INDEX pipeline_runs_live",  # only what lives is in it
    "SCAN notifications USING COVERING INDEX notifications_due",  # only what waits is in it
}

CALLS: dict[str, Callable[[Reader], object]] = {
    "pipelines": lambda r: r.pipelines(),
    "pipeline": lambda r: r.pipeline("rich"),
    "pipeline_by_id": lambda r: r.pipeline_by_id(1),
    "revisions": lambda r: r.revisions("rich"),
    "revision": lambda r: r.revision("rich", 1),
    "runs": lambda r: r.runs(pipeline=None, status=None, limit=5, before=None),
    "runs behind one": lambda r: r.runs(pipeline=None, status=None, limit=5, before=9),
    "runs of a pipeline": lambda r: r.runs(pipeline="rich", status=None, limit=5, before=None),
    "runs of a status": lambda r: r.runs(pipeline=None, status="failed", limit=5, before=None),
    "runs of both": lambda r: r.runs(pipeline="rich", status="failed", limit=5, before=9),
    "last_runs": lambda r: r.last_runs(1, 5),
    "run": lambda r: [r.run(run_id) for run_id in range(1, 20)],
    "attempts": lambda r: r.attempts(1),
    "attempts of a stage": lambda r: r.attempts(1, "build"),
    "events": lambda r: r.events(1, 3, 5),
    "verify_run": lambda r: r.verify_run(1),
    "approvals": lambda r: r.approvals(status=None, limit=5, before=None),
    "approvals of a status": lambda r: r.approvals(status="pending", limit=5, before=None),
    "approval": lambda r: r.approval(1),
    "approval_key": lambda r: r.approval_key(1),
    "approval_id": lambda r: r.approval_id(1, 1),
    "trigger_events": lambda r: r.trigger_events(5),
    "trigger_event": lambda r: r.trigger_event(1),
    "waiting_events": lambda r: r.waiting_events(5),
    "last_delivery": lambda reader: reader.last_delivery("schedule", "1"),
    "watching": lambda r: r.watching(),
    "audit": lambda r: r.audit(5),
    "verify_audit": lambda r: r.verify_audit(),
    "token": lambda r: r.token("ff"),
    "tokens": lambda r: r.tokens(5),
    "notifications": lambda r: r.notifications(status=None, limit=5),
    "notifications of a status": lambda r: r.notifications(status="dead", limit=5, before=9),
    "notification": lambda r: r.notification(1),
    "due": lambda r: r.due("mail", 1.0, 5),
}


@pytest.fixture
def lived_in(house: House) -> House:
    with house.store.transaction():
        house.store.add_trigger_event(
            name="push",
            source="github",
            delivery=None,
            body_sha256=None,
            facts="{}",
            actor=None,
            received_at=house.now,
            outcome="{}",
        )
    for seed in range(30):
        wander(house, house.start(rich()), Random(seed))
    return house


def test_every_question_of_a_reader_is_looked_at() -> None:
    public = {name for name in vars(Reader) if not name.startswith("_")} - {"open", "close"}
    assert {name.split()[0] for name in CALLS} == public


@pytest.mark.parametrize("call", CALLS)
def test_rows_are_found_by_an_index(
    lived_in: House, path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 100,000 runs no question may look at all of them."""
    assert looked_at(CALLS[call], path, monkeypatch) == set()


def test_the_engine_finds_its_rows_by_an_index(lived_in: House, path: Path) -> None:
    connection = lived_in.store._connection
    assert connection is not None
    said: list[str] = []
    connection.set_trace_callback(said.append)
    run = lived_in.work(lived_in.start(rich()))
    lived_in.store.load(run.id)
    lived_in.store.live()
    lived_in.store.live_of(1)
    with lived_in.store.transaction():
        lived_in.store.body_started("bb", 1, 0.0)
        lived_in.store.delivered("a", "b")
        lived_in.store.remember_answer("k", "anna", "aa", 200, "{}", 1.0)
        lived_in.store.forget_answers(1.0)
        lived_in.store.add_notices([notice(run.id), notice(run.id, target="{}")])
        lived_in.store.note_told([Told(id=1, run_id=run.id, seq=1, at=1.0, remote="7")])
        lived_in.store.note_told([Told(id=2, run_id=run.id, seq=1, at=1.0, error="no")])
        lived_in.store.resend_notice(1, 1.0)
        lived_in.store.source_of(run.id)
        lived_in.store.channels_waited_for()
        lived_in.store.abandon_notices("mail", "nobody there")
    connection.set_trace_callback(None)
    assert scans(path, said) == set()


def looked_at(
    call: Callable[[Reader], object], path: Path, monkeypatch: pytest.MonkeyPatch
) -> set[str]:
    """The tables that a call looks at from end to end."""
    said: list[str] = []
    init = snapshot.Snapshot.__init__

    def traced(self: snapshot.Snapshot, connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(said.append)
        init(self, connection)

    monkeypatch.setattr(snapshot.Snapshot, "__init__", traced)
    with closing(Reader.open(path)) as reader:
        call(reader)
    assert any(each.startswith("SELECT") for each in said)
    return scans(path, said)


def scans(path: Path, said: list[str]) -> set[str]:
    """Foreign keys are off here: their checks scan only while a violation is open."""
    asked = {each for each in said if each.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}}
    with closing(sqlite3.connect(path)) as other:
        return {
            f"{step[3]}: {each}"
            for each in asked
            for step in other.execute(f"EXPLAIN QUERY PLAN {each}")
            if step[3].startswith("SCAN") and step[3] not in MEANT
        }


def test_runs_are_listed_newest_first_page_by_page(house: House, reader: Reader) -> None:
    runs = [house.start(chain(1, name)) for name in ("a", "b") * 4]
    for run in runs[:4]:
        house.tell(run, Cancel(by=ANNA))
    for run in runs[4:6]:
        house.finish(run)

    def pages(pipeline: str | None, status: str | None) -> list[int]:
        found: list[int] = []
        before = None
        while True:
            page = reader.runs(pipeline=pipeline, status=status, limit=2, before=before)
            if not page:
                return found
            found += [each["id"] for each in page]
            before = found[-1]

    ids = [run.id for run in runs]
    assert pages(None, None) == ids[::-1]
    assert pages("a", None) == ids[::2][::-1]
    assert pages(None, "succeeded") == ids[4:6][::-1]
    assert pages("b", "running") == [ids[7]] + [each for each in ids[3::-2] if is_live(house, each)]
    assert pages("c", None) == []
    assert pages(None, "sung") == []


def is_live(house: House, run_id: int) -> bool:
    return run_id in house.store.live()


def test_a_pipeline_shows_its_last_run(house: House, reader: Reader) -> None:
    house.put(chain(1, "idle"))
    house.start(chain(1, "busy"))
    last = house.finish(house.start(chain(1, "busy")))
    busy, idle = reader.pipelines()
    assert (busy["name"], busy["last_run"]["id"]) == ("busy", last.id)
    assert busy["last_run"]["status"] == "succeeded"
    assert (idle["name"], idle["last_run"]) == ("idle", None)
    assert reader.pipeline("busy") == busy
    assert [each["id"] for each in reader.last_runs(busy["id"], 5)] == [last.id, last.id - 1]


def test_a_run_is_one_moment(house: House, path: Path) -> None:
    """Its stages are of the same entry of the log as its row, whatever is written meanwhile."""
    run = house.start(chain(30))
    done = Signal()

    def watch() -> int:
        seen = 0
        with closing(Reader.open(path)) as reader:
            while not done.is_set():
                row = reader.run(run.id)
                assert row is not None
                moved = [each["status"] for each in row["stages"]]
                ended, running = moved.count("succeeded"), moved.count("running")
                assert running == (0 if ended == 30 else 1), moved
                seen += 1
        return seen

    with ThreadPoolExecutor(3) as threads:
        watching = [threads.submit(watch) for _ in range(3)]
        house.finish(run)
        done.set()
        assert all(each.result() > 0 for each in watching)


def test_many_threads_share_one_reader(house: House, reader: Reader) -> None:
    run = house.finish(house.start(chain(5)))
    with ThreadPoolExecutor(8) as threads:
        rows = list(threads.map(reader.run, [run.id] * 200))
    assert all(each == rows[0] for each in rows)


def test_a_reader_cannot_write(store: Store, reader: Reader) -> None:
    with reader._moment() as now, pytest.raises(sqlite3.OperationalError, match="readonly"):
        now._connection.execute("UPDATE counters SET value = 0")


def test_approvals_are_found_by_status_and_by_place(lived_in: House, reader: Reader) -> None:
    every = reader.approvals(status=None, limit=1_000, before=None)
    assert [each["id"] for each in every] == sorted((each["id"] for each in every), reverse=True)
    for each in every:
        assert each["pipeline"] == "rich"
        assert reader.approval_key(each["id"]) == (each["run_id"], each["number"])
        assert reader.approval_id(each["run_id"], each["number"]) == each["id"]
        assert reader.approval(each["id"]) == each
    for status in {each["status"] for each in every}:
        found = reader.approvals(status=status, limit=1_000, before=None)
        assert found == [each for each in every if each["status"] == status]
    half = reader.approvals(status=None, limit=3, before=every[2]["id"])
    assert half == every[3:6]


def test_events_go_on_from_where_one_was(house: House, reader: Reader) -> None:
    run = house.finish(house.start(chain(2)))
    first = reader.events(run.id, 0, 4)
    rest = reader.events(run.id, first[-1]["seq"], 1_000)
    assert [each["seq"] for each in (*first, *rest)] == [*range(1, run.seq + 1)]
    assert first[0]["type"] == "RunCreated"
    assert first[0]["data"]["pipeline"]["name"] == "chain"
    assert first[0]["actor"] == "anna"


@pytest.mark.parametrize("number", [0, -1, BIG, -BIG])
def test_numbers_from_outside_find_nothing(house: House, reader: Reader, number: int) -> None:
    house.finish(house.start(rich()))
    nothing: list[Any] = [
        reader.run(number),
        reader.approval(number),
        reader.approval_key(number),
        reader.pipeline_by_id(number),
        reader.revision("rich", number),
        reader.trigger_event(number),
        reader.verify_run(number),
    ]
    assert nothing == [None] * len(nothing)
    assert reader.attempts(number) == []
    assert reader.last_runs(number, 5) == []
    assert reader.events(BIG, number, 5) == []
    assert reader.runs(pipeline=None, status=None, limit=0, before=number) == []
    with pytest.raises(LookupError):
        reader.approval_id(number, number)


def test_what_is_not_committed_is_not_seen(house: House, reader: Reader) -> None:
    run = house.start(chain(2))
    before = reader.run(run.id)
    with house.store.transaction():
        moved, events, after = house.decide(run, claim_of(run))
        house.store.append(moved, events, after=after, actor="anna", via="")
        assert reader.run(run.id) == before
    assert reader.run(run.id) != before
