"""What the API says and takes, as JSON Schemas: the document shows them, the bodies obey them.

Nothing here looks at a value; `shapes` makes what these describe, `fields` checks what is taken.
"""

from __future__ import annotations

from orchestrate.core.run import (
    ApprovalStatus,
    Mode,
    RollbackStatus,
    RunStatus,
    StageStatus,
    StepStatus,
)
from orchestrate.web.access import Scope
from orchestrate.web.body import INTEGER_MAX
from orchestrate.web.fields import Schema
from orchestrate.web.routing import NAME_PATTERN

TEXT_CHARACTERS_MAX = 10_000
DEFINITION_CHARACTERS_MAX = 1 << 20
TTL_S_MAX = 10 * 366 * 86_400
LIMIT_MAX = 200
LIMIT = 50

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
ANY_OBJECT: Schema = {"type": "object"}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": INTEGER_MAX}
TIME: Schema = {"type": "string", "format": "date-time"}
NAME: Schema = {"type": "string", "pattern": f"^{NAME_PATTERN}$"}
COMMENT: Schema = {"type": "string", "maxLength": TEXT_CHARACTERS_MAX}
LINE: Schema = {"type": "string", "minLength": 1, "maxLength": 200}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    kind = schema.get("type")
    return {**schema, "type": [kind, "null"]} if kind else {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def one_of(kind: type[str]) -> Schema:
    return {"type": "string", "enum": [each.value for each in kind]}  # type: ignore[attr-defined]


def record(**properties: Schema) -> Schema:
    """An object that has every one of these."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def body(*required: str, **properties: Schema) -> Schema:
    """An object that is taken: nothing else may be in it."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    return schema | ({"required": list(required)} if required else {})


def page_of(name: str) -> Schema:
    return record(items=list_of(ref(name)), next=maybe(STRING))


# ── what is said ─────────────────────────────────────────────────────────────────────────────────

REASON = record(code=STRING, text=STRING)
OPTIONAL_REASON = maybe(ref("Reason"))

PIPELINE = record(
    id=ID,
    name=NAME,
    description=maybe(STRING),
    version=INTEGER,
    revision=INTEGER,
    sha256=STRING,
    enabled=BOOLEAN,
    definition=STRING,
    triggers=list_of(ANY_OBJECT),
    created_at=TIME,
    updated_at=TIME,
    next_firings=list_of(TIME),
    last_run=maybe(ref("LastRun")),
)
LAST_RUN = record(
    id=ID, status=one_of(RunStatus), created_at=TIME, started_at=maybe(TIME),
    completed_at=maybe(TIME),
)  # fmt: skip
REVISION_IN_LIST = record(revision=INTEGER, sha256=STRING, created_at=TIME, created_by=STRING)
REVISION = record(**REVISION_IN_LIST["properties"], definition=STRING)

STAGE = record(
    name=STRING,
    status=one_of(StageStatus),
    reason=OPTIONAL_REASON,
    note=OPTIONAL_REASON,
    needs=list_of(STRING),
    group=maybe(STRING),
    agent=maybe(STRING),
    agent_id=maybe(INTEGER),
    environment=maybe(STRING),
    attempts=INTEGER,
    attempts_max=INTEGER,
    attempt=maybe(INTEGER),
    outputs=ANY_OBJECT,
    tolerated=BOOLEAN,
    carried_from=maybe(INTEGER),
    retry_at=maybe(TIME),
    started_at=maybe(TIME),
    completed_at=maybe(TIME),
    duration_s=maybe(NUMBER),
    rolled_back_at=maybe(TIME),
)
STEP = record(stage=STRING, status=one_of(StepStatus), reason=OPTIONAL_REASON)
ROLLBACK = record(
    status=one_of(RollbackStatus),
    trigger={"type": "string", "enum": ["automatic", "manual"]},
    by=STRING,
    failed_stage=maybe(STRING),
    target=maybe(STRING),
    reason=STRING,
    steps=list_of(ref("Step")),
    started_at=TIME,
    completed_at=maybe(TIME),
)
DECISION = record(
    by=STRING,
    decision={"type": "string", "enum": ["approve", "reject", "delegate"]},
    comment=STRING,
    at=TIME,
    delegated_from=maybe(STRING),
    delegated_to=maybe(STRING),
    role=STRING,
    via=STRING,
)
APPROVAL = record(
    id=ID,
    run_id=ID,
    pipeline=STRING,
    stage=STRING,
    kind={"type": "string", "enum": ["gate", "agent"]},
    status=one_of(ApprovalStatus),
    reason=OPTIONAL_REASON,
    approvers=list_of(STRING),
    quorum=INTEGER,
    every=BOOLEAN,
    self_approval=BOOLEAN,
    decisions=list_of(ref("Decision")),
    requested_at=TIME,
    expires_at=maybe(TIME),
    closed_at=maybe(TIME),
    on_timeout=STRING,
    message=maybe(STRING),
    packet=ANY_OBJECT,
    packet_hash=STRING,
    notifications=list_of(ref("Notification")),
)
RUN_IN_LIST = record(
    id=ID,
    pipeline=STRING,
    pipeline_id=ID,
    revision=INTEGER,
    status=one_of(RunStatus),
    reason=OPTIONAL_REASON,
    warnings=INTEGER,
    trigger_event=STRING,
    trigger_event_id=maybe(INTEGER),
    facts=ANY_OBJECT,
    actor=STRING,
    variables=ANY_OBJECT,
    created_at=TIME,
    started_at=maybe(TIME),
    completed_at=maybe(TIME),
    duration_s=maybe(NUMBER),
    rerun_of=maybe(INTEGER),
    seq=INTEGER,
)
RUN: Schema = {
    **RUN_IN_LIST,
    "properties": {
        **RUN_IN_LIST["properties"],
        "rollback": maybe(ref("Rollback")),
        "rollbacks": list_of(ref("Rollback")),
        "stages": list_of(ref("Stage")),
        "approvals": list_of(ref("Approval")),
    },
    "required": sorted([*RUN_IN_LIST["required"], "rollback", "rollbacks", "stages", "approvals"]),
}
EVENT = record(seq=INTEGER, type=STRING, at=TIME, actor=STRING, via=STRING, data=ANY_OBJECT)
ATTEMPT = record(
    agent_id=ID,
    stage=STRING,
    mode=one_of(Mode),
    attempt=INTEGER,
    agent=maybe(STRING),
    model=maybe(STRING),
    task=STRING,
    environment=maybe(STRING),
    status=STRING,
    reason=maybe(STRING),
    detail=maybe(STRING),
    exit_code=maybe(INTEGER),
    worker=maybe(STRING),
    pid=maybe(INTEGER),
    dispatched_at=TIME,
    started_at=maybe(TIME),
    completed_at=maybe(TIME),
    duration_s=maybe(NUMBER),
)
TOKEN = record(
    id=ID,
    user=maybe(STRING),
    name=STRING,
    scopes=list_of(one_of(Scope)),
    created_at=TIME,
    expires_at=maybe(TIME),
    revoked_at=maybe(TIME),
    last_used_at=maybe(TIME),
)
NEW_TOKEN: Schema = {
    **TOKEN,
    "properties": {**TOKEN["properties"], "token": STRING},
    "required": sorted([*TOKEN["required"], "token"]),
}
DIAGNOSTIC = record(
    code=STRING,
    severity={"type": "string", "enum": ["error", "warning"]},
    message=STRING,
    line=INTEGER,
    column=INTEGER,
    end_line=INTEGER,
    end_column=INTEGER,
    hint=STRING,
)
AGENT = record(
    name=STRING,
    kind=STRING,
    source=STRING,
    description=maybe(STRING),
    sha256=STRING,
    runnable=BOOLEAN,
    problem=maybe(STRING),
)
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": STRING,
        "status": INTEGER,
        "detail": STRING,
        "hint": STRING,
        "faults": list_of(record(field=STRING, message=STRING)),
        "diagnostics": list_of(ref("Diagnostic")),
    },
    "required": ["type", "title", "status", "detail"],
}

