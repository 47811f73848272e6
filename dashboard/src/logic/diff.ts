// Two texts, line by line: what went, what came, what stayed (Myers). Pure, and bounded.

export interface DiffLine {
  kind: "same" | "gone" | "new";
  text: string;
  before: number | null;
  after: number | null;
}

const EDITS_MAX = 2_000;

export function diff(before: string, after: string): DiffLine[] {
  const [a, b] = [lines(before), lines(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail++;
  }
  const steps: [DiffLine["kind"], number][] = [
    ["same", head],
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ["same", tail],
  ];
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (const [kind, count] of steps) {
    for (let n = 0; n < count; n++) {
      const text = (kind === "new" ? b[j] : a[i]) ?? "";
      found.push({
        kind,
        text,
        before: kind === "new" ? null : ++i,
        after: kind === "gone" ? null : ++j,
      });
    }
  }
  return found;
}

function lines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function middle(a: string[], b: string[]): [DiffLine["kind"], number][] {
  const most = Math.min(a.length + b.length, EDITS_MAX);
  const trace: Map<number, number>[] = [];
  let far = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= most; edits++) {
    trace.push(new Map(far));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
      let x = down ? (far.get(k + 1) ?? 0) : (far.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      far.set(k, x);
      if (x >= a.length && x - k >= b.length) return back(trace, a.length, b.length);
    }
    far = new Map(far);
  }
  return [
    ["gone", a.length],
    ["new", b.length],
  ];
}

function back(trace: Map<number, number>[], x: number, y: number): [DiffLine["kind"], number][] {
  const steps: [DiffLine["kind"], number][] = [];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const far = trace[edits] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -edits || (k !== edits && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
    const fromX = down ? (far.get(k + 1) ?? 0) : (far.get(k - 1) ?? 0);
    const fromY = fromX - (down ? k + 1 : k - 1);
    const diagonal = edits === 0 ? x : down ? x - fromX : x - fromX - 1;
    if (diagonal > 0) steps.push(["same", diagonal]);
    if (edits > 0) steps.push([down ? "new" : "gone", 1]);
    [x, y] = [fromX, fromY];
  }
  return steps.reverse();
}
