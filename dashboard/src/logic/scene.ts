// A graph to draw: stages with their looks, lines between them, groups around them. Pure.

import type { Layout, Line, Sizes } from "./layout";

export const SIZES: Sizes = { width: 186, height: 54, gapX: 44, gapY: 16 };
export const MARGIN = 18;
export const MAP_FROM = 30;
export const ZOOM_MIN = 0.15;
export const ZOOM_MAX = 2;
/** Below this nobody can read a name: what does not fit is scrolled, not shrunk. */
export const READABLE = 0.8;

export interface Box {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const PAD = 8;

/** A frame around each group whose members stand together, with nobody else among them. */
export function groups(
  layout: Layout,
  stages: readonly { name: string; group?: string | null }[],
  sizes: Sizes,
): Box[] {
  const members = new Map<string, string[]>();
  for (const { name, group } of stages) {
    if (group) members.set(group, [...(members.get(group) ?? []), name]);
  }
  const found: Box[] = [];
  for (const [name, names] of members) {
    const places = names.flatMap((each) => layout.places.get(each) ?? []);
    const xs = places.map((each) => each.x);
    const ys = places.map((each) => each.y);
    const [left, top] = [Math.min(...xs) - PAD, Math.min(...ys) - PAD];
    const right = Math.max(...xs) + sizes.width + PAD;
    const bottom = Math.max(...ys) + sizes.height + PAD;
    const stranger = [...layout.places].some(
      ([other, { x, y }]) =>
        !names.includes(other) &&
        x < right &&
        x + sizes.width > left &&
        y < bottom &&
        y + sizes.height > top,
    );
    if (places.length > 1 && !stranger) {
      found.push({ name, x: left, y: top, width: right - left, height: bottom - top });
    }
  }
  return found;
}

/** The zoom at which all of it is seen, as long as it can be read. */
export function fitting(layout: Layout, width: number, height: number, least = READABLE): number {
  const [wide, high] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  return Math.max(least, Math.min(1, width / wide, height / high));
}

export type Direction = "left" | "right" | "up" | "down";

/** The stage an arrow key leads to. */
export function neighbour(layout: Layout, from: string, to: Direction): string | null {
  const place = layout.places.get(from);
  if (!place) return null;
  const here = layout.columns[place.column] ?? [];
  if (to === "up" || to === "down")
    return here[here.indexOf(from) + (to === "down" ? 1 : -1)] ?? null;
  const ends = (line: Line) => (to === "right" ? [line.from, line.to] : [line.to, line.from]);
  const linked = layout.lines.filter((line) => ends(line)[0] === from).map((line) => ends(line)[1]);
  const column = layout.columns[place.column + (to === "right" ? 1 : -1)] ?? [];
  const among = linked.length ? linked : column;
  let nearest: string | null = null;
  let least = Infinity;
  for (const name of among) {
    const there = name === undefined ? undefined : layout.places.get(name);
    if (!there || name === undefined) continue;
    const away = Math.abs(there.y - place.y) + Math.abs(there.x - place.x) / 100;
    if (away < least) [nearest, least] = [name, away];
  }
  return nearest;
}

/** What of it is on the screen, with some room around. */
export function visible(
  layout: Layout,
  view: { x: number; y: number; width: number; height: number },
  sizes: Sizes,
): Set<string> {
  const found = new Set<string>();
  for (const [name, { x, y }] of layout.places) {
    const across = x + sizes.width > view.x - view.width / 2 && x < view.x + view.width * 1.5;
    if (across && y + sizes.height > view.y - view.height && y < view.y + view.height * 2) {
      found.add(name);
    }
  }
  return found;
}
