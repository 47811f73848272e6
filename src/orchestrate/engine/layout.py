"""Where the files of one installation lie. It names paths, and reads nothing.

The data directory belongs to one server at a time; the project is where agents work.
"""

from __future__ import annotations

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

    def attempt(self, key: str) -> Path:
        """The directory of one attempt: its context, output, artifacts and log."""
        return self.data / "attempts" / key


def attempt_key(run_id: int, stage: str, mode: Mode, number: int) -> str:
    """The name of one attempt, for ever: `12.build.1`, `12.build.rollback.1`."""
    middle = f"{stage}.rollback" if mode is Mode.ROLLBACK else stage
    return f"{run_id}.{middle}.{number}"
