// Moments and spans in plain English. The clock is an argument. Pure.

export function seconds(value: number): string {
  if (value < 0.0995) return `${Math.max(0, Math.round(value * 1000))} ms`;
  if (value < 9.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  const [minutes, hours] = [Math.floor((whole % 3600) / 60), Math.floor(whole / 3600)];
  if (whole < 86_400) return two(hours, "h", minutes, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, unit: string, small: number, lesser: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${lesser}`;
}

function few(span: number): string {
  if (span < 60) return `${Math.floor(span)} s`;
  if (span < 3600) return `${Math.floor(span / 60)} min`;
  if (span < 86_400) return `${Math.floor(span / 3600)} h`;
  if (span < 30 * 86_400) return `${Math.floor(span / 86_400)} d`;
  if (span < 365 * 86_400) return `${Math.floor(span / (30 * 86_400))} months`;
  return `${Math.floor(span / (365 * 86_400))} years`;
}

export function ago(at: string, now: number): string {
  const span = (now - Date.parse(at)) / 1000;
  if (Math.abs(span) < 5) return "just now";
  return span > 0 ? `${few(span)} ago` : `in ${few(-span)}`;
}

export function exact(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime())
    ? at
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** How long something took, or has taken so far; null before it began. */
export function took(started: string | null, completed: string | null, now: number): number | null {
  if (started === null) return null;
  return (
    Math.max(0, (completed === null ? now : Date.parse(completed)) - Date.parse(started)) / 1000
  );
}

export function left(until: string, now: number): string {
  const span = (Date.parse(until) - now) / 1000;
  return span <= 0 ? "time is up" : `${few(span)} left`;
}
