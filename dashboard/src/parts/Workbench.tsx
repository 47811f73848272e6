// Writing a definition: the text, what is wrong with it, its graph, and what an event would start.

import { lazy, Suspense, useEffect, useState, type ReactNode } from "react";
import { api } from "../api";
import type { Diagnostic } from "../logic/api-types";
import type { Schema } from "../logic/complete";
import { count } from "../logic/words";
import { sentence, Skeleton } from "./bits";
import { Dag } from "./Dag";
import { useAsked } from "./data";
import { planNodes, PlanView } from "./PlanView";
import { useSettled } from "./RunDialog";

const Editor = lazy(() => import("./Editor"));
const NO_MARKS: Diagnostic[] = [];

interface Props {
  text: string;
  name: string;
  onChange: (text: string) => void;
  onSave: () => void;
  children: (state: { valid: boolean; checked: boolean; name: string | null }) => ReactNode;
}

export function Workbench({ text, name, onChange, onSave, children }: Props) {
  const settled = useSettled(text, 200);
  const schema = useAsked(["schema"], api.schema);
  const checked = useAsked(["validate", settled], () => api.validate(settled));
  const marks = checked.data?.diagnostics ?? NO_MARKS;
  const [kept, setKept] = useState<readonly Diagnostic[]>(NO_MARKS);
  useEffect(() => {
    if (checked.data) setKept(marks);
  }, [checked.data, marks]);
  const valid = checked.data?.valid ?? false;
  const current = settled === text && checked.data !== undefined;
  return (
    <div className="workbench">
      <div className="workbench-text card">
        <Suspense fallback={<Skeleton rows={12} />}>
          <Editor
            value={text}
            onChange={onChange}
            onSave={onSave}
            schema={schema.data as Schema | undefined}
            diagnostics={kept}
          />
        </Suspense>
      </div>
      <div className="workbench-side">
        {children({ valid, checked: current, name: checked.data?.name ?? null })}
        <Faults of={kept} />
        <Preview text={settled} name={checked.data?.name ?? name} valid={valid} />
      </div>
    </div>
  );
}

function Faults({ of }: { of: readonly Diagnostic[] }) {
  const errors = of.filter((each) => each.severity === "error").length;
  return (
    <section className="faults" aria-label="What is wrong" aria-live="polite">
      {of.length > 0 && (
        <h2 className="small">
          {errors > 0 ? count(errors, "fault") : count(of.length, "warning")}
        </h2>
      )}
      <ul>
        {of.map((each, i) => (
          <li key={i} className={each.severity === "error" ? "bad" : "warn"}>
            <span className="num">
              {each.line}:{each.column}
            </span>{" "}
            {sentence(each.message)}
            {each.hint && <div className="dim small">{sentence(each.hint)}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The graph of the text as it is, and what a run on this event would do. */
function Preview({ text, name, valid }: { text: string; name: string; valid: boolean }) {
  const [branch, setBranch] = useState("");
  const [paths, setPaths] = useState("");
  const [labels, setLabels] = useState("");
  const list = (words: string) => words.split(/[\s,]+/).filter(Boolean);
  const event = {
    ...(branch.trim() && { branch: branch.trim() }),
    ...(list(paths).length && { paths: list(paths) }),
    ...(list(labels).length && { labels: list(labels) }),
  };
  const order = useSettled(JSON.stringify(event));
  const plan = useAsked(
    ["draft", name, text, order],
    () => api.plan(name, { event: JSON.parse(order) as Record<string, unknown> }, text),
    valid && name !== "",
  );
  const [shown, setShown] = useState(plan.data);
  useEffect(() => {
    if (plan.data) setShown(plan.data);
  }, [plan.data]);
  return (
    <section aria-label="What would run">
      <h2 className="small">What would run on this event?</h2>
      <div className="fields three">
        <label>
          Branch
          <input
            value={branch}
            placeholder="not known"
            onChange={(change) => setBranch(change.target.value)}
          />
        </label>
        <label>
          Changed paths
          <input
            value={paths}
            placeholder="not known"
            onChange={(change) => setPaths(change.target.value)}
          />
        </label>
        <label>
          Labels
          <input
            value={labels}
            placeholder="none"
            onChange={(change) => setLabels(change.target.value)}
          />
        </label>
      </div>
      {plan.error && valid && <p className="dim">{sentence(plan.error.message)}</p>}
      {shown && (
        <div className={valid ? "" : "stale"}>
          <div className="card small-dag">
            <Dag nodes={planNodes(shown, "verdict")} label="The stages as they would run" />
          </div>
          <PlanView plan={shown} />
        </div>
      )}
    </section>
  );
}
