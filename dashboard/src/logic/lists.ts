// What came live, put among what is shown: whole objects replace older ones. Pure.

import type { Approval, RunInList } from "./api-types";

export const RUNS_KEPT_MAX = 2_000;

/** Newest first, each run once, the later state of two. */
export function withRuns(kept: readonly RunInList[], news: readonly RunInList[]): RunInList[] {
  const found = new Map(kept.map((each) => [each.id, each]));
  for (const run of news) {
    const known = found.get(run.id);
    if (!known || known.seq <= run.seq) found.set(run.id, run);
  }
  return [...found.values()].sort((a, b) => b.id - a.id).slice(0, RUNS_KEPT_MAX);
}

/** Newest first, open ones above closed ones. `whole`: what is open and not among them is not. */
export function withApprovals(
  kept: readonly Approval[],
  news: readonly Approval[],
  whole: boolean,
): Approval[] {
  const stays = whole ? kept.filter((each) => each.status !== "pending") : kept;
  const found = new Map(stays.map((each) => [each.id, each]));
  for (const approval of news) found.set(approval.id, approval);
  const rank = (each: Approval) => (each.status === "pending" ? 0 : 1);
  return [...found.values()].sort((a, b) => rank(a) - rank(b) || b.id - a.id);
}

/** The last runs of each pipeline, oldest first: a strip of what became of them. */
export function strips(runs: readonly RunInList[], length: number): Map<string, RunInList[]> {
  const found = new Map<string, RunInList[]>();
  for (const run of runs) {
    const strip = found.get(run.pipeline) ?? [];
    if (strip.length < length) strip.unshift(run);
    found.set(run.pipeline, strip);
  }
  return found;
}