SHAPES: dict[str, Schema] = {
    "Reason": REASON,
    "Pipeline": PIPELINE,
    "LastRun": LAST_RUN,
    "Pipelines": page_of("Pipeline"),
    "Revision": REVISION,
    "RevisionInList": REVISION_IN_LIST,
    "Revisions": page_of("RevisionInList"),
    "Run": RUN,
    "RunInList": RUN_IN_LIST,
    "Runs": page_of("RunInList"),
    "Plan": ANY_OBJECT,
    "Stage": STAGE,
    "Step": STEP,
    "Rollback": ROLLBACK,
    "Event": EVENT,
    "Events": page_of("Event"),
    "Attempt": ATTEMPT,
    "Attempts": page_of("Attempt"),
    "Why": record(
        run_id=ID, status=one_of(RunStatus), reason=OPTIONAL_REASON, sentences=list_of(STRING),
        stages=list_of(ANY_OBJECT),
    ),
    "Decision": DECISION,
    "Approval": APPROVAL,
    "Approvals": page_of("Approval"),
    "Token": TOKEN,
    "NewToken": NEW_TOKEN,
    "Tokens": page_of("Token"),
    "Variable": record(name=STRING, default=maybe(STRING), required=BOOLEAN),
    "Variables": page_of("Variable"),
    "RollbackPlan": record(
        run_id=ID,
        to=maybe(STRING),
        steps=list_of(record(stage=STRING, waits_for=list_of(STRING), how=maybe(STRING))),
    ),
    "Link": record(code=STRING, url=maybe(STRING), expires_at=TIME),
    "SessionEnd": record(ended=BOOLEAN),
    "Ticket": record(ticket=STRING, expires_in_s=NUMBER),
    "Diagnostic": DIAGNOSTIC,
    "Validation": record(
        valid=BOOLEAN, name=maybe(STRING), diagnostics=list_of(ref("Diagnostic"))
    ),
    "Agent": AGENT,
    "Agents": {
        **page_of("Agent"),
        "properties": {
            **page_of("Agent")["properties"],
            "shadowed": list_of(record(name=STRING, source=STRING, by=STRING)),
            "skipped": list_of(record(path=STRING, why=STRING)),
            "default": maybe(ref("Agent")),
        },
    },
    "AuditEntry": record(
        id=ID, at=TIME, actor=STRING, via=STRING, action=STRING, subject=STRING,
        detail=ANY_OBJECT, hash=STRING,
    ),
    "AuditEntries": page_of("AuditEntry"),
    "Caller": record(
        name=STRING, kind=STRING, owner=BOOLEAN, via=STRING, scopes=list_of(one_of(Scope))
    ),
    "Health": record(status=STRING),
    "JsonSchema": ANY_OBJECT,
    "Template": record(
        name=STRING, title=STRING, description=STRING, stages=list_of(STRING),
        needs=list_of(STRING), definition=STRING, agents=STRING,
        settings=list_of(record(name=STRING, value=STRING, about=STRING)),
    ),
    "Templates": page_of("Template"),
    "OpenApi": ANY_OBJECT,
    "Problem": PROBLEM,
}  # fmt: skip

