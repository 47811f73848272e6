"""What a line from outside must be before it is believed; a malformed one ends nobody.

The journal and the socket lie where agents can write, so a line may hold anything.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from orchestrate.agent.wire import decode

_NUMBER_MAX = 1 << 62
"""Beyond it lies no moment, no size and no wait, and clocks overflow."""


class Malformed(Exception):
    """The line is not one that we have written."""


def fields(line: str | bytes) -> dict[str, Any]:
    """The object that the line is, with the text that says what it is about."""
    try:
        found = decode(line if isinstance(line, str) else line.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it is not JSON: {type(error).__name__}") from None
    if not isinstance(found, dict) or not isinstance(found.get("op"), str):
        raise Malformed("it is not an object that says what to do")
    return found


def check(found: Mapping[str, object], shape: Mapping[str, str]) -> None:
    """Each field is there and of its kind, and there is no other; raises Malformed."""
    if found.keys() != shape.keys():
        raise Malformed(f"its fields are not {', '.join(shape)}")
    for name, kinds in shape.items():
        if not any(_KINDS[kind](found[name]) for kind in kinds.split(" or ")):
            raise Malformed(f"its {name} is not {kinds}")


def _whole(value: object) -> bool:
    return type(value) is int and abs(value) < _NUMBER_MAX


def _number(value: object) -> bool:
    return _whole(value) or (
        isinstance(value, float) and math.isfinite(value) and abs(value) < _NUMBER_MAX
    )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _secrets(value: object) -> bool:
    """Texts that can be looked for in bytes."""
    if not isinstance(value, list) or not _texts(value):
        return False
    try:
        "".join(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _table(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


_KINDS: Mapping[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "texts": _texts,
    "secrets": _secrets,
    "table": _table,
    "whole": _whole,
    "number": _number,
    "flag": lambda value: isinstance(value, bool),
    "nothing": lambda value: value is None,
    "cancelled": lambda value: value == "cancelled",
    "timeout": lambda value: value == "timeout",
}

ENTRIES: Mapping[str, Mapping[str, str]] = {
    "runner": {"op": "text", "instance": "whole", "boot": "text"},
    "started": {
        "op": "text",
        "key": "text",
        "pid": "whole",
        "at": "number",
        "boot_s": "number",
    },
    "exited": {
        "op": "text",
        "key": "text",
        "code": "whole or nothing",
        "signal": "whole or nothing",
        "reason": "text",
        "started_at": "number or nothing",
        "ended_at": "number",
        "pid": "whole or nothing",
        "output": "text",
        "output_error": "text or nothing",
        "cpu_s": "number",
        "maxrss_kb": "whole",
        "leftovers_killed": "whole",
        "log_bytes": "whole",
        "log_truncated": "flag",
        "detail": "text",
    },
    "acknowledged": {"op": "text", "keys": "texts"},
}
"""The lines of the journal."""

ORDERS: Mapping[str, Mapping[str, str]] = {
    "launch": {
        "op": "text",
        "key": "text",
        "argv": "texts",
        "env": "table",
        "cwd": "text",
        "stdin": "text",
        "context": "text",
        "timeout_s": "number or nothing",
        "idle_timeout_s": "number or nothing",
        "grace_s": "number",
        "mask": "secrets",
    },
    "acknowledge": {"op": "text", "keys": "texts"},
    "stop": {"op": "text", "key": "text", "reason": "cancelled or timeout"},
    "ask": {"op": "text", "keys": "texts"},
    "refuse": {"op": "text", "key": "text", "detail": "text"},
}
"""What a server may say."""


def read(line: str | bytes, shapes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A line that is one of these; raises Malformed."""
    found = fields(line)
    shape = shapes.get(found["op"])
    if shape is None:
        raise Malformed(f"its op {found['op'][:40]!r} means nothing here")
    check(found, shape)
    return found
