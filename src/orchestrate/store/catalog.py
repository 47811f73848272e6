"""What people wrote: pipelines and their revisions. No edit and no deletion loses any of it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrate.store.cell import instant, storable
from orchestrate.store.database import Database

_CURRENT = (
    "SELECT id, revision, sha256, enabled FROM pipelines WHERE name = ? AND deleted_at IS NULL"
)
_CREATE = (
    "INSERT INTO pipelines (name, definition, enabled, created_at, updated_at, description,"
    " version, revision, sha256, triggers) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?) RETURNING id"
)
_UPDATE = (
    "UPDATE pipelines SET definition = ?, enabled = ?, updated_at = ?, description = ?,"
    " version = ?, revision = ?, sha256 = ?, triggers = ? WHERE id = ?"
)
# The same definition: the revision stays; a later release may read other triggers from it.
_REFRESH = (
    "UPDATE pipelines SET enabled = ?, description = ?, version = ?, triggers = ?,"
    " updated_at = CASE WHEN enabled = ? THEN updated_at ELSE ? END WHERE id = ?"
)
_REVISION = (
    "INSERT INTO pipeline_revisions (pipeline_id, revision, sha256, definition, created_at,"
    " created_by) VALUES (?, ?, ?, ?, ?, ?)"
)
_ENABLE = (
    "UPDATE pipelines SET enabled = ?, updated_at = CASE WHEN enabled = ? THEN updated_at ELSE ?"
    " END WHERE name = ? AND deleted_at IS NULL"
)
_DELETE = "UPDATE pipelines SET deleted_at = ?, enabled = 0 WHERE name = ? AND deleted_at IS NULL"
_CHAINED = (
    "SELECT 1 FROM pipelines WHERE deleted_at IS NULL AND enabled = 1"
    " AND (triggers LIKE '%pipeline%' OR triggers LIKE '%*%') LIMIT 1"
)
_LIVE_OF = "SELECT id FROM pipeline_runs WHERE pipeline_id = ? AND resting = 0 ORDER BY id"


@dataclass(frozen=True, slots=True)
class Current:
    """A pipeline as it is within the transaction that asks."""

    id: int
    revision: int
    sha256: str
    enabled: bool


class Catalog(Database):
    """The pipelines, by name. A deleted one stays for its runs; its name is free again."""

    def put_pipeline(
        self,
        *,
        name: str,
        definition: str,
        sha256: str,
        description: str | None,
        version: int,
        triggers: str,
        enabled: bool,
        at: float,
        by: str,
    ) -> tuple[int, int]:
        """Create or update; (pipeline id, revision). The definition it has is no new revision."""
        now, flag = instant(at), int(enabled)
        description = storable(description)
        found = self.row(_CURRENT, (name,))
        with self.whole():
            if found is None:
                revision = 1
                values = (name, definition, flag, now, now, description, version, sha256, triggers)
                pipeline_id = self.number(_CREATE, values)
            else:
                pipeline_id, revision, known, _ = found
                if known == sha256:
                    same = (flag, description, version, triggers, flag, now, pipeline_id)
                    self.do(_REFRESH, same)
                    return pipeline_id, revision
                revision += 1
                changed = (definition, flag, now, description, version, revision, sha256, triggers)
                self.do(_UPDATE, (*changed, pipeline_id))
            written = (pipeline_id, revision, sha256, definition, now, storable(by))
            self.do(_REVISION, written)
        return pipeline_id, revision

    def current(self, name: str) -> Current | None:
        """The pipeline of that name as it is now, uncommitted changes included."""
        found = self.row(_CURRENT, (name,))
        if found is None:
            return None
        number, revision, sha256, enabled = found
        return Current(id=number, revision=revision, sha256=sha256, enabled=bool(enabled))

    def is_chained(self) -> bool:
        """Whether a pipeline may wait for the end of another one."""
        return self.row(_CHAINED) is not None

    def live_of(self, pipeline_id: int) -> list[int]:
        """The runs of a pipeline that are not at rest, oldest first."""
        return [run_id for (run_id,) in self.rows(_LIVE_OF, (pipeline_id,))]

    def set_enabled(self, name: str, enabled: bool, at: float) -> bool:  # noqa: FBT001
        """Whether there is such a pipeline."""
        return self.do(_ENABLE, (int(enabled), int(enabled), instant(at), name)) > 0

    def delete_pipeline(self, name: str, at: float) -> bool:
        """Whether there was such a pipeline. Its runs and revisions stay for the record."""
        return self.do(_DELETE, (instant(at), name)) > 0
