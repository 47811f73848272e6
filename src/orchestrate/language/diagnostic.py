"""A fault in someone's text, as data, and the ways to show it.

A diagnostic says where, what, why and what to do. The command line draws it with a caret, the
API returns it as JSON, the editor underlines it: they show the same data, and decide nothing.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from orchestrate.language.document import LINE_BREAK

Severity: TypeAlias = Literal["error", "warning"]

WIDTH = 96  # columns of source that are shown; a longer line is cut around the fault
BEFORE = 40  # ... and this much of it stands before the fault

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "frame": "\x1b[34m"}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """Lines and columns count from 1, in characters; the end is the place after the last one."""

    code: str
    severity: Severity
    message: str
    line: int
    column: int
    end_line: int
    end_column: int
    hint: str = ""


def as_dict(diagnostic: Diagnostic) -> dict[str, object]:
    return asdict(diagnostic)


def concise(diagnostic: Diagnostic, path: str) -> str:
    """One line that an editor can parse and a person can click."""
    at = f"{path}:{diagnostic.line}:{diagnostic.column}"
    return f"{at}: {diagnostic.severity}[{diagnostic.code}] {diagnostic.message}"


def full(diagnostic: Diagnostic, path: str, text: str, *, colour: bool = False) -> str:
    """The fault drawn into its line of the text, with a caret below and the way out."""
    paint = _paint if colour else _plain
    number = str(diagnostic.line)
    gutter = " " * len(number)
    bar = paint("|", "frame")
    source, caret = _drawn(diagnostic, text)
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    drawn = [
        f"{head}{paint(f': {diagnostic.message}', 'bold')}",
        f"{gutter}{paint('-->', 'frame')} {path}:{diagnostic.line}:{diagnostic.column}",
        f"{gutter} {bar}",
        f"{paint(number, 'frame')} {bar} {source}".rstrip(),
        f"{gutter} {bar} {paint(caret, diagnostic.severity, indent=True)}",
    ]
    if diagnostic.hint:
        drawn.append(f"{gutter} {paint('=', 'frame')} {paint('help', 'bold')}: {diagnostic.hint}")
    return "\n".join(drawn)


def _drawn(diagnostic: Diagnostic, text: str) -> tuple[str, str]:
    """The line of the text as it can be shown on any terminal, and the carets below it."""
    lines = _lines(text)
    line = lines[diagnostic.line - 1] if diagnostic.line <= len(lines) else ""
    first = min(diagnostic.column - 1, len(line))
    last = len(line) if diagnostic.end_line > diagnostic.line else diagnostic.end_column - 1
    last = max(first + 1, min(last, len(line.rstrip()) or 1))
    cut = max(0, first - BEFORE) if len(line) > WIDTH else 0
    shown = line[cut : cut + WIDTH]
    before = "…" if cut else ""
    after = "…" if cut + WIDTH < len(line) else ""
    source = before + "".join(map(_visible, shown)) + after
    indent = len(before) + sum(map(_width, line[cut:first]))
    marked = line[first : min(last, cut + WIDTH)]
    return source, " " * indent + "^" * max(1, sum(map(_width, marked)))


@lru_cache(maxsize=1)  # two hundred faults of one text are drawn one after the other
def _lines(text: str) -> list[str]:
    return LINE_BREAK.split(text.removeprefix("\ufeff"))


def _visible(character: str) -> str:
    """A character that moves no cursor and hides nothing: tabs are a space, controls a box."""
    if character == "\t":
        return " "
    return (
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _INVISIBLE else character
    )


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _paint(text: str, kind: str, *, indent: bool = False) -> str:
    body = text.lstrip() if indent else text
    return text[: len(text) - len(body)] + _COLOURS.get(kind, _BOLD) + body + _RESET


def _plain(text: str, kind: str, *, indent: bool = False) -> str:  # noqa: ARG001
    return text
