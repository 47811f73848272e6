// Finding what somebody means by a few letters. Pure.

export interface Found<T> {
  item: T;
  score: number;
}

/** How well letters fit a text: null where they are not in it in this order. */
export function fit(text: string, letters: string): number | null {
  const low = text.toLowerCase();
  const words = letters.toLowerCase().trim();
  const wanted = words.replaceAll(" ", "");
  if (wanted === "") return 0;
  const whole = low.indexOf(words);
  if (whole >= 0) return 100 - whole + (whole === 0 || !/\w/.test(low[whole - 1] ?? " ") ? 50 : 0);
  let at = -1;
  let score = 0;
  for (const letter of wanted) {
    const next = low.indexOf(letter, at + 1);
    if (next < 0) return null;
    score += next === at + 1 ? 3 : /\w/.test(low[next - 1] ?? " ") ? 0 : 2;
    at = next;
  }
  return score;
}

export function best<T>(
  items: readonly T[],
  text: (item: T) => string,
  letters: string,
  most: number,
): T[] {
  const found: Found<T>[] = [];
  for (const item of items) {
    const score = fit(text(item), letters);
    if (score !== null) found.push({ item, score });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map((each) => each.item);
}
