// The log of one attempt: only the lines in sight are drawn, and it is read a part at a time.

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api, Problem, type LogPlace } from "../api";
import { coloured, type Coloured } from "../logic/ansi";
import { Lines } from "../logic/logs";
import { exact } from "../logic/time";
import { Copy, Fault, Skeleton } from "./bits";
import { DOWN } from "./icons";

const ROW = 20;
const AROUND = 15;
const WAIT_S = 25;
const AGAIN_MS = 1_000;
const CHARACTERS_MAX = 5_000;
/** Browsers draw nothing taller; a line beyond it is reached by search or download. */
const ROWS_MAX = 1_600_000;

export interface Reading {
  lines: Lines;
  count: number;
  ended: boolean;
  begun: boolean;
  fault: unknown;
}

/** The log as far as it is known; it asks for more as long as there can be more. */
function useLog(place: LogPlace): Reading {
  const [reading, setReading] = useState<Reading>(() => blank());
  const { run, stage, mode, attempt } = place;
  useEffect(() => {
    const lines = new Lines();
    const stop = new AbortController();
    setReading({ ...blank(), lines });
    const follow = async () => {
      let offset = 0;
      while (!stop.signal.aborted) {
        try {
          const part = await api.log(
            { run, stage, mode, attempt },
            offset,
            offset ? WAIT_S : 0,
            stop.signal,
          );
          lines.take(part.text);
          const fresh = part.next === offset;
          offset = part.next;
          setReading({
            lines,
            count: lines.all.length,
            ended: part.ended,
            begun: true,
            fault: null,
          });
          if (part.ended) return;
          if (fresh && offset === 0) await pause(AGAIN_MS / 5);
        } catch (fault) {
          if (stop.signal.aborted) return;
          if (!(fault instanceof Problem)) throw fault;
          setReading((now) => ({ ...now, begun: true, fault }));
          if (fault.status >= 400 && fault.status < 500) return;
          await pause(AGAIN_MS);
        }
      }
    };
    void follow();
    return () => stop.abort();
  }, [run, stage, mode, attempt]);
  return reading;
}

