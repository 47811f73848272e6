// Written by dashboard/api_types.py from the API's own document. Change the API instead.

export interface Agent {
  name: string;
  kind: string;
  source: string;
  description: string | null;
  sha256: string;
  runnable: boolean;
  problem: string | null;
}

export interface Agents {
  items: Agent[];
  next: string | null;
  shadowed?: ({ name: string; source: string; by: string })[];
  skipped?: ({ path: string; why: string })[];
  default?: Agent | null;
}

export interface Approval {
  id: number;
  run_id: number;
  pipeline: string;
  stage: string;
  kind: "gate" | "agent";
  status: "pending" | "approved" | "rejected" | "expired" | "withdrawn";
  reason: Reason | null;
  approvers: string[];
  quorum: number;
  every: boolean;
  self_approval: boolean;
  decisions: Decision[];
  requested_at: string;
  expires_at: string | null;
  closed_at: string | null;
  on_timeout: string;
  message: string | null;
  packet: Record<string, unknown>;
  packet_hash: string;
  notifications: Notification[];
}

export interface Approvals {
  items: Approval[];
  next: string | null;
}

export interface Attempt {
  agent_id: number;
  stage: string;
  mode: "run" | "rollback";
  attempt: number;
  agent: string | null;
  model: string | null;
  task: string;
  environment: string | null;
  status: string;
  reason: string | null;
  detail: string | null;
  exit_code: number | null;
  worker: string | null;
  pid: number | null;
  dispatched_at: string;
  started_at: string | null;
  completed_at: string | null;
  duration_s: number | null;
}

export interface Attempts {
  items: Attempt[];
  next: string | null;
}

export interface AuditEntries {
  items: AuditEntry[];
  next: string | null;
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
  hash: string;
}

export interface Caller {
  name: string;
  kind: string;
  owner: boolean;
  via: string;
  scopes: ("read" | "write" | "run" | "approve" | "admin")[];
}

export interface Decision {
  by: string;
  decision: "approve" | "reject" | "delegate";
  comment: string;
  at: string;
  delegated_from: string | null;
  delegated_to: string | null;
  role: string;
  via: string;
}

export interface Diagnostic {
  code: string;
  severity: "error" | "warning";
  message: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  hint: string;
}

export interface Event {
  seq: number;
  type: string;
  at: string;
  actor: string;
  via: string;
  data: Record<string, unknown>;
}

export interface EventOutcome {
  started: {
    pipeline: string;
    run: number | null;
    trigger: number | null;
    line: number | null;
    note: string | null;
  }[];
  not_started: {
    pipeline: string;
    reason: string;
    triggers: ({ trigger: number;
    line: number;
    reason: string })[];
  }[];
  more: number;
  notes: string[];
  reason: string | null;
  replay_of: number | null;
}

export interface Events {
  items: Event[];
  next: string | null;
}

export interface Health {
  status: string;
}

export interface LastRun {
  id: number;
  status: "pending" | "running" | "waiting_approval" | "succeeded" | "failed" | "cancelled";
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface Link {
  code: string;
  url: string | null;
  expires_at: string;
}

export interface NewToken {
  id: number;
  user: string | null;
  name: string;
  scopes: ("read" | "write" | "run" | "approve" | "admin")[];
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  token: string;
}

export interface Notification {
  id: number;
  key: string;
  channel: string;
  occasion: string;
  run_id: number;
  approval_id: number | null;
  status: "pending" | "sent" | "dead";
  attempts: number;
  error: string | null;
  created_at: string;
  due_at: string | null;
  sent_at: string | null;
}

export interface Notifications {
  items: Notification[];
  next: string | null;
}

export interface Pipeline {
  id: number;
  name: string;
  description: string | null;
  version: number;
  revision: number;
  sha256: string;
  enabled: boolean;
  definition: string;
  triggers: (Record<string, unknown>)[];
  created_at: string;
  updated_at: string;
  next_firings: string[];
  last_run: LastRun | null;
}

export interface Pipelines {
  items: Pipeline[];
  next: string | null;
}

export type Plan = Record<string, unknown>;

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  hint?: string;
  faults?: ({ field: string; message: string })[];
  diagnostics?: Diagnostic[];
}

export interface Reason {
  code: string;
  text: string;
}

export interface Received {
  event: number;
  runs: number[];
}

