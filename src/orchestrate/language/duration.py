"""Durations as people write them, `30m` or `1h30m`, and seconds (semantics 2.5)."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,3})?"
# One after the other, largest first, each at most once, and at least one of them.
DURATION: Final = "(?=[0-9])" + "".join(f"(?:{_NUMBER}{unit})?" for unit, _ in _UNITS)
_PARTS: Final = re.compile("".join(f"(?:({_NUMBER}){unit})?" for unit, _ in _UNITS))


def parse_duration(text: str) -> float | None:
    """The seconds of a duration; None if it is none."""
    found = _PARTS.fullmatch(text)
    if found is None or not text:
        return None
    parts = zip(found.groups(), _UNITS, strict=True)
    return float(sum(float(number) * seconds for number, (_, seconds) in parts if number))


def written(seconds: float) -> str:
    """Seconds as a duration, in the largest units that say them exactly."""
    left, parts = seconds, []
    for unit, size in _UNITS[:-1]:
        if left >= size:
            parts.append(f"{int(left // size)}{unit}")
            left -= left // size * size
    if left or not parts:
        parts.append(f"{left:g}s")
    return "".join(parts)
