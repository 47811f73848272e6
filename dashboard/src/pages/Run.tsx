// One run as it happens: graph or timeline, its stages, what asks for an answer, what may be done.

import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "../api";
import type { Run as RunShape, Stage } from "../logic/api-types";
import { to, type Route, type View } from "../logic/route";
import { ended, focus, progress, ROLLBACK, RUN, stageLook, STEP } from "../logic/status";
import { seconds } from "../logic/time";
import { cause, count, fact } from "../logic/words";
import { ApproveDialog } from "../parts/Approve";
import {
  Ago,
  Badge,
  Copy,
  Facts,
  Fault,
  Mark,
  sentence,
  Skeleton,
  Took,
  useTitle,
} from "../parts/bits";
import { CancelDialog, RollbackDialog } from "../parts/ChangeDialogs";
import { Dag, type Node } from "../parts/Dag";
import { keepRun, useDeed, useRun } from "../parts/data";
import { useFavicon } from "../parts/favicon";
import { go, Link } from "../parts/router";
import { StageDrawer } from "../parts/StageDrawer";
import { StageList, Timeline } from "../parts/Timeline";

type Place = Extract<Route, { page: "run" }>;
type Over =
  { kind: "rollback"; stage: string | null } | { kind: "cancel" } | { kind: "approve"; id: number };

const VIEWS: [View, string][] = [
  ["graph", "Graph"],
  ["timeline", "Timeline"],
  ["list", "List"],
];
const NARROW = "(max-width: 640px)";

export function Run({ route }: { route: Place }) {
  const asked = useRun(route.id);
  const run = asked.data;
  const word = run ? RUN[run.status].word : "";
  useTitle(run ? `${word}: ${run.pipeline} #${run.id}` : `Run ${route.id}`);
  useFavicon(run ? RUN[run.status].tone : "idle");
  if (asked.error) return <Fault fault={asked.error} again={() => void asked.refetch()} />;
  if (!run) return <Skeleton rows={6} tall />;
  return <Whole run={run} route={route} />;
}

function Whole({ run, route }: { run: RunShape; route: Place }) {
  const [over, setOver] = useState<Over | null>(null);
  const close = useCallback(() => setOver(null), []);
  const view = route.view ?? (matchMedia(NARROW).matches ? "list" : "graph");
  const stage = run.stages.find((each) => each.name === route.stage) ?? null;
  const select = useCallback(
    (name: string | null) =>
      go(to.run(run.id, name === route.stage ? null : name, route.view), route.stage !== null),
    [run.id, route.stage, route.view],
  );
  const rerun = useDeed(
    (how: { from?: string; failed?: boolean }) => api.rerun(run.id, how),
    (made) => {
      keepRun(made);
      go(to.run(made.id));
    },
  );
  const review = (id: number) => setOver({ kind: "approve", id });
  return (
    <>
      <Head run={run} setOver={setOver} rerun={(how) => rerun.mutate(how)} busy={rerun.isPending} />
      <Fault fault={rerun.error} />
      <Notes run={run} review={review} select={select} />
      <div className="tabs" role="group" aria-label="How the stages are shown">
        {VIEWS.map(([each, title]) => (
          <button
            key={each}
            type="button"
            aria-pressed={view === each}
            onClick={() => go(to.run(run.id, route.stage, each), true)}
          >
            {title}
          </button>
        ))}
        <span className="grow" />
        <Progress stages={run.stages} />
      </div>
      <div className={stage ? "split open" : "split"}>
        <div className="split-main">
          {view === "graph" && <Graph run={run} selected={route.stage} onSelect={select} />}
          {view === "graph" && <Timeline run={run} selected={route.stage} onSelect={select} />}
          {view === "timeline" && <Timeline run={run} selected={route.stage} onSelect={select} />}
          {view === "list" && <StageList run={run} selected={route.stage} onSelect={select} />}
          <About run={run} />
        </div>
        {stage && (
          <StageDrawer
            key={stage.name}
            run={run}
            stage={stage}
            line={route.line}
            onLine={(line) => go(to.run(run.id, stage.name, route.view, line), true)}
            onStage={select}
            onRerun={(from) => rerun.mutate({ from })}
            onRollBack={(target) => setOver({ kind: "rollback", stage: target })}
            onReview={review}
          />
        )}
      </div>
      {over?.kind === "approve" && <ApproveDialog id={over.id} close={close} />}
      {over?.kind === "rollback" && <RollbackDialog run={run} stage={over.stage} close={close} />}
      {over?.kind === "cancel" && <CancelDialog run={run} close={close} />}
    </>
  );
}