export interface Revision {
  revision: number;
  sha256: string;
  created_at: string;
  created_by: string;
  definition: string;
}

export interface RevisionInList {
  revision: number;
  sha256: string;
  created_at: string;
  created_by: string;
}

export interface Revisions {
  items: RevisionInList[];
  next: string | null;
}

export interface Rollback {
  status: "running" | "succeeded" | "partial" | "failed";
  trigger: "automatic" | "manual";
  by: string;
  failed_stage: string | null;
  target: string | null;
  reason: string;
  steps: Step[];
  started_at: string;
  completed_at: string | null;
}

export interface RollbackPlan {
  run_id: number;
  to: string | null;
  steps: ({ stage: string; waits_for: string[]; how: string | null })[];
}

export interface Run {
  id: number;
  pipeline: string;
  pipeline_id: number;
  revision: number;
  status: "pending" | "running" | "waiting_approval" | "succeeded" | "failed" | "cancelled";
  reason: Reason | null;
  warnings: number;
  trigger_event: string;
  trigger_event_id: number | null;
  facts: Record<string, unknown>;
  actor: string;
  variables: Record<string, unknown>;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  duration_s: number | null;
  rerun_of: number | null;
  seq: number;
  rollback: Rollback | null;
  rollbacks: Rollback[];
  stages: Stage[];
  approvals: Approval[];
}

export interface RunInList {
  id: number;
  pipeline: string;
  pipeline_id: number;
  revision: number;
  status: "pending" | "running" | "waiting_approval" | "succeeded" | "failed" | "cancelled";
  reason: Reason | null;
  warnings: number;
  trigger_event: string;
  trigger_event_id: number | null;
  facts: Record<string, unknown>;
  actor: string;
  variables: Record<string, unknown>;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  duration_s: number | null;
  rerun_of: number | null;
  seq: number;
}

export interface Runs {
  items: RunInList[];
  next: string | null;
}

export interface SessionEnd {
  ended: boolean;
}

export interface Stage {
  name: string;
  status:
    | "pending"
    | "running"
    | "waiting_approval"
    | "succeeded"
    | "failed"
    | "skipped"
    | "cancelled";
  reason: Reason | null;
  note: Reason | null;
  needs: string[];
  group: string | null;
  agent: string | null;
  agent_id: number | null;
  environment: string | null;
  attempts: number;
  attempts_max: number;
  attempt: number | null;
  outputs: Record<string, unknown>;
  tolerated: boolean;
  carried_from: number | null;
  retry_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  duration_s: number | null;
  rolled_back_at: string | null;
}

export interface Step {
  stage: string;
  status: "pending" | "running" | "succeeded" | "failed" | "skipped";
  reason: Reason | null;
}

export interface Template {
  name: string;
  title: string;
  description: string;
  stages: string[];
  needs: string[];
  definition: string;
  agents: string;
  settings: ({ name: string; value: string; about: string })[];
}

export interface Templates {
  items: Template[];
  next: string | null;
}

export interface Ticket {
  ticket: string;
  expires_in_s: number;
}

export interface Token {
  id: number;
  user: string | null;
  name: string;
  scopes: ("read" | "write" | "run" | "approve" | "admin")[];
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
}

export interface Tokens {
  items: Token[];
  next: string | null;
}

export interface TriggerEvent {
  id: number;
  name: string;
  source: string;
  delivery: string | null;
  actor: string | null;
  facts: Record<string, unknown>;
  workspace: string;
  received_at: string;
  processed_at: string | null;
  outcome: EventOutcome;
  payload: unknown;
  runs: number[];
}

export interface TriggerEventInList {
  id: number;
  name: string;
  source: string;
  delivery: string | null;
  actor: string | null;
  facts: Record<string, unknown>;
  workspace: string;
  received_at: string;
  processed_at: string | null;
  outcome: EventOutcome;
}

export interface TriggerEvents {
  items: TriggerEventInList[];
  next: string | null;
}

export interface Validation {
  valid: boolean;
  name: string | null;
  diagnostics: Diagnostic[];
}

export interface Variable {
  name: string;
  default: string | null;
  required: boolean;
}

export interface Variables {
  items: Variable[];
  next: string | null;
}

export interface Why {
  run_id: number;
  status: "pending" | "running" | "waiting_approval" | "succeeded" | "failed" | "cancelled";
  reason: Reason | null;
  sentences: string[];
  stages: (Record<string, unknown>)[];
}
