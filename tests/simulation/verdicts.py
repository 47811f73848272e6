"""What the conditions of a life say, worked out a second time and simply.

Only what `definition` draws is known here. It must never call the core's own evaluation.
"""

from __future__ import annotations

from orchestrate.core.condition import (
    Actor,
    Always,
    Branch,
    Condition,
    EventIs,
    Every,
    Labels,
    Not,
    OutputIs,
    Paths,
    Some,
    StageIs,
    Test,
    Variable,
)
from tests.simulation.history import ENDED, History

Verdict = bool | None | str  # True, False, None: unknown; "error"


def verdicts(condition: Condition, history: History) -> set[Verdict]:
    """Everything that may be answered: an error beside a clear answer may be met or not."""
    match condition:
        case Not(inner):
            return {not each if isinstance(each, bool) else each
                    for each in verdicts(inner, history)}  # fmt: skip
        case Every(parts):
            return _joined([verdicts(each, history) for each in parts], decides=False)
        case Some(parts):
            return _joined([verdicts(each, history) for each in parts], decides=True)
        case _:
            return {_one(condition, history)}


def _joined(parts: list[set[Verdict]], *, decides: bool) -> set[Verdict]:
    found: set[Verdict] = set()
    if any("error" in each for each in parts):
        found.add("error")
    if any(decides in each for each in parts):
        return found | {decides}
    if "error" in found:
        return found
    return {None} if any(None in each for each in parts) else {not decides}


def _one(condition: Condition, history: History) -> Verdict:
    facts = history.created.facts
    match condition:
        case Always(value):
            return value
        case Branch(globs=globs):
            return None if facts.branch is None else facts.branch in globs
        case Paths(every=every):
            if facts.paths is None:
                return None
            inside = [path.startswith("src/") for path in facts.paths]
            return bool(inside) and (all(inside) if every else any(inside))
        case Labels(names=names):
            return any(name in facts.labels for name in names)
        case EventIs(globs=globs):
            return facts.event in globs
        case Actor(names=names):
            return None if facts.actor is None else facts.actor in names
        case StageIs(stage=stage, statuses=statuses):
            return history.status[stage] in statuses if history.status[stage] in ENDED else None
        case Variable(name=name, test=test):
            return _test(test, history.created.variables.get(name))
        case OutputIs(stage=stage, name=name, test=test):
            if history.status[stage] not in ENDED:
                return None
            return _test(test, history.outputs[stage].get(name))
        case _:
            raise AssertionError(f"{condition} is not drawn")


def _test(test: Test, value: object) -> Verdict:
    if test.exists is not None:
        return test.exists == (value is not None)
    if value is None:
        return False
    if test.values is not None:
        return value in test.values
    if test.gt is not None:
        return float(str(value)) > test.gt if str(value).isdecimal() else "error"
    return str(value).startswith("out")
