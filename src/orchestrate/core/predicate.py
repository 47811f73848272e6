"""What one predicate of a condition says about a run: yes, no or unknown (semantics 6.3 to 6.7).

It looks at a `View` and at nothing else. What is not known is never taken for no, and what cannot
be compared is a `ConditionError`, never an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from orchestrate.core.condition import (
    Actor,
    Always,
    Branch,
    EventIs,
    Facts,
    Labels,
    OutputIs,
    Paths,
    StageIs,
    Test,
    Variable,
)
from orchestrate.core.pattern import Globs, Regex, Unsupported
from orchestrate.core.template import Undefined, render

NUMBER_CHARS_MAX = 100
ACCEPTED_MAX = 1_000  # predicates kept ready

Predicate: TypeAlias = (
    Always | Branch | Paths | Labels | EventIs | Actor | Variable | StageIs | OutputIs
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEADS = "refs/heads/"

# A name that stands for several events (semantics 10.4).
_EVENTS = {
    "pull_request": "pull_request{,.opened,.synchronize,.reopened}",
    "pull_request.closed": "pull_request.{closed,merged}",
}


class Truth(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything a condition may look at when its stage becomes ready (semantics 6.9).

    A stage that is not in `statuses` or `outputs` has not ended yet: what is asked of it is
    unknown. `lookup` gives the values of `${name}` in what is compared; without it, only
    `variables` have one.
    """

    facts: Facts
    variables: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    lookup: Callable[[str], str | None] | None = None


class ConditionError(Exception):
    """A condition that cannot be evaluated: the stage fails, and is never skipped (6.7)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message + at_line(line))
        self.line = line


def at_line(line: int) -> str:
    return f" (line {line})" if line else ""


def as_text(value: object) -> str:
    """A value as it is compared: a string as it is, everything else as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def says(predicate: Predicate, view: View) -> Truth:
    """What a predicate says; raises ConditionError where it cannot say anything."""
    try:
        return _says(predicate, view)
    except Unsupported as error:
        raise ConditionError(str(error), predicate.line) from None


def _says(predicate: Predicate, view: View) -> Truth:
    facts = view.facts
    match predicate:
        case Always(value):
            return _truth(value)
        case Branch() | EventIs():
            name = subject(predicate, facts)
            if name is None:
                return Truth.UNKNOWN
            # A tag has no branch: that is known, and no pattern accepts it, `!main` neither.
            return _truth(name != "" and accepted(predicate).globs.matches(name))
        case Paths(every=every):
            if facts.paths is None:
                return Truth.UNKNOWN
            globs = accepted(predicate).globs
            matched = [globs.matches(path) for path in facts.paths]
            # `all` of no paths is no: a filter on paths lets something run because of a change,
            # and there is none. It is also what GitHub's filters answer to an empty change.
            return _truth(bool(matched) and all(matched) if every else any(matched))
        case Labels(names=names):
            return _truth(any(name in facts.labels for name in names))
        case Actor(names=names):
            if facts.actor is None:
                return Truth.UNKNOWN
            return _truth(facts.actor and facts.actor in names)
        case StageIs(stage=stage, statuses=statuses):
            status = view.statuses.get(stage)
            return Truth.UNKNOWN if status is None else _truth(status in statuses)
        case Variable() | OutputIs():
            values = values_for(predicate, view)
            if values is None:
                return Truth.UNKNOWN
            return _truth(_passes(predicate, view, values))


def _truth(value: object) -> Truth:
    return Truth.YES if value else Truth.NO


def subject(predicate: Branch | EventIs, facts: Facts) -> str | None:
    """The name that is matched: a branch without `refs/heads/`, or the event."""
    if isinstance(predicate, EventIs):
        return facts.event
    branch = facts.head_branch if predicate.head else facts.branch
    return None if branch is None else branch.removeprefix(_HEADS)


class Accepted:
    """The globs of a predicate, and which of them, as it was written, decides about a text."""

    def __init__(self, predicate: Branch | Paths | EventIs) -> None:
        self._written = {_plain(predicate, glob): glob for glob in predicate.globs}
        self.globs = Globs(_plain(predicate, glob) for glob in predicate.globs)

    def deciding(self, text: str) -> str | None:
        decided = self.globs.deciding(text)
        return None if decided is None else self._written[decided]


@lru_cache(maxsize=ACCEPTED_MAX)
def accepted(predicate: Branch | Paths | EventIs) -> Accepted:
    """The globs of a predicate, ready; the same ones are asked for each event anew."""
    return Accepted(predicate)


def _plain(predicate: Branch | Paths | EventIs, glob: str) -> str:
    sign = "!" if glob.startswith("!") else ""
    rest = glob.removeprefix("!")
    match predicate:
        case Branch():
            return sign + rest.removeprefix(_HEADS)
        case EventIs():
            return sign + _EVENTS.get(rest, rest)
        case Paths():
            return glob


def values_for(predicate: Variable | OutputIs, view: View) -> Mapping[str, object] | None:
    """Where the value is looked up by name; None while the stage that gives it has not ended."""
    return view.variables if isinstance(predicate, Variable) else view.outputs.get(predicate.stage)


def _passes(predicate: Variable | OutputIs, view: View, values: Mapping[str, object]) -> bool:
    test = predicate.test
    wanted = wanted_values(test, view, predicate.line)
    if test.exists is not None:
        return test.exists == (predicate.name in values)
    if predicate.name not in values:
        return False
    text = as_text(values[predicate.name])
    if wanted is not None:
        return text in wanted
    if test.matches is not None:
        return Regex(test.matches).search(text)
    number = _number(text)
    if number is None:
        raise ConditionError(
            f"{named(predicate)} is {quoted(text)}, which is no number to compare", predicate.line
        )
    assert test.gt is not None or test.lt is not None, "a test sets exactly one field"
    return number > test.gt if test.gt is not None else number < (test.lt or 0)


def wanted_values(test: Test, view: View, line: int) -> tuple[str, ...] | None:
    """What a value is to be equal to, with every `${name}` filled in."""
    if test.values is None:
        return None
    try:
        return tuple(render(value, view.lookup or view.variables.get) for value in test.values)
    except Undefined as error:
        hole = quoted(f"${{{error.args[0]}}}")
        raise ConditionError(f"{hole} has no value to compare with", line) from None


def _number(text: str) -> int | float | None:
    text = text.strip()
    if len(text) > NUMBER_CHARS_MAX or not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


# ── how values are shown to people ───────────────────────────────────────────────────────────────

SHOWN_CHARS_MAX = 80


def named(predicate: Variable | OutputIs) -> str:
    if isinstance(predicate, Variable):
        return f"variable {quoted(predicate.name)}"
    return f"output {quoted(f'{predicate.stage}.{predicate.name}')}"


def quoted(text: str) -> str:
    """A text from anywhere, safe to show: shortened, and what does not print is escaped."""
    shown = text[:SHOWN_CHARS_MAX]
    if "`" in shown or not shown.isprintable():
        shown = "".join(
            char if char.isprintable() and char != "`" else _escaped(char) for char in shown
        )
    if len(text) <= SHOWN_CHARS_MAX:
        return f"`{shown}`"
    return f"`{shown}…` ({len(text):,} characters)"


def _escaped(char: str) -> str:
    return r"\x60" if char == "`" else char.encode("unicode_escape").decode("ascii")
