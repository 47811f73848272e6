// Where each stage of a graph stands and how the lines between them run. A pure function.
//
// Columns: a stage's column is the longest chain of stages before it, so stages that start together
// stand together. Order within a column: barycentres, sweep by sweep, keeping the order with the
// fewest crossings. Height: least squares to the neighbours, subject to order and distance. A line
// over several columns goes through a place of its own in each, so none runs behind a stage.
// The same graph gives the same picture, whatever its stages are doing.

export interface GraphStage {
  name: string;
  needs: readonly string[];
}

export interface Line {
  from: string;
  to: string;
  path: string;
}

export interface Layout {
  places: Map<string, { x: number; y: number; column: number }>;
  lines: Line[];
  width: number;
  height: number;
  columns: string[][];
}

export interface Sizes {
  width: number;
  height: number;
  gapX: number;
  gapY: number;
}

const SWEEPS_MAX = 12;
const SWEEPS_LARGE = 4;
const LARGE = 1500;
const SETTLES = 6;
const LANE = 6;

interface Spot {
  stage: string | null;
  column: number;
  order: number;
  y: number;
  before: Spot[];
  after: Spot[];
}

export function layered(stages: readonly GraphStage[], sizes: Sizes): Layout {
  const known = new Map(stages.map((each) => [each.name, each]));
  const needs = (stage: GraphStage) => stage.needs.filter((each) => known.has(each));
  const column = columnsOf(stages, needs);
  const columns: Spot[][] = [];
  const stand = (stage: string | null, at: number): Spot => {
    const here = (columns[at] ??= []);
    const spot = { stage, column: at, order: here.length, y: 0, before: [], after: [] };
    here.push(spot);
    return spot;
  };
  const spots = new Map(
    stages.map((each) => [each.name, stand(each.name, column.get(each.name) ?? 0)]),
  );
  const chains: { from: string; to: string; chain: Spot[] }[] = [];
  for (const stage of stages) {
    for (const need of needs(stage)) {
      const [first, last] = [spots.get(need), spots.get(stage.name)];
      if (!first || !last || first.column >= last.column) continue;
      const chain = [first];
      for (let at = first.column + 1; at < last.column; at++) chain.push(stand(null, at));
      chain.push(last);
      chain.forEach((spot, i) => {
        const previous = chain[i - 1];
        if (!previous) return;
        previous.after.push(spot);
        spot.before.push(previous);
      });
      chains.push({ from: need, to: stage.name, chain });
    }
  }
  uncross(columns);
  settle(columns, sizes);
  return drawn(spots, columns, chains, sizes);
}

function columnsOf(
  stages: readonly GraphStage[],
  needs: (stage: GraphStage) => string[],
): Map<string, number> {
  const waits = new Map(stages.map((each) => [each.name, needs(each).length]));
  const below = new Map<string, string[]>();
  for (const stage of stages) {
    for (const need of needs(stage)) {
      const list = below.get(need) ?? [];
      list.push(stage.name);
      below.set(need, list);
    }
  }
  const found = new Map<string, number>();
  const ready = stages.filter((each) => waits.get(each.name) === 0).map((each) => each.name);
  for (const name of ready) found.set(name, 0);
  for (const name of ready) {
    for (const next of below.get(name) ?? []) {
      found.set(next, Math.max(found.get(next) ?? 0, (found.get(name) ?? 0) + 1));
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return found;
}

// ── fewer crossings ──────────────────────────────────────────────────────────────────────────────

function uncross(columns: Spot[][]): void {
  let best = crossings(columns);
  let kept = columns.map((each) => [...each]);
  const spots = columns.reduce((sum, each) => sum + each.length, 0);
  const sweeps = spots > LARGE ? SWEEPS_LARGE : SWEEPS_MAX;
  for (let sweep = 0; sweep < sweeps && best > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const here of down ? columns : [...columns].reverse()) {
      const weight = new Map(here.map((spot) => [spot, barycentre(spot, down)]));
      here.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || a.order - b.order);
      here.forEach((spot, order) => (spot.order = order));
    }
    const count = crossings(columns);
    if (count < best) {
      best = count;
      kept = columns.map((each) => [...each]);
    }
  }
  kept.forEach((here, at) => {
    columns[at] = here;
    here.forEach((spot, order) => (spot.order = order));
  });
}

function barycentre(spot: Spot, down: boolean): number {
  const near = down ? spot.before : spot.after;
  if (near.length === 0) return spot.order;
  return near.reduce((sum, each) => sum + each.order, 0) / near.length;
}

