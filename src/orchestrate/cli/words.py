"""Times, durations and texts from outside, as a terminal may show them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, and what moves the cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, ...
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff]"
)
RESET = "\x1b[0m"


def clean(text: object, *, colour: bool = False) -> str:
    """Text without what moves a cursor, names a window or turns reading around.

    `colour` keeps colours (SGR). Of a line that was overwritten the last state remains.
    """
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown
    shown = shown.replace("\r\n", "\n")
    if "\r" in shown:
        shown = "\n".join(_overwritten(line) for line in shown.split("\n"))
    painted = False

    def keep(found: re.Match[str]) -> str:
        nonlocal painted
        if colour and _COLOUR.fullmatch(found[0]):
            painted = True
            return found[0]
        return ""

    shown = _UNSEEN.sub("", _SEQUENCE.sub(keep, shown))
    return shown + RESET if painted else shown


def _overwritten(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part), "")


def one_line(text: object) -> str:
    """The same, on one line: for the cell of a table."""
    return " ".join(clean(text).split())


def short(text: object, columns: int) -> str:
    """One line of at most so many characters."""
    line = one_line(text)
    return line if len(line) <= columns else line[: columns - 1] + "…"


def instant(value: Any) -> float | None:
    """A time of the API (RFC 3339, or epoch seconds) as epoch seconds."""
    if value is None or isinstance(value, int | float):
        return value
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def clock(value: Any) -> str:
    """`12:03:01`, in the local time of whoever reads it."""
    at = instant(value)
    return (
        "--:--:--" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
    )


def moment(value: Any) -> str:
    """`2026-03-01 12:03:01`, local."""
    at = instant(value)
    return "" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%F %H:%M:%S")


def ago(value: Any, now: float) -> str:
    """`5m ago`; empty where there is no time."""
    at = instant(value)
    return "" if at is None else f"{span(max(0.0, now - at))} ago"


def duration(seconds: float | None) -> str:
    """`0.4s`, `12s`, `3m 05s`, `2h 04m`, `3d 02h`."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3600:02d}h"


def span(seconds: float) -> str:
    """The largest unit alone: `12s`, `3m`, `2h`, `3d`."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def count(number: int, noun: str) -> str:
    """`1 stage`, `3 stages`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
