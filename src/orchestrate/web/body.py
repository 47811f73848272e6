"""Strict reading of JSON: what two programs could read differently is refused, with its place.

It bounds size, depth and number of values before anything is built, and never raises anything
but `Problem`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from orchestrate.web.problem import BAD_REQUEST, INVALID, TOO_LARGE, WRONG_MEDIA_TYPE, Problem

BODY_BYTES_MAX = 2 << 20
DEPTH_MAX = 64
VALUES_MAX = 100_000
INTEGER_MAX = (1 << 63) - 1
INTEGER_DIGITS_MAX = 19

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, also one that never ends: it matches at every quote, so one pass is enough."""
_BRACKET = re.compile(r"[\[\]{}]")
_SUSPICIOUS = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_JSON = re.compile(
    r"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE
)


class _Fault(ValueError):
    """Found by a part of the decoder that does not know its place."""


def is_json(content_type: str) -> bool:
    return _JSON.fullmatch(content_type.strip()) is not None


def expect_json(content_type: str | None, content_encoding: str | None) -> None:
    """Raises Problem 415 unless the headers announce plain JSON in UTF-8."""
    if content_encoding not in (None, "", "identity"):
        raise Problem(
            WRONG_MEDIA_TYPE,
            f"a body with Content-Encoding {_shown(content_encoding or '')} is not read",
            "send it as it is",
        )
    if content_type is None or not is_json(content_type):
        said = "no Content-Type" if content_type is None else f"it says {_shown(content_type)}"
        raise Problem(
            WRONG_MEDIA_TYPE,
            f"the body has to be JSON in UTF-8, and {said}",
            "send Content-Type: application/json",
        )


def too_large(bytes_max: int = BODY_BYTES_MAX) -> Problem:
    most = f"at most {bytes_max >> 20} MiB ({bytes_max} bytes) are read"
    return Problem(TOO_LARGE, f"the body is too large: {most}")


def read_json(data: bytes, *, bytes_max: int = BODY_BYTES_MAX, values_max: int = VALUES_MAX) -> Any:
    """The value of a body. Raises Problem 400 for what is no JSON, 422 for numbers too large."""
    if len(data) > bytes_max:
        raise too_large(bytes_max)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise Problem(
            BAD_REQUEST, f"the body is not UTF-8: byte {fault.start} does not belong there"
        ) from None
    _bound(text, values_max)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise Problem(BAD_REQUEST, f"the body is no JSON: {fault.msg} at {place}") from None
    except _Fault as fault:
        raise Problem(BAD_REQUEST, f"the body is no JSON: {fault}") from None
    if _SUSPICIOUS.search(text):
        _examine(value)
    return value


def _bound(text: str, values_max: int) -> None:
    """Refuse what is too deep or has too many values, before any of them is built."""
    skeleton = _STRING.sub("", text)
    if sum(map(skeleton.count, ",[{")) > values_max:
        raise Problem(TOO_LARGE, f"the body has too many values: at most {values_max} are read")
    depth = 0
    for bracket in _BRACKET.findall(skeleton):
        depth += 1 if bracket in "[{" else -1
        if depth > DEPTH_MAX:
            raise Problem(BAD_REQUEST, f"the body is nested deeper than {DEPTH_MAX} levels")


def _examine(value: Any) -> None:
    """Refuse texts that are no text: lone halves of a surrogate pair, and NUL."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            pending += each.keys()
            pending += each.values()
        elif isinstance(each, list):
            pending += each
        elif isinstance(each, str):
            if not is_text(each):
                raise Problem(
                    BAD_REQUEST,
                    "the body holds a text that is none: half of a surrogate pair, or \\u0000",
                )


def is_text(text: str) -> bool:
    """Whether every database and every reader takes it."""
    if "\0" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Fault(f"the key {_shown(name)} is there twice")
            seen.add(name)
    return found


def _constant(name: str) -> NoReturn:
    raise _Fault(f"{name} is no number of JSON")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) <= INTEGER_DIGITS_MAX and abs(value := int(digits)) <= INTEGER_MAX:
        return value
    raise Problem(
        INVALID, "a whole number is out of range: at most 2^63-1", "send it as a text in quotes"
    )


def _float(digits: str) -> float:
    value = float(digits)
    if math.isfinite(value):
        return value
    raise Problem(INVALID, f"the number {_shown(digits)} is out of range")


def _shown(text: str, characters_max: int = 60) -> str:
    """A text from outside inside a sentence: printable, and not too long."""
    cut = text if len(text) <= characters_max else text[:characters_max] + "…"
    return "`" + cut.encode("ascii", "backslashreplace").decode() + "`"


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_float,
)
