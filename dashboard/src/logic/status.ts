// One word, one colour, one icon for each status: every status of the API has its line here. Pure.

import type { Approval, Rollback, Run, Stage, Step } from "./api-types";

export type Tone = "good" | "busy" | "wait" | "bad" | "idle" | "off" | "back";
export type Shape =
  "tick" | "spinner" | "hand" | "cross" | "dot" | "skip" | "stop" | "back" | "clock";

export interface Look {
  word: string;
  tone: Tone;
  shape: Shape;
}

const look = (word: string, tone: Tone, shape: Shape): Look => ({ word, tone, shape });

export const RUN: Record<Run["status"], Look> = {
  pending: look("Pending", "idle", "dot"),
  running: look("Running", "busy", "spinner"),
  waiting_approval: look("Waiting for approval", "wait", "hand"),
  succeeded: look("Succeeded", "good", "tick"),
  failed: look("Failed", "bad", "cross"),
  cancelled: look("Cancelled", "off", "stop"),
};

export const STAGE: Record<Stage["status"], Look> = {
  ...RUN,
  waiting_approval: look("Needs approval", "wait", "hand"),
  skipped: look("Skipped", "off", "skip"),
};

export const APPROVAL: Record<Approval["status"], Look> = {
  pending: look("Open", "wait", "hand"),
  approved: look("Approved", "good", "tick"),
  rejected: look("Rejected", "bad", "cross"),
  expired: look("Expired", "bad", "clock"),
  withdrawn: look("Withdrawn", "off", "stop"),
};

export const ROLLBACK: Record<Rollback["status"], Look> = {
  running: look("Rolling back", "back", "spinner"),
  succeeded: look("Rolled back", "back", "back"),
  partial: look("Partly rolled back", "bad", "back"),
  failed: look("Rollback failed", "bad", "cross"),
};

export const STEP: Record<Step["status"], Look> = {
  pending: look("To undo", "idle", "dot"),
  running: look("Undoing", "back", "spinner"),
  succeeded: look("Undone", "back", "back"),
  failed: look("Not undone", "bad", "cross"),
  skipped: look("Nothing to undo", "off", "skip"),
};

const ATTEMPT: Record<string, Look> = {
  pending: look("Starting", "idle", "dot"),
  running: look("Running", "busy", "spinner"),
  succeeded: look("Succeeded", "good", "tick"),
  failed: look("Failed", "bad", "cross"),
  skipped: look("Skipped", "off", "skip"),
  needs_person: look("Asks a person", "wait", "hand"),
};

export function attemptLook(status: string): Look {
  return ATTEMPT[status] ?? look(status, "idle", "dot");
}

/** What a stage shows: its status, and what happened to it beside. */
export function stageLook(stage: Stage): Look {
  if (stage.rolled_back_at !== null) return look("Rolled back", "back", "back");
  if (stage.status === "pending" && stage.retry_at !== null)
    return look("Retrying soon", "wait", "clock");
  if (stage.status === "failed" && stage.tolerated)
    return look("Failed, tolerated", "wait", "cross");
  if (stage.carried_from !== null) return look("Taken over", STAGE[stage.status].tone, "tick");
  return STAGE[stage.status];
}

export function ended(status: Run["status"]): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** What needs a person first, then what moves, then what went wrong. */
const URGENCY: Stage["status"][] = [
  "waiting_approval",
  "running",
  "failed",
  "pending",
  "cancelled",
  "skipped",
  "succeeded",
];

/** The stage a visitor wants to see: the question, the work, or the root of the failure. */
export function focus(stages: readonly Stage[]): Stage | null {
  for (const status of URGENCY.slice(0, 3)) {
    const found = stages.find((each) => each.status === status && !each.tolerated);
    if (found) return found;
  }
  return null;
}

export function progress(stages: readonly Stage[]): { done: number; all: number } {
  const open = new Set(["pending", "running", "waiting_approval"]);
  return { done: stages.filter((each) => !open.has(each.status)).length, all: stages.length };
}
