"""What one can ask of the tables. Every question finds its rows by an index (a test sees to it)."""

from __future__ import annotations

from orchestrate.store.snapshot import Query

# -- pipelines -------------------------------------------------------------------------

_PIPELINE = (
    "SELECT id, name, description, version, revision, sha256, enabled, definition, triggers,"
    " created_at, updated_at, deleted_at FROM pipelines"
)
_AS_PIPELINE = {"json": ("triggers",), "flags": ("enabled",)}

PIPELINES = Query(f"{_PIPELINE} WHERE deleted_at IS NULL ORDER BY name", **_AS_PIPELINE)
PIPELINE = Query(f"{_PIPELINE} WHERE name = ? AND deleted_at IS NULL", **_AS_PIPELINE)
PIPELINE_BY_ID = Query(f"{_PIPELINE} WHERE id = ?", **_AS_PIPELINE)

_EVER_NAMED = "(SELECT max(id) FROM pipelines WHERE name = ?)"
_REVISION = "SELECT revision, sha256, created_at, created_by"
REVISIONS = Query(
    f"{_REVISION} FROM pipeline_revisions WHERE pipeline_id = {_EVER_NAMED} ORDER BY revision DESC"
)
REVISION = Query(
    f"{_REVISION}, definition FROM pipeline_revisions"
    f" WHERE pipeline_id = {_EVER_NAMED} AND revision = ?"
)

# -- runs ------------------------------------------------------------------------------

_RUN = (
    "SELECT r.id, p.name AS pipeline, r.pipeline_id, r.revision, r.sha256, r.status,"
    " r.reason_code, r.reason, r.warnings, r.trigger_event, r.trigger_event_id, r.actor, r.via,"
    " r.variables, r.facts, r.chain, r.rerun_of, r.workspace, r.created_at, r.started_at,"
    " r.completed_at, r.seq, r.resting, r.wake_at"
    " FROM pipeline_runs r JOIN pipelines p ON p.id = r.pipeline_id"
)
_AS_RUN = {"json": ("variables", "facts", "chain"), "flags": ("resting",)}
_NEWEST = "ORDER BY r.id DESC LIMIT ?"
_OF_PIPELINE = f"r.pipeline_id = {_EVER_NAMED}"

RUN = Query(f"{_RUN} WHERE r.id = ?", **_AS_RUN)
# By whether a pipeline and a status are asked for.
RUNS = {
    (False, False): Query(f"{_RUN} WHERE r.id < ? {_NEWEST}", **_AS_RUN),
    (True, False): Query(f"{_RUN} WHERE {_OF_PIPELINE} AND r.id < ? {_NEWEST}", **_AS_RUN),
    (False, True): Query(f"{_RUN} WHERE r.status = ? AND r.id < ? {_NEWEST}", **_AS_RUN),
    (True, True): Query(
        f"{_RUN} WHERE {_OF_PIPELINE} AND r.status = ? AND r.id < ? {_NEWEST}", **_AS_RUN
    ),
}
LAST_RUNS = Query(f"{_RUN} WHERE r.pipeline_id = ? {_NEWEST}", **_AS_RUN)
LAST_RUN_OF_EACH = Query(
    f"{_RUN} WHERE p.deleted_at IS NULL"  # noqa: S608 (constants of this file)
    " AND r.id = (SELECT max(id) FROM pipeline_runs WHERE pipeline_id = p.id)",
    **_AS_RUN,
)
STAGES = Query(
    "SELECT id, position, stage_name, status, reason_code, reason, note_code, note, needs,"
    " group_name, agent, agent_id, environment, attempts, attempt, attempts_max, outputs,"
    " tolerated, carried_from, retry_at, started_at, completed_at, rolled_back_at"
    " FROM pipeline_stages WHERE run_id = ? ORDER BY position",
    json=("needs", "outputs"),
    flags=("tolerated",),
)
_ATTEMPT = (
    "SELECT id, run_id, stage_id, stage_name, mode, attempt, agent, model, task, environment,"
    " status, pid, worker, stop, exit_code, reason, detail, dispatched_at, claimed_at, started_at,"
    " completed_at FROM agents WHERE run_id = ?"
)
ATTEMPTS = Query(f"{_ATTEMPT} ORDER BY id")
ATTEMPTS_OF_STAGE = Query(f"{_ATTEMPT} AND stage_name = ? ORDER BY id")
ROLLBACKS = Query(
    'SELECT id, number, "trigger", "by", failed_stage, target, reason, status, started_at,'
    " completed_at FROM rollbacks WHERE run_id = ? ORDER BY number"
)
STEPS = Query(
    "SELECT s.rollback_id, s.position, s.stage, s.status, s.reason_code, s.reason, s.agent_id,"
    " s.retry_at FROM rollbacks b JOIN rollback_steps s ON s.rollback_id = b.id"
    " WHERE b.run_id = ? ORDER BY s.rollback_id, s.position"
)

