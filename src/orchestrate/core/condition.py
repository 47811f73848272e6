"""`when`: whether something holds (yes, no, unknown), and the sentence that says why not.

A condition is a tree of predicates over `Facts`; nothing else may influence it (semantics 6).
The evaluation lives in `judge`; this module is the vocabulary, and must never evaluate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the event that started a run (semantics 6.5, 6.6, 9.2).

    `None` means *unknown*; an empty string or tuple means *known to be none*. `data` holds the
    event's remaining scalar facts and its payload, addressed as `${event.a.b}`.
    """

    event: str = "manual"
    branch: str | None = None
    head_branch: str | None = None
    tag: str | None = None
    sha: str | None = None
    repository: str | None = None
    paths: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    actor: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Always:
    """`when: true` or `when: false`."""

    value: bool
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """`branch: [globs]` or `head_branch: [globs]`; any-of, `!` negates, last match decides."""

    globs: tuple[str, ...]
    head: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """`paths: [globs]`: some changed path matches; `every`: all changed paths match."""

    globs: tuple[str, ...]
    every: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """`labels: [names]`: the event carries one of them."""

    names: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventIs:
    """`event: [globs]`: the name of the event that started the run."""

    globs: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`actor: [names]`: who caused the event."""

    names: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What a value is compared with (semantics 6.3). Exactly one field is set.

    `values`: equal as text to one of them; the others refine. `matches` is a regular expression
    of the linear-time subset (`pattern.Regex`), searched anywhere in the text.
    """

    values: tuple[str, ...] | None = None
    matches: str | None = None
    gt: float | None = None
    lt: float | None = None
    exists: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`variable: {name: test}` for one name; several names are several predicates, and-ed."""

    name: str
    test: Test
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageIs:
    """`stage: {name: [statuses]}`: the status a needed stage ended with."""

    stage: str
    statuses: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputIs:
    """`output: {stage.name: test}`."""

    stage: str
    name: str
    test: Test
    line: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition
    line: int = 0


@dataclass(frozen=True, slots=True)
class Every:
    conditions: tuple[Condition, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Some:
    conditions: tuple[Condition, ...]
    line: int = 0


Condition: TypeAlias = (
    Always
    | Branch
    | Paths
    | Labels
    | EventIs
    | Actor
    | Variable
    | StageIs
    | OutputIs
    | Not
    | Every
    | Some
)
