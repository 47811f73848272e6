"""Where the files of one installation lie. It names paths, and reads none of them.

The data directory belongs to one server at a time; the project is where agents work.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from orchestrate.core.run import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """`data`: the data directory (0700). `project`: the directory of the user's own files."""

    data: Path
    project: Path

    @property
    def database(self) -> Path:
        return self.data / "orchestrate.db"

    @property
    def lock(self) -> Path:
        return self.data / "server.lock"

    @property
    def socket(self) -> Path:
        return self.data / "api.sock"

    def prepare(self) -> None:
        """Make the data directory: for its owner alone, and nothing that git would keep."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.data.stat()
        if found.st_uid == os.getuid() and found.st_mode & 0o077:
            self.data.chmod(0o700)
        ignore = self.data / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")

    def attempt(self, key: str) -> Path:
        """The directory of one attempt: its context, output, artifacts and log."""
        return self.data / "attempts" / key


def attempt_key(run_id: int, stage: str, mode: Mode, number: int) -> str:
    """The name of one attempt, for ever: `12.build.1`, `12.build.rollback.1`."""
    middle = f"{stage}.rollback" if mode is Mode.ROLLBACK else stage
    return f"{run_id}.{middle}.{number}"