function blank(): Reading {
  return { lines: new Lines(), count: 0, ended: false, begun: false, fault: null };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function LogView({
  place,
  line,
  onLine,
}: {
  place: LogPlace;
  line: number | null;
  onLine: (line: number | null) => void;
}) {
  const { lines, count, ended, begun, fault } = useLog(place);
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [follow, setFollow] = useState(line === null);
  const [wanted, setWanted] = useState("");
  const [chosen, setChosen] = useState(0);
  const hits = useMemo(
    () => (wanted.length > 1 ? lines.holding(wanted) : []),
    [lines, count, wanted],
  );
  const shown = Math.min(count, ROWS_MAX);

  useLayoutEffect(() => {
    const here = scroller.current;
    if (here && follow) here.scrollTop = here.scrollHeight;
  }, [count, follow]);
  useLayoutEffect(() => {
    const here = scroller.current;
    if (!here) return;
    const watch = new ResizeObserver(() => setHeight(here.clientHeight));
    watch.observe(here);
    return () => watch.disconnect();
  }, [begun]);

  const reveal = useCallback((row: number) => {
    setFollow(false);
    const here = scroller.current;
    if (here) here.scrollTop = row * ROW - here.clientHeight / 2;
  }, []);
  const linked = useRef(line);
  useEffect(() => {
    if (linked.current === null || count < linked.current) return;
    reveal(linked.current - 1);
    linked.current = null;
  }, [count, reveal]);

  const jump = (by: number) => {
    if (hits.length === 0) return;
    const next = (chosen + by + hits.length) % hits.length;
    setChosen(next);
    reveal(hits[next] ?? 0);
  };

  const first = Math.max(0, Math.floor(top / ROW) - AROUND);
  const last = Math.min(shown, Math.ceil((top + height) / ROW) + AROUND);
  return (
    <section className="log" aria-label={`Log of ${place.stage}`}>
      <div className="log-tools">
        <input
          type="search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={wanted}
          onChange={(event) => {
            setWanted(event.target.value);
            setChosen(-1);
          }}
          onKeyDown={(event) => event.key === "Enter" && jump(event.shiftKey ? -1 : 1)}
        />
        <span className="dim small num" role="status">
          {wanted.length > 1
            ? `${hits.length === 0 ? 0 : Math.max(0, chosen) + 1} of ${hits.length}`
            : `${count} lines`}
        </span>
        <label className="check">
          <input
            type="checkbox"
            checked={follow}
            onChange={(event) => setFollow(event.target.checked)}
          />
          Follow
        </label>
        <Copy text={lines.all.length < 50_000 ? lines.whole() : ""} label="Copy the log" />
        <button
          type="button"
          className="quiet"
          aria-label="Download the log"
          title="Download the log"
          onClick={() => download(place, lines)}
        >
          {DOWN}
        </button>
      </div>
      {fault !== null && <Fault fault={fault} />}
      {!begun ? (
        <Skeleton rows={6} />
      ) : (
        <div
          ref={scroller}
          className="log-lines"
          role="log"
          aria-live="off"
          aria-label="Lines"
          tabIndex={0}
          onScroll={(event) => {
            const here = event.currentTarget;
            setTop(here.scrollTop);
            const bottom = here.scrollHeight - here.scrollTop - here.clientHeight < ROW * 1.5;
            if (bottom !== follow && !(bottom && line !== null)) setFollow(bottom);
          }}
        >
          <div className="log-space" style={{ height: Math.max(shown, 1) * ROW }}>
            <div style={{ transform: `translateY(${first * ROW}px)` }}>
              {lines.all.slice(first, last).map((each, i) => {
                const number = first + i + 1;
                const hit = hits[chosen] === number - 1;
                return (
                  <div
                    key={number}
                    className={`log-line${number === line ? " linked" : ""}${hit ? " hit" : ""}`}
                    title={exact(new Date(each.at * 1000).toISOString())}
                  >
                    <button
                      type="button"
                      className="log-number"
                      tabIndex={-1}
                      aria-label={`Link to line ${number}`}
                      onClick={() => onLine(number === line ? null : number)}
                    >
                      {number}
                    </button>
                    <Text line={each.text} wanted={wanted} />
                  </div>
                );
              })}
            </div>
            {count === 0 && (
              <p className="dim pad">{ended ? "It wrote nothing." : "Nothing was written yet."}</p>
            )}
          </div>
        </div>
      )}
      <p className="dim small pad" role="status">
        {begun && (ended ? "The log is complete." : fault === null ? "The log grows." : "")}
      </p>
    </section>
  );
}

function Text({ line, wanted }: { line: string; wanted: string }) {
  const cut = line.length > CHARACTERS_MAX ? `${line.slice(0, CHARACTERS_MAX)}…` : line;
  const { text, spans } = coloured(cut);
  const pieces = [];
  let at = 0;
  for (const span of spans) {
    if (span.from > at) pieces.push({ text: text.slice(at, span.from), names: "" });
    pieces.push({ text: text.slice(span.from, span.to), names: span.names });
    at = span.to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), names: "" });
  return (
    <span className="log-text">
      {pieces.map((each, i) => (
        <span key={i} className={each.names}>
          {wanted.length > 1 ? marked(each.text, wanted) : each.text}
        </span>
      ))}
    </span>
  );
}

function marked(text: string, wanted: string) {
  const low = text.toLowerCase();
  const found = [];
  let at = 0;
  for (let next = low.indexOf(wanted.toLowerCase()); next >= 0;) {
    found.push(
      text.slice(at, next),
      <mark key={next}>{text.slice(next, next + wanted.length)}</mark>,
    );
    at = next + wanted.length;
    next = low.indexOf(wanted.toLowerCase(), at);
  }
  return [...found, text.slice(at)];
}

function download(place: LogPlace, lines: Lines): void {
  const plain = (all: Coloured) => `${all.text}\n`;
  const parts = lines.all.map((each) => plain(coloured(each.text)));
  const address = URL.createObjectURL(new Blob(parts, { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `run-${place.run}-${place.stage}-${place.mode}-${place.attempt}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), AGAIN_MS);
}
