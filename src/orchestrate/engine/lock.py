"""One server per data directory: a kernel lock that is freed when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another server holds the directory; `pid` is its process, as far as it said."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"another server{who} works on {path.parent}")
        self.pid = pid


class DirectoryLock:
    """Held from `take` to `release` or the end of the process, however that comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises Taken where another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.read(descriptor, 32).strip()
            os.close(descriptor)
            raise Taken(self._path, int(said) if said.isdigit() else None) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
