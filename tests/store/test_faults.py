"""What goes wrong for real: a full disk, a lock, a damaged file, a process that is killed."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from orchestrate.store.connection import connect
from orchestrate.store.failures import StoreBroken, StoreBusy, StoreError, StoreFull
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import House, chain, rich, wander

DISK_BYTES = 4 * 2**20
KILLS = 6

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""

# Many runs in one group; what was committed is said, and nothing else.
WRITE = """
import sys
from pathlib import Path
from orchestrate.store.sqlite import Store
from tests.store.lives import House, chain, claim_of
from orchestrate.core.commands import Report
from tests.store.lives import DONE, key_of

house = House(Store.open(Path(sys.argv[1])))
store = house.store
runs = []
while True:
    with store.transaction():
        if not runs:
            runs = [house.begin(house.put_within(chain(9)), chain(9)) for _ in range(8)]
        else:
            for place, run in enumerate(runs):
                first = next(iter(run.live.values()))
                done = Report(outcome=DONE, **key_of(first))
                told = claim_of(run) if first.claimed_at is None else done
                moved, events, after = house.decide(run, told)
                store.append(moved, events, after=after, actor="a", via="b")
                runs[place] = moved
    print(*(f"{run.id}:{run.seq}" for run in runs), flush=True)
    runs = [run for run in runs if run.live]
