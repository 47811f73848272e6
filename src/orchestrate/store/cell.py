"""What one cell of a table holds: text that every database takes, times, JSON.

The log keeps everything exactly; a cell is for people and their queries.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import overload

LAST = "9999-12-31T23:59:59.999999Z"
INTEGER_MAX = 2**63 - 1


@lru_cache(maxsize=1024)
def instant(at: float) -> str:
    """Seconds since the epoch → `2026-11-22T09:30:00.000000Z`; they sort as text."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (OverflowError, ValueError, OSError):
        return LAST


def instant_or_none(at: float | None) -> str | None:
    return None if at is None else instant(at)


def seconds(text: str) -> float:
    """The time that `instant` wrote, to the microsecond."""
    return datetime.fromisoformat(text).timestamp()


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """The text without what a database refuses: lone surrogates and NUL become U+FFFD."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    pairs = text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "replace")


def integer(value: int | None) -> int | None:
    """A number that fits a column; None where it does not."""
    return value if value is not None and -INTEGER_MAX <= value <= INTEGER_MAX else None
