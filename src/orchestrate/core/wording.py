"""Predicates in plain words: why one holds or does not, and what would turn it (semantics 6.8).

It words what `predicate` has decided, and must never decide. Values come from events: all of them
are quoted, shortened and escaped.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrate.core.condition import (
    Actor,
    Always,
    Branch,
    EventIs,
    Labels,
    OutputIs,
    Paths,
    StageIs,
    Variable,
)
from orchestrate.core.predicate import (
    Predicate,
    Truth,
    View,
    accepted,
    as_text,
    named,
    quoted,
    subject,
    values_for,
    wanted_values,
)

LISTED_MAX = 5


def sentence(predicate: Predicate, view: View, truth: Truth) -> str:
    """Why a predicate says what it says."""
    if truth is Truth.UNKNOWN:
        return _why_unknown(predicate)
    yes = truth is Truth.YES
    match predicate:
        case Always(value):
            return f"the condition is `{str(value).lower()}`"
        case Branch() | EventIs():
            name = subject(predicate, view.facts)
            if not name:
                return f"the event has no {_noun(predicate)}, and one must {_matches(predicate)}"
            return _why_matched(f"{_noun(predicate)} {quoted(name)}", name, predicate, yes=yes)
        case Paths():
            return _why_paths(predicate, view.facts.paths or (), yes=yes)
        case Labels(names=names):
            return _why_labels(names, view.facts.labels, yes=yes)
        case Actor(names=names):
            actor = view.facts.actor
            if not actor:
                return f"the event has no actor, and it must be {either(names)}"
            if yes:
                return f"the actor is {quoted(actor)}"
            return f"actor {quoted(actor)} is {_not_these(names)}"
        case StageIs(stage=stage, statuses=statuses):
            status = view.statuses[stage]
            if yes:
                return f"stage {quoted(stage)} ended {quoted(status)}"
            return f"stage {quoted(stage)} ended {quoted(status)}, {_not_these(statuses)}"
        case Variable() | OutputIs():
            return _why_value(predicate, view, yes=yes)


def expected(predicate: Predicate, view: View) -> str:
    """What a predicate asks for."""
    match predicate:
        case Always(value):
            return f"`{str(not value).lower()}`"
        case Branch() | EventIs():
            article = "an" if isinstance(predicate, EventIs) else "a"
            return f"{article} {_noun(predicate)} that {_matches(predicate, 'es')}"
        case Paths(every=True):
            return f"only changed paths that {_matches(predicate)}"
        case Paths():
            return f"a changed path that {_matches(predicate, 'es')}"
        case Labels(names=names):
            return f"the label {either(names)}"
        case Actor(names=names):
            return f"the actor {either(names)}"
        case StageIs(stage=stage, statuses=statuses):
            return f"stage {quoted(stage)} ended {either(statuses)}"
        case Variable() | OutputIs():
            return f"{named(predicate)} to {_requirement(predicate, view)}"


def found(predicate: Predicate, view: View, truth: Truth) -> str:
    """What was there instead."""
    facts = view.facts
    if truth is Truth.UNKNOWN:
        return "not known"
    match predicate:
        case Always(value):
            return f"`{str(value).lower()}`"
        case Branch() | EventIs():
            name = subject(predicate, facts)
            return f"{_noun(predicate)} {quoted(name)}" if name else f"no {_noun(predicate)}"
        case Paths():
            return f"changed: {listed(facts.paths)}" if facts.paths else "no changed path"
        case Labels():
            return f"labels {listed(facts.labels)}" if facts.labels else "no labels"
        case Actor():
            return f"actor {quoted(facts.actor)}" if facts.actor else "no actor"
        case StageIs(stage=stage):
            return f"stage {quoted(stage)} ended {quoted(view.statuses[stage])}"
        case Variable() | OutputIs():
            values = values_for(predicate, view) or {}
            if predicate.name not in values:
                return f"{named(predicate)} is not set"
            return f"{named(predicate)} is {quoted(as_text(values[predicate.name]))}"


def change(predicate: Predicate, view: View, *, hold: bool) -> str:
    """What would make a predicate hold, or not hold: the words behind "if"."""
    match predicate:
        case Always():
            raise AssertionError("a constant cannot change")
        case Branch() | EventIs():
            return f"the {_noun(predicate)} {_matched(predicate, hold=hold)}"
        case Paths(every=every):
            return _path_change(predicate, view, every=every, hold=hold)
        case Labels(names=names):
            return f"the label {either(names)} were {'' if hold else 'not '}set"
        case Actor(names=names):
            return f"the actor were {'' if hold else 'not '}{either(names)}"
        case StageIs(stage=stage, statuses=statuses):
            ended = "ended" if hold else "did not end"
            return f"stage {quoted(stage)} {ended} {either(statuses)}"
        case Variable() | OutputIs():
            return f"{named(predicate)} {_value_change(predicate, view, hold=hold)}"


def either(texts: Sequence[str]) -> str:
    """`a`, `b` or `c`."""
    shown = [quoted(text) for text in texts[:LISTED_MAX]]
    if len(texts) > LISTED_MAX:
        shown.append(f"one of {len(texts) - LISTED_MAX} more")
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def listed(texts: Sequence[str]) -> str:
    """`a`, `b`, `c`."""
    more = f" and {len(texts) - LISTED_MAX:,} more" if len(texts) > LISTED_MAX else ""
    return ", ".join(quoted(text) for text in texts[:LISTED_MAX]) + more


def _why_unknown(predicate: Predicate) -> str:
    match predicate:
        case StageIs(stage=stage):
            return f"stage {quoted(stage)} has not ended yet"
        case OutputIs(stage=stage):
            return f"{named(predicate)} is not known before stage {quoted(stage)} has ended"
        case Paths():
            return "the changed paths are not known"
        case Actor():
            return "the actor is not known"
        case Branch():
            return f"the {_noun(predicate)} is not known"
        case _:
            raise AssertionError(f"{predicate} is always known")


def _noun(predicate: Branch | EventIs) -> str:
    if isinstance(predicate, EventIs):
        return "event"
    return "head branch" if predicate.head else "branch"


def _negates(globs: Sequence[str]) -> bool:
    return any(glob.startswith("!") for glob in globs)


def _matches(predicate: Branch | EventIs | Paths, ending: str = "") -> str:
    """The verb and the globs: a list with negations is passed, not matched."""
    if _negates(predicate.globs):
        return f"pass{ending} the patterns {listed(predicate.globs)}"
    return f"match{ending} {either(predicate.globs)}"


def _matched(predicate: Branch | EventIs | Paths, *, hold: bool) -> str:
    if not hold:
        return f"did not {_matches(predicate)}"
    return _matches(predicate, "ed")


def _why_matched(shown: str, text: str, predicate: Branch | EventIs | Paths, *, yes: bool) -> str:
    """Which glob decided about one text."""
    deciding = accepted(predicate).deciding(text)
    if deciding is not None:
        return f"{shown} {'matches' if yes else 'is excluded by'} {quoted(deciding)}"
    if yes:
        return f"{shown} is not excluded by {either(predicate.globs)}"
    positive = [glob for glob in predicate.globs if not glob.startswith("!")]
    if len(positive) == 1:
        return f"{shown} does not match {quoted(positive[0])}"
    return f"{shown} matches none of {listed(positive)}"


def _why_paths(predicate: Paths, paths: Sequence[str], *, yes: bool) -> str:
    if not paths:
        return f"no path changed, and one must {_matches(predicate)}"
    if len(paths) == 1:
        return _why_matched(f"changed path {quoted(paths[0])}", paths[0], predicate, yes=yes)
    globs = accepted(predicate).globs
    if predicate.every:
        if yes:
            return f"each of the {len(paths):,} changed paths {_matches(predicate, 'es')}"
        others = [path for path in paths if not globs.matches(path)]
        do = "does" if len(others) == 1 else "do"
        return (
            f"{len(others):,} of the {len(paths):,} changed paths {do} not {_matches(predicate)}:"
            f" {listed(others)}"
        )
    if yes:
        first = next(path for path in paths if globs.matches(path))
        return _why_matched(f"changed path {quoted(first)}", first, predicate, yes=True)
    return f"none of the {len(paths):,} changed paths {_matches(predicate, 'es')}: {listed(paths)}"


def _path_change(predicate: Paths, view: View, *, every: bool, hold: bool) -> str:
    verb = _matches(predicate, "ed")
    if not every:
        return f"{'a' if hold else 'no'} changed path {verb}"
    if not hold:
        return f"not every changed path {verb}"
    if not view.facts.paths:
        return f"a path had changed, and every changed path {verb}"
    return f"every changed path {verb}"


def _why_labels(names: Sequence[str], labels: Sequence[str], *, yes: bool) -> str:
    if yes:
        return f"the event has the label {quoted(next(name for name in names if name in labels))}"
    has = f"it has {listed(labels)}" if labels else "it has no labels"
    if len(names) == 1:
        return f"the event does not have the label {quoted(names[0])}: {has}"
    return f"the event has none of the labels {listed(names)}: {has}"


def _not_these(texts: Sequence[str]) -> str:
    return f"not {quoted(texts[0])}" if len(texts) == 1 else f"none of {listed(texts)}"


def _why_value(predicate: Variable | OutputIs, view: View, *, yes: bool) -> str:
    test = predicate.test
    values = values_for(predicate, view)
    assert values is not None, "what is not known has no reason"
    if predicate.name not in values:
        if test.exists is not None:
            return f"{named(predicate)} is not set"
        return f"{named(predicate)} is not set, and must {_requirement(predicate, view)}"
    text = quoted(as_text(values[predicate.name]))
    if test.exists is not None:
        return f"{named(predicate)} is set, to {text}"
    is_text = f"{named(predicate)} is {text}"
    wanted = wanted_values(test, view, predicate.line)
    if wanted is not None:
        return is_text if yes else f"{is_text}, {_not_these(wanted)}"
    if test.matches is not None:
        return f"{is_text}, which {'matches' if yes else 'does not match'} {quoted(test.matches)}"
    return f"{is_text}, {'' if yes else 'not '}{_compared(predicate)}"


def _compared(predicate: Variable | OutputIs) -> str:
    """`greater than 3`."""
    test = predicate.test
    words, limit = ("greater", test.gt) if test.gt is not None else ("less", test.lt)
    assert limit is not None, "a test sets exactly one field"
    return f"{words} than {int(limit) if limit == limit // 1 else limit}"


def _requirement(predicate: Variable | OutputIs, view: View) -> str:
    """What a value must do: "be ...", "match ..."."""
    test = predicate.test
    if test.exists is not None:
        return "be set" if test.exists else "be missing"
    if test.values is not None:
        known = values_for(predicate, view) is not None
        wanted = wanted_values(test, view, predicate.line) if known else test.values
        return f"be {either(wanted or ())}"
    if test.matches is not None:
        return f"match {quoted(test.matches)}"
    return f"be {_compared(predicate)}"


def _value_change(predicate: Variable | OutputIs, view: View, *, hold: bool) -> str:
    test = predicate.test
    negation = "" if hold else "not "
    if test.exists is not None:
        return "were set" if test.exists == hold else "were not set"
    wanted = wanted_values(test, view, predicate.line)
    if wanted is not None:
        return f"were {negation}{either(wanted)}"
    if test.matches is not None:
        return f"{'matched' if hold else 'did not match'} {quoted(test.matches)}"
    return f"were {negation}{_compared(predicate)}"
