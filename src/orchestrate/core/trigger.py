"""Which trigger of a pipeline an event meets, and why each of the others is not met (10.1).

It judges facts that are known, and starts nothing. What is not known is never taken for no (6.6):
a trigger that could be met is met, and what was not known is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from orchestrate.core.condition import Branch, EventIs, Facts, Labels, Paths
from orchestrate.core.judge import ConditionError, Truth, View, explain, judge
from orchestrate.core.pattern import Globs, Unsupported
from orchestrate.core.pipeline import Trigger
from orchestrate.core.predicate import at_line, quoted, says
from orchestrate.core.wording import either, sentence

NAMES_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one trigger says about an event.

    `place` counts the triggers of a pipeline from 1. `named`: the event is one of those it waits
    for. `text` says why it is not met, or what was not known; empty where nothing needs saying.
    """

    place: int
    line: int
    met: bool
    named: bool
    text: str = ""


def verdicts(
    triggers: Sequence[Trigger], facts: Facts, variables: Mapping[str, str | None]
) -> tuple[Verdict, ...]:
    """What each trigger says, in the order written; a pipeline starts if one of them is met."""
    given = {name: value for name, value in variables.items() if value is not None}
    view = View(facts=facts, variables=given)
    return tuple(_verdict(place, each, view) for place, each in enumerate(triggers, start=1))


def first_met(said: Sequence[Verdict]) -> Verdict | None:
    return next((each for each in said if each.met), None)


def _verdict(place: int, trigger: Trigger, view: View) -> Verdict:
    why_not = _not_named(EventIs(globs=trigger.events, line=trigger.line), view.facts.event)
    if why_not:
        return Verdict(place=place, line=trigger.line, met=False, named=False, text=why_not)
    try:
        met, text = _filtered(trigger, view)
    except (ConditionError, Unsupported) as fault:
        met, text = False, f"it cannot be judged: {fault}"
    return Verdict(place=place, line=trigger.line, met=met, named=True, text=text)


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _not_named(named: EventIs, event: str) -> str:
    """Why an event is none of those that are waited for; empty if it is one."""
    view = View(facts=Facts(event=event))
    truth = says(named, view)
    return "" if truth is Truth.YES else sentence(named, view, truth) + at_line(named.line)


def _filtered(trigger: Trigger, view: View) -> tuple[bool, str]:
    """Whether the filters let an event through, and why not, or what they do not know.

    Names are looked at first: where one of them says no, nobody need compare every changed path.
    """
    facts, line = view.facts, trigger.line
    said = []
    if trigger.repositories:
        said.append(_one_of("repository", trigger.repositories, facts.repository, line))
    if trigger.pipelines:
        said.append(_one_of("pipeline", trigger.pipelines, _pipeline(facts), line))
    if trigger.branches:
        said.append(_on_branch(Branch(globs=trigger.branches, line=line), facts.branch))
    if trigger.labels:
        said.append(_said(Labels(names=trigger.labels, line=line), view))
    if all(truth is not Truth.NO for truth, _ in said):
        if trigger.paths:
            said.append(_said(Paths(globs=trigger.paths, line=trigger.line), view))
        if trigger.condition is not None:
            truth = judge(trigger.condition, view)
            text = "" if truth is Truth.YES else explain(trigger.condition, view).text
            said.append((truth, text))
    for wrong in (Truth.NO, Truth.UNKNOWN):
        texts = [text for truth, text in said if truth is wrong]
        if texts:
            return wrong is Truth.UNKNOWN, ", and ".join(texts)
    return True, ""


def _said(predicate: Branch | Labels | Paths, view: View) -> tuple[Truth, str]:
    truth = says(predicate, view)
    if truth is Truth.YES:
        return truth, ""
    return truth, sentence(predicate, view, truth) + at_line(predicate.line)


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _on_branch(predicate: Branch, branch: str | None) -> tuple[Truth, str]:
    return _said(predicate, View(facts=Facts(branch=branch)))


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _one_of(what: str, globs: tuple[str, ...], name: str | None, line: int) -> tuple[Truth, str]:
    if name is None:
        return Truth.UNKNOWN, f"the {what} is not known{at_line(line)}"
    if Globs(globs).matches(name):
        return Truth.YES, ""
    text = f"{what} {quoted(name)} does not match {either(globs)}{at_line(line)}"
    return Truth.NO, text


def _pipeline(facts: Facts) -> str | None:
    """The pipeline whose end an event tells of."""
    name = facts.data.get("pipeline")
    return name if isinstance(name, str) else None
