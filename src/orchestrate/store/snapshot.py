"""One moment of the database, and the questions one may ask it. It turns rows into records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from orchestrate.store.database import Value

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A statement, and which of its columns are JSON or yes and no."""

    sql: str
    json: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class Snapshot:
    """A read transaction that is under way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def records(self, query: Query, values: Sequence[Value] = ()) -> list[Record]:
        cursor = self._connection.execute(query.sql, values)
        names = [column[0] for column in cursor.description]
        found: list[Record] = [dict(zip(names, row, strict=True)) for row in cursor]
        for record in found:
            for name in query.json:
                text = record[name]
                record[name] = None if text is None else json.loads(text)
            for name in query.flags:
                record[name] = bool(record[name])
        return found

    def record(self, query: Query, values: Sequence[Value] = ()) -> Record | None:
        found = self.records(query, values)
        return found[0] if found else None

    def rows(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Cursor:
        """Row by row, for what is too long to hold."""
        return self._connection.execute(sql, values)
