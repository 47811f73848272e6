// What the API says where its document leaves the shape open: plans, packets, reasons. Types only.

export interface PlanGate {
  approvers: string[];
  quorum: number | "all";
  timeout_s: number | null;
  on_timeout: string;
  message: string | null;
}

export interface PlanStage {
  name: string;
  wave: number;
  verdict: "run" | "skip" | "unknown";
  why: string | null;
  unknown_until: string[];
  needs: string[];
  run_if: string;
  agent: string | null;
  run: string | null;
  task: string;
  environment: string | null;
  gate: PlanGate | null;
  on_failure: string;
  rollback_to: string | null;
  undo: { agent: string | null; run: string | null; task: string | null } | null;
  attempts: number;
  timeout_s: number;
  agent_problem: string | null;
}

export interface Plan {
  pipeline: string;
  revision: number | null;
  enabled: boolean;
  event: string;
  branch: string | null;
  variables: Record<string, string>;
  waves: string[][];
  stages: PlanStage[];
}

export interface Packet {
  description?: string | null;
  agent?: string | null;
  run?: string | null;
  task?: string | null;
  environment?: string | null;
  message?: string | null;
  event?: string | null;
  branch?: string | null;
  commit?: string | null;
  actor?: string | null;
  started_by?: string | null;
  attempt?: number;
  before?: {
    stage: string;
    status: string;
    reason: string | null;
    attempts: number;
    outputs: Record<string, unknown>;
  }[];
  rollback?: { to: string; steps: { stage: string; how: string | null }[] } | null;
}

export interface WhyStage {
  stage: string;
  status: string;
  root: string | null;
  sentences: string[];
}
