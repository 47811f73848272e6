"""The log of a run: what was told is what comes back, sealed, in order, once."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest

from orchestrate.core.commands import Tick
from orchestrate.core.events import RunStarted, StageSucceeded
from orchestrate.core.run import Run, RunStatus
from orchestrate.store.failures import Conflict, StoreBroken
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import NOW, House, chain, claim_of, rich, wander


class Fallen(Exception):
    """Something that goes wrong in the middle."""


@pytest.mark.parametrize("seed", range(40))
def test_a_run_is_the_fold_of_its_log(house: House, seed: int) -> None:
    """I15: what is stored gives the live run, to the last bit, after every life."""
    run = wander(house, house.start(rich()), Random(seed))
    assert house.store.load(run.id) == run


@pytest.mark.parametrize("seed", range(10))
def test_the_log_is_gapless_and_sealed(house: House, reader: Reader, seed: int) -> None:
    """I14."""
    run = wander(house, house.start(rich()), Random(seed))
    assert [each["seq"] for each in reader.events(run.id, 0, 10_000)] == [*range(1, run.seq + 1)]
    assert reader.verify_run(run.id) is None


def test_there_is_no_such_run(store: Store) -> None:
    assert store.load(7) is None


def test_a_store_opened_again_remembers(path: Path) -> None:
    with closing(Store.open(path)) as store:
        house = House(store)
        run = house.finish(house.start(chain(3)))
    with closing(Store.open(path)) as store:
        assert store.load(run.id) == run
        assert run.status is RunStatus.SUCCEEDED


def test_live_are_the_runs_that_do_not_rest(house: House) -> None:
    runs = [house.start(chain(2)) for _ in range(3)]
    house.finish(runs[1])
    assert house.store.live() == [runs[0].id, runs[2].id]


def test_numbers_of_runs_are_not_used_twice(store: Store) -> None:
    with store.transaction():
        first, second = store.next_run_id(), store.next_run_id()
    with store.transaction():
        third = store.next_run_id()
    assert first < second < third


def test_a_number_nobody_has_seen_may_come_again(store: Store) -> None:
    def fall() -> None:
        with store.transaction():
            unseen.append(store.next_run_id())
            raise Fallen

    unseen: list[int] = []
    with pytest.raises(Fallen):
        fall()
    with store.transaction():
        assert store.next_run_id() == unseen[0]


def test_the_second_to_write_an_entry_is_told(house: House) -> None:
    """C2: (run, seq) is unique; nothing of the second is kept, and others may go on."""
    run = house.start(chain(3))
    other = house.start(chain(3))
    store = house.store
    stale, events, after = house.decide(store_load(store, run.id), claim_of(run))
    run = house.tell(run, claim_of(run))
    moved, others, behind = house.decide(other, claim_of(other))
    with store.transaction():
        with pytest.raises(Conflict) as caught:
            store.append(stale, events, after=after, actor="anna", via="socket")
        store.append(moved, others, after=behind, actor="anna", via="socket")
    assert str(caught.value) == (
        f"run {run.id} has moved: its log ends at entry {run.seq}, not at {after}"
    )
    assert store.load(run.id) == run
    assert store.load(other.id) == moved


def test_nothing_is_written_beyond_the_end(house: House) -> None:
    run = house.start(chain(1))
    run.seq += 5
    with house.store.transaction(), pytest.raises(Conflict):
        house.store.append(run, [RunStarted(at=NOW)], after=run.seq - 1, actor="a", via="b")


def test_a_group_is_kept_whole_or_not_at_all(house: House) -> None:
    runs = [house.start(chain(3)) for _ in range(5)]
    before = [store_load(house.store, run.id) for run in runs]

    def fall() -> None:
        with house.store.transaction():
            for run in runs:
                moved, events, after = house.decide(run, claim_of(run))
                house.store.append(moved, events, after=after, actor="anna", via="socket")
            raise Fallen

    with pytest.raises(Fallen):
        fall()
    assert [house.store.load(run.id) for run in runs] == before


def test_half_an_append_dooms_its_group(house: House, path: Path) -> None:
    """Even if somebody catches what happened: half of a run is never committed."""
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "CREATE TRIGGER nobody BEFORE INSERT ON agents BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    def fall() -> None:
        with house.store.transaction(), suppress(sqlite3.IntegrityError):
            house.begin(house.put_within(chain(2)), chain(2))

    with pytest.raises(AssertionError, match="half-way"):
        fall()
    assert house.store.live() == []
    assert house.store.load(1) is None


def test_a_part_of_a_group_may_fail_alone(house: House) -> None:

    def fall() -> None:
        with house.store.part():
            house.begin(pipeline_id, chain(2))
            raise Fallen

    with house.store.transaction():
        pipeline_id = house.put_within(chain(2))
        kept = house.begin(pipeline_id, chain(2))
        with pytest.raises(Fallen):
            fall()
    assert house.store.live() == [kept.id]
    assert house.store.load(kept.id) == kept


def test_what_cannot_be_written_touches_nothing(house: House) -> None:
    """A value that is no JSON sets one run aside, not its group."""
    run, other = house.start(chain(2)), house.start(chain(2))
    with house.store.transaction():
        run.seq += 1
        bad = StageSucceeded(stage="stage-0", outputs={"v": float("nan")}, at=house.now)
        with pytest.raises(ValueError, match="JSON"):
            house.store.append(run, [bad], after=run.seq - 1, actor="anna", via="")
        moved, events, after = house.decide(other, claim_of(other))
        house.store.append(moved, events, after=after, actor="anna", via="")
    assert house.store.load(other.id) == moved
    assert store_load(house.store, run.id).seq == run.seq - 1


def test_a_write_needs_a_transaction(house: House) -> None:
    with pytest.raises(AssertionError, match="in a transaction"):
        house.store.next_run_id()


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("run_events", "data"), ("approval_decisions", "comment"), ("audit", "detail")],
)
def test_what_is_written_once_stays(
    house: House, path: Path, statement: str, table: str, column: str
) -> None:
    for seed in range(3):
        wander(house, house.start(rich()), Random(seed))
    with house.store.transaction():
        house.store.add_audit(at=NOW, actor="a", via="b", action="c", subject="d", detail="{}")
    refused = pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only")
    with closing(sqlite3.connect(path)) as other, refused:
        other.execute(statement.format(table, column))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run_events SET data = '{{}}' WHERE run_id = {run} AND seq = {seq}",
        "UPDATE run_events SET at = at + 0.001 WHERE run_id = {run} AND seq = {seq}",
        "UPDATE run_events SET actor = 'mallory' WHERE run_id = {run} AND seq = {seq}",
        "UPDATE run_events SET via = 'mallory' WHERE run_id = {run} AND seq = {seq}",
        "UPDATE run_events SET type = 'RunFailed' WHERE run_id = {run} AND seq = {seq}",
        "UPDATE run_events SET hash = '' WHERE run_id = {run} AND seq = {seq}",
        "DELETE FROM run_events WHERE run_id = {run} AND seq = {seq}",
        "DELETE FROM run_events WHERE run_id = {run} AND seq >= {seq}",
    ],
)
def test_the_first_changed_entry_is_named(
    house: House, reader: Reader, path: Path, change: str
) -> None:
    house.finish(house.start(chain(3)))
    run = house.finish(house.start(chain(3)))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER run_events_stay")
        other.execute("DROP TRIGGER run_events_remain")
        other.execute(change.format(run=run.id, seq=4))
    assert reader.verify_run(run.id) == 4
    assert reader.verify_run(run.id - 1) is None


def test_a_gap_in_a_log_is_no_run(house: House, path: Path) -> None:
    run = house.finish(house.start(chain(3)))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER run_events_remain")
        other.execute("DELETE FROM run_events WHERE seq = 3")
    with pytest.raises(StoreBroken, match=f"log of run {run.id} has a gap: entry 3 is missing"):
        house.store.load(run.id)


def test_an_entry_of_a_later_release_is_named(house: House, path: Path) -> None:
    run = house.start(chain(1))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER run_events_stay")
        other.execute("UPDATE run_events SET type = 'RunSang' WHERE seq = 2")
    with pytest.raises(StoreBroken, match=f"run {run.id}, entry 2: `RunSang` is no event"):
        house.store.load(run.id)


def test_time_alone_may_change_nothing(house: House) -> None:
    run = house.start(chain(1))
    assert house.tell(run, Tick()) == store_load(house.store, run.id)


def store_load(store: Store, run_id: int) -> Run:
    found = store.load(run_id)
    assert found is not None
    return found
