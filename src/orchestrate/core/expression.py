"""A regular expression read into a tree: the part of Python's `re` that one pass can answer.

What it does not know is `Unsupported`, with its position and a way out; nothing is ever read as
something else than Python reads it.
"""

from __future__ import annotations

import re

from orchestrate.core.automaton import (
    Chars,
    Choice,
    Edge,
    One,
    Repeat,
    Sequence,
    Tree,
    Unsupported,
    cases,
)

__all__ = ["ExpressionReader", "Reader", "Unsupported"]

DEPTH_MAX = 50  # groups or braces inside each other

_COUNT = re.compile(r"\{(?:([0-9]+)|(?=,))(?:(,)([0-9]*))?\}")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_CODES = {"x": 2, "u": 4, "U": 8}
_EDGES = {"b": "b", "B": "B", "A": "^", "Z": "Z"}
_CODE_MAX = 0x10FFFF
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_NAMED = re.compile(r"\?P<([A-Za-z_][A-Za-z0-9_]*)>")

_REFUSED_GROUPS = {
    "(?=": "look-ahead `(?=` cannot be matched in one pass; say it with `and`",
    "(?!": "look-ahead `(?!` cannot be matched in one pass; say it with `not`",
    "(?<=": "look-behind `(?<=` cannot be matched in one pass; write the text itself",
    "(?<!": "look-behind `(?<!` cannot be matched in one pass; say it with `not`",
    "(?P=": "a back-reference `(?P=` cannot be matched in one pass",
    "(?>": "an atomic group `(?>` is not supported; write `(?:`",
    "(?(": "a conditional group `(?(` is not supported; write both cases with `|`",
    "(?#": "a comment `(?#` is not supported; leave it out",
    "(?i)": "`(?i)` can only stand at the very start",
}


class Reader:
    """A text, and the place in it that is read next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.next
        self.at += 1
        return char

    def skip(self, text: str) -> bool:
        """Goes past `text` if it stands here."""
        found = self.text.startswith(text, self.at)
        if found:
            self.at += len(text)
        return found

    def descend(self, start: int) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise Unsupported(f"more than {DEPTH_MAX} groups inside each other", start)

    def range(self, low: str, high: str, start: int) -> tuple[str, str]:
        if low > high:
            raise Unsupported(f"the range `{low}-{high}` runs backwards", start)
        return low, high


class ExpressionReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.fold = False
        self.names: set[str] = set()

    def read(self) -> Tree:
        self.fold = self.skip("(?i)")
        tree = self.choice()
        if self.next:
            raise Unsupported("this `)` closes nothing; write `\\)` for the character", self.at)
        return tree

    def choice(self) -> Tree:
        parts = [self.sequence()]
        while self.skip("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Tree:
        parts = []
        while self.next and self.next not in "|)":
            parts.append(self.repeated())
        return Sequence(tuple(parts))

    def repeated(self) -> Tree:
        start = self.at
        if self.times() is not None:
            raise Unsupported("there is nothing to repeat before this", start)
        part = self.atom()
        counted = self.at
        times = self.times()
        if times is None:
            return part
        if isinstance(part, Edge):
            raise Unsupported("an anchor cannot be repeated", counted)
        self.skip("?")  # a lazy repetition matches the same texts
        again = self.at
        if self.times() is not None:
            raise Unsupported("a repetition cannot be repeated; put it in `(?:...)`", again)
        return Repeat(part, *times)

    def times(self) -> tuple[int, int | None] | None:
        """Goes past a quantifier: the least and the most times."""
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.skip(sign):
                return least, most
        found = _COUNT.match(self.text, self.at)
        if found is None:
            return None
        least = int(found[1] or 0)
        most = least if not found[2] else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise Unsupported(f"`{found[0]}` asks for at least more than at most", self.at)
        self.at = found.end()
        return least, most

    def atom(self) -> Tree:
        start = self.at
        match self.take():
            case "(":
                return self.group(start)
            case "[":
                return self.set(start)
            case ".":
                return One(Chars(singles=frozenset("\n"), negated=True))
            case "^" | "$" as kind:
                return Edge(kind)
            case "\\":
                if self.next in _EDGES and self.next:
                    return Edge(_EDGES[self.take()])
                return One(self.chars(self.escape(start)))
            case char:
                return One(self.chars(char))

    def chars(self, char: str) -> Chars:
        """What `escape` or a plain character means: itself, or a kind of characters."""
        if len(char) == 2:
            return Chars(kinds=char[1], fold=self.fold)
        return Chars(singles=frozenset(self.same(char)), fold=self.fold)

    def same(self, char: str) -> set[str]:
        return cases(char) if self.fold else {char}

    def group(self, start: int) -> Tree:
        named = _NAMED.match(self.text, self.at)
        if named is not None:
            if named[1] in self.names:
                raise Unsupported(f"there are two groups called `{named[1]}`", start)
            self.names.add(named[1])
            self.at = named.end()
        elif self.next == "?" and not self.skip("?:"):
            for sign, why in _REFUSED_GROUPS.items():
                if self.text.startswith(sign, start):
                    raise Unsupported(why, start)
            raise Unsupported("the only group with `(?` is `(?:...)`, or `(?P<name>...)`", start)
        self.descend(start)
        tree = self.choice()
        if not self.skip(")"):
            raise Unsupported("this `(` is never closed", start)
        self.depth -= 1
        return tree

    def escape(self, start: int) -> str:
        """What stands behind a backslash: a character, or a kind, with its backslash."""
        char = self.take()
        if char in _CODES and char:
            digits = self.text[self.at : self.at + _CODES[char]]
            if len(digits) < _CODES[char] or not all(each in _HEX_DIGITS for each in digits):
                raise Unsupported(f"`\\{char}` needs {_CODES[char]} hexadecimal digits", start)
            self.at += len(digits)
            if int(digits, 16) > _CODE_MAX:
                raise Unsupported(f"there is no character `\\{char}{digits}`", start)
            return chr(int(digits, 16))
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in ("d", "D", "s", "S", "w", "W"):
            return "\\" + char
        if not char:
            raise Unsupported("nothing follows this `\\`", start)
        if char.isascii() and char.isdecimal():
            raise Unsupported(f"a back-reference `\\{char}` cannot be matched in one pass", start)
        if char.isascii() and char.isalpha():
            raise Unsupported(f"`\\{char}` has no meaning here", start)
        return char

    def set(self, start: int) -> Tree:
        negated = self.skip("^")
        singles: set[str] = set()
        ranges = []
        kinds = ""
        first = self.at
        while self.next != "]" or self.at == first:
            low = self.member(start)
            if self.next == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.take()
                high = self.member(start)
                if len(low) == 2 or len(high) == 2:
                    raise Unsupported(f"`{low}-{high}` is no range", start)
                ranges.append(self.range(low, high, start))
            elif len(low) == 2:
                kinds += low[1]
            else:
                singles |= self.same(low)
        self.take()
        return One(
            Chars(
                singles=frozenset(singles),
                ranges=tuple(ranges),
                kinds=kinds,
                negated=negated,
                fold=self.fold,
            )
        )

    def member(self, start: int) -> str:
        at = self.at
        char = self.take()
        if not char:
            raise Unsupported("this `[` is never closed", start)
        if char != "\\":
            return char
        return "\b" if self.skip("b") else self.escape(at)