# ── what is taken ────────────────────────────────────────────────────────────────────────────────

DEFINITION: Schema = {
    "type": "string",
    "maxLength": DEFINITION_CHARACTERS_MAX,
    "description": "The definition, in YAML.",
}
NEW_PIPELINE = body("definition", definition=DEFINITION, enabled=BOOLEAN)
CHANGED_PIPELINE = body("definition", definition=DEFINITION)
ORDER = body(
    variables={
        "type": "object",
        "maxProperties": 500,
        "additionalProperties": {"type": ["string", "number", "boolean"]},
        "description": "Values for variables of the pipeline.",
    },
    event={
        "type": "object",
        "maxProperties": 500,
        "description": "Facts: event, branch, sha, tag, repository, actor, paths, labels, ...",
    },
    dry_run={**BOOLEAN, "description": "Only say what would run; nothing is stored."},
    definition={
        **DEFINITION,
        "description": "With `dry_run`: plan this text, whatever is stored under the name.",
    },
    force={**BOOLEAN, "description": "Run it although it is disabled."},
    workspace={
        "type": "string",
        "maxLength": 4_000,
        "pattern": "^/.*$",
        "description": "The directory its agents work in; else the project's.",
    },
)
CANCEL = body(reason=COMMENT, force=BOOLEAN)
ROLL_BACK = body(to=NAME, reason=COMMENT)
RERUN = body(**{"from": NAME, "failed": BOOLEAN})
APPROVE = body(comment=COMMENT, packet=LINE)
REJECT = body("reason", reason={**COMMENT, "minLength": 1}, packet=LINE)
DELEGATE = body("to", to=LINE, comment=COMMENT)
VALIDATE = body("definition", definition=DEFINITION)
TOKEN_ORDER = body(
    user={
        "type": "string",
        "pattern": "^[\\w.@+-]{1,100}$",
        "description": "Whose word it is; without it, the owner's.",
    },
    name={**LINE, "description": "What it is for."},
    scopes={"type": "array", "items": one_of(Scope), "minItems": 1, "maxItems": 50},
    ttl_s={"type": "integer", "minimum": 1, "maximum": TTL_S_MAX},
)
NOTHING = body()
