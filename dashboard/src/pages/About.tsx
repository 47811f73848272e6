// Who one is here, what this server is, who did what lately, and the way out.

import { api, session } from "../api";
import { Ago, Copy, Facts, Fault, Skeleton, useTitle } from "../parts/bits";
import { client, useAsked, useConnection, useDeed } from "../parts/data";

export default function About() {
  useTitle("About");
  const me = useAsked(["whoami"], api.whoami);
  const server = useAsked(["about"], api.about);
  const ready = useAsked(["ready"], api.ready);
  const audit = useAsked(["audit"], api.audit);
  const live = useConnection();
  const leave = useDeed(api.leave, () => {
    session.set(null);
    client.clear();
  });
  return (
    <>
      <h1>About</h1>
      <div className="columns">
        <section className="card pad">
          <h2>You</h2>
          <Fault fault={me.error} />
          {me.isPending && <Skeleton rows={3} />}
          {me.data && (
            <Facts
              of={[
                ["Name", me.data.name],
                [
                  "As",
                  me.data.owner
                    ? "the owner: you may answer for every approver, with one vote"
                    : me.data.kind,
                ],
                ["By", me.data.via],
                ["May", me.data.scopes.join(", ")],
              ]}
            />
          )}
          <Fault fault={leave.error} />
          <button type="button" onClick={() => leave.mutate(undefined)}>
            Leave: this tab is let in no more
          </button>
        </section>
        <section className="card pad">
          <h2>This server</h2>
          <Facts
            of={[
              ["Version", server.data?.info.version],
              [
                "Engine and store",
                ready.data ? "ready" : ready.error ? ready.error.message : "asking",
              ],
              ["Live channel", live],
              ["Address", location.host],
            ]}
          />
          <p>
            The whole examination is <code>orchestrate doctor</code>{" "}
            <Copy text="orchestrate doctor" label="Copy the command" />
          </p>
          <p>
            Colours follow your system, unless you say otherwise at the top of the page. Press{" "}
            <kbd>?</kbd> for the keys.
          </p>
        </section>
      </div>
      <section>
        <h2>Who did what lately</h2>
        <Fault fault={audit.error} />
        {audit.data && (
          <table className="card list">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">To what</th>
                <th scope="col" className="wide">
                  How they came
                </th>
              </tr>
            </thead>
            <tbody>
              {audit.data.items.map((each) => (
                <tr key={each.id}>
                  <td>
                    <Ago at={each.at} />
                  </td>
                  <td>{each.actor}</td>
                  <td>{each.action}</td>
                  <td>{each.subject}</td>
                  <td className="wide dim">{each.via}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}
