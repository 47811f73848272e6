// The API over HTTP, and who this browser is. Beside live.ts nothing else touches the network.

import type {
  Agents,
  Approval,
  Approvals,
  Attempts,
  AuditEntries,
  Caller,
  Diagnostic,
  NewToken,
  Pipeline,
  Pipelines,
  Problem as ProblemShape,
  Revision,
  Revisions,
  RollbackPlan,
  Run,
  Runs,
  Templates,
  Ticket,
  TriggerEvent,
  TriggerEvents,
  Validation,
  Variables,
  Why,
} from "./logic/api-types";
import type { Plan } from "./logic/shapes";

// ── who ──────────────────────────────────────────────────────────────────────────────────────────

const KEY = "orchestrate-token";
const HANDOVER_MS = 250;
const listeners = new Set<() => void>();

export const session = {
  token: (): string | null => sessionStorage.getItem(KEY),
  subscribe: (tell: () => void) => {
    listeners.add(tell);
    return () => listeners.delete(tell);
  },
  set: (token: string | null) => {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
    for (const tell of listeners) tell();
  },
};

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(KEY);
tabs?.addEventListener("message", (event: MessageEvent<{ ask?: true; token?: string }>) => {
  const token = session.token();
  if (event.data.ask && token !== null) tabs.postMessage({ token });
});

/** A second tab of the same page is let in by the first; nothing else can hear this channel. */
function fromAnotherTab(): Promise<string | null> {
  return new Promise((resolve) => {
    if (!tabs) return resolve(null);
    const end = (token: string | null) => {
      tabs.removeEventListener("message", hear);
      resolve(token);
    };
    const hear = (event: MessageEvent<{ token?: string }>) => {
      if (event.data.token) end(event.data.token);
    };
    tabs.addEventListener("message", hear);
    tabs.postMessage({ ask: true });
    setTimeout(() => end(null), HANDOVER_MS);
  });
}

/** Come in: by the code of a link, by the token kept for this tab, or by that of another tab. */
export async function comeIn(): Promise<Problem | null> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    try {
      const made = await ask<NewToken>("POST", "/api/sessions", { code });
      session.set(made.token);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (session.token() === null) return fault;
    }
  }
  if (session.token() === null) session.set(await fromAnotherTab());
  return null;
}

// ── asking ───────────────────────────────────────────────────────────────────────────────────────

/** What the server answered instead, or why nobody answered: a sentence, and what to do. */
export class Problem extends Error {
  readonly status: number;
  readonly hint: string;
  readonly diagnostics: Diagnostic[];
  readonly faults: { field: string; message: string }[];

  constructor(said: Partial<ProblemShape> & { status: number }) {
    super(said.detail ?? said.title ?? `The server answered ${said.status}.`);
    this.status = said.status;
    this.hint = said.hint ?? "";
    this.diagnostics = said.diagnostics ?? [];
    this.faults = said.faults ?? [];
  }
}

export const NOBODY = 0;

async function response(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { ...more };
  const token = session.token();
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let found: Response;
  try {
    found = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      credentials: "omit",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (fault) {
    if (signal?.aborted) throw fault;
    const hint = "It starts again with: orchestrate serve";
    throw new Problem({ status: NOBODY, detail: "The server does not answer.", hint });
  }
  if (found.ok) return found;
  if (found.status === 401 && path !== "/api/sessions") session.set(null);
  let said: Partial<ProblemShape> = {};
  try {
    said = (await found.json()) as ProblemShape;
  } catch {
    // no JSON: the status will have to do
  }
  throw new Problem({ ...said, status: found.status });
}

async function ask<T>(
  method: string,
  path: string,
  body?: unknown,
  more?: Record<string, string>,
): Promise<T> {
  return (await (await response(method, path, body, more)).json()) as T;
}

/** A change that is asked for once, however often the network has to carry the question. */
function post<T>(path: string, body: unknown = {}): Promise<T> {
  return ask<T>("POST", path, body, { "Idempotency-Key": crypto.randomUUID() });
}

const PAGES_MAX = 20;

async function every<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const join = path.includes("?") ? "&" : "?";
    const at: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const found: { items: T[]; next: string | null } = await ask(
      "GET",
      `${path}${join}limit=200${at}`,
    );
    items.push(...found.items);
    cursor = found.next;
    if (cursor === null) break;
  }
  return items;
}

const name = encodeURIComponent;

// ── the calls ────────────────────────────────────────────────────────────────────────────────────

export interface RunOrder {
  variables?: Record<string, string>;
  event?: Record<string, unknown>;
  force?: boolean;
}

export interface LogPart {
  text: string;
  next: number;
  ended: boolean;
  attempt: number;
}

export interface LogPlace {
  run: number;
  stage: string;
  mode: "run" | "rollback";
  attempt: number;
}

