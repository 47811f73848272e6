// Texts: colours of a terminal, logs in parts, differences, times, addresses, commands, searching.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approval, RunInList } from "../src/logic/api-types";
import { coloured } from "../src/logic/ansi";
import { diff } from "../src/logic/diff";
import { strips, withApprovals, withRuns } from "../src/logic/lists";
import { Lines } from "../src/logic/logs";
import { read, to } from "../src/logic/route";
import { best, fit } from "../src/logic/search";
import { ago, left, seconds, took } from "../src/logic/time";
import { quoted, runCommand, triggers } from "../src/logic/words";

test("colours become spans, and the sequences are gone", () => {
  const { text, spans } = coloured("\u001b[1;32mok\u001b[0m then \u001b[38;5;196mred\u001b[m");
  assert.equal(text, "ok then red");
  assert.deepEqual(spans, [
    { from: 0, to: 2, names: "ink-green bold" },
    { from: 8, to: 11, names: "ink-red" },
  ]);
});

test("nothing that moves a cursor or hides text comes through", () => {
  assert.equal(coloured("a\u001b[2Jb\u001b]0;title\u0007c\u0008\u001b[10;5Hd").text, "abcd");
  assert.equal(coloured("10 %\r50 %\r100 %").text, "100 %");
  assert.equal(coloured("\u001b[").text, "[");
  assert.equal(coloured("<b>not bold</b>").text, "<b>not bold</b>");
});

test("a log is made of whole lines, however it is cut", () => {
  const lines = new Lines();
  const record = (text: string) => `${JSON.stringify({ t: 1, text })}\n`;
  lines.take(record("one\ntw") + record("o\n"));
  lines.take(record("\nlast"));
  assert.deepEqual(
    lines.all.map((each) => each.text),
    ["one", "two", "", "last"],
  );
  assert.deepEqual(lines.holding("O"), [0, 1]);
  lines.take(record(" one\n"));
  assert.equal(lines.whole(), "one\ntwo\n\nlast one\n");
});

test("a difference keeps both texts", () => {
  const before = "a\nb\nc\nd\n";
  const after = "a\nx\nc\nd\ne\n";
  const lines = diff(before, after);
  assert.deepEqual(
    lines.map((each) => `${each.kind[0]}${each.text}`),
    ["sa", "gb", "nx", "sc", "sd", "ne"],
  );
  assert.deepEqual(
    lines.map((each) => each.after),
    [1, null, 2, 3, 4, 5],
  );
});

test("any two texts can be put together again from their difference", () => {
  let seed = 7;
  const dice = (sides: number) => (seed = (seed * 48_271) % 2_147_483_647) % sides;
  for (let round = 0; round < 300; round++) {
    const make = () => Array.from({ length: dice(12) }, () => "abc"[dice(3)] ?? "").join("\n");
    const [before, after] = [make(), make()];
    const lines = diff(before, after);
    const side = (out: string) =>
      lines.filter((each) => each.kind !== out).map((each) => each.text);
    assert.deepEqual(side("new"), before === "" ? [] : before.split("\n"), `round ${round}`);
    assert.deepEqual(side("gone"), after === "" ? [] : after.split("\n"), `round ${round}`);
  }
});

test("times are said as people say them", () => {
  assert.deepEqual([0.004, 1.26, 59.7, 125, 1800, 3_700, 90_000].map(seconds), [
    "4 ms",
    "1.3 s",
    "1 min",
    "2 min 5 s",
    "30 min",
    "1 h 1 min",
    "1 d 1 h",
  ]);
  const now = Date.parse("2030-01-01T12:00:00Z");
  assert.equal(ago("2030-01-01T11:58:00Z", now), "2 min ago");
  assert.equal(ago("2030-01-01T12:00:02Z", now), "just now");
  assert.equal(ago("2030-01-01T14:00:00Z", now), "in 2 h");
  assert.equal(left("2030-01-01T11:00:00Z", now), "time is up");
  assert.equal(took("2030-01-01T11:59:50Z", null, now), 10);
});

test("an address says the page, and the page its address", () => {
  assert.deepEqual(read("/runs/12", "stage=a%2Fb&line=7&view=list"), {
    page: "run",
    id: 12,
    stage: "a/b",
    view: "list",
    line: 7,
  });
  assert.equal(to.run(12, "a/b", "list", 7), "/runs/12?stage=a%2Fb&view=list&line=7");
  assert.equal(read("/").page, "pipelines");
  assert.equal(read("/pipelines/x", "tab=nonsense").page, "pipeline");
  for (const path of ["/runs/0", "/runs/x", "/nothing", "/a/b/c", "/%E0"]) {
    assert.equal(read(path).page, "nowhere", path);
  }
});

test("a later state of a run replaces an earlier one, and never the other way", () => {
  const run = (id: number, seq: number, pipeline = "p") => ({ id, seq, pipeline }) as RunInList;
  const found = withRuns([run(1, 5), run(2, 3)], [run(1, 4), run(3, 1), run(2, 4)]);
  assert.deepEqual(
    found.map((each) => [each.id, each.seq]),
    [
      [3, 1],
      [2, 4],
      [1, 5],
    ],
  );
  const strip = strips([run(3, 1), run(2, 1), run(1, 1)], 2).get("p") ?? [];
  assert.deepEqual(
    strip.map((each) => each.id),
    [2, 3],
  );
});

test("what is not open any more leaves the inbox when all that is open came", () => {
  const question = (id: number, status: Approval["status"]) => ({ id, status }) as Approval;
  const kept = [question(1, "pending"), question(2, "approved")];
  const news = [question(3, "pending")];
  assert.deepEqual(
    withApprovals(kept, news, true).map((each) => each.id),
    [3, 2],
  );
  assert.deepEqual(
    withApprovals(kept, news, false).map((each) => each.id),
    [3, 1, 2],
  );
});

test("what is copied can be pasted into a shell", () => {
  assert.equal(quoted("it's $HOME"), `'it'\\''s $HOME'`);
  const order = { variables: { who: "the world" }, branch: "main", paths: ["a b"], labels: [] };
  assert.equal(
    runCommand("hello", order, true),
    "orchestrate pipeline run hello --var 'who=the world' --branch main --path 'a b' --force",
  );
});

test("a trigger is a sentence", () => {
  const pipeline = {
    triggers: [
      { event: "push", branches: ["main"], paths: ["src/**"] },
      { event: "schedule", cron: "0 2 * * *", timezone: "UTC" },
    ],
  };
  assert.deepEqual(triggers(pipeline), [
    "push on main touching src/**",
    "on schedule 0 2 * * * UTC",
  ]);
});

test("a few letters find what is meant", () => {
  const names = ["deploy-production", "docs", "feature-complete"];
  assert.deepEqual(
    best(names, (each) => each, "fcomp", 5),
    ["feature-complete"],
  );
  assert.equal(best(names, (each) => each, "do", 5)[0], "docs");
  assert.equal(fit("abc", "cb"), null);
});
