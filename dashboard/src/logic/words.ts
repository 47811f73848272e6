// Sentences about runs, triggers and votes, and the commands that do the same in a terminal. Pure.

import type { Approval, Pipeline, RunInList } from "./api-types";

/** A word for the shell, quoted where it has to be. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface Order {
  variables: Record<string, string>;
  branch: string;
  paths: string[];
  labels: string[];
}

export function runCommand(pipeline: string, order: Order, force: boolean): string {
  const words = ["orchestrate pipeline run", quoted(pipeline)];
  for (const [name, value] of Object.entries(order.variables)) {
    words.push(`--var ${quoted(`${name}=${value}`)}`);
  }
  if (order.branch) words.push(`--branch ${quoted(order.branch)}`);
  for (const path of order.paths) words.push(`--path ${quoted(path)}`);
  for (const label of order.labels) words.push(`--label ${quoted(label)}`);
  if (force) words.push("--force");
  return words.join(" ");
}

function some(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** What starts a pipeline, a sentence for each trigger. */
export function triggers(pipeline: Pick<Pipeline, "triggers">): string[] {
  return pipeline.triggers.map((trigger) => {
    const events = some(trigger["event"] ?? trigger["events"]);
    const cron = some(trigger["cron"])[0];
    const words = [cron ? `on schedule ${cron}` : events.join(" or ") || "any event"];
    const zone = some(trigger["timezone"])[0];
    if (cron && zone) words.push(zone);
    const branches = some(trigger["branches"]);
    if (branches.length) words.push(`on ${branches.join(", ")}`);
    const paths = some(trigger["paths"]);
    if (paths.length) words.push(`touching ${paths.join(", ")}`);
    const labels = some(trigger["labels"]);
    if (labels.length) words.push(`labelled ${labels.join(", ")}`);
    const pipelines = some(trigger["pipeline"]);
    if (pipelines.length) words.push(`of ${pipelines.join(", ")}`);
    return words.join(" ");
  });
}

/** What set a run off, in a few words. */
export function cause(run: RunInList): string {
  if (run.rerun_of !== null) return `rerun of ${run.rerun_of} by ${run.actor}`;
  if (run.trigger_event === "manual") return `started by ${run.actor}`;
  return `${run.trigger_event} by ${run.actor}`;
}

export function fact(run: { facts: Record<string, unknown> }, name: string): string | null {
  const value = run.facts[name];
  return typeof value === "string" && value ? value : null;
}

// ── votes ────────────────────────────────────────────────────────────────────────────────────────

export interface Votes {
  given: number;
  needed: number;
  text: string;
}

export function votes(approval: Approval): Votes {
  const given = approval.decisions.filter((each) => each.decision === "approve").length;
  const needed = approval.quorum;
  const who = approval.approvers.length ? approval.approvers.join(", ") : "anybody who may approve";
  const rule = approval.every && needed > 1 ? `all of ${who}` : `${needed} of ${who}`;
  return { given, needed, text: needed === 1 && approval.approvers.length <= 1 ? who : rule };
}

export function silence(approval: Approval): string {
  const does = approval.on_timeout === "approve" ? "it is approved" : "it is rejected";
  return approval.expires_at === null
    ? "It waits until somebody answers."
    : `If nobody answers, ${does}.`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
