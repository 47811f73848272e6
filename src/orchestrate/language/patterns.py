"""Globs and regular expressions in a definition: each is compiled once, here, to see that it can be.

Compiling costs about five microseconds a character, so what a text may ask for is bounded; a glob
without brackets and braces cannot be wrong and costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from orchestrate.core import pattern
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.kinds import Schema, Text, Word

CHARACTERS_MAX: Final = 20_000  # of all patterns in one text that need compiling
_CANNOT_FAIL: Final = re.compile(
    r"!?[A-Za-z0-9_./ -]{0,100}(?:\*{1,2}[A-Za-z0-9_./ -]{0,100}){0,5}"
)


@dataclass(frozen=True, slots=True)
class GlobWord:
    """One glob of a list (semantics 6.4)."""

    expected: str = "a pattern such as `main` or `docs/**`"

    def read(self, node: Node, faults: Faults) -> Word | None:
        text = Text(1_000, self.expected).read(node, faults)
        if text is None:
            return None
        if not text:
            faults.at(node, "bad-glob", "an empty pattern matches nothing", "delete it")
            return None
        if not (text != "!" and _CANNOT_FAIL.fullmatch(text)) and affordable(text, node, faults):
            try:
                pattern.Globs([text])
            except pattern.Unsupported as broken:
                _complain("bad-glob", node, faults, broken)
                return None
        return Word(text, node)

    def schema(self) -> Schema:
        return Text(1_000).schema()


@dataclass(frozen=True, slots=True)
class RegexText:
    """A regular expression that can be matched in one pass."""

    expected: str = "a regular expression"

    def read(self, node: Node, faults: Faults) -> str | None:
        text = Text(1_000, self.expected).read(node, faults)
        if text is None or not affordable(text, node, faults):
            return None
        try:
            pattern.Regex(text)
        except pattern.Unsupported as broken:
            _complain("bad-regex", node, faults, broken)
            return None
        return text

    def schema(self) -> Schema:
        return Text(1_000).schema()


def affordable(text: str, node: Node, faults: Faults) -> bool:
    """Whether this text still fits into what may be compiled for one definition."""
    before, faults.pattern_characters = (
        faults.pattern_characters,
        faults.pattern_characters + len(text),
    )
    if faults.pattern_characters <= CHARACTERS_MAX:
        return True
    if before <= CHARACTERS_MAX:
        faults.at(node, "too-many", f"all patterns together have more than {CHARACTERS_MAX:,} characters",
                  "write fewer patterns with braces, brackets or regular expressions")  # fmt: skip
    return False


def _complain(code: str, node: Node, faults: Faults, broken: pattern.Unsupported) -> None:
    message, position = str(broken.args[0]), broken.args[1]
    what = "pattern" if code == "bad-glob" else "regular expression"
    at = node.start + (1 if node.form else 0) + position
    if node.at == node.index and position and at < node.end:
        faults.place(code, at, min(at + 1, node.end), f"in this {what}, {message}")
    else:
        faults.at(node, code, f"the {what} `{shown(node.text)}` cannot be read: {message}")
