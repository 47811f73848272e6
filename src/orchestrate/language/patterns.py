"""Globs and regular expressions in a definition: compiled once, here, to see that they can be.

Compiling costs about five microseconds a state, so what one text may ask for is bounded; a glob
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

STATES_MAX: Final = 20_000  # of all patterns in one text that need compiling
_STATES_MAX: Final = 1_000  # of one of them
_COUNTS: Final = re.compile(r"[{,]([0-9]{1,9})(?=[,}])")
_CANNOT_FAIL: Final = re.compile(
    r"!?[A-Za-z0-9_./ -]{0,100}(?:\*{1,2}[A-Za-z0-9_./ -]{0,100}){0,5}"
)
_GLOB: Final = Text(1_000, "a pattern such as `main` or `docs/**`")
_REGEX: Final = Text(1_000, "a regular expression")


@dataclass(frozen=True, slots=True)
class GlobWord:
    """One glob of a list (semantics 6.4)."""

    expected: str = "a pattern such as `main` or `docs/**`"

    def read(self, node: Node, faults: Faults) -> Word | None:
        text = _GLOB.read(node, faults)
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
        return _GLOB.schema()


@dataclass(frozen=True, slots=True)
class RegexText:
    """A regular expression that can be matched in one pass."""

    expected: str = "a regular expression"

    def read(self, node: Node, faults: Faults) -> str | None:
        text = _REGEX.read(node, faults)
        if text is None or not affordable(text, node, faults):
            return None
        try:
            pattern.Regex(text)
        except pattern.Unsupported as broken:
            _complain("bad-regex", node, faults, broken)
            return None
        return text

    def schema(self) -> Schema:
        return _REGEX.schema()


def affordable(text: str, node: Node, faults: Faults) -> bool:
    """Whether this pattern still fits into what may be compiled for one definition."""
    states = len(text)
    for count in _COUNTS.findall(text):  # each may repeat all that stands before it
        states = min(states * max(1, int(count)), _STATES_MAX)
    before, faults.states = faults.states, faults.states + states
    if before <= STATES_MAX < faults.states:
        faults.at(
            node,
            "too-many",
            f"all patterns together have more than {STATES_MAX:,} states",
            "write fewer patterns with braces, brackets or regular expressions",
        )
    return faults.states <= STATES_MAX


def _complain(code: str, node: Node, faults: Faults, broken: pattern.Unsupported) -> None:
    message, position = str(broken.args[0]), broken.args[1]
    what = "pattern" if code == "bad-glob" else "regular expression"
    at = node.start + (1 if node.form else 0) + position
    if node.at == node.index and position and at < node.end:
        faults.place(code, at, min(at + 1, node.end), f"in this {what}, {message}")
    else:
        faults.at(node, code, f"the {what} `{shown(node.text)}` cannot be read: {message}")
