// What the editor offers, at every kind of place, in text that is half written.

import assert from "node:assert/strict";
import { test } from "node:test";
import { choices, describe, type Schema } from "../src/logic/complete";

const SCHEMA: Schema = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", description: "The name of the pipeline." },
    stages: { type: "array", items: { $ref: "#/$defs/stage" } },
    variables: {
      anyOf: [{ type: "object", additionalProperties: { type: "string" } }, { type: "null" }],
    },
  },
  $defs: {
    stage: {
      type: "object",
      properties: {
        name: { type: "string" },
        on_failure: { enum: ["halt", "continue", "rollback"], description: "What then." },
        depends_on: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
        requires_approval: { type: "boolean" },
        retry: { anyOf: [{ type: "integer" }, { $ref: "#/$defs/retry" }] },
        when: { $ref: "#/$defs/when" },
      },
    },
    retry: { type: "object", properties: { attempts: { type: "integer" } } },
    when: { type: "object", properties: { branch: {}, or: { $ref: "#/$defs/when" } } },
  },
};

function offered(text: string): string[] {
  const lines = text.split("\n");
  const line = lines.findIndex((each) => each.includes("|"));
  const column = lines[line]?.indexOf("|") ?? 0;
  lines[line] = lines[line]?.replace("|", "") ?? "";
  return (choices(SCHEMA, lines, line, column)?.choices ?? []).map((each) => each.label);
}

test("keys of the pipeline, the needed one marked", () => {
  assert.deepEqual(offered("|"), ["name", "stages", "variables"]);
  assert.equal(choices(SCHEMA, [""], 0, 0)?.choices[0]?.required, true);
});

test("keys of a stage, however the list is indented", () => {
  const keys = ["name", "on_failure", "depends_on", "requires_approval", "retry", "when"];
  assert.deepEqual(offered("stages:\n  - name: a\n    |"), keys);
  assert.deepEqual(offered("stages:\n- name: a\n  |"), keys);
  assert.deepEqual(offered("stages:\n  - |"), keys);
});

test("values of a key", () => {
  assert.deepEqual(offered("stages:\n  - on_failure: |"), ["halt", "continue", "rollback"]);
  assert.deepEqual(offered("stages:\n  - requires_approval: |"), ["true", "false"]);
});

test("names of stages, where stages are meant", () => {
  const text = "stages:\n  - name: build\n  - name: test\n    depends_on: ";
  assert.deepEqual(offered(`${text}|`), ["build", "test"]);
  assert.deepEqual(offered(`${text}[build, |`), ["build", "test"]);
});

test("maps within maps, and behind a choice of shapes", () => {
  assert.deepEqual(offered("stages:\n  - name: a\n    retry:\n      |"), ["attempts"]);
  assert.deepEqual(offered("stages:\n  - when:\n      or:\n        |"), ["branch", "or"]);
});

test("nothing in a comment, nothing where anything may stand", () => {
  assert.deepEqual(offered("stages: # |"), []);
  assert.deepEqual(offered("name: |"), []);
  assert.deepEqual(offered("variables:\n  |"), []);
});

test("what a key means", () => {
  assert.equal(describe(SCHEMA, ["name: a"], 0, "name"), "The name of the pipeline.");
  const lines = ["stages:", "  - name: a", "    on_failure: halt"];
  assert.equal(describe(SCHEMA, lines, 2, "on_failure"), "What then.");
  assert.equal(describe(SCHEMA, lines, 2, "name"), null);
});
