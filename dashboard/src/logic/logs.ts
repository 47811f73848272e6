// A log as it grows: records to lines, with the time of each. It keeps what came, in order.

export interface LogLine {
  text: string;
  at: number;
}

export const LINES_MAX = 1_500_000;

export class Lines {
  readonly all: LogLine[] = [];
  private open = false;

  /** Take whole NDJSON records: `{"t": seconds, "text": ...}`, where a text may be many lines. */
  take(records: string): void {
    for (const record of records.split("\n")) {
      if (record === "") continue;
      const { t, text } = JSON.parse(record) as { t: number; text: string };
      this.add(text, t);
    }
  }

  private add(text: string, at: number): void {
    const parts = text.split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      this.put(part, at);
      this.open = false;
    }
    if (last !== "") {
      this.put(last, at);
      this.open = true;
    }
  }

  private put(text: string, at: number): void {
    const kept = this.all.at(-1);
    if (this.open && kept) kept.text += text;
    else if (this.all.length < LINES_MAX) this.all.push({ text, at });
  }

  /** The numbers (from 0) of the lines that hold a text, whatever its case. */
  holding(text: string): number[] {
    const wanted = text.toLowerCase();
    const found: number[] = [];
    if (wanted === "") return found;
    this.all.forEach((line, i) => {
      if (line.text.toLowerCase().includes(wanted)) found.push(i);
    });
    return found;
  }

  whole(): string {
    return this.all.map((line) => `${line.text}\n`).join("");
  }
}
