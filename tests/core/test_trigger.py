"""Which trigger an event meets, and the sentence for each that it does not meet (10.1, 6.6)."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.core import condition
from orchestrate.core.condition import Branch, Facts, Not, Variable
from orchestrate.core.pipeline import Trigger
from orchestrate.core.trigger import first_met, verdicts


def on(*events: str, **more: Any) -> Trigger:
    return Trigger(events=events, line=3, **more)


def said(trigger: Trigger, facts: Facts, **variables: str | None) -> tuple[bool, str]:
    (verdict,) = verdicts([trigger], facts, variables)
    return verdict.met, verdict.text


PUSH = Facts(event="push", branch="main", paths=("src/a.py",), repository="acme/shop")

CASES: list[tuple[Trigger, Facts, bool, str]] = [
    (on("push"), PUSH, True, ""),
    (on("pull_*", "push"), PUSH, True, ""),
    (on("push", branches=("main", "release/*"), paths=("src/**",)), PUSH, True, ""),
    (on("push", repositories=("acme/*",)), PUSH, True, ""),
    (on("release.published"), PUSH, False,
     "event `push` does not match `release.published` (line 3)"),
    (on("push", branches=("release/*",)), PUSH, False,
     "branch `main` does not match `release/*` (line 3)"),
    (on("push", paths=("docs/**",)), PUSH, False,
     "changed path `src/a.py` does not match `docs/**` (line 3)"),
    (on("push", labels=("urgent",)), PUSH, False,
     "the event does not have the label `urgent`: it has no labels (line 3)"),
    (on("push", repositories=("other/*",)), PUSH, False,
     "repository `acme/shop` does not match `other/*` (line 3)"),
    (on("push", branches=("dev",), repositories=("o/*",)), PUSH, False,
     ("repository `acme/shop` does not match `o/*` (line 3), and branch `main` does not match `dev`"
     " (line 3)")),
    (on("push", condition=Not(Branch(globs=("main",), line=9), line=8)), PUSH, False,
     "branch `main` matches `main`, which `not` excludes (line 9)"),
    # What is not known lets the run start, and is said (6.6).
    (on("push", paths=("src/**",)), Facts(event="push", branch="main"), True,
     "the changed paths are not known (line 3)"),
    (on("push", branches=("main",), repositories=("a/*",)), Facts(event="push"), True,
     "the repository is not known (line 3), and the branch is not known (line 3)"),
    # What is known to be none does not.
    (on("push", branches=("**",)), Facts(event="push", branch="", tag="v1"), False,
     "the event has no branch, and one must match `**` (line 3)"),
    # One filter that says no decides, whatever else is unknown.
    (on("push", branches=("dev",), paths=("src/**",)), Facts(event="push", branch="main"), False,
     "branch `main` does not match `dev` (line 3)"),
    (on("pull_request"), Facts(event="pull_request.synchronize"), True, ""),
    (on("pull_request"), Facts(event="pull_request.merged"), False,
     "event `pull_request.merged` does not match `pull_request` (line 3)"),
    (on("pull_request.closed"), Facts(event="pull_request.merged"), True, ""),
    (on("pipeline.succeeded", pipelines=("build",)),
     Facts(event="pipeline.succeeded", data={"pipeline": "build"}), True, ""),
    (on("pipeline.succeeded", pipelines=("build",)),
     Facts(event="pipeline.succeeded", data={"pipeline": "lint"}), False,
     "pipeline `lint` does not match `build` (line 3)"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[3] or "met")
def test_a_trigger_says_whether_it_is_met_and_why_not(
    case: tuple[Trigger, Facts, bool, str],
) -> None:
    trigger, facts, met, text = case
    assert said(trigger, facts) == (met, text)


def test_a_condition_sees_the_variables_of_the_pipeline() -> None:
    wanted = Variable(name="env", test=condition.Test(values=("live",)), line=5)
    trigger = on("push", condition=wanted)
    assert said(trigger, PUSH, env="live", other=None) == (True, "")
    assert said(trigger, PUSH, env="test") == (
        False,
        "variable `env` is `test`, not `live` (line 5)",
    )


def test_a_condition_that_cannot_be_judged_starts_nothing_and_says_so() -> None:
    trigger = on("push", condition=Variable(name="n", test=condition.Test(gt=3), line=5))
    met, text = said(trigger, PUSH, n="many")
    assert (met, text) == (
        False,
        "it cannot be judged: variable `n` is `many`, which is no number to compare (line 5)",
    )


def test_triggers_are_counted_and_the_first_that_is_met_counts() -> None:
    found = verdicts([on("x"), on("push", branches=("dev",)), on("push"), on("*")], PUSH, {})
    assert [(each.place, each.named, each.met) for each in found] == [
        (1, False, False), (2, True, False), (3, True, True), (4, True, True),
    ]  # fmt: skip
    met = first_met(found)
    assert met is not None
    assert met.place == 3
    assert first_met(found[:2]) is None
