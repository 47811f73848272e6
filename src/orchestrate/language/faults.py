"""The faults found so far in one text, each with its place, and how values are quoted in them.

A code must be in `codes.CODES`, which also knows how severe it is. The number of faults is
bounded: nobody reads the three hundredth.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from orchestrate.language.codes import CODES
from orchestrate.language.diagnostic import Diagnostic
from orchestrate.language.document import Document, Node
from orchestrate.language.spelling import Spelling

FAULTS_MAX = 200
SHOWN_CHARACTERS_MAX = 40


class Enough(Exception):
    """`FAULTS_MAX` faults are noted; reading on would help nobody."""


@dataclass(slots=True)
class Faults:
    text: str = ""
    document: Document | None = None
    found: list[Diagnostic] = field(default_factory=list)
    spelling: Spelling = field(default_factory=Spelling)
    errors: int = 0
    warnings: int = 0  # those not shown included
    states: int = 0  # of patterns compiled so far; `patterns` bounds it
    conditions: int = 0  # read so far; `conditions` bounds it

    def place(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        """A fault from one offset of the text to another."""
        severity = CODES[code].severity
        if severity == "warning":
            self.warnings += 1
            if self.warnings > FAULTS_MAX:
                return
        if self.document is None:
            self.document = Document(self.text)
        document = self.document
        line, column = document.place(start)
        end_line, end_column = document.place(max(start, end))
        self.found.append(
            Diagnostic(
                code=code,
                severity=severity,
                message=message,
                line=line,
                column=column,
                end_line=end_line,
                end_column=end_column,
                hint=hint,
            )
        )
        self.errors += severity == "error"
        if self.errors == FAULTS_MAX:
            raise Enough

    def close(self, *, stopped: bool) -> None:
        """The last words, at the end of the text, where there is more than was told."""
        end = len(self.text)
        if stopped:
            self.place(
                "too-many-faults",
                end,
                end,
                f"reading stopped after {FAULTS_MAX} faults; there may be more",
                "mend these first",
            )
        if self.warnings > FAULTS_MAX:
            more, self.warnings = self.warnings - FAULTS_MAX, 0
            self.place("too-many-warnings", end, end, f"{more:,} more warnings are not shown")

    def at(self, node: Node, code: str, message: str, hint: str = "") -> None:
        """A fault of one node: a collection is marked by its first character only."""
        end = node.end if node.is_scalar or node.at != node.index else node.start + 1
        self.place(code, node.start, end, message, hint)

    def within(self, node: Node, needle: str, code: str, message: str, hint: str = "") -> None:
        """A fault of a part of a text, where the part can be found in it as it was written."""
        at = (
            self.text.find(needle, node.start, node.end) if needle and node.at == node.index else -1
        )
        if at < 0:
            self.at(node, code, message, hint)
            return
        end = at + len(needle)
        end += needle.startswith("${") and self.text[end : end + 1] == "}"
        self.place(code, at, end, message, hint)

    @property
    def fatal(self) -> bool:
        return self.errors > 0

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All faults in file order, said once each."""
        unique = dict.fromkeys(self.found)
        return tuple(sorted(unique, key=lambda each: (each.line, each.column, each.code)))


def shown(text: str) -> str:
    """Part of somebody's text, fit to stand between backticks on one line."""
    cut = text[: SHOWN_CHARACTERS_MAX + 1]
    clean = "".join(_visible(each) for each in cut[:SHOWN_CHARACTERS_MAX])
    return clean + ("…" if len(cut) > SHOWN_CHARACTERS_MAX else "")


def _visible(character: str) -> str:
    if character in "\n\r":
        return "⏎"
    if character == "`":
        return "'"
    return character if unicodedata.category(character)[0] not in "CZ" else " "
