// Ctrl-K: go anywhere by a few letters. It knows pages, pipelines, runs and open questions.

import { useMemo, useState, type KeyboardEvent } from "react";
import { api } from "../api";
import { to } from "../logic/route";
import { best } from "../logic/search";
import { RUN } from "../logic/status";
import { useApprovals, useAsked, useRuns } from "./data";
import { Dialog } from "./Dialog";
import { go } from "./router";

interface Entry {
  title: string;
  detail: string;
  to: string;
}

const MOST = 12;

export function Palette({ close }: { close: () => void }) {
  const [letters, setLetters] = useState("");
  const [at, setAt] = useState(0);
  const pipelines = useAsked(["pipelines"], api.pipelines).data;
  const runs = useRuns().data;
  const approvals = useApprovals().data;
  const entries = useMemo<Entry[]>(
    () => [
      ...(approvals ?? [])
        .filter((each) => each.status === "pending")
        .map((each) => ({
          title: `Answer ${each.stage} of ${each.pipeline}`,
          detail: `approval ${each.id}`,
          to: to.approval(each.id),
        })),
      ...(pipelines ?? []).flatMap((each) => [
        { title: each.name, detail: "pipeline", to: to.pipeline(each.name) },
        {
          title: `Edit ${each.name}`,
          detail: "definition",
          to: to.pipeline(each.name, "definition"),
        },
      ]),
      { title: "New pipeline", detail: "page", to: to.fresh },
      { title: "Pipelines", detail: "page", to: to.pipelines },
      { title: "Runs", detail: "page", to: to.runs() },
      { title: "Approvals", detail: "page", to: to.approvals() },
      { title: "Events", detail: "page", to: to.events },
      { title: "Agents", detail: "page", to: to.agents },
      { title: "About and settings", detail: "page", to: to.about },
      ...(runs ?? []).map((each) => ({
        title: `Run ${each.id} of ${each.pipeline}`,
        detail: RUN[each.status].word.toLowerCase(),
        to: to.run(each.id),
      })),
    ],
    [approvals, pipelines, runs],
  );
  const found = best(entries, (each) => `${each.title} ${each.detail}`, letters, MOST);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    go(entry.to);
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((at + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[at]);
    }
  };
  return (
    <Dialog title="Go to" close={close}>
      <input
        className="palette-input"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette"
        aria-activedescendant={found[at] ? `palette-${at}` : undefined}
        aria-label="Search pipelines, runs and pages"
        placeholder="A pipeline, a run, a page"
        value={letters}
        data-first
        onChange={(event) => {
          setLetters(event.target.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <ul id="palette" className="palette" role="listbox" aria-label="Found">
        {found.map((each, i) => (
          <li
            key={each.to}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => choose(each)}
            onMouseMove={() => setAt(i)}
          >
            <span>{each.title}</span>
            <span className="dim small">{each.detail}</span>
          </li>
        ))}
        {found.length === 0 && (
          <li role="option" aria-selected="false" className="dim">
            Nothing is called that.
          </li>
        )}
      </ul>
    </Dialog>
  );
}

const KEYS: [string, string][] = [
  ["Ctrl K", "go anywhere"],
  ["?", "this list"],
  ["g p", "pipelines"],
  ["g r", "runs"],
  ["g a", "approvals"],
  ["arrows", "in the graph: from stage to stage"],
  ["Enter", "in the graph: open the stage"],
  ["+ − 0", "in the graph: zoom, show all"],
  ["Escape", "close what is open"],
];

export function Keys({ close }: { close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <table className="keys">
        <tbody>
          {KEYS.map(([key, what]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
