-- The log of every run, and the tables drawn from it.
--
-- Times are RFC 3339, UTC, with microseconds, as text. `run_events.at` alone is in seconds since
-- the epoch: the log gives back every time to the last bit. What is called `reason` is a sentence,
-- `reason_code` the same for programs. Lists and objects are JSON.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

INSERT INTO counters (name, value) VALUES ('run', 0);

-- ── what people write ────────────────────────────────────────────────────────────────────────

CREATE TABLE pipelines (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    description TEXT,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    sha256 TEXT NOT NULL,
    triggers TEXT NOT NULL,
    deleted_at TEXT
) STRICT;

CREATE UNIQUE INDEX pipelines_by_name ON pipelines (name) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_ever_by_name ON pipelines (name, id);

CREATE TABLE pipeline_revisions (
    pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    sha256 TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (pipeline_id, revision)
) STRICT;

CREATE TABLE trigger_events (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    delivery TEXT,
    body_sha256 TEXT,
    facts TEXT NOT NULL,
    payload TEXT,       -- what came with it, as JSON
    actor TEXT,
    workspace TEXT NOT NULL,
    received_at TEXT NOT NULL,
    processed_at TEXT,  -- NULL: nobody has looked yet which pipelines it starts
    outcome TEXT NOT NULL,
    UNIQUE (source, delivery)
) STRICT;

CREATE INDEX trigger_events_by_body ON trigger_events (body_sha256, received_at);
CREATE INDEX trigger_events_waiting ON trigger_events (id) WHERE processed_at IS NULL;

-- ── the log ──────────────────────────────────────────────────────────────────────────────────

CREATE TABLE run_events (
    run_id INTEGER NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT;

-- ── what is drawn from it ────────────────────────────────────────────────────────────────────

CREATE TABLE pipeline_runs (
    id INTEGER PRIMARY KEY,
    pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
    revision INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'running', 'waiting_approval', 'succeeded', 'failed', 'cancelled')),
    reason_code TEXT,
    reason TEXT,
    warnings INTEGER NOT NULL,
    trigger_event TEXT NOT NULL,
    trigger_event_id INTEGER REFERENCES trigger_events (id),
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    variables TEXT NOT NULL,
    facts TEXT NOT NULL,  -- without the payload, which is in the event
    chain TEXT NOT NULL,
    rerun_of INTEGER REFERENCES pipeline_runs (id),
    workspace TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    seq INTEGER NOT NULL,
    resting INTEGER NOT NULL CHECK (resting IN (0, 1)),
    wake_at TEXT,
    FOREIGN KEY (pipeline_id, revision) REFERENCES pipeline_revisions (pipeline_id, revision)
) STRICT;

CREATE INDEX pipeline_runs_by_pipeline ON pipeline_runs (pipeline_id, id);
CREATE INDEX pipeline_runs_by_status ON pipeline_runs (status, id);
CREATE INDEX pipeline_runs_by_pipeline_and_status ON pipeline_runs (pipeline_id, status, id);
CREATE INDEX pipeline_runs_by_trigger ON pipeline_runs (trigger_event_id);
CREATE INDEX pipeline_runs_live ON pipeline_runs (id) WHERE resting = 0;

CREATE TABLE pipeline_stages (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id),
    position INTEGER NOT NULL,
    stage_name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'waiting_approval', 'succeeded',
        'failed', 'skipped', 'cancelled')),
    reason_code TEXT,
    reason TEXT,
    note_code TEXT,
    note TEXT,
    needs TEXT NOT NULL,
    group_name TEXT,
    agent TEXT,
    agent_id INTEGER REFERENCES agents (id),  -- the latest attempt at the stage's own work
    environment TEXT,
    attempts INTEGER NOT NULL,  -- how many were made
    attempt INTEGER,            -- the latest
    attempts_max INTEGER NOT NULL,
    outputs TEXT NOT NULL,
    tolerated INTEGER NOT NULL CHECK (tolerated IN (0, 1)),
    carried_from INTEGER,
    retry_at TEXT,
    started_at TEXT,
    completed_at TEXT,
    rolled_back_at TEXT,
    UNIQUE (run_id, position)
) STRICT;

