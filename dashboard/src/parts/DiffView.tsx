// Two texts as one, what went and what came marked by sign and colour; long sameness is folded.

import { Fragment } from "react";
import type { DiffLine } from "../logic/diff";

const AROUND = 4;
const SIGN = { same: " ", gone: "−", new: "+" };
const WORD = { same: "", gone: "removed: ", new: "added: " };

export function DiffView({ lines }: { lines: readonly DiffLine[] }) {
  const changed = lines.some((each) => each.kind !== "same");
  const near = (at: number) =>
    !changed ||
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((each) => each.kind !== "same");
  return (
    <div className="diff" role="region" aria-label="Differences" tabIndex={0}>
      <table>
        <tbody>
          {lines.map((each, i) => {
            if (!near(i)) {
              return near(i - 1) || i === 0 ? (
                <tr key={i} className="folded">
                  <td colSpan={4}>…</td>
                </tr>
              ) : (
                <Fragment key={i} />
              );
            }
            return (
              <tr key={i} className={each.kind}>
                <td className="num">{each.before}</td>
                <td className="num">{each.after}</td>
                <td aria-hidden="true">{SIGN[each.kind]}</td>
                <td>
                  <span className="sr">{WORD[each.kind]}</span>
                  <code>{each.text || " "}</code>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
