// The graph: where stages stand, how lines run, what an arrow key reaches, what a group frames.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gantt } from "../src/logic/gantt";
import { layered, ranks, type GraphStage } from "../src/logic/layout";
import { fitting, groups, neighbour, SIZES, visible } from "../src/logic/scene";
import type { Stage } from "../src/logic/api-types";

const stage = (name: string, ...needs: string[]): GraphStage => ({ name, needs });
const MISSION = [
  stage("validate"),
  stage("security-scan"),
  stage("deploy-staging", "validate", "security-scan"),
  stage("smoke-test", "deploy-staging"),
  stage("deploy-prod", "smoke-test"),
];

function large(columns: number, width: number): GraphStage[] {
  const found: GraphStage[] = [];
  for (let column = 0; column < columns; column++) {
    for (let n = 0; n < width; n++) {
      const needs =
        column === 0 ? [] : [`${column - 1}.${n}`, `${column - 1}.${(n * 7 + 3) % width}`];
      if (column > 3 && n % 5 === 0) needs.push(`${column - 4}.${n}`);
      found.push(stage(`${column}.${n}`, ...new Set(needs)));
    }
  }
  return found;
}

test("a stage stands right of all it needs", () => {
  const { places } = layered(MISSION, SIZES);
  for (const { name, needs } of MISSION) {
    for (const need of needs) {
      assert.ok((places.get(need)?.x ?? 0) + SIZES.width < (places.get(name)?.x ?? 0));
    }
  }
});

test("stages that start together stand in one column", () => {
  const { columns } = layered(MISSION, SIZES);
  assert.deepEqual(columns, [
    ["validate", "security-scan"],
    ["deploy-staging"],
    ["smoke-test"],
    ["deploy-prod"],
  ]);
});

test("no two stages overlap, and all lie within the picture", () => {
  const graph = layered(large(12, 17), SIZES);
  const all = [...graph.places.values()];
  for (const a of all) {
    assert.ok(
      a.y >= 0 && a.y + SIZES.height <= graph.height + 1 && a.x + SIZES.width <= graph.width,
    );
    for (const b of all) {
      if (a === b || a.x !== b.x) continue;
      assert.ok(Math.abs(a.y - b.y) >= SIZES.height, `${a.y} and ${b.y}`);
    }
  }
});

test("lines that need not cross do not", () => {
  const crossed = [stage("a"), stage("b"), stage("to-b", "b"), stage("to-a", "a")];
  const { places } = layered(crossed, SIZES);
  const y = (name: string) => places.get(name)?.y ?? 0;
  assert.equal(y("a") < y("b"), y("to-a") < y("to-b"));
});

test("a line over several columns passes through each of them", () => {
  const { lines } = layered(
    [stage("a"), stage("b", "a"), stage("c", "b"), stage("d", "a", "c")],
    SIZES,
  );
  const long = lines.find((each) => each.from === "a" && each.to === "d");
  assert.equal(long?.path.match(/H/g)?.length, 2);
});

test("the same graph gives the same picture", () => {
  const graph = large(8, 9);
  assert.deepEqual([...layered(graph, SIZES).places], [...layered(graph, SIZES).places]);
});

test("a cycle and an unknown need do not stop it", () => {
  const { places } = layered([stage("a", "b"), stage("b", "a"), stage("c", "nobody")], SIZES);
  assert.equal(places.size, 3);
  assert.deepEqual(layered([], SIZES), {
    places: new Map(),
    lines: [],
    width: 0,
    height: 0,
    columns: [],
  });
});

test("two thousand stages are laid out in a moment", () => {
  const begin = performance.now();
  layered(large(50, 40), SIZES);
  assert.ok(performance.now() - begin < 5_000);
});

test("a list has the order of the graph", () => {
  assert.deepEqual([...ranks(MISSION).values()], [0, 0, 1, 2, 3]);
});

test("arrow keys go along lines, and up and down a column", () => {
  const graph = layered(MISSION, SIZES);
  assert.equal(neighbour(graph, "validate", "right"), "deploy-staging");
  assert.equal(neighbour(graph, "validate", "down"), "security-scan");
  assert.equal(neighbour(graph, "validate", "up"), null);
  assert.equal(neighbour(graph, "deploy-prod", "right"), null);
  assert.equal(neighbour(graph, "smoke-test", "left"), "deploy-staging");
});

test("a group is framed where nobody else stands in it", () => {
  const members = MISSION.map((each) => ({
    name: each.name,
    group: each.needs.length === 0 ? "checks" : null,
  }));
  const [box, ...more] = groups(layered(MISSION, SIZES), members, SIZES);
  assert.equal(box?.name, "checks");
  assert.deepEqual(more, []);
});

test("what does not fit is scrolled, not shrunk until nobody can read it", () => {
  const graph = layered(large(12, 3), SIZES);
  assert.equal(fitting(graph, 600, 400), 0.8);
  assert.ok(fitting(graph, 600, 400, 0.15) < 0.4);
  assert.equal(fitting(layered(MISSION, SIZES), 2_000, 900), 1);
});

test("only what is near the screen is drawn", () => {
  const seen = visible(
    layered(large(50, 40), SIZES),
    { x: 0, y: 0, width: 800, height: 500 },
    SIZES,
  );
  assert.ok(seen.size > 10 && seen.size < 300, String(seen.size));
});

test("bars begin and end when their stages did", () => {
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const bar = (name: string, started: number | null, completed: number | null) =>
    ({
      name,
      started_at: started === null ? null : at(started),
      completed_at: completed === null ? null : at(completed),
    }) as Stage;
  const run = {
    created_at: at(100),
    completed_at: null,
    stages: [bar("a", 100, 150), bar("b", 150, null), bar("c", null, null)],
  };
  const { bars, span } = gantt(run, 200_000);
  assert.equal(span, 100);
  assert.deepEqual(
    bars.map((each) => [each.left, each.width, each.seconds]),
    [
      [0, 50, 50],
      [50, 50, 50],
      [0, 0, null],
    ],
  );
});
