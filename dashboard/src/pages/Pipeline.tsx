// One pipeline: its runs, its definition, its revisions, what starts it and who works in it.

import { useEffect, useMemo, useState } from "react";
import { api, Problem } from "../api";
import type { Pipeline as PipelineShape, RunInList } from "../logic/api-types";
import { diff } from "../logic/diff";
import { to, type Route, type Tab } from "../logic/route";
import { ended, RUN } from "../logic/status";
import { exact, seconds, took } from "../logic/time";
import { triggers } from "../logic/words";
import { Ago, Copy, Empty, Fault, Skeleton, useNow, useTitle } from "../parts/bits";
import { Dag } from "../parts/Dag";
import { useAsked, useDeed, useRuns } from "../parts/data";
import { DiffView } from "../parts/DiffView";
import { PLAY } from "../parts/icons";
import { planNodes } from "../parts/PlanView";
import { go, guard, Link } from "../parts/router";
import { RunDialog } from "../parts/RunDialog";
import { Workbench } from "../parts/Workbench";
import { Switch } from "./Pipelines";
import { RunTable } from "./Runs";

const TABS: [Tab, string][] = [
  ["runs", "Runs"],
  ["definition", "Definition"],
  ["revisions", "Revisions"],
  ["about", "About"],
];
const BARS = 40;

