"""The store in one SQLite file: transactions that are durable or did not happen.

It holds one connection that writes, owned by the engine's thread. What is stored, and how, is in
its rooms: `log`, `catalog`, `ledger`, `outbox`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from orchestrate.store.catalog import Catalog
from orchestrate.store.connection import BUSY_TIMEOUT_S, connect, named, prepare
from orchestrate.store.database import Database, Row, Value
from orchestrate.store.failures import StoreBroken
from orchestrate.store.ledger import Ledger
from orchestrate.store.log import Log
from orchestrate.store.migrate import migrate
from orchestrate.store.outbox import Outbox


class Sqlite(Database):
    """One writing connection. After a failure it is made anew, so that it works when it can."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._lost = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in it, or nothing. It holds the write lock from the start.

        A failure inside it ends it: nothing of the group is kept, even if somebody caught it.
        """
        assert not self.inside, "a transaction is not opened twice"
        self._is_in_place()
        try:
            self._connected().execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._named(error) from error
        self.inside, self.torn = True, False
        try:
            yield
            assert not self.torn, "something failed half-way in here; nothing of it may be kept"
            self._connected().execute("COMMIT")
        except sqlite3.Error as error:
            raise self._named(error) from error
        finally:
            self.inside = False
            self._undo()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of a transaction: if it fails, it alone is taken back, and the rest may go on."""
        self.do("SAVEPOINT part")
        before = self.torn
        try:
            yield
        except BaseException:  # whatever it was: nothing of the part may stay
            if self._connected().in_transaction:
                self.do("ROLLBACK TO part")
                self.do("RELEASE part")
                self.torn = before
            raise
        self.do("RELEASE part")

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        try:
            return self._connected().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._named(error) from error

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        try:
            found: list[Row] = self._connected().execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._named(error) from error
        return found[0] if found else None

    def do(self, sql: str, values: Sequence[Value] = ()) -> int:
        assert self.inside, "what is written is written in a transaction"
        try:
            return self._connected().execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise self._named(error) from error

    def do_each(self, sql: str, values: Sequence[Sequence[Value]]) -> None:
        assert self.inside, "what is written is written in a transaction"
        try:
            self._connected().executemany(sql, values)
        except sqlite3.Error as error:
            raise self._named(error) from error

    def close(self) -> None:
        """Let go of the file. The next use would open it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lost = False

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            assert not self.inside, "a transaction ends with its connection"
            self._connection = connect(self._path, busy_timeout_s=self._busy_timeout_s)
        return self._connection

    def _is_in_place(self) -> None:
        """Nothing is kept in a file that has no name any more: nobody would find it (C1)."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise StoreBroken(f"{self._path} is gone: {error.strerror}; put it back") from error
        if self._file is None:
            self._file = (found.st_dev, found.st_ino)
        elif self._file != (found.st_dev, found.st_ino):
            raise StoreBroken(f"{self._path} was replaced by another file; restart the server")

    def _undo(self) -> None:
        """Take back what was not committed; where even that fails, drop the connection."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._lost = True
        if self._lost:
            self.close()

    def _named(self, error: sqlite3.Error) -> Exception:
        """The failure to raise. After a broken file the connection is not trusted any more."""
        self.torn = True
        failure = named(error, self._path)
        self._lost = isinstance(failure, StoreBroken)
        if not self.inside:
            self._undo()
        return failure


class Store(Sqlite, Log, Catalog, Ledger, Outbox):
    """The whole store: the runs, what people wrote, and who did what."""

    @classmethod
    def open(
        cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S, audit_key: bytes = b""
    ) -> Self:
        """Open the file at `path`, made if it is not there, its tables of this release."""
        prepare(path)
        with closing(connect(path, busy_timeout_s=busy_timeout_s)) as connection:
            try:
                migrate(connection)
            except sqlite3.Error as error:
                raise named(error, path) from error
        store = cls(path, busy_timeout_s)
        store.audit_key = audit_key
        store.row("SELECT 1")
        return store
