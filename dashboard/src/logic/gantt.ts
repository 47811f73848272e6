// When each stage of a run waited and worked, as bars of a hundred percent. Pure; `now` is given.

import type { Run, Stage } from "./api-types";

export interface Bar {
  stage: Stage;
  left: number;
  width: number;
  seconds: number | null;
}

export interface Chart {
  bars: Bar[];
  ticks: { at: number; label: string }[];
  span: number;
}

const TICKS_MAX = 6;
const STEPS = [
  0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
  7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
];

export function gantt(
  run: Pick<Run, "created_at" | "stages" | "completed_at">,
  now: number,
): Chart {
  const moments = run.stages
    .flatMap((stage) => [stage.started_at, stage.completed_at])
    .filter((each) => each !== null)
    .map((each) => Date.parse(each));
  const working = run.stages.some((each) => each.started_at !== null && each.completed_at === null);
  const begin = Math.min(Date.parse(run.created_at), ...moments);
  const end = Math.max(begin + 1, ...moments, working ? now : begin);
  const whole = end - begin;
  const percent = (at: number) => ((at - begin) / whole) * 100;
  const bars = run.stages.map((stage) => {
    if (stage.started_at === null) return { stage, left: 0, width: 0, seconds: null };
    const from = Date.parse(stage.started_at);
    const until =
      stage.completed_at === null ? Math.max(now, from) : Date.parse(stage.completed_at);
    const seconds = (until - from) / 1000;
    return {
      stage,
      left: percent(from),
      width: Math.max(percent(until) - percent(from), 0),
      seconds,
    };
  });
  return { bars, ticks: ticks(whole / 1000), span: whole / 1000 };
}

function ticks(span: number): Chart["ticks"] {
  const step = STEPS.find((each) => span / each <= TICKS_MAX) ?? span / TICKS_MAX;
  const found = [];
  for (let at = 0; at <= span * 0.94; at += step) {
    found.push({ at: (at / span) * 100, label: label(at) });
  }
  return found;
}

function label(value: number): string {
  if (value === 0) return "0";
  if (value < 1 && value * 1000 < 100) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${Number(value.toFixed(2))} s`;
  if (value < 3600) return `${Number((value / 60).toFixed(1))} min`;
  if (value < 86_400) return `${Number((value / 3600).toFixed(1))} h`;
  return `${Number((value / 86_400).toFixed(1))} d`;
}
