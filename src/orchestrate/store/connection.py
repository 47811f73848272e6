"""A connection to the SQLite file as we need it: durable, checked, private; and its failures named.

No statement about our tables is written here.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from pathlib import Path

from orchestrate.store.failures import StoreBroken, StoreBusy, StoreError, StoreFull

BUSY_TIMEOUT_S = 5.0
CACHE_BYTES = 16 * 2**20
JOURNAL_BYTES_MAX = 64 * 2**20
STATEMENTS_CACHED = 256
SQLITE_OLDEST = (3, 37, 0)  # STRICT tables; RETURNING came with 3.35
RETRY_S = 0.01

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a copy",
    sqlite3.SQLITE_NOTADB: "it is no database: is this the right file?",
    sqlite3.SQLITE_READONLY: "it cannot be written: are the file and its directory read-only?",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: do the file and its directory exist?",
    sqlite3.SQLITE_PERM: "its permissions do not let us in",
    sqlite3.SQLITE_IOERR: "the device failed to read or write it",
    sqlite3.SQLITE_PROTOCOL: "its locks do not work here: put it on a local disk",
    sqlite3.SQLITE_NOLFS: "the file system takes no file of this size",
    sqlite3.SQLITE_AUTH: "it does not let us in",
}


def prepare(path: Path) -> None:
    """Make the file, and a directory of its own, for our eyes only (0700, 0600)."""
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        oldest = ".".join(map(str, SQLITE_OLDEST))
        raise StoreBroken(f"SQLite {sqlite3.sqlite_version} is too old; {oldest} is needed")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull(_full(path)) from error
        raise StoreBroken(f"{path}: {error.strerror}") from error


def connect(path: Path, *, busy_timeout_s: float, readonly: bool = False) -> sqlite3.Connection:
    """An open connection on which every setting was made and read back.

    A writer belongs to the thread that opened it; a reader may wander between threads.
    """
    connection = None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rw'}",
            uri=True,
            timeout=busy_timeout_s,
            isolation_level=None,
            cached_statements=STATEMENTS_CACHED,
            check_same_thread=not readonly,
        )
        if readonly:
            _set(connection, "query_only", 1)
        else:
            _journal(connection, busy_timeout_s)
            _set(connection, "synchronous", 2)  # FULL: a commit is on disk before it is told
            connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES_MAX}")
        _set(connection, "foreign_keys", 1)
        _set(connection, "busy_timeout", round(busy_timeout_s * 1000))
        _set(connection, "cache_size", -CACHE_BYTES // 1024)
        _set(connection, "trusted_schema", 0)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise named(error, path) from error
    except StoreError:
        assert connection is not None
        connection.close()
        raise
    return connection


def _journal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Turn the write-ahead log on. SQLite does not wait for others here, so we do."""
    deadline = time.monotonic() + busy_timeout_s
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if _code(error) not in _BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(RETRY_S)
            continue
        if mode != "wal":
            raise StoreBroken(f"no write-ahead log here ({mode}): put the data on a local disk")
        return


def _set(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute(f"PRAGMA {name} = {value}")
    found = connection.execute(f"PRAGMA {name}").fetchone()[0]
    if found != value:
        raise StoreBroken(f"SQLite does not take `{name} = {value}`: it stays {found}")


def _code(error: sqlite3.Error) -> int:
    """The primary code; the extended ones say where it happened."""
    code: int = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF


def named(error: sqlite3.Error, path: Path) -> Exception:
    """The failure as the callers know it; a mistake of ours comes back as it is."""
    code = _code(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_space(path)):
        return StoreFull(_full(path))
    if code in _BUSY:
        return StoreBusy(f"{path} is locked by another program; try again when it is done")
    if code in _BROKEN:
        return StoreBroken(f"{path}: {_BROKEN[code]} ({error})")
    return error


def _full(path: Path) -> str:
    return f"the disk of {path} is full; nothing was stored: make space, then try again"


def _no_space(path: Path) -> bool:
    """Some places in SQLite call a full disk a failed write."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < 2**16
