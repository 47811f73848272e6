"""What is written to the terminal: data on stdout, messages on stderr, colour only where asked for.

A status is always an icon, a word and a colour; never a colour alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import IO, Any

from orchestrate.cli import settings
from orchestrate.cli.words import RESET

GREEN, YELLOW, RED, BLUE, DIM, BOLD = "32", "33", "31", "34", "2", "1"
_STATUS = {
    "succeeded": ("✔", GREEN),
    "approved": ("✔", GREEN),
    "running": ("●", YELLOW),
    "waiting_approval": ("◆", YELLOW),
    "partial": ("◐", YELLOW),
    "failed": ("✖", RED),
    "rejected": ("✖", RED),
    "expired": ("✖", RED),
    "cancelled": ("■", RED),
    "withdrawn": ("■", DIM),
    "skipped": ("◌", DIM),
    "pending": ("○", DIM),
}
_WORDS = {"waiting_approval": "waiting"}
_PLAIN = str.maketrans(
    "✔●◆◐✖■◌○│─╯╰╮╭├┤┴┬┼…·→←–",
    "+*?~x#-.|-''..|||||.-><-",
)
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SGR = re.compile(r"\x1b\[[0-9;:]*m")


class Paper:
    """One stream and whether it takes colour; it writes what any encoding can hold."""

    def __init__(self, stream: IO[str], *, colour: bool | None = None) -> None:
        self.stream = stream
        self.tty = stream.isatty()
        self.colour = self.tty and settings.colourful() if colour is None else colour
        self._encoding = str(getattr(stream, "encoding", None) or "utf-8")
        self._plain = not self._encoding.lower().startswith("utf")

    def write(self, text: str = "", *, end: str = "\n") -> None:
        shown = text if self.colour else _SGR.sub("", text)
        if self._plain:
            shown = shown.translate(_PLAIN)
        shown = (shown + end).encode("utf-8", "replace").decode("utf-8")
        if self._plain:
            shown = shown.encode(self._encoding, "replace").decode(self._encoding)
        self.stream.write(shown)
        self.stream.flush()

    @property
    def columns(self) -> int:
        """How wide it is; unlimited where nobody looks at it."""
        if not self.tty:
            return 10_000
        try:
            return max(20, os.get_terminal_size(self.stream.fileno()).columns)
        except (OSError, ValueError):
            return 80


def paint(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}{RESET}" if text and style else text


def icon(status: str) -> str:
    mark, style = _STATUS.get(status, ("?", ""))
    return paint(mark, style)


def word(status: str) -> str:
    """The status in its colour: `succeeded`, `waiting` ..."""
    return paint(_WORDS.get(status, status), _STATUS.get(status, ("", ""))[1])


def status(value: str) -> str:
    return f"{icon(value)} {word(value)}"


def answer(value: str) -> str:
    """The status of an approval: one that is open asks for somebody."""
    return paint("◆ pending", YELLOW) if value == "pending" else status(value)


def dim(text: str) -> str:
    return paint(text, DIM)


def bold(text: str) -> str:
    return paint(text, BOLD)


# -- width -----------------------------------------------------------------------------


def width(text: str) -> int:
    """The columns that a text takes, without its colours."""
    bare = _SGR.sub("", text)
    if bare.isascii():
        return len(bare)
    return sum(_columns(each) for each in bare)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def crop(text: str, columns: int) -> str:
    """The text in at most so many columns, its colours whole."""
    if width(text) <= columns:
        return text
    shown, used = "", 0
    for part in re.split(f"({_SGR.pattern})", text):
        if _SGR.fullmatch(part):
            shown += part
            continue
        for each in part:
            if used + _columns(each) >= columns:
                return shown + "…" + (RESET if "\x1b" in shown else "")
            shown, used = shown + each, used + _columns(each)
    return shown


# -- forms -----------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]], columns: int = 10_000) -> list[str]:
    """Aligned columns, without those that hold nothing; a line is cut where it does not fit."""
    kept = [at for at in range(len(head)) if any(row[at] for row in rows)]
    head = [head[at] for at in kept]
    rows = [[row[at] for at in kept] for row in rows]
    widths = [max(map(width, each)) for each in zip(head, *rows, strict=True)]
    lines = [[bold(each) for each in head], *rows]
    return [
        crop("  ".join(map(pad, line, widths)).rstrip(), columns) for line in lines if any(line)
    ]


def as_json(value: Any) -> str:
    """The API's object as it is; what could trick a terminal is escaped, as JSON may."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_yaml(value: Any) -> str:
    """The same in YAML; texts of several lines stay readable."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Texts with lines as blocks; no aliases."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: yaml.SafeDumper, said: str) -> yaml.Node:
        style = "|" if "\n" in said else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", said, style=style)

    Dumper.add_representer(str, text)
    written = yaml.dump(
        value, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    return str(written).rstrip("\n")


def out(colour: bool | None = None) -> Paper:
    return Paper(sys.stdout, colour=colour)


def err(colour: bool | None = None) -> Paper:
    return Paper(sys.stderr, colour=colour)