CREATE TABLE agents (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id),
    stage_id INTEGER NOT NULL REFERENCES pipeline_stages (id),
    stage_name TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('run', 'rollback')),
    attempt INTEGER NOT NULL,
    agent TEXT,
    model TEXT,
    task TEXT NOT NULL,
    environment TEXT,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'running', 'succeeded', 'failed', 'skipped', 'needs_person')),
    pid INTEGER,
    worker TEXT,
    stop TEXT,
    exit_code INTEGER,
    reason TEXT,
    detail TEXT,
    dispatched_at TEXT NOT NULL,
    claimed_at TEXT,
    started_at TEXT,
    completed_at TEXT,
    UNIQUE (run_id, stage_name, mode, attempt)
) STRICT;

CREATE TABLE approvals (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id),
    number INTEGER NOT NULL,
    stage TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'approved', 'rejected', 'expired', 'withdrawn')),
    reason_code TEXT,
    reason TEXT,
    approvers TEXT NOT NULL,
    quorum INTEGER NOT NULL,
    every_entry INTEGER NOT NULL CHECK (every_entry IN (0, 1)),
    self_approval INTEGER NOT NULL CHECK (self_approval IN (0, 1)),
    on_timeout TEXT NOT NULL,
    message TEXT,
    packet TEXT NOT NULL,
    packet_hash TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    expires_at TEXT,
    remind_at TEXT,
    closed_at TEXT,
    UNIQUE (run_id, number)
) STRICT;

CREATE INDEX approvals_by_status ON approvals (status, id);

CREATE TABLE approval_decisions (
    id INTEGER PRIMARY KEY,
    approval_id INTEGER NOT NULL REFERENCES approvals (id),
    number INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject', 'delegate')),
    comment TEXT NOT NULL,
    role TEXT NOT NULL,
    via TEXT NOT NULL,
    delegated_from TEXT,
    delegated_to TEXT,
    at TEXT NOT NULL,
    UNIQUE (approval_id, number)
) STRICT;

CREATE TABLE rollbacks (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id),
    number INTEGER NOT NULL,
    "trigger" TEXT NOT NULL CHECK ("trigger" IN ('automatic', 'manual')),
    "by" TEXT NOT NULL,
    failed_stage TEXT,
    target TEXT,
    reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'partial', 'failed')),
    started_at TEXT NOT NULL,
    completed_at TEXT,
    UNIQUE (run_id, number)
) STRICT;

CREATE TABLE rollback_steps (
    rollback_id INTEGER NOT NULL REFERENCES rollbacks (id),
    position INTEGER NOT NULL,
    stage TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'running', 'succeeded', 'failed', 'skipped')),
    reason_code TEXT,
    reason TEXT,
    agent_id INTEGER REFERENCES agents (id),
    retry_at TEXT,
    PRIMARY KEY (rollback_id, stage)
) STRICT;

-- ── who did what, and who may ────────────────────────────────────────────────────────────────

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    "user" TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE TABLE idempotent_answers (
    key TEXT NOT NULL,
    caller TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (key, caller)
) STRICT;

CREATE INDEX idempotent_answers_by_age ON idempotent_answers (at);

-- ── what is written once ─────────────────────────────────────────────────────────────────────

CREATE TRIGGER run_events_stay BEFORE UPDATE ON run_events
BEGIN SELECT RAISE(ABORT, 'run_events is append-only'); END;
CREATE TRIGGER run_events_remain BEFORE DELETE ON run_events
BEGIN SELECT RAISE(ABORT, 'run_events is append-only'); END;

CREATE TRIGGER approval_decisions_stay BEFORE UPDATE ON approval_decisions
BEGIN SELECT RAISE(ABORT, 'approval_decisions is append-only'); END;
CREATE TRIGGER approval_decisions_remain BEFORE DELETE ON approval_decisions
BEGIN SELECT RAISE(ABORT, 'approval_decisions is append-only'); END;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

-- ── what is to be told ───────────────────────────────────────────────────────────────────────

-- One row for each thing that one channel is to be told, made in the transaction of the events it
-- tells of. It holds no text: that is read from the record when it is sent.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,      -- what a receiver knows a repetition by
    channel TEXT NOT NULL,
    occasion TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES pipeline_runs (id),
    approval_id INTEGER REFERENCES approvals (id),
    seq INTEGER NOT NULL,          -- the event of the run that it tells of
    target TEXT,                   -- of a forge: repository, commit, pull request
    remote TEXT,                   -- of a forge: the id of what was made there
    status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'dead')),
    attempts INTEGER NOT NULL,
    error TEXT,                    -- why the last attempt failed
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    sent_at TEXT
) STRICT;

CREATE INDEX notifications_due ON notifications (channel, due_at) WHERE status = 'pending';
CREATE INDEX notifications_by_status ON notifications (status, id);
CREATE INDEX notifications_by_approval ON notifications (approval_id);
