"""Whether a condition holds, and why not: yes, no or unknown over a view (semantics 6).

Logic is Kleene's: what is not known makes the answer unknown only where the answer depends on it.
Every predicate is evaluated, so an error in any of them is raised whatever the others say; nothing
here may skip a stage without a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, product
from typing import TypeAlias

from orchestrate.core.condition import Always, Condition, Every, Not, OutputIs, Some, StageIs
from orchestrate.core.predicate import ConditionError, Predicate, Truth, View, at_line, says
from orchestrate.core.wording import change, expected, found, listed, sentence

__all__ = ["ConditionError", "Explanation", "Truth", "View", "explain", "flips", "judge"]

REASONS_MAX = 5  # predicates named in one explanation
CHANGES_MAX = 5  # changes named in one way
WAYS_MAX = 3  # equally small ways named

_Turn: TypeAlias = tuple[Predicate, bool]  # a predicate, and whether it would have to hold

_OPPOSITE = {Truth.YES: Truth.NO, Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a condition does not hold. `line`, `expected` and `actual` are of the first reason.

    `counterfactual` says the smallest change that would have let the stage run (6.8).
    """

    text: str
    line: int
    expected: str
    actual: str
    counterfactual: str


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A condition, what it says, and the same of its parts."""

    condition: Condition
    truth: Truth
    parts: tuple[_Weighed, ...] = ()


def judge(condition: Condition, view: View) -> Truth:
    """What a condition says; raises ConditionError where a predicate cannot say anything."""
    return _weigh(condition, view).truth


def explain(condition: Condition, view: View) -> Explanation:
    """Why a condition does not hold, or why it is unknown."""
    weighed = _weigh(condition, view)
    assert weighed.truth is not Truth.YES, "what holds needs no excuse"
    reasons = list(_reasons(weighed))
    assert reasons, "a condition without predicates is never written"
    texts = list(dict.fromkeys(_reason(predicate, view, truth) for predicate, truth in reasons))
    if len(texts) > REASONS_MAX:
        texts[REASONS_MAX:] = [f"{len(texts) - REASONS_MAX} more like these"]
    first, truth = reasons[0]
    wanted = expected(first, view)
    if truth is Truth.YES and not isinstance(first, Always):
        wanted = f"not {wanted}"
    return Explanation(
        text=", and ".join(texts),
        line=first.line,
        expected=wanted,
        actual=found(first, view, truth),
        counterfactual=_counterfactual(weighed, view),
    )


def flips(condition: Condition, view: View) -> list[tuple[Predicate, ...]]:
    """The smallest sets of predicates that would have to turn for the stage to run.

    An unknown condition lets a stage run too (6.6), so what is unknown never needs to turn. At
    most `WAYS_MAX + 1` sets, all of the same size; one empty set if the stage runs anyway, none
    if nothing could let it run.
    """
    return [tuple(predicate for predicate, _ in way) for way in _smallest(_weigh(condition, view))]


def _weigh(condition: Condition, view: View) -> _Weighed:
    match condition:
        case Every(conditions) | Some(conditions):
            parts = tuple(_weigh(each, view) for each in conditions)
            return _Weighed(condition, _joined(condition, {part.truth for part in parts}), parts)
        case Not(inner):
            part = _weigh(inner, view)
            return _Weighed(condition, _OPPOSITE[part.truth], (part,))
        case _:
            return _Weighed(condition, says(condition, view))


def _joined(condition: Every | Some, truths: set[Truth]) -> Truth:
    # The one answer of a part that settles the whole; without it, unknown wins.
    decisive = Truth.NO if isinstance(condition, Every) else Truth.YES
    if decisive in truths:
        return decisive
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else _OPPOSITE[decisive]


def _reasons(weighed: _Weighed) -> Iterator[tuple[Predicate, Truth]]:
    """The predicates that make a condition say what it says, in the order written."""
    match weighed.condition:
        case Every() | Some():
            for part in weighed.parts:
                if part.truth is weighed.truth:
                    yield from _reasons(part)
        case Not():
            yield from _reasons(weighed.parts[0])
        case predicate:
            yield predicate, weighed.truth


def _reason(predicate: Predicate, view: View, truth: Truth) -> str:
    text = sentence(predicate, view, truth)
    # A predicate that holds is a reason only below a `not`.
    excluded = ", which `not` excludes" if truth is Truth.YES else ""
    return text + excluded + at_line(predicate.line)


def _ways(weighed: _Weighed, wrong: Truth) -> list[tuple[_Turn, ...]]:
    """The smallest sets of predicates whose turning makes a condition say anything but `wrong`.

    Each occurrence of a predicate is taken for itself; so they are independent, and the smallest
    sets for a whole are made of the smallest sets for its parts.
    """
    if weighed.truth is not wrong:
        return [()]
    match weighed.condition:
        case Always():
            return []
        case Not():
            return _ways(weighed.parts[0], _OPPOSITE[wrong])
        case Every() | Some():
            ways = [_ways(part, wrong) for part in weighed.parts]
            if isinstance(weighed.condition, Every) == (wrong is Truth.NO):
                # Every part has to turn.
                return [
                    tuple(chain.from_iterable(chosen))
                    for chosen in islice(product(*ways), WAYS_MAX + 1)
                ]
            single = list(chain.from_iterable(ways))
            smallest = min(map(len, single), default=0)
            return [way for way in single if len(way) == smallest][: WAYS_MAX + 1]
        case predicate:
            return [((predicate, wrong is Truth.NO),)]


def _smallest(weighed: _Weighed) -> list[tuple[_Turn, ...]]:
    """The smallest ways to let a stage run; a predicate that is written twice turns in both places.

    Where predicates are written twice there may be still smaller ways; where one is asked for and
    excluded, there may be none.
    """
    ways = []
    for way in _ways(weighed, Truth.NO):
        turns = tuple(dict.fromkeys((replace(predicate, line=0), hold) for predicate, hold in way))
        if _if_turned(weighed, {predicate for predicate, _ in turns}) is not Truth.NO:
            ways.append(turns)
    size = min(map(len, ways), default=0)
    return [way for way in ways if len(way) == size]


def _if_turned(weighed: _Weighed, turned: set[Predicate]) -> Truth:
    match weighed.condition:
        case Every() | Some() as condition:
            return _joined(condition, {_if_turned(part, turned) for part in weighed.parts})
        case Not():
            return _OPPOSITE[_if_turned(weighed.parts[0], turned)]
        case predicate:
            same = replace(predicate, line=0)
            return _OPPOSITE[weighed.truth] if same in turned else weighed.truth


def _counterfactual(weighed: _Weighed, view: View) -> str:
    if weighed.truth is Truth.UNKNOWN:
        return _decided_when(weighed)
    ways = _smallest(weighed)
    if not ways and _ways(weighed, Truth.NO):
        return "it asks for something and excludes it, so no small change lets it run"
    if not ways:
        return "nothing could have let it run"
    texts = list(dict.fromkeys(_way(way, view) for way in ways))
    more = ", or by other changes as small" if len(texts) > WAYS_MAX else ""
    return f"it would run if {', or: if '.join(texts[:WAYS_MAX])}{more}"


def _decided_when(weighed: _Weighed) -> str:
    awaited = (
        predicate.stage
        for predicate, _ in _reasons(weighed)
        if isinstance(predicate, StageIs | OutputIs)
    )
    stages = tuple(dict.fromkeys(awaited))
    if stages:
        return f"it is decided when {listed(stages)} {'has' if len(stages) == 1 else 'have'} ended"
    return "what is not known lets the stage run"


def _way(way: Iterable[_Turn], view: View) -> str:
    texts = list(dict.fromkeys(change(predicate, view, hold=hold) for predicate, hold in way))
    if len(texts) > CHANGES_MAX:
        texts[CHANGES_MAX:] = [f"{len(texts) - CHANGES_MAX} more predicates turned"]
    return " and ".join(texts)
