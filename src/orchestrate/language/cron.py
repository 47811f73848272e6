"""Whether five fields are a schedule, and whether its day ever comes. It never reads a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MACROS: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}  # fmt: skip
_PART: Final = re.compile(r"(\*|[a-z]+|[0-9]{1,2})(?:-([a-z]+|[0-9]{1,2}))?(?:/([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS),
)


def cron_fault(text: str) -> tuple[str, str, str] | None:
    """What is wrong with a schedule: code, message, hint; None if it is right."""
    if text.strip() in _MACROS:
        return "bad-cron", f"`{text}` is not spelt out", f'write `cron: "{_MACROS[text.strip()]}"`'
    written = text.lower().split()
    if len(written) != len(_FIELDS):
        return (
            "bad-cron",
            f"a schedule has five fields, and this has {len(written)}",
            'minute, hour, day of the month, month, day of the week, such as `"0 2 * * *"`',
        )
    values: list[set[int]] = []
    for each, spec in zip(written, _FIELDS, strict=True):
        chosen = _values(each, spec)
        if isinstance(chosen, str):
            return "bad-cron", f"{spec.name}: {chosen}", ""
        values.append(chosen)
    _, _, days, months, _ = values
    every_weekday = written[4].startswith("*")
    if every_weekday and all(min(days) > _LONGEST[month - 1] for month in months):
        return "bad-cron", "this day never comes: no such month has as many days", ""
    return None


def _values(written: str, spec: _Field) -> set[int] | str:
    """The numbers that one field chooses, or what is wrong with it."""
    chosen: set[int] = set()
    limits = f"{spec.least} to {spec.most}"
    for part in written.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            return f"`{part[:40]}` is no number, range (`1-5`), step (`*/15`) or list (`1,3`)"
        first, last = _number(found[1], spec), _number(found[2] or found[1], spec)
        if found[1] == "*":
            first, last = spec.least, spec.most
        elif found[3] and not found[2]:
            last = spec.most
        if first is None or last is None:
            wrong = found[1] if first is None else found[2]
            return f"`{wrong}` is not one of {limits}"
        if found[1] == "*" and found[2]:
            return f"`{part[:40]}` cannot be a range"
        if last < first:
            return f"`{part[:40]}` runs backwards"
        step = int(found[3]) if found[3] else 1
        if step < 1:
            return "a step of 0 never moves"
        chosen.update(range(first, last + 1, step))
    return chosen


def _number(text: str, spec: _Field) -> int | None:
    if text in spec.names:
        return spec.least + spec.names.index(text)
    if text.isdecimal() and spec.least <= int(text) <= spec.most:
        return int(text)
    return None
