// The agents that a pipeline can name here: what they are, where they are defined, what ails them.

import { api } from "../api";
import { Empty, Fault, sentence, Skeleton, useTitle } from "../parts/bits";
import { useAsked } from "../parts/data";

export default function Agents() {
  useTitle("Agents");
  const asked = useAsked(["agents"], api.agents);
  const agents = asked.data;
  return (
    <>
      <h1>Agents</h1>
      <Fault fault={asked.error} again={() => void asked.refetch()} />
      {asked.isPending && <Skeleton rows={5} tall />}
      {agents && agents.items.length === 0 && (
        <Empty title="No agent is defined here">
          <p>
            Name one in <code>orchestrate.yaml</code> beside your code; a command is enough:
          </p>
          <pre>{"agents:\n  tester: {run: pytest -q}"}</pre>
        </Empty>
      )}
      {agents && agents.items.length > 0 && (
        <table className="card list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col">What it is</th>
              <th scope="col" className="wide">
                Defined in
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.items.map((each) => (
              <tr key={each.name}>
                <th scope="row">{each.name}</th>
                <td>{each.kind}</td>
                <td>
                  {each.description}
                  {each.problem && <div className="bad">{sentence(each.problem)}</div>}
                </td>
                <td className="wide">
                  <code>{each.source}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {(agents?.skipped ?? []).length > 0 && (
        <section>
          <h2>Not read</h2>
          <ul>
            {agents?.skipped?.map((each) => (
              <li key={each.path}>
                <code>{each.path}</code>: {sentence(each.why)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {(agents?.shadowed ?? []).length > 0 && (
        <section>
          <h2>Defined twice</h2>
          <ul>
            {agents?.shadowed?.map((each) => (
              <li key={each.name + each.source}>
                {each.name}: <code>{each.source}</code> gives way to <code>{each.by}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
