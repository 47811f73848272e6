"""Text from outside as a stranger's screen may show it: no control, no mention, no length."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from orchestrate.store.cell import seconds

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)|(?<=<)[@!#](?=\w)")
NOT_A_MENTION = "@\u200b"


def plain(text: object, characters_max: int) -> str:
    """One line of at most so many characters, that moves no cursor and calls nobody."""
    line = " ".join(_UNSEEN.sub(" ", str(text)).split())
    if len(line) > characters_max:
        line = line[: characters_max - 1] + "…"
    return _MENTION.sub(NOT_A_MENTION, line)


def until(at: str, now: float) -> str:
    """`2h 5m (until 2026-11-22 09:30 UTC)`."""
    end = seconds(at)
    shown = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{span(end - now)} (until {shown})" if end > now else f"over since {shown}"


def span(left_s: float) -> str:
    minutes = round(left_s / 60)
    if minutes < 1:
        return f"{max(0, round(left_s))}s"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days}d" if days else "", f"{hours}h" if hours else ""]
    parts.append(f"{minutes}m" if minutes and not days else "")
    return " ".join(each for each in parts if each)


def joined(parts: list[Any], most: int) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(str(each) for each in parts[:most])
    return shown if len(parts) <= most else f"{shown} and {len(parts) - most} more"