export const api = {
  whoami: () => ask<Caller>("GET", "/api/whoami"),
  leave: () => ask("DELETE", "/api/sessions/current"),
  ticket: () => ask<Ticket>("POST", "/api/live/tickets"),
  about: () => ask<{ info: { version: string } }>("GET", "/api/openapi.json"),
  ready: () => ask<{ status: string }>("GET", "/readyz"),
  audit: () => ask<AuditEntries>("GET", "/api/audit?limit=30"),
  schema: () => ask<Record<string, unknown>>("GET", "/api/schema"),
  agents: () => ask<Agents>("GET", "/api/agents"),
  templates: () => ask<Templates>("GET", "/api/templates"),

  pipelines: () => every<Pipelines["items"][number]>("/api/pipelines"),
  pipeline: (each: string) => ask<Pipeline>("GET", `/api/pipelines/${name(each)}`),
  create: (definition: string) => post<Pipeline>("/api/pipelines", { definition }),
  save: (each: string, definition: string, seen: string) =>
    ask<Pipeline>(
      "PUT",
      `/api/pipelines/${name(each)}`,
      { definition },
      { "If-Match": `"${seen}"` },
    ),
  remove: (each: string) => ask<Pipeline>("DELETE", `/api/pipelines/${name(each)}`),
  enable: (each: string, on: boolean) =>
    post<Pipeline>(`/api/pipelines/${name(each)}/${on ? "enable" : "disable"}`),
  revisions: (each: string) =>
    ask<Revisions>("GET", `/api/pipelines/${name(each)}/revisions?limit=200`),
  revision: (each: string, number: number) =>
    ask<Revision>("GET", `/api/pipelines/${name(each)}/revisions/${number}`),
  variables: (each: string) => ask<Variables>("GET", `/api/pipelines/${name(each)}/variables`),
  validate: (definition: string) => ask<Validation>("POST", "/api/validate", { definition }),
  plan: (each: string, order: RunOrder, definition?: string) =>
    ask<Plan>("POST", `/api/pipelines/${name(each)}/run`, {
      ...order,
      dry_run: true,
      ...(definition === undefined ? {} : { definition }),
    }),
  start: (each: string, order: RunOrder) => post<Run>(`/api/pipelines/${name(each)}/run`, order),

  runs: (query: string) => ask<Runs>("GET", `/api/pipeline-runs?${query}`),
  run: (id: number) => ask<Run>("GET", `/api/pipeline-runs/${id}`),
  attempts: (id: number, stage: string) =>
    ask<Attempts>("GET", `/api/pipeline-runs/${id}/attempts?stage=${name(stage)}&limit=200`),
  why: (id: number, stage?: string) =>
    ask<Why>("GET", `/api/pipeline-runs/${id}/why${stage ? `?stage=${name(stage)}` : ""}`),
  cancel: (id: number, reason: string) => post<Run>(`/api/pipeline-runs/${id}/cancel`, { reason }),
  rerun: (id: number, how: { from?: string; failed?: boolean }) =>
    post<Run>(`/api/pipeline-runs/${id}/rerun`, how),
  rollBack: (id: number, how: { to?: string; reason: string }) =>
    post<Run>(`/api/pipeline-runs/${id}/rollback`, how),
  rollbackPlan: (id: number, stage: string | null) =>
    ask<RollbackPlan>(
      "GET",
      `/api/pipeline-runs/${id}/rollback-plan${stage ? `?to=${name(stage)}` : ""}`,
    ),
  log: async (
    at: LogPlace,
    offset: number,
    wait: number,
    signal: AbortSignal,
  ): Promise<LogPart> => {
    const which = `mode=${at.mode}&attempt=${at.attempt}&format=ndjson`;
    const query = `${which}&offset=${offset}&wait=${wait}`;
    const path = `/api/pipeline-runs/${at.run}/stages/${name(at.stage)}/logs?${query}`;
    const found = await response("GET", path, undefined, {}, signal);
    return {
      text: await found.text(),
      next: Number(found.headers.get("Orchestrate-Log-Offset")),
      ended: found.headers.get("Orchestrate-Log-End") === "true",
      attempt: Number(found.headers.get("Orchestrate-Log-Attempt")),
    };
  },

  approvals: (status: "pending" | "all") =>
    ask<Approvals>("GET", `/api/approvals?status=${status}&limit=200`),
  approval: (id: number) => ask<Approval>("GET", `/api/approvals/${id}`),
  approve: (id: number, comment: string, packet: string) =>
    post<Approval>(`/api/approvals/${id}/approve`, { comment, packet }),
  reject: (id: number, reason: string, packet: string) =>
    post<Approval>(`/api/approvals/${id}/reject`, { reason, packet }),
  delegate: (id: number, who: string, comment: string) =>
    post<Approval>(`/api/approvals/${id}/delegate`, { to: who, comment }),

  events: () => ask<TriggerEvents>("GET", "/api/events?limit=100"),
  event: (id: number) => ask<TriggerEvent>("GET", `/api/events/${id}`),
  replay: (id: number) => post<{ event: number; runs: number[] }>(`/api/events/${id}/replay`),
};
