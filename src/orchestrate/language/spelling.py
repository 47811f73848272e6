"""Did you mean: the known word nearest to a misspelt one, found in bounded time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

CANDIDATES_MAX = 500
WORD_CHARACTERS_MAX = 63
SLIPS_MAX = 4
LETTERS_MAX = 100_000
LISTED_MAX = 8


@dataclass(slots=True)
class Spelling:
    """Guesses what was meant, as long as its allowance lasts: `left` comparisons of letters."""

    left: int = LETTERS_MAX

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that a slip of the finger turns into `word`; None if none is near."""
        if not word or len(word) > WORD_CHARACTERS_MAX:
            return None
        plain, letters = _plain(word), set(word)
        allowed = min(1 + len(word) // 4, SLIPS_MAX)
        best: tuple[int, str] | None = None
        for each in islice(known, CANDIDATES_MAX):
            if _plain(each) == plain:
                return each
            if abs(len(each) - len(word)) > allowed or letters.isdisjoint(each):
                continue
            self.left -= len(word) * len(each)
            if self.left < 0:
                break
            slips = _slips(word, each, allowed)
            if slips <= allowed and slips < len(word) and (best is None or slips < best[0]):
                best = slips, each
        return best[1] if best else None

    def guess(
        self, word: str, known: Iterable[str], listed: str = "known here", most: int = LISTED_MAX
    ) -> str:
        """A hint: the nearest word, else what there is, if that is not too much."""
        names = list(islice(known, CANDIDATES_MAX))
        close = self.nearest(word, names)
        if close is not None:
            return f"did you mean `{close}`?"
        if not names or not listed:
            return ""
        some = ", ".join(f"`{each}`" for each in names[:most])
        return f"{listed}: {some}{', …' if len(names) > most else ''}"


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")


def _slips(one: str, two: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours; `most + 1` if it is more."""
    before: list[int] = []
    above = list(range(len(two) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, other in enumerate(two, start=1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != other))
            swapped = row > 1 and column > 1 and letter == two[column - 2] and one[row - 2] == other
            line.append(min(cost, before[column - 2] + 1) if swapped else cost)
        if min(line) > most:
            return most + 1
        before, above = above, line
    return above[-1]
