// Text with terminal colours to spans with class names. Pure; a line carries no state to the next.

export interface Span {
  from: number;
  to: number;
  names: string;
}

export interface Coloured {
  text: string;
  spans: Span[];
}

// Every control sequence goes; those that set colours leave a mark. What remains is plain text.
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b(?:\[([0-9;:]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_]?)/g;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;
const CODES_MAX = 16;

export function coloured(line: string): Coloured {
  const last = line.lastIndexOf("\r", line.length - 2);
  const shown = last >= 0 ? line.slice(last + 1) : line; // a progress bar redraws its line
  if (!shown.includes("\u001b")) return { text: shown.replace(CONTROL, ""), spans: [] };
  const spans: Span[] = [];
  let style: Style = PLAIN;
  let text = "";
  let at = 0;
  const take = (until: number) => {
    const part = shown.slice(at, until).replace(CONTROL, "");
    if (part && style !== PLAIN) {
      spans.push({ from: text.length, to: text.length + part.length, names: names(style) });
    }
    text += part;
  };
  for (const found of shown.matchAll(SEQUENCE)) {
    take(found.index);
    at = found.index + found[0].length;
    if (found[2] === "m") style = next(style, found[1] ?? "");
  }
  take(shown.length);
  return { text, spans: spans.filter((each) => each.names !== "") };
}

interface Style {
  ink: string;
  paper: string;
  bold: boolean;
  faint: boolean;
  italic: boolean;
  underline: boolean;
}

const PLAIN: Style = {
  ink: "",
  paper: "",
  bold: false,
  faint: false,
  italic: false,
  underline: false,
};
const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function next(style: Style, codes: string): Style {
  const list = (codes || "0").split(/[;:]/, CODES_MAX).map(Number);
  let now = { ...style };
  for (let i = 0; i < list.length; i++) {
    const code = list[i] ?? 0;
    if (code === 0) now = { ...PLAIN };
    else if (code === 1) now.bold = true;
    else if (code === 2) now.faint = true;
    else if (code === 3) now.italic = true;
    else if (code === 4) now.underline = true;
    else if (code === 22) now.bold = now.faint = false;
    else if (code === 23) now.italic = false;
    else if (code === 24) now.underline = false;
    else if (code >= 30 && code <= 37) now.ink = COLOURS[code - 30] ?? "";
    else if (code >= 90 && code <= 97) now.ink = `bright-${COLOURS[code - 90] ?? ""}`;
    else if (code >= 40 && code <= 47) now.paper = COLOURS[code - 40] ?? "";
    else if (code === 39) now.ink = "";
    else if (code === 49) now.paper = "";
    else if (code === 38 || code === 48) {
      const ink = code === 38;
      const [name, used] = wide(list, i + 1);
      if (ink) now.ink = name;
      else now.paper = name;
      i += used;
    }
  }
  return JSON.stringify(now) === JSON.stringify(PLAIN) ? PLAIN : now;
}

/** 256 and true colours, as the nearest of sixteen: their contrast is known to be enough. */
function wide(list: number[], at: number): [string, number] {
  if (list[at] === 5) {
    const n = list[at + 1] ?? 0;
    if (n < 8) return [COLOURS[n] ?? "", 2];
    if (n < 16) return [`bright-${COLOURS[n - 8] ?? ""}`, 2];
    if (n >= 232) return [n < 244 ? "bright-black" : "white", 2];
    const [r, g, b] = [Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6];
    return [nearest(r * 51, g * 51, b * 51), 2];
  }
  if (list[at] === 2) {
    return [nearest(list[at + 1] ?? 0, list[at + 2] ?? 0, list[at + 3] ?? 0), 4];
  }
  return ["", 0];
}

function nearest(red: number, green: number, blue: number): string {
  const bit = (value: number) => (value > 110 ? 1 : 0);
  const index = bit(red) | (bit(green) << 1) | (bit(blue) << 2);
  return COLOURS[index] ?? "";
}

function names(style: Style): string {
  return [
    style.ink && `ink-${style.ink}`,
    style.paper && `paper-${style.paper}`,
    style.bold && "bold",
    style.faint && "faint",
    style.italic && "italic",
    style.underline && "underline",
  ]
    .filter(Boolean)
    .join(" ");
}
