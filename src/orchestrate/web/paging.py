"""Lists in pages: how many, and from where. A cursor is ours to read, and nobody's to write."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from orchestrate.web.call import Param
from orchestrate.web.problem import Problem, invalid
from orchestrate.web.schemas import LIMIT, LIMIT_MAX

_MARK = "c1:"
CURSOR_CHARACTERS_MAX = 400

PAGING = (
    Param(
        name="limit",
        schema={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT},
        about="How many at most.",
    ),
    Param(
        name="cursor",
        schema={"type": "string", "minLength": 1, "maxLength": CURSOR_CHARACTERS_MAX},
        about="Where to go on: the `next` of the page before.",
    ),
)


def cursor(place: str) -> str:
    return base64.urlsafe_b64encode((_MARK + place).encode()).decode("ascii").rstrip("=")


def place(given: str | None) -> str | None:
    """What a cursor stands for. Raises Problem 422 for one that we did not make."""
    if given is None:
        return None
    try:
        padded = given.encode("ascii") + b"=" * (-len(given) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        raise _foreign() from None
    if not text.startswith(_MARK) or cursor(text.removeprefix(_MARK)) != given:
        raise _foreign()
    return text.removeprefix(_MARK)


def place_id(given: str | None) -> int | None:
    """The id that a cursor of a list by id stands for."""
    text = place(given)
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > 18:
        raise _foreign()
    return int(text)


def page_by_id(
    rows: Sequence[Any], limit: int, shape: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """A page of rows of which one more than `limit` was asked for."""
    shown = rows[:limit]
    more = cursor(str(shown[-1]["id"])) if len(rows) > limit else None
    return {"items": [shape(each) for each in shown], "next": more}


def _foreign() -> Problem:
    return invalid([("cursor", "is none of ours; take the `next` of a page as it is")])
