"""`${name}` in a text: which names it uses, and the text with their values (semantics 9.1).

A text is never passed on with a hole in it: a name without value and default is `Undefined`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\Z")
HOLE_CHARS_MAX = 1_000
TEXTS_KEPT_MAX = 2_000
_HOLE = re.compile(rf"\$\$\{{|\$\{{([^}}]{{0,{HOLE_CHARS_MAX}}})\}}")


class Undefined(Exception):
    """A template uses a name that has no value. `args[0]` is the name."""


@dataclass(frozen=True, slots=True)
class Hole:
    """`${name}` or `${name:-default}`; `start` is its offset in the text."""

    name: str
    default: str | None
    start: int


@lru_cache(maxsize=TEXTS_KEPT_MAX)
def parse(text: str) -> tuple[str | Hole, ...]:
    """The parts of a text: literals and holes. `$${` is a literal `${`."""
    parts: list[str | Hole] = []
    at = 0
    for found in _HOLE.finditer(text):
        parts.append(text[at : found.start()])
        if found[1] is None:
            parts.append("${")
        else:
            name, dash, default = found[1].partition(":-")
            parts.append(Hole(name.strip(), default if dash else None, found.start()))
        at = found.end()
    parts.append(text[at:])
    return tuple(part for part in parts if part != "")


def holes(text: str) -> tuple[Hole, ...]:
    return tuple(part for part in parse(text) if isinstance(part, Hole))


def render(text: str, lookup: Callable[[str], str | None]) -> str:
    """The text with every hole filled by `lookup(name)`; None means that it has no value.

    Raises Undefined with the first name that has neither value nor default.
    """
    if "$" not in text:
        return text
    filled: list[str] = []
    for part in parse(text):
        if isinstance(part, str):
            filled.append(part)
            continue
        value = lookup(part.name)
        if value is None:
            value = part.default
        if value is None:
            raise Undefined(part.name)
        filled.append(value)
    return "".join(filled)