# -- the log ---------------------------------------------------------------------------

EVENTS = Query(
    "SELECT seq, type, data, at AS at_s, actor, via, hash FROM run_events"
    " WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    json=("data",),
)
WHOLE_LOG = (
    "SELECT seq, type, data, at, via, actor, hash FROM run_events WHERE run_id = ? ORDER BY seq"
)
LENGTH = "SELECT seq FROM pipeline_runs WHERE id = ?"

# -- approvals -------------------------------------------------------------------------

_APPROVAL = (
    "SELECT a.id, a.run_id, p.name AS pipeline, a.number, a.stage, a.kind, a.status,"
    " a.reason_code, a.reason, a.approvers, a.quorum, a.every_entry, a.self_approval,"
    " a.on_timeout, a.message, a.packet, a.packet_hash, a.requested_at, a.expires_at, a.remind_at,"
    " a.closed_at"
    " FROM approvals a JOIN pipeline_runs r ON r.id = a.run_id"
    " JOIN pipelines p ON p.id = r.pipeline_id"
)
_AS_APPROVAL = {"json": ("approvers", "packet"), "flags": ("every_entry", "self_approval")}
_LAST_ASKED = "ORDER BY a.id DESC LIMIT ?"

APPROVAL = Query(f"{_APPROVAL} WHERE a.id = ?", **_AS_APPROVAL)
APPROVALS = Query(f"{_APPROVAL} WHERE a.id < ? {_LAST_ASKED}", **_AS_APPROVAL)
APPROVALS_BY_STATUS = Query(
    f"{_APPROVAL} WHERE a.status = ? AND a.id < ? {_LAST_ASKED}", **_AS_APPROVAL
)
APPROVALS_OF_RUN = Query(f"{_APPROVAL} WHERE a.run_id = ? ORDER BY a.number", **_AS_APPROVAL)
APPROVAL_KEY = "SELECT run_id, number FROM approvals WHERE id = ?"
APPROVAL_ID = "SELECT id FROM approvals WHERE run_id = ? AND number = ?"
DECISIONS = Query(
    'SELECT id, approval_id, number, "by", decision, comment, role, via, delegated_from,'
    " delegated_to, at FROM approval_decisions WHERE approval_id = ? ORDER BY number"
)

# -- the world around ------------------------------------------------------------------

TRIGGER = Query(
    "SELECT id, name, source, delivery, body_sha256, facts, payload, actor, workspace,"
    " received_at, processed_at, outcome FROM trigger_events WHERE id = ?",
    json=("facts", "payload", "outcome"),
)
TRIGGERS = Query(
    "SELECT id, name, source, delivery, body_sha256, facts, actor, workspace, received_at,"
    " processed_at, outcome FROM trigger_events WHERE id < ? ORDER BY id DESC LIMIT ?",
    json=("facts", "outcome"),
)
LAST_DELIVERY = (
    "SELECT delivery FROM trigger_events WHERE source = ? AND delivery >= ? AND delivery < ?"
    " ORDER BY delivery DESC LIMIT 1"
)
WAITING = "SELECT id FROM trigger_events WHERE processed_at IS NULL AND id > ? ORDER BY id LIMIT ?"
STARTED_BY = "SELECT id FROM pipeline_runs WHERE trigger_event_id = ? ORDER BY id"

WATCHING = Query(
    "SELECT id, name, revision, sha256, enabled FROM pipelines"
    " WHERE deleted_at IS NULL AND triggers <> '[]' ORDER BY name",
    flags=("enabled",),
)

AUDIT = Query(
    "SELECT id, at AS at_s, actor, via, action, subject, detail, hash FROM audit"
    " WHERE id < ? ORDER BY id DESC LIMIT ?",
    json=("detail",),
)
WHOLE_AUDIT = (
    "SELECT id, at, actor, via, action, subject, detail, hash FROM audit WHERE id > 0 ORDER BY id"
)

_BEARER = (
    'SELECT id, sha256, "user", name, scopes, created_at, expires_at, last_used_at, revoked_at'
    " FROM tokens"
)
TOKEN = Query(f"{_BEARER} WHERE sha256 = ?", json=("scopes",))
TOKENS = Query(f"{_BEARER} WHERE id < ? ORDER BY id DESC LIMIT ?", json=("scopes",))
