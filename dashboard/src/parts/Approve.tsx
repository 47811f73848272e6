// A question to a person: what is asked, by whom, what was answered, what silence does. One thumb
// and a keyboard are enough; the hash of what was read goes with the answer.

import { useState } from "react";
import { api } from "../api";
import type { Approval } from "../logic/api-types";
import type { Packet } from "../logic/shapes";
import { APPROVAL, STAGE } from "../logic/status";
import { left } from "../logic/time";
import { silence, votes } from "../logic/words";
import { Ago, Badge, Facts, Fault, Mark, sentence, Skeleton, useNow } from "./bits";
import { client, useAsked, useDeed } from "./data";
import { Dialog } from "./Dialog";
import { Link } from "./router";
import { to } from "../logic/route";

export function ApproveDialog({ id, close }: { id: number; close: () => void }) {
  const asked = useAsked(["approval", id], () => api.approval(id));
  return (
    <Dialog wide title={asked.data ? <>Approve {asked.data.stage}?</> : "Approval"} close={close}>
      {asked.isPending && <Skeleton rows={6} />}
      <Fault fault={asked.error} />
      {asked.data && <Question approval={asked.data} done={close} />}
    </Dialog>
  );
}

export function Question({ approval, done }: { approval: Approval; done: () => void }) {
  const packet = approval.packet as Packet;
  const now = useNow(approval.status === "pending");
  const vote = votes(approval);
  const open = approval.status === "pending";
  return (
    <div className="question">
      <p className="row">
        <Badge look={APPROVAL[approval.status]} />
        <Link to={to.run(approval.run_id, approval.stage)}>
          {approval.pipeline}, run {approval.run_id}
        </Link>
        <span className="dim">
          asked <Ago at={approval.requested_at} />
        </span>
      </p>
      {approval.message && <p className="lead">{approval.message}</p>}
      {(packet.task || packet.run) && (
        <blockquote>
          <span className="dim small">What will be done</span>
          {packet.task && <p className="task">{packet.task}</p>}
          {packet.run && (
            <p>
              <code className="task">{packet.run}</code>
            </p>
          )}
        </blockquote>
      )}
      <Facts
        of={[
          ["Agent", packet.agent],
          ["Environment", packet.environment && <strong>{packet.environment}</strong>],
          ["Branch", packet.branch],
          ["Commit", packet.commit && <code>{packet.commit.slice(0, 12)}</code>],
          ["Started by", packet.started_by ?? packet.actor],
          ["Event", packet.event],
          ["Attempt", (packet.attempt ?? 1) > 1 && packet.attempt],
        ]}
      />
      <Before of={packet.before ?? []} />
      {packet.rollback && (
        <p className="dim">
          If it fails, this is undone, back to {packet.rollback.to}:{" "}
          {packet.rollback.steps.map((each) => each.stage).join(", ")}.
        </p>
      )}
      <section className="votes" aria-label="Votes">
        <p>
          <strong>
            {vote.given} of {vote.needed}
          </strong>{" "}
          {vote.needed === 1 ? "approval" : "approvals"} ({vote.text})
        </p>
        {approval.decisions.map((each) => (
          <p key={each.at + each.by} className="small">
            {each.by}{" "}
            {each.decision === "approve"
              ? "approved"
              : each.decision === "reject"
                ? "rejected"
                : `gave the vote to ${each.delegated_to ?? "somebody"}`}
            {each.role && <span className="dim"> {each.role}</span>} <Ago at={each.at} />
            {each.comment && <q>{each.comment}</q>}
          </p>
        ))}
        {open && (
          <p className="dim">
            {approval.expires_at && <strong>{left(approval.expires_at, now)}. </strong>}
            {silence(approval)}
          </p>
        )}
        {approval.reason && <p>{sentence(approval.reason.text)}</p>}
      </section>
      {open && <Answers approval={approval} done={done} />}
    </div>
  );
}

function Before({ of }: { of: NonNullable<Packet["before"]> }) {
  if (of.length === 0) return null;
  return (
    <details className="before" open={of.length <= 5}>
      <summary>{of.length === 1 ? "One stage before it" : `${of.length} stages before it`}</summary>
      <ul>
        {of.map((each) => {
          const look = STAGE[each.status as keyof typeof STAGE] ?? STAGE.pending;
          const outputs = Object.entries(each.outputs);
          return (
            <li key={each.stage}>
              <Mark look={look} /> {each.stage}{" "}
              <span className="dim">{look.word.toLowerCase()}</span>
              {each.reason && <span className="dim">: {each.reason}</span>}
              {outputs.map(([name, value]) => (
                <code key={name} className="output">
                  {name}={typeof value === "string" ? value : JSON.stringify(value)}
                </code>
              ))}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

type Way = "approve" | "reject" | "delegate";

function Answers({ approval, done }: { approval: Approval; done: () => void }) {
  const [way, setWay] = useState<Way>("approve");
  const [text, setText] = useState("");
  const [who, setWho] = useState("");
  const answer = useDeed(
    (how: Way) => {
      const [id, packet] = [approval.id, approval.packet_hash];
      if (how === "approve") return api.approve(id, text.trim(), packet);
      if (how === "reject") return api.reject(id, text.trim(), packet);
      return api.delegate(id, who.trim(), text.trim());
    },
    (made) => {
      client.setQueryData(["approval", approval.id], made);
      done();
    },
    [["approvals"]],
  );
  const missing = (way === "reject" && !text.trim()) || (way === "delegate" && !who.trim());
  const label =
    way === "approve" ? "Comment (optional)" : way === "reject" ? "Reason" : "Comment (optional)";
  return (
    <form
      className="answers"
      onSubmit={(event) => {
        event.preventDefault();
        if (!missing && !answer.isPending) answer.mutate(way);
      }}
    >
      <div className="tabs" role="group" aria-label="Your answer">
        {(["approve", "reject", "delegate"] as const).map((each) => (
          <button key={each} type="button" aria-pressed={way === each} onClick={() => setWay(each)}>
            {{ approve: "Approve", reject: "Reject", delegate: "Delegate" }[each]}
          </button>
        ))}
      </div>
      {way === "delegate" && (
        <label>
          To whom
          <input
            value={who}
            autoComplete="off"
            onChange={(event) => setWho(event.target.value)}
            required
          />
        </label>
      )}
      <label>
        {label}
        <textarea
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          required={way === "reject"}
        />
      </label>
      <Fault fault={answer.error} />
      <button
        type="submit"
        className={way === "reject" ? "danger tall" : "primary tall"}
        disabled={missing || answer.isPending}
      >
        {
          {
            approve: `Approve ${approval.stage}`,
            reject: `Reject ${approval.stage}`,
            delegate: "Give my vote away",
          }[way]
        }
      </button>
    </form>
  );
}
