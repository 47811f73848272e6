// What would run, what not, and why: the engine's own plan, stage by stage.

import type { Plan, PlanStage } from "../logic/shapes";
import type { Look } from "../logic/status";
import { seconds } from "../logic/time";
import { count } from "../logic/words";
import { Mark, sentence } from "./bits";
import type { Node } from "./Dag";

const VERDICT: Record<PlanStage["verdict"], Look> = {
  run: { word: "Would run", tone: "good", shape: "tick" },
  skip: { word: "Would be skipped", tone: "off", shape: "skip" },
  unknown: { word: "Not known yet", tone: "wait", shape: "clock" },
};

export function planNodes(plan: Plan, look: "verdict" | "plain"): Node[] {
  return plan.stages.map((each) => ({
    name: each.name,
    needs: each.needs,
    look:
      look === "verdict"
        ? VERDICT[each.verdict]
        : { word: each.agent ?? (each.run ? "command" : "agent"), tone: "idle", shape: "dot" },
    note: look === "verdict" ? (each.agent ?? null) : (each.environment ?? null),
    title: each.why ?? each.task,
    gate: each.gate !== null,
  }));
}

export function PlanView({ plan }: { plan: Plan }) {
  const runs = plan.stages.filter((each) => each.verdict === "run").length;
  const gates = plan.stages.filter((each) => each.gate !== null && each.verdict !== "skip").length;
  return (
    <section className="plan" aria-label="Plan">
      <p>
        {runs} of {count(plan.stages.length, "stage")} would run
        {gates > 0 && <>, {count(gates, "gate")} would ask people</>}.
      </p>
      <ol>
        {plan.waves.map((names, i) => (
          <li key={i}>
            <ul>
              {names.map((name) => {
                const stage = plan.stages.find((each) => each.name === name);
                return stage && <Line key={name} stage={stage} />;
              })}
            </ul>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Line({ stage }: { stage: PlanStage }) {
  const look = VERDICT[stage.verdict];
  const gate = stage.gate;
  return (
    <li>
      <Mark look={look} /> <strong>{stage.name}</strong>{" "}
      <span className="dim">
        {stage.agent ?? stage.run ?? ""}
        {stage.environment && ` in ${stage.environment}`}
      </span>
      {stage.why && <div className="small dim">{sentence(stage.why)}</div>}
      {stage.agent_problem && <div className="small bad">{sentence(stage.agent_problem)}</div>}
      {gate && stage.verdict !== "skip" && (
        <div className="small dim">
          Waits for {gate.quorum} of {gate.approvers.join(", ") || "anybody who may approve"}
          {gate.timeout_s !== null && `, ${seconds(gate.timeout_s)} at most`}.
        </div>
      )}
    </li>
  );
}
