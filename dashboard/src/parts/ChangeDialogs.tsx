// Taking back and stopping: what it will do stands there before it is done.

import { useState } from "react";
import { api } from "../api";
import type { Run } from "../logic/api-types";
import { count } from "../logic/words";
import { Fault, Skeleton } from "./bits";
import { keepRun, useAsked, useDeed } from "./data";
import { Dialog } from "./Dialog";

export function RollbackDialog({
  run,
  stage,
  close,
}: {
  run: Run;
  stage: string | null;
  close: () => void;
}) {
  const [target, setTarget] = useState(stage);
  const [reason, setReason] = useState("");
  const plan = useAsked(["rollback-plan", run.id, run.seq, target], () =>
    api.rollbackPlan(run.id, target),
  );
  const act = useDeed(
    () => api.rollBack(run.id, { reason: reason.trim(), ...(target !== null && { to: target }) }),
    (made) => {
      keepRun(made);
      close();
    },
  );
  const steps = plan.data?.steps ?? [];
  const started = run.stages.filter((each) => each.started_at !== null);
  return (
    <Dialog title={<>Roll back run {run.id}</>} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!act.isPending && steps.length > 0) act.mutate(undefined);
        }}
      >
        <label>
          Back to and including
          <select value={target ?? ""} onChange={(event) => setTarget(event.target.value || null)}>
            <option value="">everything the run did</option>
            {started.map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        </label>
        {plan.isPending && <Skeleton rows={3} />}
        <Fault fault={plan.error} />
        {plan.data && (
          <section aria-label="Plan">
            <p>
              {steps.length === 0
                ? "There is nothing to undo."
                : `${count(steps.length, "stage")} would be undone, in this order:`}
            </p>
            <ol className="steps">
              {steps.map((each) => (
                <li key={each.stage}>
                  <strong>{each.stage}</strong>{" "}
                  {each.how === null ? (
                    <span className="dim">has nothing to undo</span>
                  ) : (
                    <code>{each.how}</code>
                  )}
                </li>
              ))}
            </ol>
          </section>
        )}
        <label>
          Reason
          <input
            value={reason}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <Fault fault={act.error} />
        <footer className="row">
          <span className="grow" />
          <button type="button" onClick={close}>
            Leave it
          </button>
          <button type="submit" className="danger" disabled={steps.length === 0 || act.isPending}>
            Roll back
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export function CancelDialog({ run, close }: { run: Run; close: () => void }) {
  const [reason, setReason] = useState("");
  const act = useDeed(
    () => api.cancel(run.id, reason.trim()),
    (made) => {
      keepRun(made);
      close();
    },
  );
  const working = run.stages.filter((each) => each.status === "running");
  return (
    <Dialog title={<>Cancel run {run.id}?</>} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!act.isPending) act.mutate(undefined);
        }}
      >
        <p>
          {working.length === 0
            ? "Nothing works right now."
            : `${working.map((each) => each.name).join(", ")} will be stopped.`}{" "}
          Nothing new starts. What was done stays done; a rollback is a step of its own.
        </p>
        <label>
          Reason
          <input
            value={reason}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <Fault fault={act.error} />
        <footer className="row">
          <span className="grow" />
          <button type="button" onClick={close}>
            Let it run
          </button>
          <button type="submit" className="danger" disabled={act.isPending}>
            Cancel the run
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
