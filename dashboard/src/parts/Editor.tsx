// The definition, as text: completion from the language's schema, the server's faults as marks.
// It lives in a shadow root, because its styles are adopted there and need no inline style.

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  snippetCompletion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, setDiagnostics, lintKeymap, type Diagnostic as Mark } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Diagnostic } from "../logic/api-types";
import { choices, describe, type Schema } from "../logic/complete";

interface Props {
  value: string;
  onChange: (text: string) => void;
  onSave: () => void;
  schema: Schema | undefined;
  diagnostics: readonly Diagnostic[];
}

export default function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const now = useRef(props);
  now.current = props;
  useEffect(() => {
    const here = host.current;
    if (!here) return;
    const root = here.shadowRoot ?? here.attachShadow({ mode: "open" });
    const made = new EditorView({ parent: root, root, state: state(now) });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const here = view.current;
    const text = here?.state.doc.toString();
    if (here && text !== props.value) {
      here.dispatch({ changes: { from: 0, to: text?.length ?? 0, insert: props.value } });
    }
  }, [props.value]);
  useEffect(() => {
    const here = view.current;
    if (!here) return;
    const marks = props.diagnostics.map((each) => mark(here.state.doc, each));
    here.dispatch(setDiagnostics(here.state, marks));
  }, [props.diagnostics]);
  return <div ref={host} className="editor" data-editor />;
}

function state(now: { current: Props }): EditorState {
  return EditorState.create({
    doc: now.current.value,
    extensions: [
      lineNumbers(),
      foldGutter(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      search({ top: true }),
      indentUnit.of("  "),
      EditorState.tabSize.of(2),
      yaml(),
      syntaxHighlighting(COLOURS),
      LOOKS,
      autocompletion({ override: [(context) => complete(context, now.current.schema)] }),
      hoverTooltip((view, at) => hover(view, at, now.current.schema)),
      keymap.of([
        { key: "Mod-s", preventDefault: true, run: () => (now.current.onSave(), true) },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...completionKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
      EditorView.contentAttributes.of({
        tabindex: "0",
        "aria-label": "Definition in YAML. Escape, then Tab, leaves the editor.",
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) now.current.onChange(update.state.doc.toString());
      }),
    ],
  });
}

/** A diagnostic's lines and columns, which count from 1, as places in the text. */
function mark(doc: Text, each: Diagnostic): Mark {
  const place = (line: number, column: number) => {
    const found = doc.line(Math.min(Math.max(1, line), doc.lines));
    return Math.min(found.to, found.from + Math.max(0, column - 1));
  };
  const from = place(each.line, each.column);
  const to = Math.max(from, place(each.end_line, each.end_column));
  const message = each.hint ? `${each.message}\n${each.hint}` : each.message;
  return { from, to, severity: each.severity, message, source: each.code };
}

function complete(context: CompletionContext, schema: Schema | undefined): CompletionResult | null {
  if (!schema) return null;
  const { doc } = context.state;
  const line = doc.lineAt(context.pos);
  const found = choices(
    schema,
    doc.toString().split("\n"),
    line.number - 1,
    context.pos - line.from,
  );
  if (!found) return null;
  const from = line.from + found.from;
  if (from === context.pos && !context.explicit && !/[\s-]$/.test(line.text.slice(0, found.from)))
    return null;
  if (from === context.pos && !context.explicit && /^\s*$/.test(line.text)) return null;
  const indent = " ".repeat(found.from + 2);
  return {
    from,
    validFor: /^[\w.-]*$/,
    options: found.choices.map((each) => {
      const shown = {
        label: each.label,
        type: each.kind === "key" ? "property" : each.kind === "stage" ? "variable" : "enum",
        boost: each.required ? 5 : 0,
        ...(each.required && { detail: "required" }),
        ...(each.info && { info: each.info }),
      };
      if (each.kind !== "key") return shown;
      return snippetCompletion(
        each.nested ? `${each.label}:\n${indent}\${}` : `${each.label}: \${}`,
        shown,
      );
    }),
  };
}

function hover(view: EditorView, at: number, schema: Schema | undefined) {
  const line = view.state.doc.lineAt(at);
  const word = view.state.wordAt(at);
  if (!schema || !word) return null;
  const key = view.state.sliceDoc(word.from, word.to);
  const said = describe(schema, view.state.doc.toString().split("\n"), line.number - 1, key);
  if (said === null) return null;
  return {
    pos: word.from,
    end: word.to,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-said";
      dom.textContent = said;
      return { dom };
    },
  };
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-text)" },
  { tag: tags.comment, color: "var(--dim)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--code-value)" },
  { tag: [tags.labelName, tags.typeName], color: "var(--code-value)" },
]);

const LOOKS = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--dim)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--selection)",
  },
  ".cm-selectionBackground": {
    background: "var(--selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--selection)" },
  ".cm-tooltip, .cm-panels": {
    color: "var(--ink)",
    backgroundColor: "var(--card)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    background: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.8" },
  ".cm-said, .cm-diagnostic, .cm-completionInfo": {
    padding: "6px 10px",
    maxWidth: "420px",
    whiteSpace: "pre-wrap",
  },
  // Marks of text alone: the pictures that come with the package are data addresses.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)" },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--wait)",
  },
  ".cm-lint-marker": { width: "auto", height: "auto", lineHeight: "1.55" },
  ".cm-lint-marker-error": { content: "normal", color: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "normal", color: "var(--wait)" },
  ".cm-lint-marker-error::before": { content: "'✕'" },
  ".cm-lint-marker-warning::before": { content: "'!'", fontWeight: "700" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--hover)", color: "var(--dim)", border: "none" },
  ".cm-textfield": {
    color: "var(--ink)",
    backgroundColor: "var(--page)",
    border: "1px solid var(--line)",
  },
  ".cm-button": {
    color: "var(--ink)",
    background: "var(--hover)",
    border: "1px solid var(--line)",
  },
});
