// Everything about one stage of a run, beside the graph: why, attempts, log, outputs.

import { useState } from "react";
import { api, type LogPlace } from "../api";
import type { Attempt, Run, Stage } from "../logic/api-types";
import type { WhyStage } from "../logic/shapes";
import { attemptLook, ended, stageLook } from "../logic/status";
import { count, quoted } from "../logic/words";
import { Ago, Badge, Copy, Facts, Mark, sentence, Skeleton, Took } from "./bits";
import { useAsked } from "./data";
import { CLOSE } from "./icons";
import { LogView } from "./LogView";

interface Props {
  run: Run;
  stage: Stage;
  line: number | null;
  onLine: (line: number | null) => void;
  onStage: (name: string | null) => void;
  onRerun: (from: string) => void;
  onRollBack: (to: string) => void;
  onReview: (approval: number) => void;
}

export function StageDrawer({
  run,
  stage,
  line,
  onLine,
  onStage,
  onRerun,
  onRollBack,
  onReview,
}: Props) {
  const look = stageLook(stage);
  const pending = run.approvals.find(
    (each) => each.stage === stage.name && each.status === "pending",
  );
  const started = stage.started_at !== null;
  return (
    <aside className="drawer" aria-label={`Stage ${stage.name}`}>
      <header>
        <h2>{stage.name}</h2>
        <Badge look={look} />
        <span className="grow" />
        <Took started={stage.started_at} completed={stage.completed_at} />
        <button
          type="button"
          className="quiet"
          aria-label="Close the stage"
          onClick={() => onStage(null)}
        >
          {CLOSE}
        </button>
      </header>
      <Why run={run} stage={stage} onStage={onStage} />
      <div className="row">
        {pending && (
          <button type="button" className="primary" onClick={() => onReview(pending.id)}>
            Review
          </button>
        )}
        {ended(run.status) && (
          <button type="button" onClick={() => onRerun(stage.name)}>
            Rerun from here
          </button>
        )}
        {started && stage.rolled_back_at === null && (
          <button type="button" onClick={() => onRollBack(stage.name)}>
            Roll back to here…
          </button>
        )}
        <Copy
          text={`orchestrate pipeline logs ${run.id} ${quoted(stage.name)}`}
          label="Copy as a command"
        />
      </div>
      <Facts
        of={[
          ["Agent", stage.agent],
          ["Environment", stage.environment],
          ["Needs", stage.needs.length > 0 && <Names of={stage.needs} onStage={onStage} />],
          ["Group", stage.group],
          ["Started", stage.started_at && <Ago at={stage.started_at} />],
          ["Next attempt", stage.retry_at && <Ago at={stage.retry_at} />],
          ["Rolled back", stage.rolled_back_at && <Ago at={stage.rolled_back_at} />],
          ["Taken over from", stage.carried_from && `run ${stage.carried_from}`],
        ]}
      />
      <Outputs of={stage.outputs} />
      <Attempts run={run} stage={stage} line={line} onLine={onLine} />
    </aside>
  );
}

function Names({ of, onStage }: { of: readonly string[]; onStage: (name: string) => void }) {
  return (
    <span className="names">
      {of.map((each) => (
        <button key={each} type="button" className="link" onClick={() => onStage(each)}>
          {each}
        </button>
      ))}
    </span>
  );
}

/** The sentences of the engine itself; they are asked for anew whenever the stage changed. */
function Why({ run, stage, onStage }: Pick<Props, "run" | "stage" | "onStage">) {
  const key = [
    stage.status,
    stage.reason?.text,
    stage.attempts,
    stage.retry_at,
    stage.rolled_back_at,
  ];
  const asked = useAsked(["why", run.id, stage.name, ...key], () => api.why(run.id, stage.name));
  const why = asked.data?.stages[0] as unknown as WhyStage | undefined;
  const said = why?.sentences ?? (stage.reason ? [stage.reason.text] : []);
  if (said.length === 0) return <p className="why dim">&nbsp;</p>;
  return (
    <div className="why">
      {said.map((each) => (
        <p key={each}>{sentence(each)}</p>
      ))}
      {why?.root && why.root !== stage.name && (
        <p>
          It began with{" "}
          <button type="button" className="link" onClick={() => onStage(why.root)}>
            {why.root}
          </button>
          .
        </p>
      )}
      {stage.note && stage.note.text !== stage.reason?.text && (
        <p className="dim">{sentence(stage.note.text)}</p>
      )}
    </div>
  );
}

function Outputs({ of }: { of: Record<string, unknown> }) {
  const entries = Object.entries(of);
  if (entries.length === 0) return null;
  return (
    <details className="outputs" open={entries.length <= 6}>
      <summary>{count(entries.length, "output")}</summary>
      <table>
        <tbody>
          {entries.map(([name, value]) => {
            const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <code>{text}</code>
                </td>
                <td>
                  <Copy text={text} label={`Copy ${name}`} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

function Attempts({ run, stage, line, onLine }: Pick<Props, "run" | "stage" | "line" | "onLine">) {
  const key = [stage.attempts, stage.status, stage.completed_at, stage.rolled_back_at];
  const step = run.rollback?.steps.find((each) => each.stage === stage.name)?.status;
  const asked = useAsked(["attempts", run.id, stage.name, ...key, step], () =>
    api.attempts(run.id, stage.name),
  );
  const [chosen, setChosen] = useState<number | null>(null);
  const attempts = asked.data?.items ?? [];
  const shown = attempts.find((each) => each.agent_id === chosen) ?? attempts.at(-1);
  if (asked.isPending) return <Skeleton rows={6} />;
  if (!shown) return <p className="dim">No agent has begun on it.</p>;
  const place: LogPlace = {
    run: run.id,
    stage: stage.name,
    mode: shown.mode,
    attempt: shown.attempt,
  };
  return (
    <>
      {attempts.length > 1 && (
        <div className="tabs" role="group" aria-label="Attempts">
          {attempts.map((each) => (
            <button
              key={each.agent_id}
              type="button"
              aria-pressed={each === shown}
              onClick={() => setChosen(each.agent_id)}
            >
              <Mark look={attemptLook(each.status)} /> {title(each)}
            </button>
          ))}
        </div>
      )}
      <AttemptFacts attempt={shown} />
      <LogView key={shown.agent_id} place={place} line={line} onLine={onLine} />
    </>
  );
}

function title(attempt: Attempt): string {
  return attempt.mode === "rollback" ? `Undo ${attempt.attempt}` : `Attempt ${attempt.attempt}`;
}

function AttemptFacts({ attempt }: { attempt: Attempt }) {
  return (
    <Facts
      of={[
        ["Attempt", `${title(attempt)}, ${attemptLook(attempt.status).word.toLowerCase()}`],
        [
          "Took",
          attempt.started_at && (
            <Took started={attempt.started_at} completed={attempt.completed_at} />
          ),
        ],
        ["Exit code", attempt.exit_code],
        ["Because", attempt.detail || attempt.reason],
        ["Model", attempt.model],
        ["Process", attempt.completed_at === null && attempt.pid],
        ["Task", <span className="task">{attempt.task}</span>],
      ]}
    />
  );
}
