// For whoever is not let in yet, and for addresses that lead nowhere.

import type { Problem } from "../api";
import { to } from "../logic/route";
import { Copy, Empty, Fault, useTitle } from "../parts/bits";
import { LOGO } from "../parts/icons";
import { Link } from "../parts/router";

const COMMAND = "orchestrate open";

export function Door({ problem }: { problem: Problem | null }) {
  useTitle("Come in");
  return (
    <main className="door">
      {LOGO}
      <h1>Orchestrate</h1>
      <Fault fault={problem} />
      <p>This browser is not let in yet. On the machine where the server runs, ask for a link:</p>
      <p className="command">
        <code>{COMMAND}</code> <Copy text={COMMAND} label="Copy the command" />
      </p>
      <p className="dim">
        It opens this page, once, within five minutes. What it lets in is this tab, for a day; there
        are no cookies and no password.
      </p>
    </main>
  );
}

export function Nowhere({ path }: { path: string }) {
  useTitle("Nothing is here");
  return (
    <Empty title="Nothing is at this address">
      <p>
        <code>{path}</code> is no page. <Link to={to.pipelines}>See the pipelines</Link>, or press
        Ctrl K to look for something.
      </p>
    </Empty>
  );
}
