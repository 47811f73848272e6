"""What can occur in the core, and what did: a rule that never occurs is a hole in the drawing.

Events come from their type; reasons and refusals are read from the core's source.
"""

from __future__ import annotations

import ast
import typing
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import orchestrate.core
from orchestrate.core import ending
from orchestrate.core import events as happened
from orchestrate.core.events import Event
from orchestrate.core.run import Reason

CORE = Path(orchestrate.core.__file__).parent
ROOMS = ("advance", "approval", "attempts", "decide", "ending", "evolve", "rollback")
EVENTS = frozenset(kind.__name__ for kind in typing.get_args(happened.Event))

Place = tuple[str, int]


@cache
def reasons() -> frozenset[str]:
    """Every reason code that the core gives by itself."""
    found = set(ending.STOPS)
    for _, node in _calls("Reason"):
        code = node.args[0]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            found.add(code.value)
    return frozenset(found)


@cache
def refusals() -> dict[Place, str]:
    """Every place where the core refuses, and what it says there."""
    return {(file, node.lineno): _text(node.args[1]) for file, node in _calls("Refused")}


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    for room in ROOMS:
        path = CORE / f"{room}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                yield path.name, node


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return ast.literal_eval(node) if isinstance(node, ast.Constant) else ast.unparse(node)


_REASONED: dict[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind) if each.name in ("reason", "note", "why"))
    for kind in typing.get_args(happened.Event)
}


def met(event: Event) -> Iterator[str]:
    """The reason codes that an event carries."""
    if isinstance(event, happened.RunCreated) and event.carried:
        yield "carried"
    for name in _REASONED[type(event)]:
        reason = getattr(event, name)
        if isinstance(reason, Reason):
            yield reason.code
        elif isinstance(event, happened.AttemptStopped):
            yield reason


def holes(events: Counter[str], codes: Counter[str], places: Counter[Place]) -> list[str]:
    """Everything of the core that never occurred."""
    return [
        *(f"event {name}" for name in sorted(EVENTS - set(events))),
        *(f"reason {code}" for code in sorted(reasons() - set(codes))),
        *(
            f"refusal {file}:{line} {text}"
            for (file, line), text in sorted(refusals().items())
            if (file, line) not in places
        ),
    ]
