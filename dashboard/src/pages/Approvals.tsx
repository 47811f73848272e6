// The inbox: what is asked of people, the most urgent first, and what was answered.

import { to } from "../logic/route";
import { APPROVAL } from "../logic/status";
import { left } from "../logic/time";
import { silence, votes } from "../logic/words";
import { Ago, Badge, Empty, Fault, Skeleton, useNow, useTitle } from "../parts/bits";
import { ApproveDialog } from "../parts/Approve";
import { useApprovals } from "../parts/data";
import { go, Link } from "../parts/router";

export function Approvals({ all, id }: { all: boolean; id: number | null }) {
  const asked = useApprovals();
  const now = useNow();
  const open = (asked.data ?? []).filter((each) => each.status === "pending");
  const past = (asked.data ?? []).filter((each) => each.status !== "pending");
  const ends = (at: string | null) => (at === null ? Infinity : Date.parse(at));
  open.sort((a, b) => ends(a.expires_at) - ends(b.expires_at));
  useTitle(open.length > 0 ? `(${open.length}) Approvals` : "Approvals");
  return (
    <>
      <div className="title">
        <h1>Approvals</h1>
        <span className="grow" />
        <div className="tabs" role="group" aria-label="Which">
          <button type="button" aria-pressed={!all} onClick={() => go(to.approvals(), true)}>
            Open
          </button>
          <button type="button" aria-pressed={all} onClick={() => go(to.approvals(true), true)}>
            Answered
          </button>
        </div>
      </div>
      <Fault fault={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Skeleton rows={4} tall />}
      {asked.data && !all && open.length === 0 && (
        <Empty title="Nothing waits for you">
          <p>
            A stage with <code>requires_approval: true</code> asks here before it starts, with all
            that is needed to decide.
          </p>
        </Empty>
      )}
      {asked.data && all && past.length === 0 && <Empty title="Nothing was answered yet" />}
      <ul className="inbox">
        {(all ? past : open).map((each) => {
          const vote = votes(each);
          return (
            <li key={each.id} className={`card tone-${APPROVAL[each.status].tone}`}>
              <div className="grow">
                <h2>
                  {each.stage} <span className="dim">of {each.pipeline}</span>
                </h2>
                {each.message && <p>{each.message}</p>}
                <p className="dim small">
                  <Link to={to.run(each.run_id, each.stage)}>Run {each.run_id}</Link>, asked{" "}
                  <Ago at={each.requested_at} />, {vote.given} of {vote.needed} ({vote.text})
                  {each.status === "pending" && each.expires_at && (
                    <>
                      , <strong>{left(each.expires_at, now)}</strong>. {silence(each)}
                    </>
                  )}
                </p>
              </div>
              {each.status === "pending" ? (
                <button type="button" className="primary" onClick={() => go(to.approval(each.id))}>
                  Review
                </button>
              ) : (
                <Link to={to.approval(each.id)}>
                  <Badge look={APPROVAL[each.status]} />
                </Link>
              )}
            </li>
          );
        })}
      </ul>
      {id !== null && <ApproveDialog key={id} id={id} close={() => go(to.approvals(all))} />}
    </>
  );
}
