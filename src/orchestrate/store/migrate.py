"""Migrations by number: which are known, which were run, and running what is missing.

Each runs in one transaction that holds the write lock, so that many may open one file at once: all
but the first find nothing left to do. What a later release has written is refused, never touched.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrate.store.cell import instant
from orchestrate.store.failures import NewerSchema

FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    up: Path
    down: Path


def known(folder: Path = FOLDER) -> list[Migration]:
    """Every migration of this release, in order; their numbers are 1, 2, 3, ..."""
    ups = sorted(folder.glob("*.up.sql"))
    found = []
    for number, up in enumerate(ups, start=1):
        label = up.name.removesuffix(".up.sql")
        assert int(label[:4]) == number, f"{up.name}: the next number is {number:04}"
        found.append(Migration(number, label[5:], up, up.with_name(f"{label}.down.sql")))
    return found


def version(connection: sqlite3.Connection) -> int:
    """The number of the last migration that was run here; 0 for an empty file."""
    asked = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
    if connection.execute(asked).fetchone()[0] == 0:
        return 0
    found: int = connection.execute(
        "SELECT coalesce(max(number), 0) FROM schema_version"
    ).fetchone()[0]
    return found


def migrate(
    connection: sqlite3.Connection, *, to: int | None = None, folder: Path = FOLDER
) -> None:
    """Bring the tables to migration `to` (default: the last one known), up or down."""
    migrations = known(folder)
    aim = len(migrations) if to is None else to
    while version(connection) != aim:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _step(connection, migrations, aim)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def check(connection: sqlite3.Connection, latest: int) -> None:
    """Refuse tables that this release does not know."""
    here = version(connection)
    if here > latest:
        raise NewerSchema(
            f"the database was written by a newer release (its tables are of version {here}, "
            f"this release knows {latest}): use that release, or a copy from before the upgrade"
        )


def _step(connection: sqlite3.Connection, migrations: list[Migration], aim: int) -> None:
    """One migration up or down, from wherever the tables are once we hold the lock."""
    check(connection, len(migrations))
    here = version(connection)
    if here < aim:
        chosen = migrations[here]
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version ("
            "number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT"
        )
        _run(connection, chosen.up)
        done = (chosen.number, chosen.name, instant(time.time()))
        connection.execute("INSERT INTO schema_version VALUES (?, ?, ?)", done)
    elif here > aim:
        _run(connection, migrations[here - 1].down)
        connection.execute("DELETE FROM schema_version WHERE number = ?", (here,))


def _run(connection: sqlite3.Connection, script: Path) -> None:
    for statement in statements(script.read_text(encoding="utf-8")):
        connection.execute(statement)


def statements(script: str) -> Iterator[str]:
    """The statements of a script; a trigger's own semicolons do not end it."""
    held = ""
    for line in script.splitlines(keepends=True):
        if not held and (not line.strip() or line.startswith("--")):
            continue
        held += line
        if sqlite3.complete_statement(held):
            yield held
            held = ""
    assert not held.strip(), "the last statement of a migration ends with a semicolon"
