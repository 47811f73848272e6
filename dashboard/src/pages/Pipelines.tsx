// Every pipeline: how its last runs went, what starts it, and the button that does.

import { useState } from "react";
import { api } from "../api";
import type { Pipeline, RunInList } from "../logic/api-types";
import { strips } from "../logic/lists";
import { to } from "../logic/route";
import { fit } from "../logic/search";
import { RUN } from "../logic/status";
import { exact } from "../logic/time";
import { triggers } from "../logic/words";
import { Ago, Badge, Empty, Fault, Skeleton, useTitle } from "../parts/bits";
import { useAsked, useDeed, useRuns } from "../parts/data";
import { PLAY, PLUS } from "../parts/icons";
import { go, Link } from "../parts/router";
import { RunDialog } from "../parts/RunDialog";
import { Templates } from "../parts/Templates";

const STRIP = 20;
const SEARCH_FROM = 6;

export function Pipelines() {
  useTitle("Pipelines");
  const asked = useAsked(["pipelines"], api.pipelines);
  const runs = useRuns();
  const [letters, setLetters] = useState("");
  const [starting, setStarting] = useState<Pipeline | null>(null);
  const strip = strips(runs.data ?? [], STRIP);
  const all = asked.data ?? [];
  const rows = all.filter(
    (each) => fit(`${each.name} ${each.description ?? ""}`, letters) !== null,
  );
  return (
    <>
      <div className="title">
        <h1>Pipelines</h1>
        <span className="grow" />
        {all.length >= SEARCH_FROM && (
          <input
            type="search"
            placeholder="Find a pipeline"
            aria-label="Find a pipeline"
            value={letters}
            onChange={(event) => setLetters(event.target.value)}
          />
        )}
        <Link to={to.fresh} className="button primary">
          {PLUS} New pipeline
        </Link>
      </div>
      <Fault fault={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Skeleton rows={5} tall />}
      {asked.data && all.length === 0 && (
        <Empty title="There is no pipeline yet">
          <p>
            A pipeline is a YAML file: stages, who does each, what starts it, where people agree.
            Begin with one of these, or with an empty page.
          </p>
          <Templates />
        </Empty>
      )}
      {rows.length > 0 && (
        <ul className="pipelines card">
          {rows.map((each) => (
            <Row
              key={each.id}
              pipeline={each}
              runs={strip.get(each.name) ?? []}
              start={() => setStarting(each)}
            />
          ))}
        </ul>
      )}
      {all.length > 0 && rows.length === 0 && <Empty title="No pipeline is called that" />}
      {starting && (
        <RunDialog
          pipeline={starting.name}
          enabled={starting.enabled}
          close={() => setStarting(null)}
        />
      )}
    </>
  );
}

function Row({
  pipeline,
  runs,
  start,
}: {
  pipeline: Pipeline;
  runs: readonly RunInList[];
  start: () => void;
}) {
  const last = runs.at(-1);
  const status = last?.status ?? pipeline.last_run?.status;
  const said = triggers(pipeline);
  return (
    <li className={status ? `tone-${RUN[status].tone}` : "tone-idle"}>
      <div className="pipeline-main">
        <Link to={to.pipeline(pipeline.name)} className="name">
          {pipeline.name}
        </Link>
        <p className="dim small">
          {pipeline.description ??
            (said.length ? `Starts by ${said.join("; or ")}` : "Started by hand")}
        </p>
        {pipeline.enabled && pipeline.next_firings[0] && (
          <p className="dim small">
            Next by schedule <Ago at={pipeline.next_firings[0]} />
          </p>
        )}
      </div>
      <div className="pipeline-last">
        {last ? (
          <>
            <Link to={to.run(last.id)}>
              <Badge look={RUN[last.status]} />
            </Link>
            <span className="dim small">
              <Ago at={last.created_at} />
            </span>
          </>
        ) : (
          <span className="dim small">
            {pipeline.last_run ? (
              <Link to={to.run(pipeline.last_run.id)}>
                <Badge look={RUN[pipeline.last_run.status]} />
              </Link>
            ) : (
              "never ran"
            )}
          </span>
        )}
      </div>
      <Strip runs={runs} />
      <Switch pipeline={pipeline} />
      <button type="button" className="start" onClick={start} aria-label={`Run ${pipeline.name}`}>
        {PLAY} Run
      </button>
    </li>
  );
}

/** A picture, for the eye; the page of the pipeline has every run in a list. */
function Strip({ runs }: { runs: readonly RunInList[] }) {
  const words = runs.map((each) => RUN[each.status].word.toLowerCase());
  return (
    <span
      className="strip"
      role="img"
      aria-label={words.length ? `Last runs, oldest first: ${words.join(", ")}` : "No runs"}
    >
      {runs.map((each) => (
        <i
          key={each.id}
          className={`tone-${RUN[each.status].tone} is-${each.status}`}
          title={`#${each.id}: ${RUN[each.status].word}, ${exact(each.created_at)}`}
          onClick={() => go(to.run(each.id))}
        />
      ))}
    </span>
  );
}

export function Switch({ pipeline }: { pipeline: Pipeline }) {
  const flip = useDeed((on: boolean) => api.enable(pipeline.name, on), undefined, [
    ["pipelines"],
    ["pipeline", pipeline.name],
  ]);
  const on = flip.isPending ? flip.variables : pipeline.enabled;
  return (
    <button
      type="button"
      className="switch"
      role="switch"
      aria-checked={on}
      aria-label={`Events start ${pipeline.name}`}
      title={flip.error?.message ?? (on ? "Events start it" : "Disabled: no event starts it")}
      onClick={() => flip.mutate(!on)}
    >
      <i />
    </button>
  );
}
