"""From a method and a path to the one call that is meant, whole segments compared, nothing guessed.

No decision is made by a prefix or a suffix of a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from orchestrate.web.body import INTEGER_MAX, is_text
from orchestrate.web.call import Call
from orchestrate.web.problem import BAD_REQUEST, NOT_FOUND, WRONG_METHOD, Problem

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
NUMBER_PATTERN = r"[1-9][0-9]{0,18}"
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_NUMBER = re.compile(NUMBER_PATTERN, re.ASCII)


def _name(text: str) -> str | None:
    return text if _NAME.fullmatch(text) else None


def _number(text: str) -> int | None:
    if not _NUMBER.fullmatch(text) or int(text) > INTEGER_MAX:
        return None
    return int(text)


READERS: dict[str, Callable[[str], Any]] = {
    "name": _name,
    "stage": _name,
    "source": _name,
    "id": _number,
    "revision": _number,
}
"""What may stand in the place of each parameter of a path."""


class Router:
    """Every call there is, by the shape of its path."""

    def __init__(self, calls: Sequence[Call]) -> None:
        # By how many segments a path has: most of them are told apart by that alone.
        self._shapes: dict[int, dict[tuple[str, ...], dict[str, Call]]] = {}
        for call in calls:
            segments = _segments(call.path)
            methods = self._shapes.setdefault(len(segments), {}).setdefault(segments, {})
            assert call.method not in methods, f"{call.method} {call.path} is declared twice"
            methods[call.method] = call

    def seek(self, method: str, raw_path: bytes) -> tuple[Call, dict[str, Any]] | Problem:
        """What `find` gives or raises."""
        try:
            return self.find(method, raw_path)
        except Problem as problem:
            return problem

    def find(self, method: str, raw_path: bytes) -> tuple[Call, dict[str, Any]]:
        """The call and the values in its path. Raises Problem 400, 404, 405."""
        given = tuple(decoded(each) for each in raw_path.split(b"/")[1:])
        for shape, methods in self._shapes.get(len(given), {}).items():
            values = _values(shape, given)
            if values is None:
                continue
            call = methods.get("GET" if method == "HEAD" else method)
            if call is None:
                allowed = sorted({*methods, *(["HEAD"] if "GET" in methods else [])})
                listed = ", ".join(allowed)
                raise Problem(
                    WRONG_METHOD, f"here one may ask: {listed}", headers={"Allow": listed}
                )
            return call, values
        raise Problem(NOT_FOUND, "nothing is at this address", "every call is in /api/openapi.json")


def fits(shape: str, given: tuple[str, ...]) -> bool:
    """Whether the segments of a path have this shape."""
    return _values(_segments(shape), given) is not None


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _values(shape: tuple[str, ...], given: tuple[str, ...]) -> dict[str, Any] | None:
    if len(shape) != len(given):
        return None
    values: dict[str, Any] = {}
    for wanted, text in zip(shape, given, strict=True):
        if wanted.startswith("{"):
            value = READERS[wanted[1:-1]](text)
            if value is None:
                return None
            values[wanted[1:-1]] = value
        elif wanted != text:
            return None
    return values


def decoded(text: bytes) -> str:
    """A part of an address, its percent signs resolved. Raises Problem 400."""
    try:
        found = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(BAD_REQUEST, "the address is not UTF-8") from None
    if not is_text(found):
        raise Problem(BAD_REQUEST, "the address holds a NUL")
    return found
