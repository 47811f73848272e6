// A run as bars over time, and as a list by rank: forms of the graph for those it does not suit.

import type { Run, Stage } from "../logic/api-types";
import { gantt } from "../logic/gantt";
import { ranks } from "../logic/layout";
import { ended, stageLook } from "../logic/status";
import { seconds } from "../logic/time";
import { Mark, Took, useNow } from "./bits";

interface Props {
  run: Run;
  selected: string | null;
  onSelect: (name: string) => void;
}

export function Timeline({ run, selected, onSelect }: Props) {
  const now = useNow(!ended(run.status) || run.rollback?.status === "running");
  const { bars, ticks } = gantt(run, now);
  return (
    <div className="gantt" role="group" aria-label="Timeline of the stages">
      <div className="gantt-row gantt-head" aria-hidden="true">
        <span />
        <span className="lane">
          {ticks.map((each) => (
            <i key={each.label} style={{ left: `${each.at}%` }}>
              {each.label}
            </i>
          ))}
        </span>
        <span />
      </div>
      {bars.map(({ stage, left, width, seconds: span }) => {
        const look = stageLook(stage);
        return (
          <button
            type="button"
            key={stage.name}
            className={`gantt-row tone-${look.tone}${stage.name === selected ? " selected" : ""}`}
            title={`${stage.name}: ${look.word}`}
            onClick={() => onSelect(stage.name)}
          >
            <span className="gantt-name">
              <Mark look={look} />
              <span>{stage.name}</span>
              <span className="sr">, {look.word}</span>
            </span>
            <span className="lane">
              {span !== null && (
                <span className="bar" style={{ left: `${left}%`, width: `${width}%` }} />
              )}
            </span>
            <span className="num">
              {span === null ? "" : seconds(stage.completed_at === null ? Math.floor(span) : span)}
            </span>
          </button>
        );
      })}
    </div>
  );
}

export function StageList({ run, selected, onSelect }: Props) {
  const rank = ranks(run.stages);
  const rows = [...run.stages].sort((a, b) => (rank.get(a.name) ?? 0) - (rank.get(b.name) ?? 0));
  return (
    <table className="stages">
      <caption className="sr">
        The stages of run {run.id}, in the order in which they can run
      </caption>
      <thead>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col">Status</th>
          <th scope="col" className="wide">
            Needs
          </th>
          <th scope="col" className="wide">
            Attempts
          </th>
          <th scope="col">Time</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((stage) => (
          <Row
            key={stage.name}
            stage={stage}
            selected={stage.name === selected}
            onSelect={onSelect}
          />
        ))}
      </tbody>
    </table>
  );
}

function Row({
  stage,
  selected,
  onSelect,
}: {
  stage: Stage;
  selected: boolean;
  onSelect: (name: string) => void;
}) {
  const look = stageLook(stage);
  return (
    <tr
      className={`tone-${look.tone}${selected ? " selected" : ""}`}
      data-stage={stage.name}
      data-status={look.word}
    >
      <th scope="row">
        <button type="button" className="link" onClick={() => onSelect(stage.name)}>
          {stage.name}
        </button>
      </th>
      <td>
        <Mark look={look} /> {look.word}
        {stage.reason && <div className="dim small">{stage.reason.text}</div>}
      </td>
      <td className="wide dim">{stage.needs.join(", ") || "nothing"}</td>
      <td className="wide num">
        {stage.attempts} of {stage.attempts_max}
      </td>
      <td>
        <Took started={stage.started_at} completed={stage.completed_at} />
      </td>
    </tr>
  );
}