function Head({
  run,
  setOver,
  rerun,
  busy,
}: {
  run: RunShape;
  setOver: (over: Over) => void;
  rerun: (how: { from?: string; failed?: boolean }) => void;
  busy: boolean;
}) {
  const over = ended(run.status);
  const branch = fact(run, "branch");
  const commit = fact(run, "sha");
  const started = run.stages.some((each) => each.started_at !== null);
  return (
    <header className="run-head">
      <p className="crumbs">
        <Link to={to.pipeline(run.pipeline)}>{run.pipeline}</Link>
        <span aria-hidden="true">/</span>
        <span>Run {run.id}</span>
      </p>
      <div className="title">
        <h1>
          {run.pipeline} <span className="dim">#{run.id}</span>
        </h1>
        <Badge look={RUN[run.status]} />
        {run.rollback && <Badge look={ROLLBACK[run.rollback.status]} />}
        <span className="grow" />
        <Copy text={`orchestrate pipeline status ${run.id} --watch`} label="Copy as a command" />
        {!over && (
          <button type="button" onClick={() => setOver({ kind: "cancel" })}>
            Cancel…
          </button>
        )}
        {started && run.rollback === null && (
          <button type="button" onClick={() => setOver({ kind: "rollback", stage: null })}>
            Roll back…
          </button>
        )}
        {over && run.status !== "succeeded" && (
          <button
            type="button"
            className="primary"
            disabled={busy}
            onClick={() => rerun({ failed: true })}
          >
            Rerun what failed
          </button>
        )}
        {over && (
          <button type="button" disabled={busy} onClick={() => rerun({})}>
            Rerun all
          </button>
        )}
      </div>
      <p className="dim">
        {cause(run)}
        {branch && ` on ${branch}`}
        {commit && (
          <>
            {" "}
            at <code>{commit.slice(0, 10)}</code>
          </>
        )}
        , <Ago at={run.created_at} />
        {run.started_at && (
          <>
            , <Took started={run.started_at} completed={run.completed_at} />
          </>
        )}
        {run.rerun_of !== null && (
          <>
            , again after <Link to={to.run(run.rerun_of)}>run {run.rerun_of}</Link>
          </>
        )}
      </p>
    </header>
  );
}

/** What somebody should know first: a question, the root of a failure, a rollback, a warning. */
function Notes({
  run,
  review,
  select,
}: {
  run: RunShape;
  review: (id: number) => void;
  select: (name: string) => void;
}) {
  const open = run.approvals.filter((each) => each.status === "pending");
  const root =
    run.status === "failed"
      ? run.stages.find((each) => each.status === "failed" && !each.tolerated)
      : undefined;
  return (
    <>
      {open.map((each) => (
        <div key={each.id} className="note tone-wait" role="status">
          <Mark look={RUN.waiting_approval} />
          <span className="grow">
            <strong>{each.stage}</strong> asks {each.approvers.join(", ") || "somebody"} before it
            starts.
          </span>
          <button type="button" className="primary" onClick={() => review(each.id)}>
            Review
          </button>
        </div>
      ))}
      {run.reason && run.status !== "succeeded" && (
        <div className={`note tone-${RUN[run.status].tone}`}>
          <Mark look={RUN[run.status]} />
          <span className="grow">{sentence(run.reason.text)}</span>
          {root && (
            <button type="button" onClick={() => select(root.name)}>
              Show {root.name}
            </button>
          )}
        </div>
      )}
      {run.rollback && (
        <div className={`note tone-${ROLLBACK[run.rollback.status].tone}`}>
          <Mark look={ROLLBACK[run.rollback.status]} />
          <span className="grow">
            {ROLLBACK[run.rollback.status].word}{" "}
            {run.rollback.trigger === "manual" ? `by ${run.rollback.by}` : "by itself"}
            {run.rollback.target && `, back to ${run.rollback.target}`}
            {run.rollback.reason && `: ${run.rollback.reason}`}
            <span className="steps-line">
              {run.rollback.steps.map((each) => (
                <button
                  key={each.stage}
                  type="button"
                  className="link"
                  onClick={() => select(each.stage)}
                  title={each.reason?.text}
                >
                  <Mark look={STEP[each.status]} /> {each.stage}
                </button>
              ))}
            </span>
          </span>
        </div>
      )}
      {run.warnings > 0 && (
        <div className="note tone-wait">
          <span className="grow">
            {count(run.warnings, "stage")} failed, and the pipeline goes on without: on_failure is
            continue.
          </span>
        </div>
      )}
    </>
  );
}

