"""Globs and regular expressions, read into machines that no text and no pattern can hang.

`Glob` is one of GitHub's filter patterns as semantics 6.4 has it, `Globs` an ordered list of them,
`Regex` the part of Python's `re` that can be answered in one pass. A pattern that cannot be read
is `Unsupported`, with its position: it must never be taken for another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from orchestrate.core.automaton import Chars, Choice, Edge, Machine, One, Repeat, Sequence, Tree
from orchestrate.core.expression import ExpressionReader, Reader, Unsupported

__all__ = ["Glob", "Globs", "Regex", "Unsupported"]

PATTERN_CHARS_MAX = 1_000
COMPILED_MAX = 500  # patterns kept ready, of each sort

_ANY = One(Chars(negated=True))
_IN_SEGMENT = One(Chars(singles=frozenset("/"), negated=True))


class Glob:
    """One pattern. `*`, `?` and `[a-z]` stay within a `/` segment, `**` crosses them."""

    __slots__ = ("_machine", "_prefix", "_suffix", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._machine, self._prefix, self._suffix = _compiled_glob(text)

    def matches(self, text: str) -> bool:
        return (
            text.startswith(self._prefix)
            and text.endswith(self._suffix)
            and self._machine.accepts(text)
        )


class Globs:
    """An ordered list: `!` negates, and the last pattern that matches decides.

    A list of only negations starts from everything; an empty one matches nothing.
    """

    __slots__ = ("_rules", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._rules = tuple(_rule(pattern) for pattern in self.patterns)

    def matches(self, text: str) -> bool:
        decided = self.deciding(text)
        if decided is None:
            return bool(self._rules) and all(negated for negated, _ in self._rules)
        return not decided.startswith("!")

    def deciding(self, text: str) -> str | None:
        """The pattern that decides about a text, as it was written; None if none matches it."""
        for pattern, (_, glob) in zip(reversed(self.patterns), reversed(self._rules), strict=True):
            if glob.matches(text):
                return pattern
        return None


class Regex:
    """A regular expression, searched for anywhere in a text."""

    __slots__ = ("_machine", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._machine = _compiled_regex(text)

    def search(self, text: str) -> bool:
        return self._machine.accepts(text)


def _rule(pattern: str) -> tuple[bool, Glob]:
    if not pattern.startswith("!"):
        return False, Glob(pattern)
    try:
        return True, Glob(pattern[1:])
    except Unsupported as error:
        raise Unsupported(error.message, error.position + 1) from None


@lru_cache(maxsize=COMPILED_MAX)
def _compiled_glob(text: str) -> tuple[Machine, str, str]:
    """The machine, and what every matching text starts and ends with."""
    _check_length(text)
    parts = _GlobReader(text).read()
    return Machine(Sequence(parts), whole=True), _literal(parts), _literal(parts[::-1])[::-1]


@lru_cache(maxsize=COMPILED_MAX)
def _compiled_regex(text: str) -> Machine:
    _check_length(text)
    return Machine(ExpressionReader(text).read(), whole=False)


def _check_length(text: str) -> None:
    if len(text) > PATTERN_CHARS_MAX:
        raise Unsupported(
            f"the pattern has {len(text):,} characters; at most {PATTERN_CHARS_MAX:,} are allowed",
            PATTERN_CHARS_MAX,
        )


def _literal(parts: Iterable[Tree]) -> str:
    """The characters that stand for themselves before the first part that does not."""
    found = ""
    for part in parts:
        if not isinstance(part, One) or part.chars.negated or len(part.chars.singles) != 1:
            break
        if part.chars.ranges:
            break
        found += next(iter(part.chars.singles))
    return found


class _GlobReader(Reader):
    def read(self) -> tuple[Tree, ...]:
        if not self.text:
            raise Unsupported("an empty pattern matches nothing", 0)
        parts, _ = self.parts(starts=True)
        return parts

    def parts(self, *, starts: bool | None) -> tuple[tuple[Tree, ...], bool | None]:
        """What stands here, up to the end or, in braces, to `,` or `}`.

        `starts` says whether a `/` segment starts here, None that it depends on the text; the
        answer says the same of the place behind. Where one starts, `**/` also matches nothing.
        """
        parts: list[Tree] = []
        while self.next and not (self.depth and self.next in ",}"):
            if self.next == "{":
                part, starts = self.braces(starts=starts)
            elif self.skip("**"):
                part, starts = self.crossing(starts=starts)
            else:
                starts = {"/": True, "*": None}.get(self.next, False)
                part = self.one()
            parts.append(part)
        return tuple(parts), starts

    def crossing(self, *, starts: bool | None) -> tuple[Tree, bool | None]:
        while self.skip("*"):
            pass
        stars = Repeat(_ANY, 0, None)
        if starts is False or not self.skip("/"):
            return stars, None
        folders = Sequence((stars, _just("/")))
        return Choice((folders, Sequence(()) if starts else Edge("/"))), True

    def one(self) -> Tree:
        start = self.at
        match self.take():
            case "*":
                return Repeat(_IN_SEGMENT, 0, None)
            case "?":
                return _IN_SEGMENT
            case "[":
                return self.set(start)
            case "}":
                raise Unsupported("this `}` closes nothing; write `\\}` for the character", start)
            case "\\":
                return _just(self.escaped(start))
            case char:
                return _just(char)

    def escaped(self, start: int) -> str:
        if not self.next:
            raise Unsupported("nothing follows this `\\`", start)
        return self.take()

    def braces(self, *, starts: bool | None) -> tuple[Tree, bool | None]:
        start = self.at
        self.take()
        self.descend(start)
        choices = []
        ends = set()
        while True:
            parts, end = self.parts(starts=starts)
            choices.append(Sequence(parts))
            ends.add(end)
            if self.skip("}"):
                break
            if not self.skip(","):
                raise Unsupported("this `{` is never closed", start)
        self.depth -= 1
        return Choice(tuple(choices)), ends.pop() if len(ends) == 1 else None

    def set(self, start: int) -> Tree:
        """`[a-z]`, `[!a]`, `[^a]`: never a `/`, so that it stays within its segment."""
        negated = self.next in ("!", "^") and bool(self.take())
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        while self.next != "]" or (not singles and not ranges):
            if self.next in ("", "]"):
                problem = "is empty" if self.next else "is never closed"
                raise Unsupported(f"this `[` {problem}", start)
            low = self.member()
            if self.next == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]"):
                self.take()
                ranges.append(self.range(low, self.member(), start))
            else:
                singles.add(low)
        self.take()
        if negated:
            singles.add("/")
        elif any(low <= "/" <= high for low, high in ranges):
            ranges = [pair for low, high in ranges for pair in _around_slash(low, high)]
        return One(Chars(singles=frozenset(singles), ranges=tuple(ranges), negated=negated))

    def member(self) -> str:
        start = self.at
        char = self.take()
        if char == "\\":
            char = self.escaped(start)
        if char == "/":
            raise Unsupported("a `[...]` stays within a segment, so it cannot hold `/`", start)
        return char


def _just(char: str) -> One:
    return One(Chars(singles=frozenset(char)))


def _around_slash(low: str, high: str) -> list[tuple[str, str]]:
    """A range without the `/` in it."""
    pairs = [(low, min(high, ".")), (max(low, "0"), high)]
    return [(start, end) for start, end in pairs if start <= end]
