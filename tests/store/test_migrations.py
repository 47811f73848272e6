"""The tables come and go by numbered steps, each whole, whoever else is opening the file."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from orchestrate.store import migrate as migrations
from orchestrate.store.failures import NewerSchema, StoreBroken
from orchestrate.store.migrate import known, migrate, statements, version
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import House, chain

LATEST = len(known())
OPEN = """
import sys
from pathlib import Path
from orchestrate.store.sqlite import Store
sys.stdin.readline()
Store.open(Path(sys.argv[1])).close()
"""


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        asked = "SELECT name, sql FROM sqlite_master WHERE name <> 'schema_version' ORDER BY name"
        return raw.execute(asked).fetchall()


def move(path: Path, to: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = 1")
        migrate(raw, to=to)
        assert version(raw) == to


def test_up_down_up(path: Path) -> None:
    """Step by step each way, with runs in the tables."""
    with closing(Store.open(path)) as store:
        house = House(store)
        house.finish(house.start(chain(3)))
    whole = schema(path)
    for number in range(LATEST, -1, -1):
        move(path, number)
    assert schema(path) == []
    for number in range(1, LATEST + 1):
        move(path, number)
    assert schema(path) == whole
    with closing(Store.open(path)) as store:
        assert store.live() == []


def test_every_step_leads_back(path: Path) -> None:
    Store.open(path).close()
    for number in range(LATEST - 1, -1, -1):
        move(path, number)
        before = schema(path)
        move(path, number + 1)
        move(path, number)
        assert schema(path) == before


def test_it_is_noted_what_was_run(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        noted = raw.execute("SELECT number, name FROM schema_version").fetchall()
    assert noted == [(each.number, each.name) for each in known()]


@pytest.mark.parametrize("opened", [Store, Reader])
def test_a_newer_file_is_not_touched(path: Path, opened: type[Store | Reader]) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO schema_version VALUES (?, 'moon', '')", (LATEST + 1,))
    before = path.read_bytes()
    with pytest.raises(NewerSchema) as caught:
        opened.open(path)
    assert str(caught.value) == (
        f"the database was written by a newer release (its tables are of version {LATEST + 1}, "
        f"this release knows {LATEST}): use that release, or a copy from before the upgrade"
    )
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "0001_good.up.sql").write_text("CREATE TABLE good (id INTEGER);")
    (folder / "0002_bad.up.sql").write_text("CREATE TABLE half (id INTEGER);\nSELECT moon;")
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as raw:
        with pytest.raises(sqlite3.OperationalError, match="no such column: moon"):
            migrate(raw, folder=folder)
        assert version(raw) == 1
        assert not raw.in_transaction
    assert [name for name, _ in schema(tmp_path / "a.db")] == ["good"]


def test_many_open_one_new_file_at_once(path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(path)]
    opening = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [each.communicate("go\n", timeout=60)[1] for each in opening]
    assert [each.returncode for each in opening] == [0] * 6, said
    assert len(schema(path)) > 10


def test_a_reader_does_not_make_tables(path: Path) -> None:
    with pytest.raises(StoreBroken, match="cannot be opened"):
        Reader.open(path)
    assert not path.exists()


def test_a_script_is_cut_at_its_statements() -> None:
    script = (
        "-- a comment; with a semicolon\n\nCREATE TABLE a (b);\n"
        "CREATE TRIGGER c BEFORE UPDATE ON a\nBEGIN SELECT 1; SELECT ';'; END;\n"
    )
    assert [each.split()[1] for each in statements(script)] == ["TABLE", "TRIGGER"]


def test_every_step_has_a_way_back() -> None:
    assert all(each.down.is_file() for each in known())
    assert len(list(migrations.FOLDER.iterdir())) == 2 * LATEST
