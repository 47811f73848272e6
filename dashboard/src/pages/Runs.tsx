// Every run, newest first; what needs somebody and what moves stands above.

import { useState } from "react";
import { api } from "../api";
import type { RunInList } from "../logic/api-types";
import { to, type Route } from "../logic/route";
import { ended, RUN } from "../logic/status";
import { cause, fact } from "../logic/words";
import { Ago, Badge, Empty, Fault, Skeleton, Took, useTitle } from "../parts/bits";
import { useRuns } from "../parts/data";
import { go, Link } from "../parts/router";

const STATUSES = Object.keys(RUN) as RunInList["status"][];

export function Runs({ route }: { route: Extract<Route, { page: "runs" }> }) {
  useTitle("Runs");
  const runs = useRuns();
  const [older, setOlder] = useState<RunInList[]>([]);
  const [next, setNext] = useState<string | null>();
  const [fault, setFault] = useState<unknown>(null);
  const all = [
    ...(runs.data ?? []),
    ...older.filter((each) => !runs.data?.some((run) => run.id === each.id)),
  ];
  const shown = all.filter(
    (each) =>
      (route.status === null || each.status === route.status) &&
      (route.pipeline === null || each.pipeline === route.pipeline),
  );
  const more = async () => {
    try {
      const place = next ?? (await api.runs("limit=200")).next;
      if (place === null) return setNext(null);
      const page = await api.runs(`limit=200&cursor=${encodeURIComponent(place)}`);
      setOlder((kept) => [...kept, ...page.items]);
      setNext(page.next);
    } catch (refused) {
      setFault(refused);
    }
  };
  const waiting = shown.filter((each) => !ended(each.status));
  const past = shown.filter((each) => ended(each.status));
  return (
    <>
      <div className="title">
        <h1>Runs{route.pipeline && <> of {route.pipeline}</>}</h1>
        <span className="grow" />
        <label className="inline">
          <span className="sr">Status</span>
          <select
            value={route.status ?? ""}
            onChange={(event) => go(to.runs(event.target.value, route.pipeline ?? ""), true)}
          >
            <option value="">Every status</option>
            {STATUSES.map((each) => (
              <option key={each} value={each}>
                {RUN[each].word}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Fault fault={runs.error ?? fault} />
      {runs.isPending && <Skeleton rows={8} tall />}
      {runs.data && shown.length === 0 && (
        <Empty title={all.length === 0 ? "Nothing has run yet" : "No run is like that"}>
          <p>
            <Link to={to.pipelines}>Choose a pipeline</Link> and run it, or emit an event it waits
            for.
          </p>
        </Empty>
      )}
      {waiting.length > 0 && <RunTable runs={waiting} label="Runs that are not over" />}
      {past.length > 0 && <RunTable runs={past} label="Runs that are over" />}
      {all.length >= 200 && next !== null && (
        <p className="middle">
          <button type="button" onClick={() => void more()}>
            Show older ones
          </button>
        </p>
      )}
    </>
  );
}

export function RunTable({
  runs,
  label,
  pipeline = true,
}: {
  runs: readonly RunInList[];
  label: string;
  pipeline?: boolean;
}) {
  return (
    <ul className="runs card" aria-label={label}>
      {runs.map((run) => {
        const branch = fact(run, "branch");
        return (
          <li key={run.id} className={`tone-${RUN[run.status].tone}`}>
            <Link to={to.run(run.id)} className="run-main">
              <strong>
                #{run.id} {pipeline && run.pipeline}
              </strong>
              <span className="dim small">
                {cause(run)}
                {branch && ` on ${branch}`}
                {run.warnings > 0 && `, ${run.warnings} tolerated`}
              </span>
            </Link>
            <Badge look={RUN[run.status]} />
            <span className="run-time small">
              <Took started={run.started_at} completed={run.completed_at} />
              <span className="dim">
                <Ago at={run.created_at} />
              </span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
