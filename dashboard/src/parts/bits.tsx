// Small parts that every page uses: status, times, copies, faults, what is not there yet.

import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { Problem } from "../api";
import type { Look } from "../logic/status";
import { ago, exact, seconds, took } from "../logic/time";
import { COPY, SHAPES } from "./icons";

// ── time ─────────────────────────────────────────────────────────────────────────────────────────

const TICK_MS = 1_000;
const ticking = new Set<() => void>();
let now = Date.now();
let clock: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const tell of ticking) tell();
}

function onTick(tell: () => void): () => void {
  ticking.add(tell);
  clock ??= setInterval(tick, TICK_MS);
  return () => {
    ticking.delete(tell);
    if (ticking.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

const never = () => () => undefined;

/** The time, every second; a moment ago where nothing on the page moves by itself. */
export function useNow(moves = true): number {
  if (clock === undefined) now = Date.now();
  return useSyncExternalStore(moves ? onTick : never, () => now);
}

export function Ago({ at }: { at: string | null }) {
  const present = useNow(at !== null);
  if (at === null) return null;
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, present)}
    </time>
  );
}

export function Took({ started, completed }: { started: string | null; completed: string | null }) {
  const present = useNow(started !== null && completed === null);
  const span = took(started, completed, present);
  return span === null ? null : (
    <span className="num">{seconds(completed ? span : Math.floor(span))}</span>
  );
}

// ── status ───────────────────────────────────────────────────────────────────────────────────────

export function Mark({ look }: { look: Look }) {
  return (
    <span className={`mark tone-${look.tone}`} title={look.word}>
      {SHAPES[look.shape]}
    </span>
  );
}

export function Badge({ look, children }: { look: Look; children?: ReactNode }) {
  return (
    <span className={`badge tone-${look.tone}`}>
      {SHAPES[look.shape]}
      {look.word}
      {children}
    </span>
  );
}

// ── what one may do ──────────────────────────────────────────────────────────────────────────────

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <button
      type="button"
      className="quiet"
      title={copied ? "Copied" : label}
      aria-label={label}
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => setCopied(true));
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setCopied(false), 1_500);
      }}
    >
      {copied ? SHAPES.tick : COPY}
      <span className="sr" role="status">
        {copied ? "Copied" : ""}
      </span>
    </button>
  );
}

// ── what went wrong, and what is not there ───────────────────────────────────────────────────────

export function Fault({ fault, again }: { fault: unknown; again?: () => void }) {
  if (!(fault instanceof Error)) return null;
  const problem = fault instanceof Problem ? fault : null;
  return (
    <div className="fault" role="alert">
      <div>
        <p>{sentence(fault.message)}</p>
        {problem?.hint && <p className="dim">{sentence(problem.hint)}</p>}
        {problem && problem.faults.length > 1 && (
          <ul>
            {problem.faults.map((each) => (
              <li key={each.field + each.message}>
                <code>{each.field}</code> {each.message}
              </li>
            ))}
          </ul>
        )}
      </div>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A text of the server as a sentence; what it quotes is set as code. */
export function sentence(text: string): ReactNode {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  const whole = /[.!?:]$/.test(begun) ? begun : `${begun}.`;
  const parts = whole.split("`");
  if (parts.length % 2 === 0) return whole;
  return parts.map((each, i) => (i % 2 === 0 ? each : <code key={i}>{each}</code>));
}

export function Skeleton({ rows = 4, tall = false }: { rows?: number; tall?: boolean }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className={tall ? "tall" : ""} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Facts({ of }: { of: [string, ReactNode][] }) {
  const shown = of.filter(
    ([, value]) => value !== null && value !== undefined && value !== "" && value !== false,
  );
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The page's name in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Orchestrate` : "Orchestrate";
  }, [title]);
}
