// What came from outside, what it started and why not, and the button that lets it happen again.

import { api } from "../api";
import type { TriggerEventInList } from "../logic/api-types";
import { to } from "../logic/route";
import { Ago, Copy, Empty, Fault, sentence, Skeleton, useTitle } from "../parts/bits";
import { useAsked, useDeed } from "../parts/data";
import { Dialog } from "../parts/Dialog";
import { go, Link } from "../parts/router";

export default function Events({ id }: { id: number | null }) {
  useTitle("Events");
  const asked = useAsked(["events"], api.events);
  const events = asked.data?.items ?? [];
  return (
    <>
      <h1>Events</h1>
      <Fault fault={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Skeleton rows={6} tall />}
      {asked.data && events.length === 0 && (
        <Empty title="No event has come yet">
          <p>
            Webhooks of GitHub and GitLab come in at <code>/api/webhooks</code>, schedules by
            themselves, and your own by hand:
          </p>
          <p className="command">
            <code>orchestrate event emit deploy.requested</code>{" "}
            <Copy text="orchestrate event emit deploy.requested" label="Copy the command" />
          </p>
        </Empty>
      )}
      {events.length > 0 && (
        <ul className="runs card" aria-label="Events, newest first">
          {events.map((each) => (
            <li key={each.id}>
              <Link to={to.event(each.id)} className="run-main">
                <strong>{each.name}</strong>
                <span className="dim small">
                  {each.source}
                  {each.actor && ` by ${each.actor}`}
                  {typeof each.facts["branch"] === "string" && ` on ${each.facts["branch"]}`}
                </span>
              </Link>
              <span className="small">{outcome(each)}</span>
              <span className="dim small">
                <Ago at={each.received_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {id !== null && <One id={id} />}
    </>
  );
}

function outcome(event: TriggerEventInList): string {
  if (event.processed_at === null) return "being judged";
  const runs = event.outcome.started.flatMap((each) => each.run ?? []);
  if (runs.length > 0) return `started run ${runs.join(", ")}`;
  return event.outcome.reason ?? "started nothing";
}

function One({ id }: { id: number }) {
  const asked = useAsked(["event", id], () => api.event(id));
  const replay = useDeed(() => api.replay(id), undefined, [["events"], ["event", id]]);
  const event = asked.data;
  return (
    <Dialog wide title={event ? event.name : `Event ${id}`} close={() => go(to.events)}>
      {asked.isPending && <Skeleton rows={5} />}
      <Fault fault={asked.error ?? replay.error} />
      {event && (
        <>
          <p className="dim">
            From {event.source}
            {event.actor && ` by ${event.actor}`}, <Ago at={event.received_at} />. It{" "}
            {outcome(event)}.
          </p>
          <ul>
            {event.outcome.started.map((each) => (
              <li key={each.pipeline}>
                <Link to={to.pipeline(each.pipeline)}>{each.pipeline}</Link> started
                {each.run !== null && <Link to={to.run(each.run)}> run {each.run}</Link>}
                {each.line !== null && (
                  <span className="dim"> by its trigger on line {each.line}</span>
                )}
                {each.note && <span className="dim">: {each.note}</span>}
              </li>
            ))}
            {event.outcome.not_started.map((each) => (
              <li key={each.pipeline}>
                <Link to={to.pipeline(each.pipeline)}>{each.pipeline}</Link> did not start:{" "}
                {sentence(each.reason)}
                {each.triggers.map((trigger) => (
                  <div key={trigger.trigger} className="dim small">
                    Line {trigger.line}: {sentence(trigger.reason)}
                  </div>
                ))}
              </li>
            ))}
            {event.outcome.more > 0 && <li>{event.outcome.more} more did not start.</li>}
            {event.outcome.notes.map((each) => (
              <li key={each}>{sentence(each)}</li>
            ))}
          </ul>
          <h3>What it said</h3>
          <pre tabIndex={0}>{JSON.stringify(event.facts, null, 2)}</pre>
          {replay.data && (
            <p role="status">
              {replay.data.runs.length > 0
                ? `It started run ${replay.data.runs.join(", ")}.`
                : "It started nothing this time."}
            </p>
          )}
          <footer className="row">
            <span className="grow" />
            <Copy text={`orchestrate event replay ${event.id}`} label="Copy as a command" />
            <button
              type="button"
              className="primary"
              disabled={replay.isPending}
              onClick={() => replay.mutate(undefined)}
            >
              Let it happen again
            </button>
          </footer>
        </>
      )}
    </Dialog>
  );
}