"""


# -- a full disk -----------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    tried = subprocess.run(mount, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"NOT PROVED: a full disk needs a small one, and {tried.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096) == 4096:
                pass
        except OSError:
            pass
    return ballast


def test_a_full_disk_keeps_what_was_and_takes_more_later(small_disk: Path) -> None:
    path = small_disk / "orchestrate.db"
    with closing(Store.open(path)) as store:
        house = House(store)
        kept = house.finish(house.start(chain(3)))
        ballast = fill(small_disk)

        def go_on() -> None:
            for _ in range(1_000):  # until what SQLite has in reserve is used up
                run = house.finish(house.start(chain(20)))
                finished.append(run)

        finished = [kept]
        with pytest.raises(StoreFull) as caught:
            go_on()
        assert str(caught.value) == (
            f"the disk of {path} is full; nothing was stored: make space, then try again"
        )
        for _ in range(3):
            with pytest.raises(StoreFull):
                house.start(chain(200, "large"))
        with closing(Reader.open(path)) as reader:
            for kept in finished:
                assert reader.verify_run(kept.id) is None
                assert store.load(kept.id) == kept
        ballast.unlink()
        last = house.finish(house.start(chain(3)))
        assert store.load(last.id) == last
        assert store.rows("PRAGMA integrity_check") == [("ok",)]


def test_no_store_opens_on_a_full_disk(small_disk: Path) -> None:
    ballast = fill(small_disk)
    with pytest.raises(StoreFull):
        Store.open(small_disk / "orchestrate.db")
    ballast.unlink()
    Store.open(small_disk / "orchestrate.db").close()


# -- a lock ----------------------------------------------------------------------------


def test_a_foreign_lock_is_waited_for_and_then_named(path: Path) -> None:
    with closing(Store.open(path, busy_timeout_s=0.05)) as store:
        house = House(store)
        run = house.start(chain(2))
        other = subprocess.Popen(
            [sys.executable, "-c", LOCK, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(StoreBusy) as caught:
            house.start(chain(2))
        assert str(caught.value) == (
            f"{path} is locked by another program; try again when it is done"
        )
        assert store.load(run.id) == run
        other.communicate("done\n", timeout=30)
        assert store.load(house.finish(run).id) is not None


def test_a_foreign_lock_does_not_stop_a_reader(house: House, reader: Reader, path: Path) -> None:
    run = house.start(chain(2))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        row = reader.run(run.id)
        assert row is not None
        assert row["seq"] == run.seq


# -- a damaged file --------------------------------------------------------------------


@pytest.mark.parametrize("opened", [Store, Reader])
def test_what_is_no_database_is_not_opened(path: Path, opened: type[Store | Reader]) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(StoreBroken, match=r"it is no database: is this the right file\?"):
        opened.open(path)
    assert path.read_bytes() == b"Dear diary, " * 1_000


def test_a_damaged_file_is_named_and_another_one_serves(path: Path) -> None:
    """Every answer is a sentence or the truth; with the old file back, the same store works."""
    with closing(Store.open(path)) as store:
        house = House(store)
        run = house.finish(house.start(chain(30)))
    whole = path.read_bytes()
    half = len(whole) // 8192 * 4096
    path.write_bytes(whole[:4096] + b"\xff" * (half - 4096) + whole[half:])
    with closing(Store(path, 1.0)) as store:
        house = House(store)
        with pytest.raises(StoreBroken, match="it is damaged: restore a copy"):
            store.load(run.id)
        with pytest.raises(StoreBroken, match="it is damaged: restore a copy"):
            house.start(chain(2))
        for leftover in path.parent.glob("orchestrate.db-*"):
            leftover.unlink()
        path.write_bytes(whole)
        assert store.load(run.id) == run
        house.now += 100
        again = house.finish(house.start(chain(2)))
        assert store.load(again.id) == again


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match="Is a directory"):
        Store.open(tmp_path)


def test_nothing_is_made_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        Store.open(tmp_path / "file" / "orchestrate.db")


# -- a process that is killed ----------------------------------------------------------


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(KILLS))
def test_what_was_said_is_stored_whatever_is_killed(path: Path, seed: int) -> None:
    """C1, C2: kill -9 in the middle of a group; what was acknowledged is there, whole, sealed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    said: dict[int, int] = {}
    for _ in range(Random(seed).randrange(1, 40)):
        note(said, writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    for line in writer.stdout:  # what it had said before it died
        note(said, line)
    writer.wait()
    writer.stdout.close()
    with closing(Store.open(path)) as store, closing(Reader.open(path)) as reader:
        assert store.rows("PRAGMA integrity_check") == [("ok",)]
        house = House(store)
        house.now += 10_000
        for run_id, seq in said.items():
            run = store.load(run_id)
            assert run is not None
            assert run.seq >= seq
            assert reader.verify_run(run_id) is None
            row = reader.run(run_id)
            assert row is not None
            assert (row["seq"], row["status"]) == (run.seq, run.status)
        groups = [each for (each,) in store.rows("SELECT seq FROM pipeline_runs ORDER BY id")]
        assert len(groups) % 8 == 0, "half a group was kept"
        assert all(len(set(groups[at : at + 8])) == 1 for at in range(0, len(groups), 8))
        for run_id in store.live():
            run = store.load(run_id)
            assert run is not None
            assert house.finish(run).resting


def note(said: dict[int, int], line: str) -> None:
    if line.endswith("\n"):
        said.update((int(a), int(b)) for a, b in (pair.split(":") for pair in line.split()))


# -- the file --------------------------------------------------------------------------


def test_nobody_else_can_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(Store.open(path)) as store:
            House(store).start(chain(1))
            files = list(path.parent.iterdir())
            assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
            assert len(files) == 3
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_an_open_file_is_closed_to_others(path: Path) -> None:
    """But a directory that was there before is its owner's."""
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    Store.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_every_connection_is_as_it_must_be(store: Store, path: Path) -> None:
    assert store.rows("PRAGMA journal_mode") == [("wal",)]
    assert store.rows("PRAGMA synchronous") == [(2,)]
    assert store.rows("PRAGMA foreign_keys") == [(1,)]
    assert store.rows("PRAGMA busy_timeout") == [(5_000,)]
    with closing(connect(path, busy_timeout_s=1.0, readonly=True)) as reading:
        assert reading.execute("PRAGMA query_only").fetchone() == (1,)
        assert reading.execute("PRAGMA busy_timeout").fetchone() == (1_000,)


def test_a_store_that_was_closed_opens_again(store: Store) -> None:
    house = House(store)
    run = wander(house, house.start(rich()), Random(1))
    store.close()
    assert store.load(run.id) == run


def test_nothing_is_kept_in_a_file_that_was_taken_away(tmp_path: Path) -> None:
    """C1: what would be gone with the process is refused; put back, it is written again."""
    path, aside = tmp_path / "a.db", tmp_path / "aside.db"
    with closing(Store.open(path)) as store:
        house = House(store)
        run = house.start(chain(2))
        path.rename(aside)
        with pytest.raises(StoreBroken, match="is gone"), store.transaction():
            pass
        shutil.copy(aside, path)
        with pytest.raises(StoreBroken, match="was replaced"), store.transaction():
            pass
        path.unlink()
        aside.rename(path)
        house.work(run)
