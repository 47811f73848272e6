// What may be written at a place of a half-written definition: its path by indentation, then the
// schema of the language. Pure, and it works on text that no parser would take.

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema | boolean>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  then?: Schema;
  else?: Schema;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  required?: string[];
}

export interface Choice {
  label: string;
  kind: "key" | "value" | "stage";
  info: string;
  required: boolean;
  nested: boolean;
}

export interface Choices {
  from: number;
  choices: Choice[];
}

type Step = string | 0;

const DEPTH_MAX = 20;
const OF_STAGES = ["depends_on", "parallel_with", "rollback_to"];

/** The choices at a place: `line` is its number from 0, `column` where the cursor is in it. */
export function choices(
  root: Schema,
  lines: readonly string[],
  line: number,
  column: number,
): Choices | null {
  const before = (lines[line] ?? "").slice(0, column);
  if (/^[^'"]*#/.test(before)) return null;
  const value = /^(\s*(?:- +)*)([\w-]+):[ \t]+(?:\[(?:[^\]]*,)?[ \t]*)?["']?([\w.-]*)$/.exec(
    before,
  );
  const word = /^(\s*(?:- +)*)([\w.-]*)$/.exec(before);
  const found = value ?? word;
  if (!found) return null;
  const path = pathTo(lines, line, found[1] ?? "");
  let here = options(root, root);
  for (const step of path) here = here.flatMap((each) => into(root, each, step));
  if (value) {
    const key = value[2] ?? "";
    const list = values(
      root,
      here.flatMap((each) => into(root, each, key)),
      key,
      lines,
    );
    return list.length ? { from: column - (value[3] ?? "").length, choices: list } : null;
  }
  const from = column - (word?.[2] ?? "").length;
  const keys = keysOf(root, here);
  if (keys.length) return { from, choices: keys };
  const key = [...path].reverse().find((each) => each !== 0);
  const list = values(root, here, typeof key === "string" ? key : "", lines);
  return list.length ? { from, choices: list } : null;
}

/** What the schema says of the key at a place, for whoever points at it. */
export function describe(
  root: Schema,
  lines: readonly string[],
  line: number,
  key: string,
): string | null {
  const text = lines[line] ?? "";
  const found = /^(\s*(?:- +)*)([\w-]+):/.exec(text);
  if (!found || found[2] !== key) return null;
  let here = options(root, root);
  for (const step of pathTo(lines, line, found[1] ?? ""))
    here = here.flatMap((each) => into(root, each, step));
  for (const each of here) {
    const schema = each.properties?.[key];
    const said = schema?.description ?? deref(root, schema)?.description;
    if (said) return said;
  }
  return null;
}

// ── where it is ──────────────────────────────────────────────────────────────────────────────────

function dashes(prefix: string): number[] {
  return [...prefix.matchAll(/-/g)].map((each) => each.index);
}

/** The keys and items that lead to a line whose own text begins behind `prefix`. */
function pathTo(lines: readonly string[], line: number, prefix: string): Step[] {
  const path: Step[] = [];
  let column = prefix.length;
  const enter = (marks: number[]) => {
    for (const mark of marks.reverse()) {
      path.unshift(0);
      column = mark;
    }
  };
  enter(dashes(prefix));
  for (let n = line - 1; n >= 0; n--) {
    const text = lines[n] ?? "";
    const found = /^(\s*(?:- +)*)([\w.-]+):(.*)$/.exec(text);
    if (!found || /^\s*#/.test(text)) continue;
    const marks = dashes(found[1] ?? "");
    const at = (found[1] ?? "").length;
    const listBelow =
      path[0] === 0 && at === column && marks.length === 0 && !(found[3] ?? "").trim();
    if (at < column || listBelow) {
      path.unshift(found[2] ?? "");
      column = at;
      enter(marks);
    } else if (at === column && marks.length > 0) {
      enter(marks);
    }
  }
  return path;
}

// ── what the schema says there ───────────────────────────────────────────────────────────────────

function deref(root: Schema, schema: Schema | undefined, depth = 0): Schema | undefined {
  if (!schema?.$ref || depth > DEPTH_MAX) return schema;
  return deref(root, root.$defs?.[schema.$ref.split("/").pop() ?? ""], depth + 1);
}

/** A schema as the plain ones it may be, whichever way it branches. */
function options(root: Schema, schema: Schema | undefined, depth = 0): Schema[] {
  const own = deref(root, schema);
  if (!own || depth > DEPTH_MAX) return [];
  const branches = [own.anyOf, own.oneOf, own.allOf, own.then, own.else].flatMap(
    (each) => each ?? [],
  );
  const inner = branches.flatMap((each) => options(root, each, depth + 1));
  return own.properties || own.items || own.enum || branches.length === 0 ? [own, ...inner] : inner;
}

function into(root: Schema, schema: Schema, step: Step): Schema[] {
  if (step === 0) return options(root, schema.items);
  const own = schema.properties?.[step];
  if (own) return options(root, own);
  const rest = schema.additionalProperties;
  return typeof rest === "object" ? options(root, rest) : [];
}

function keysOf(root: Schema, here: readonly Schema[]): Choice[] {
  const found = new Map<string, Choice>();
  for (const each of here) {
    for (const [label, schema] of Object.entries(each.properties ?? {})) {
      if (found.has(label)) continue;
      const kinds = options(root, schema);
      const flat = kinds.some((kind) => !kind.properties && !kind.items);
      found.set(label, {
        label,
        kind: "key",
        info: schema.description ?? deref(root, schema)?.description ?? "",
        required: each.required?.includes(label) ?? false,
        nested: !flat,
      });
    }
  }
  return [...found.values()];
}

function values(
  root: Schema,
  here: readonly Schema[],
  key: string,
  lines: readonly string[],
): Choice[] {
  const labels = new Set<string>();
  for (const each of here.flatMap((schema) => [schema, ...options(root, schema.items)])) {
    for (const one of each.enum ?? (each.const === undefined ? [] : [each.const]))
      labels.add(String(one));
    if (each.type === "boolean") labels.add("true").add("false");
  }
  const choice = (label: string, kind: Choice["kind"]): Choice => ({
    label,
    kind,
    info: "",
    required: false,
    nested: false,
  });
  const found = [...labels].filter((each) => each !== "null").map((each) => choice(each, "value"));
  if (OF_STAGES.includes(key))
    found.push(...stageNames(lines).map((each) => choice(each, "stage")));
  return found;
}

function stageNames(lines: readonly string[]): string[] {
  return lines.flatMap(
    (each) =>
      /^\s+- +\{?\s*name:\s*["']?([\w.-]+)|^- +name:\s*["']?([\w.-]+)/
        .exec(each)
        ?.slice(1)
        .filter(Boolean) ?? [],
  );
}