/** Pairs of lines that cross, counted with a Fenwick tree over each pair of columns. */
function crossings(columns: readonly Spot[][]): number {
  let sum = 0;
  columns.forEach((here, at) => {
    const size = columns[at + 1]?.length;
    if (!size) return;
    const tree = new Int32Array(size + 1);
    let seen = 0;
    for (const spot of here) {
      for (const { order } of spot.after) {
        let notBelow = 0;
        for (let i = order + 1; i > 0; i -= i & -i) notBelow += tree[i] ?? 0;
        sum += seen - notBelow;
      }
      for (const { order } of spot.after) {
        seen += 1;
        for (let i = order + 1; i <= size; i += i & -i) tree[i] = (tree[i] ?? 0) + 1;
      }
    }
  });
  return sum;
}

// ── heights ──────────────────────────────────────────────────────────────────────────────────────

function settle(columns: readonly Spot[][], sizes: Sizes): void {
  const pitch = sizes.height + sizes.gapY;
  for (const here of columns) place(here, (spot) => (spot.order - here.length / 2) * pitch, sizes);
  const mean = (list: Spot[]) => list.reduce((sum, each) => sum + each.y, 0) / list.length;
  for (let turn = 0; turn < SETTLES; turn++) {
    for (const here of columns) {
      place(here, (spot) => (spot.before.length ? mean(spot.before) : spot.y), sizes);
    }
    for (const here of [...columns].reverse()) {
      place(
        here,
        (spot) => {
          const near = [...spot.before, ...spot.after];
          return near.length ? mean(near) : spot.y;
        },
        sizes,
      );
    }
  }
}

function tall(spot: Spot, sizes: Sizes): number {
  return spot.stage === null ? LANE : sizes.height;
}

/** The heights nearest to what each wants, in order and apart (pool adjacent violators). */
function place(here: readonly Spot[], wants: (spot: Spot) => number, sizes: Sizes): void {
  const offsets: number[] = [];
  let offset = 0;
  here.forEach((spot, i) => {
    const above = here[i - 1];
    if (above) offset += (tall(above, sizes) + tall(spot, sizes)) / 2 + sizes.gapY;
    offsets.push(offset);
  });
  const blocks: { sum: number; weight: number; count: number }[] = [];
  here.forEach((spot, i) => {
    const weight = spot.stage === null ? 4 : 1; // a straight long line is worth more
    let block = { sum: (wants(spot) - (offsets[i] ?? 0)) * weight, weight, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.weight > block.sum / block.weight;) {
      blocks.pop();
      block = {
        sum: last.sum + block.sum,
        weight: last.weight + block.weight,
        count: last.count + block.count,
      };
      last = blocks.at(-1);
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks) {
    for (let n = 0; n < block.count; n++, i++) {
      const spot = here[i];
      if (spot) spot.y = block.sum / block.weight + (offsets[i] ?? 0);
    }
  }
}

// ── the picture ──────────────────────────────────────────────────────────────────────────────────

function drawn(
  spots: ReadonlyMap<string, Spot>,
  columns: readonly Spot[][],
  chains: readonly { from: string; to: string; chain: Spot[] }[],
  sizes: Sizes,
): Layout {
  let top = Infinity;
  let bottom = -Infinity;
  for (const spot of columns.flat()) {
    top = Math.min(top, spot.y - tall(spot, sizes) / 2);
    bottom = Math.max(bottom, spot.y + tall(spot, sizes) / 2);
  }
  const step = sizes.width + sizes.gapX;
  const places: Layout["places"] = new Map();
  for (const [name, spot] of spots) {
    const y = Math.round(spot.y - top - sizes.height / 2);
    places.set(name, { x: spot.column * step, y, column: spot.column });
  }
  const middle = (spot: Spot) => Math.round(spot.y - top);
  const lines = chains.map(({ from, to, chain }) => {
    let path = "";
    chain.forEach((spot, i) => {
      const previous = chain[i - 1];
      const [x, y] = [spot.column * step, middle(spot)];
      if (!previous) {
        path = `M${x + sizes.width},${y}`;
        return;
      }
      const [bend, before] = [sizes.gapX / 2, middle(previous)];
      const left = previous.column * step + sizes.width;
      path += `C${left + bend},${before} ${x - bend},${y} ${x},${y}`;
      if (spot.stage === null) path += `H${x + sizes.width}`;
    });
    return { from, to, path };
  });
  return {
    places,
    lines,
    width: Math.max(0, columns.length * step - sizes.gapX),
    height: columns.length ? bottom - top : 0,
    columns: columns.map((here) =>
      here.flatMap((spot) => (spot.stage === null ? [] : [spot.stage])),
    ),
  };
}

/** The column of each stage by itself: the rows of a list, where there is no room for a graph. */
export function ranks(stages: readonly GraphStage[]): Map<string, number> {
  const known = new Set(stages.map((each) => each.name));
  return columnsOf(stages, (stage) => stage.needs.filter((each) => known.has(each)));
}
