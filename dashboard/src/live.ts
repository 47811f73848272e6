// The live channel: one socket for the page, whole objects as they change, nothing lost in between.
// Whoever looks at a topic is given what came; after a break it goes on from the last `seq`.

import { api, Problem, session } from "./api";
import type { Approval, Run, RunInList } from "./logic/api-types";

export type Topic = "runs" | "approvals" | `run:${number}`;
export type Connection = "connecting" | "live" | "offline";

export interface RunsNews {
  topic: "runs";
  seq: number;
  whole: boolean;
  items: RunInList[];
}
export interface ApprovalsNews {
  topic: "approvals";
  seq: number;
  whole: boolean;
  items: Approval[];
}
export type RunNews = Run & { topic: string };
type News = RunsNews | ApprovalsNews | RunNews | { topic: string; problem: { detail: string } };

const WAIT_MS_MIN = 250;
const WAIT_MS_MAX = 5_000;

const lookers = new Map<Topic, Set<(news: never) => void>>();
const seqs = new Map<Topic, number>();
const watchers = new Set<() => void>();
let socket: WebSocket | null = null;
let state: Connection = "connecting";
let wait = WAIT_MS_MIN;
let timer: ReturnType<typeof setTimeout> | undefined;
let wanted = false;

export const connection = {
  now: (): Connection => state,
  subscribe: (tell: () => void) => {
    watchers.add(tell);
    return () => watchers.delete(tell);
  },
};

function become(next: Connection): void {
  if (state === next) return;
  state = next;
  for (const tell of watchers) tell();
}

/** Look at a topic until the returned function is called. */
export function look(topic: "runs", hear: (news: RunsNews) => void): () => void;
export function look(topic: "approvals", hear: (news: ApprovalsNews) => void): () => void;
export function look(topic: `run:${number}`, hear: (news: RunNews) => void): () => void;
export function look(topic: Topic, hear: (news: never) => void): () => void {
  const here = lookers.get(topic) ?? new Set();
  lookers.set(topic, here.add(hear));
  if (here.size === 1) say({ subscribe: topic });
  if (!wanted) {
    wanted = true;
    void connect();
  }
  return () => {
    here.delete(hear);
    if (here.size > 0 || lookers.get(topic) !== here) return;
    lookers.delete(topic);
    seqs.delete(topic);
    say({ unsubscribe: topic });
  };
}

function say(word: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(word));
}

async function connect(): Promise<void> {
  let ticket: string;
  try {
    ({ ticket } = await api.ticket());
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    if (session.token() === null) wanted = false;
    else again();
    become("offline");
    return;
  }
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/api/live?ticket=${ticket}`);
  socket = opened;
  opened.addEventListener("open", () => {
    for (const topic of lookers.keys()) {
      const after = seqs.get(topic);
      say(after === undefined ? { subscribe: topic } : { subscribe: topic, after });
    }
    wait = WAIT_MS_MIN;
    become("live");
  });
  opened.addEventListener("message", (event: MessageEvent<string>) => hear(JSON.parse(event.data)));
  opened.addEventListener("close", () => {
    socket = null;
    become("offline");
    again();
  });
}

function again(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void connect(), wait);
  wait = Math.min(WAIT_MS_MAX, wait * 2);
}

function hear(news: News): void {
  if ("problem" in news) return; // the page asks for the run itself, and shows why there is none
  const topic = news.topic as Topic;
  const here = lookers.get(topic);
  if (!here) return;
  seqs.set(topic, news.seq);
  for (const tell of here) tell(news as never);
}

/** Not to wait any longer for the next attempt: somebody looks at the page again. */
function hurry(): void {
  if (state !== "offline" || !wanted || document.visibilityState !== "visible") return;
  clearTimeout(timer);
  wait = WAIT_MS_MIN;
  void connect();
}
addEventListener("online", hurry);
document.addEventListener("visibilitychange", hurry);