function Progress({ stages }: { stages: readonly Stage[] }) {
  const { done, all } = progress(stages);
  return (
    <span className="progress small dim">
      <progress value={done} max={Math.max(1, all)} aria-label="Stages that are over" />
      {done} of {count(all, "stage")}
    </span>
  );
}

function Graph({
  run,
  selected,
  onSelect,
}: {
  run: RunShape;
  selected: string | null;
  onSelect: (name: string) => void;
}) {
  const gated = useMemo(() => new Set(run.approvals.map((each) => each.stage)), [run.approvals]);
  const steps = run.rollback?.steps;
  const undo = useMemo(() => new Set((steps ?? []).map((each) => each.stage)), [steps]);
  const nodes = run.stages.map((stage) => node(stage, gated.has(stage.name)));
  return (
    <Dag
      nodes={nodes}
      selected={selected}
      focus={focus(run.stages)?.name ?? null}
      undo={undo}
      onSelect={onSelect}
      label="Stages. Arrow keys go from one to the next, Enter opens it; the list shows the same."
    />
  );
}

const kept = new WeakMap<Stage, Map<boolean, Node>>();

/** The same stage gives the same node, so that only what changed is drawn again. */
function node(stage: Stage, gate: boolean): Node {
  const known = kept.get(stage)?.get(gate);
  if (known) return known;
  const look = stageLook(stage);
  const again = stage.attempts > 1 ? `${stage.attempts} attempts` : null;
  const time =
    stage.started_at === null ? null : stage.completed_at === null ? (
      <Took started={stage.started_at} completed={null} />
    ) : (
      seconds(stage.duration_s ?? 0)
    );
  const why = stage.reason?.text ?? null;
  const note =
    stage.status === "skipped" ? (
      why
    ) : time && again ? (
      <>
        {time} · {again}
      </>
    ) : (
      (time ?? again)
    );
  const made: Node = {
    name: stage.name,
    needs: stage.needs,
    group: stage.group,
    look,
    note,
    gate,
    ...(why !== null && { title: why }),
  };
  kept.set(stage, (kept.get(stage) ?? new Map<boolean, Node>()).set(gate, made));
  return made;
}

function About({ run }: { run: RunShape }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(!matchMedia(NARROW).matches), []);
  const facts = Object.entries(run.facts).filter(
    ([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return (
    <details
      className="card pad"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Variables and facts</summary>
      <Facts
        of={[
          [
            "Revision",
            <Link to={to.pipeline(run.pipeline, "revisions", run.revision)}>{run.revision}</Link>,
          ],
          ...Object.entries(run.variables).map(([name, value]): [string, string] => [
            `\${${name}}`,
            String(value),
          ]),
          ...facts.map(([name, value]): [string, string] => [
            name,
            typeof value === "string" ? value : JSON.stringify(value),
          ]),
        ]}
      />
    </details>
  );
}
