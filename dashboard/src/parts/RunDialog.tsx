// Starting a pipeline by hand: its variables, the facts of an event, and the plan before it begins.

import { useEffect, useState } from "react";
import { api, type RunOrder } from "../api";
import { runCommand, type Order } from "../logic/words";
import { Copy, Fault, Skeleton } from "./bits";
import { keepRun, useAsked, useDeed } from "./data";
import { Dialog } from "./Dialog";
import { PlanView } from "./PlanView";
import { go } from "./router";
import { to } from "../logic/route";

const SETTLE_MS = 250;

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

export function RunDialog({
  pipeline,
  enabled,
  close,
}: {
  pipeline: string;
  enabled: boolean;
  close: () => void;
}) {
  const variables = useAsked(["variables", pipeline], () => api.variables(pipeline));
  const [given, setGiven] = useState<Record<string, string>>({});
  const [branch, setBranch] = useState("");
  const [paths, setPaths] = useState("");
  const [labels, setLabels] = useState("");
  const order: Order = {
    variables: given,
    branch: branch.trim(),
    paths: words(paths),
    labels: words(labels),
  };
  const request: RunOrder = {
    variables: given,
    event: {
      ...(order.branch && { branch: order.branch }),
      ...(order.paths.length && { paths: order.paths }),
      ...(order.labels.length && { labels: order.labels }),
    },
    ...(!enabled && { force: true }),
  };
  const missing = (variables.data?.items ?? []).filter(
    (each) => each.required && !given[each.name],
  );
  const settled = useSettled(JSON.stringify(request));
  const plan = useAsked(
    ["plan", pipeline, settled],
    () => api.plan(pipeline, JSON.parse(settled) as RunOrder),
    variables.data !== undefined && missing.length === 0,
  );
  const start = useDeed(
    () => api.start(pipeline, request),
    (run) => {
      keepRun(run);
      close();
      go(to.run(run.id));
    },
  );
  const set = (name: string, value: string | null) =>
    setGiven(({ [name]: _, ...rest }) => (value === null ? rest : { ...rest, [name]: value }));
  return (
    <Dialog wide title={<>Run {pipeline}</>} close={close}>
      <form
        className="order"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing.length === 0 && !start.isPending) start.mutate(undefined);
        }}
      >
        <div className="fields">
          {variables.isPending && <Skeleton rows={2} />}
          <Fault fault={variables.error} />
          {variables.data?.items.map((each) => (
            <label key={each.name}>
              <span>
                {each.name} {each.required && <em>required</em>}
              </span>
              <input
                value={given[each.name] ?? ""}
                placeholder={each.default ?? ""}
                required={each.required}
                autoComplete="off"
                onChange={(event) => set(each.name, event.target.value || null)}
              />
            </label>
          ))}
          <label>
            Branch
            <input
              value={branch}
              placeholder="as the project has it"
              autoComplete="off"
              onChange={(event) => setBranch(event.target.value)}
            />
          </label>
          <label>
            Changed paths
            <input
              value={paths}
              placeholder="not known"
              autoComplete="off"
              onChange={(event) => setPaths(event.target.value)}
            />
          </label>
          <label>
            Labels
            <input
              value={labels}
              placeholder="none"
              autoComplete="off"
              onChange={(event) => setLabels(event.target.value)}
            />
          </label>
        </div>
        <div className="order-plan">
          {missing.length > 0 && (
            <p className="dim">The plan is shown once {missing[0]?.name} has a value.</p>
          )}
          {missing.length === 0 && plan.isPending && !plan.error && <Skeleton rows={5} />}
          <Fault fault={plan.error} />
          {plan.data && missing.length === 0 && <PlanView plan={plan.data} />}
        </div>
        <Fault fault={start.error} />
        <footer className="row">
          {!enabled && <span className="dim">It is disabled; you start it all the same.</span>}
          <span className="grow" />
          <Copy text={runCommand(pipeline, order, !enabled)} label="Copy as a command" />
          <button
            type="submit"
            className="primary"
            disabled={missing.length > 0 || start.isPending}
          >
            Start
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A value once it has not changed for a moment. */
export function useSettled<T>(value: T, ms = SETTLE_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