export default function Pipeline({ route }: { route: Extract<Route, { page: "pipeline" }> }) {
  useTitle(route.name);
  const asked = useAsked(["pipeline", route.name], () => api.pipeline(route.name));
  const [starting, setStarting] = useState(false);
  const pipeline = asked.data;
  if (asked.error && !pipeline)
    return <Fault fault={asked.error} again={() => void asked.refetch()} />;
  if (!pipeline) return <Skeleton rows={6} tall />;
  return (
    <>
      <p className="crumbs">
        <Link to={to.pipelines}>Pipelines</Link>
      </p>
      <div className="title">
        <h1>{pipeline.name}</h1>
        <Switch pipeline={pipeline} />
        <span className="dim small">{pipeline.enabled ? "Events start it" : "Disabled"}</span>
        <span className="grow" />
        <button type="button" className="primary" onClick={() => setStarting(true)}>
          {PLAY} Run
        </button>
      </div>
      {pipeline.description && <p className="dim">{pipeline.description}</p>}
      <nav className="tabs" aria-label="Of this pipeline">
        {TABS.map(([tab, title]) => (
          <Link
            key={tab}
            to={to.pipeline(pipeline.name, tab)}
            aria-current={route.tab === tab ? "page" : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      {route.tab === "runs" && <Runs name={pipeline.name} />}
      {route.tab === "definition" && <Definition pipeline={pipeline} />}
      {route.tab === "revisions" && <Revisions pipeline={pipeline} chosen={route.revision} />}
      {route.tab === "about" && <About pipeline={pipeline} />}
      {starting && (
        <RunDialog
          pipeline={pipeline.name}
          enabled={pipeline.enabled}
          close={() => setStarting(false)}
        />
      )}
    </>
  );
}

// ── runs ─────────────────────────────────────────────────────────────────────────────────────────

function Runs({ name }: { name: string }) {
  const live = useRuns();
  const own = useAsked(
    ["runs-of", name],
    async () => (await api.runs(`pipeline=${encodeURIComponent(name)}&limit=200`)).items,
  );
  const runs = useMemo(() => {
    const found = new Map((own.data ?? []).map((each) => [each.id, each]));
    for (const each of live.data ?? []) if (each.pipeline === name) found.set(each.id, each);
    return [...found.values()].sort((a, b) => b.id - a.id);
  }, [own.data, live.data, name]);
  if (own.isPending) return <Skeleton rows={6} tall />;
  if (own.error) return <Fault fault={own.error} />;
  if (runs.length === 0) {
    return (
      <Empty title="It has not run yet">
        <p>Run it by hand to see it work, or wait for an event that starts it.</p>
      </Empty>
    );
  }
  return (
    <>
      <History runs={runs.slice(0, BARS)} />
      <RunTable runs={runs} label={`Runs of ${name}`} pipeline={false} />
    </>
  );
}

/** Bars as tall as the runs were long, for the eye: the list below has the same, in words. */
function History({ runs }: { runs: readonly RunInList[] }) {
  const now = useNow(runs.some((each) => !ended(each.status)));
  const times = runs.map((each) => took(each.started_at, each.completed_at, now) ?? 0);
  const most = Math.max(...times, 0.001);
  const over = times.filter((_, i) => ended(runs[i]?.status ?? "pending")).sort((a, b) => a - b);
  const middle = over[Math.floor(over.length / 2)];
  return (
    <figure className="history card pad">
      <div className="bars" aria-hidden="true">
        {[...runs].reverse().map((each, i) => {
          const time = times[runs.length - 1 - i] ?? 0;
          const what = `${RUN[each.status].word}, ${seconds(time)}, ${exact(each.created_at)}`;
          const title = `#${each.id}: ${what}`;
          return (
            <span
              key={each.id}
              title={title}
              className={`tone-${RUN[each.status].tone} is-${each.status}`}
              onClick={() => go(to.run(each.id))}
            >
              <i style={{ height: `${Math.max(6, (time / most) * 100)}%` }} />
            </span>
          );
        })}
      </div>
      <figcaption className="dim small">
        Up to {seconds(most)}
        {middle !== undefined && `, ${seconds(middle)} in the middle`}. Oldest first.
      </figcaption>
    </figure>
  );
}

// ── definition ───────────────────────────────────────────────────────────────────────────────────

function Definition({ pipeline }: { pipeline: PipelineShape }) {
  const [text, setText] = useState(pipeline.definition);
  const [seen, setSeen] = useState(pipeline);
  const [saved, setSaved] = useState(false);
  const [other, setOther] = useState<PipelineShape | null>(null);
  const dirty = text !== seen.definition;
  useEffect(() => {
    if (!dirty) return;
    return guard(() => confirm("The definition was changed and is not saved. Leave it?"));
  }, [dirty]);
  const save = useDeed(
    (over: PipelineShape) => api.save(pipeline.name, text, over.sha256),
    (made) => {
      setSeen(made);
      setOther(null);
      setSaved(true);
    },
    [
      ["pipeline", pipeline.name],
      ["pipelines"],
      ["revisions", pipeline.name],
      ["variables", pipeline.name],
    ],
  );
  const changed = save.error instanceof Problem && save.error.status === 412;
  useEffect(() => {
    if (changed) void api.pipeline(pipeline.name).then(setOther);
  }, [changed, pipeline.name]);
  return (
    <Workbench
      text={text}
      name={pipeline.name}
      onChange={(next) => {
        setText(next);
        setSaved(false);
      }}
      onSave={() => dirty && !save.isPending && save.mutate(seen)}
    >
      {({ valid, checked }) => (
        <>
          <div className="row">
            <button
              type="button"
              className="primary"
              disabled={!dirty || !checked || !valid || save.isPending}
              onClick={() => save.mutate(seen)}
            >
              Save as revision {seen.revision + 1}
            </button>
            {dirty && (
              <button type="button" onClick={() => setText(seen.definition)}>
                Undo all
              </button>
            )}
            <span className="dim small" role="status">
              {dirty
                ? "Not saved"
                : saved
                  ? `Saved as revision ${seen.revision}`
                  : `Revision ${seen.revision}`}
            </span>
          </div>
          {!changed && <Fault fault={save.error} />}
          {changed && other && (
            <div className="fault" role="alert">
              <div className="grow">
                <p>
                  Somebody saved revision {other.revision} meanwhile. Theirs is on the left, yours
                  on the right; nothing of yours is lost.
                </p>
                <DiffView lines={diff(other.definition, text)} />
                <div className="row">
                  <button type="button" onClick={() => save.mutate(other)}>
                    Save mine over theirs
                  </button>
                  <button
                    type="button"
                    onClick={() => {
                      setSeen(other);
                      setText(other.definition);
                      setOther(null);
                      save.reset();
                    }}
                  >
                    Take theirs
                  </button>
                </div>
              </div>
            </div>
          )}
        </>
      )}
    </Workbench>
  );
}

// ── revisions ────────────────────────────────────────────────────────────────────────────────────

function Revisions({ pipeline, chosen }: { pipeline: PipelineShape; chosen: number | null }) {
  const { name } = pipeline;
  const asked = useAsked(["revisions", name], () => api.revisions(name));
  const all = asked.data?.items ?? [];
  const shown = chosen ?? all[0]?.revision ?? null;
  const text = useAsked(
    ["revision", name, shown],
    () => api.revision(name, shown ?? 1),
    shown !== null,
  );
  const before = useAsked(
    ["revision", name, (shown ?? 1) - 1],
    () => api.revision(name, (shown ?? 2) - 1),
    shown !== null && shown > 1,
  );
  const restore = useDeed(
    (definition: string) => api.save(name, definition, pipeline.sha256),
    () => go(to.pipeline(name, "definition")),
    [["pipeline", name], ["revisions", name], ["pipelines"]],
  );
  if (asked.isPending) return <Skeleton rows={6} />;
  return (
    <div className="revisions">
      <Fault fault={asked.error ?? text.error ?? restore.error} />
      <ul className="card">
        {all.map((each) => (
          <li key={each.revision}>
            <Link
              to={to.pipeline(name, "revisions", each.revision)}
              aria-current={each.revision === shown ? "true" : undefined}
            >
              <strong>Revision {each.revision}</strong>
              <span className="dim small">
                {each.created_by}, <Ago at={each.created_at} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <section className="grow" aria-label={`Revision ${shown ?? ""}`}>
        {text.isPending && <Skeleton rows={8} />}
        {text.data && (
          <>
            <div className="row">
              <h2>
                Revision {text.data.revision}
                {before.data && shown !== null && shown > 1 && (
                  <span className="dim"> beside {shown - 1}</span>
                )}
              </h2>
              <span className="grow" />
              <Copy text={text.data.definition} label="Copy this revision" />
              {text.data.revision !== pipeline.revision && (
                <button
                  type="button"
                  disabled={restore.isPending}
                  onClick={() => restore.mutate(text.data.definition)}
                >
                  Make it current again
                </button>
              )}
            </div>
            <DiffView
              lines={diff(
                shown === 1
                  ? text.data.definition
                  : (before.data?.definition ?? text.data.definition),
                text.data.definition,
              )}
            />
          </>
        )}
      </section>
    </div>
  );
}

// ── about ────────────────────────────────────────────────────────────────────────────────────────

function About({ pipeline }: { pipeline: PipelineShape }) {
  const { name } = pipeline;
  const plan = useAsked(["draft", name, pipeline.definition, "{}"], () =>
    api.plan(name, {}, pipeline.definition),
  );
  const said = triggers(pipeline);
  const agents = [...new Set((plan.data?.stages ?? []).flatMap((each) => each.agent ?? []))].sort();
  const remove = useDeed(
    () => api.remove(name),
    () => go(to.pipelines),
    [["pipelines"]],
  );
  return (
    <div className="columns">
      <section className="card pad">
        <h2>What starts it</h2>
        {said.length === 0 ? (
          <p className="dim">Nothing but people.</p>
        ) : (
          <ul>
            {said.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
        {pipeline.next_firings.length > 0 && (
          <p>
            Next by schedule:{" "}
            {pipeline.next_firings.map((each) => (
              <span key={each} className="dim">
                {exact(each)} (<Ago at={each} />){" "}
              </span>
            ))}
          </p>
        )}
        <h2>Agents in it</h2>
        {agents.length === 0 ? (
          <p className="dim">It runs commands only.</p>
        ) : (
          <ul>
            {agents.map((each) => (
              <li key={each}>
                <Link to={to.agents}>{each}</Link>
              </li>
            ))}
          </ul>
        )}
        <h2>Away with it</h2>
        <p className="dim">Its runs and revisions stay on record.</p>
        <Fault fault={remove.error} />
        <button
          type="button"
          className="danger"
          onClick={() => confirm(`Delete the pipeline ${name}?`) && remove.mutate(undefined)}
        >
          Delete {name}
        </button>
      </section>
      <section className="card pad">
        <h2>Its stages</h2>
        <Fault fault={plan.error} />
        {plan.data && <Dag nodes={planNodes(plan.data, "plain")} label={`The stages of ${name}`} />}
      </section>
    </div>
  );
}
