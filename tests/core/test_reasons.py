"""Why a stage was skipped, word for word, and what would have let it run (semantics 6.8)."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrate.core.condition import (
    Actor,
    Always,
    Branch,
    Condition,
    EventIs,
    Every,
    Facts,
    Labels,
    Not,
    OutputIs,
    Paths,
    Some,
    StageIs,
    Variable,
)
from orchestrate.core.condition import Test as Compared
from orchestrate.core.judge import View, explain


def seen(**facts: Any) -> View:
    return View(facts=Facts(**facts))


MAIN = Branch(globs=("main",), line=3)
CORE = Paths(globs=("src/core/**",), line=4)
FULL = Labels(names=("needs-full-test",), line=5)
RUN = View(
    facts=Facts(
        event="push", branch="feature/x", paths=("docs/a", "docs/b"), labels=("wip",), actor="ann"
    ),
    variables={"env": "dev", "count": "2", "ref": "refs/tags/v1"},
    statuses={"test": "failed"},
    outputs={"test": {"passed": False}},
)


def var(name: str, line: int = 3, **test: Any) -> Variable:
    return Variable(name=name, test=Compared(**test), line=line)


STORIES = [
    # condition, what it sees, why it does not hold, what would have let it run
    pytest.param(
        Branch(globs=("main", "release/*"), line=12),
        RUN,
        "branch `feature/x` matches none of `main`, `release/*` (line 12)",
        "it would run if the branch matched `main` or `release/*`",
    ),
    pytest.param(
        MAIN,
        RUN,
        "branch `feature/x` does not match `main` (line 3)",
        "it would run if the branch matched `main`",
    ),
    pytest.param(
        Branch(globs=("**", "!feature/*"), line=3),
        RUN,
        "branch `feature/x` is excluded by `!feature/*` (line 3)",
        "it would run if the branch passed the patterns `**`, `!feature/*`",
    ),
    pytest.param(
        Branch(globs=("main",), head=True, line=3),
        seen(head_branch="feature/x"),
        "head branch `feature/x` does not match `main` (line 3)",
        "it would run if the head branch matched `main`",
    ),
    pytest.param(
        MAIN,
        seen(branch=""),
        "the event has no branch, and one must match `main` (line 3)",
        "it would run if the branch matched `main`",
    ),
    pytest.param(
        MAIN,
        seen(),
        "the branch is not known (line 3)",
        "what is not known lets the stage run",
    ),
    pytest.param(
        Not(MAIN, line=2),
        seen(branch="main"),
        "branch `main` matches `main`, which `not` excludes (line 3)",
        "it would run if the branch did not match `main`",
    ),
    pytest.param(
        Not(Branch(globs=("!main",), line=3)),
        RUN,
        "branch `feature/x` is not excluded by `!main`, which `not` excludes (line 3)",
        "it would run if the branch did not pass the patterns `!main`",
    ),
    pytest.param(
        CORE,
        RUN,
        "none of the 2 changed paths matches `src/core/**`: `docs/a`, `docs/b` (line 4)",
        "it would run if a changed path matched `src/core/**`",
    ),
    pytest.param(
        CORE,
        seen(paths=()),
        "no path changed, and one must match `src/core/**` (line 4)",
        "it would run if a changed path matched `src/core/**`",
    ),
    pytest.param(
        CORE,
        seen(paths=tuple("abcdefg")),
        "none of the 7 changed paths matches `src/core/**`: `a`, `b`, `c`, `d`, `e` and 2 more"
        " (line 4)",
        "it would run if a changed path matched `src/core/**`",
    ),
    pytest.param(
        CORE,
        seen(),
        "the changed paths are not known (line 4)",
        "what is not known lets the stage run",
    ),
    pytest.param(
        Not(Paths(globs=("docs/**", "*.md"), line=4)),
        RUN,
        "changed path `docs/a` matches `docs/**`, which `not` excludes (line 4)",
        "it would run if no changed path matched `docs/**` or `*.md`",
    ),
    pytest.param(
        Paths(globs=("docs/a", "*.md"), every=True, line=4),
        RUN,
        "1 of the 2 changed paths does not match `docs/a` or `*.md`: `docs/b` (line 4)",
        "it would run if every changed path matched `docs/a` or `*.md`",
    ),
    pytest.param(
        Paths(globs=("docs/**",), every=True, line=4),
        seen(paths=()),
        "no path changed, and one must match `docs/**` (line 4)",
        "it would run if a path had changed, and every changed path matched `docs/**`",
    ),
    pytest.param(
        Not(Paths(globs=("docs/**",), every=True, line=4)),
        RUN,
        "each of the 2 changed paths matches `docs/**`, which `not` excludes (line 4)",
        "it would run if not every changed path matched `docs/**`",
    ),
    pytest.param(
        FULL,
        RUN,
        "the event does not have the label `needs-full-test`: it has `wip` (line 5)",
        "it would run if the label `needs-full-test` were set",
    ),
    pytest.param(
        Labels(names=("a", "b"), line=5),
        seen(),
        "the event has none of the labels `a`, `b`: it has no labels (line 5)",
        "it would run if the label `a` or `b` were set",
    ),
    pytest.param(
        Not(Labels(names=("hold", "wip"), line=5)),
        RUN,
        "the event has the label `wip`, which `not` excludes (line 5)",
        "it would run if the label `hold` or `wip` were not set",
    ),
    pytest.param(
        EventIs(globs=("pull_request",), line=3),
        RUN,
        "event `push` does not match `pull_request` (line 3)",
        "it would run if the event matched `pull_request`",
    ),
    pytest.param(
        Not(EventIs(globs=("pull_request",), line=3)),
        seen(event="pull_request.opened"),
        "event `pull_request.opened` matches `pull_request`, which `not` excludes (line 3)",
        "it would run if the event did not match `pull_request`",
    ),
    pytest.param(
        Actor(names=("bob", "eve"), line=3),
        RUN,
        "actor `ann` is none of `bob`, `eve` (line 3)",
        "it would run if the actor were `bob` or `eve`",
    ),
    pytest.param(
        Not(Actor(names=("ann",), line=3)),
        RUN,
        "the actor is `ann`, which `not` excludes (line 3)",
        "it would run if the actor were not `ann`",
    ),
    pytest.param(
        var("env", values=("prod",)),
        RUN,
        "variable `env` is `dev`, not `prod` (line 3)",
        "it would run if variable `env` were `prod`",
    ),
    pytest.param(
        var("nope", values=("prod", "staging")),
        RUN,
        "variable `nope` is not set, and must be `prod` or `staging` (line 3)",
        "it would run if variable `nope` were `prod` or `staging`",
    ),
    pytest.param(
        var("ref", matches="^v[0-9]"),
        RUN,
        "variable `ref` is `refs/tags/v1`, which does not match `^v[0-9]` (line 3)",
        "it would run if variable `ref` matched `^v[0-9]`",
    ),
    pytest.param(
        var("count", gt=2.0),
        RUN,
        "variable `count` is `2`, not greater than 2 (line 3)",
        "it would run if variable `count` were greater than 2",
    ),
    pytest.param(
        Not(var("count", lt=2.5)),
        RUN,
        "variable `count` is `2`, less than 2.5, which `not` excludes (line 3)",
        "it would run if variable `count` were not less than 2.5",
    ),
    pytest.param(
        var("env", exists=False),
        RUN,
        "variable `env` is set, to `dev` (line 3)",
        "it would run if variable `env` were not set",
    ),
    pytest.param(
        OutputIs(stage="test", name="passed", test=Compared(values=("true",)), line=7),
        RUN,
        "output `test.passed` is `false`, not `true` (line 7)",
        "it would run if output `test.passed` were `true`",
    ),
    pytest.param(
        OutputIs(stage="test", name="report", test=Compared(exists=True), line=7),
        RUN,
        "output `test.report` is not set (line 7)",
        "it would run if output `test.report` were set",
    ),
    pytest.param(
        OutputIs(stage="build", name="version", test=Compared(values=("1",)), line=7),
        RUN,
        "output `build.version` is not known before stage `build` has ended (line 7)",
        "it is decided when `build` has ended",
    ),
    pytest.param(
        StageIs(stage="test", statuses=("succeeded",), line=8),
        RUN,
        "stage `test` ended `failed`, not `succeeded` (line 8)",
        "it would run if stage `test` ended `succeeded`",
    ),
    pytest.param(
        StageIs(stage="build", statuses=("succeeded",), line=8),
        RUN,
        "stage `build` has not ended yet (line 8)",
        "it is decided when `build` has ended",
    ),
    pytest.param(
        Always(value=False, line=2),
        RUN,
        "the condition is `false` (line 2)",
        "nothing could have let it run",
    ),
    # Whole conditions.
    pytest.param(
        Some((FULL, CORE)),
        RUN,
        "the event does not have the label `needs-full-test`: it has `wip` (line 5), and none of"
        " the 2 changed paths matches `src/core/**`: `docs/a`, `docs/b` (line 4)",
        "it would run if the label `needs-full-test` were set, or: if a changed path matched"
        " `src/core/**`",
    ),
    pytest.param(
        Every((MAIN, FULL)),
        RUN,
        "branch `feature/x` does not match `main` (line 3), and the event does not have the label"
        " `needs-full-test`: it has `wip` (line 5)",
        "it would run if the branch matched `main` and the label `needs-full-test` were set",
    ),
    pytest.param(
        Some((Every((MAIN, FULL)), var("env", values=("prod",), line=9))),
        RUN,
        "branch `feature/x` does not match `main` (line 3), and the event does not have the label"
        " `needs-full-test`: it has `wip` (line 5), and variable `env` is `dev`, not `prod`"
        " (line 9)",
        "it would run if variable `env` were `prod`",
    ),
    pytest.param(
        Not(Some((Labels(names=("wip",), line=6), Actor(names=("ann",), line=7)))),
        RUN,
        "the event has the label `wip`, which `not` excludes (line 6), and the actor is `ann`,"
        " which `not` excludes (line 7)",
        "it would run if the label `wip` were not set and the actor were not `ann`",
    ),
    pytest.param(
        Every((MAIN, Paths(globs=("**",), line=6))),
        seen(branch="x"),
        "branch `x` does not match `main` (line 3)",
        "it would run if the branch matched `main`",
    ),
    pytest.param(
        Every((Always(value=False, line=2), MAIN)),
        RUN,
        "the condition is `false` (line 2), and branch `feature/x` does not match `main` (line 3)",
        "nothing could have let it run",
    ),
    pytest.param(
        Every((MAIN, Not(replace(MAIN, line=9)))),
        RUN,
        "branch `feature/x` does not match `main` (line 3)",
        "it asks for something and excludes it, so no small change lets it run",
    ),
    pytest.param(
        Every((Some((MAIN, FULL)), Some((replace(MAIN, line=9), CORE)))),
        RUN,
        "branch `feature/x` does not match `main` (line 3), and the event does not have the label"
        " `needs-full-test`: it has `wip` (line 5), and branch `feature/x` does not match `main`"
        " (line 9), and none of the 2 changed paths matches `src/core/**`: `docs/a`, `docs/b`"
        " (line 4)",
        "it would run if the branch matched `main`",
    ),
    pytest.param(
        Some(tuple(var(name, values=("1",)) for name in ("a", "b", "c", "d", "e", "f", "g"))),
        RUN,
        ", and ".join(f"variable `{name}` is not set, and must be `1` (line 3)" for name in "abcde")
        + ", and 2 more like these",
        "it would run if variable `a` were `1`, or: if variable `b` were `1`, or: if variable `c`"
        " were `1`, or by other changes as small",
    ),
    pytest.param(
        MAIN,
        seen(branch="a`b\x1b[31m\u202e\n" + "x" * 100),
        f"branch `a\\x60b\\x1b[31m\\u202e\\n{'x' * 70}…` (110 characters) does not match `main`"
        " (line 3)",
        "it would run if the branch matched `main`",
    ),
]


@pytest.mark.parametrize(("condition", "view", "text", "counterfactual"), STORIES)
def test_the_words_of_a_reason(
    condition: Condition, view: View, text: str, counterfactual: str
) -> None:
    explanation = explain(condition, view)
    assert explanation.text == text
    assert explanation.counterfactual == counterfactual
    assert f"(line {explanation.line})" in text


@pytest.mark.parametrize(
    ("condition", "expected", "actual"),
    [
        (MAIN, "a branch that matches `main`", "branch `feature/x`"),
        (
            Not(Branch(globs=("feature/*",))),
            "not a branch that matches `feature/*`",
            "branch `feature/x`",
        ),
        (EventIs(globs=("pull_*",)), "an event that matches `pull_*`", "event `push`"),
        (CORE, "a changed path that matches `src/core/**`", "changed: `docs/a`, `docs/b`"),
        (
            Paths(globs=("a", "!b"), every=True),
            "only changed paths that pass the patterns `a`, `!b`",
            "changed: `docs/a`, `docs/b`",
        ),
        (FULL, "the label `needs-full-test`", "labels `wip`"),
        (Actor(names=("bob",)), "the actor `bob`", "actor `ann`"),
        (var("env", values=("prod",)), "variable `env` to be `prod`", "variable `env` is `dev`"),
        (var("nope", exists=True), "variable `nope` to be set", "variable `nope` is not set"),
        (
            StageIs(stage="test", statuses=("succeeded",)),
            "stage `test` ended `succeeded`",
            "stage `test` ended `failed`",
        ),
        (StageIs(stage="build", statuses=("failed",)), "stage `build` ended `failed`", "not known"),
        (
            OutputIs(stage="build", name="v", test=Compared(values=("${x}",))),
            "output `build.v` to be `${x}`",
            "not known",
        ),
        (Always(value=False), "`true`", "`false`"),
        (Not(Always(value=True)), "`false`", "`true`"),
    ],
)
def test_what_was_expected_and_what_was_there(
    condition: Condition, expected: str, actual: str
) -> None:
    explanation = explain(condition, RUN)
    assert (explanation.expected, explanation.actual) == (expected, actual)
