"""Conditions: what holds, what is unknown, and the exact words for why not (semantics 6)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from orchestrate.core.judge import ConditionError, Truth, View, explain, flips, judge

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


def seen(**facts: Any) -> View:
    return View(facts=Facts(**facts))


def variable(test: Compared, **variables: str) -> Truth:
    return judge(Variable(name="v", test=test, line=5), View(facts=Facts(), variables=variables))


def output(test: Compared, **outputs: object) -> Truth:
    view = View(facts=Facts(), outputs={"build": outputs})
    return judge(OutputIs(stage="build", name="v", test=test, line=5), view)


# ── 6.3: a list is any-of, and refinements ───────────────────────────────────────────────────────


def test_a_list_of_labels_is_any_of_them() -> None:
    wanted = Labels(names=("a", "b"))
    assert judge(wanted, seen(labels=("x", "b"))) is YES
    assert judge(wanted, seen(labels=("x",))) is NO


def test_labels_and_actors_are_names_and_not_patterns() -> None:
    assert judge(Labels(names=("needs-*",)), seen(labels=("needs-test",))) is NO
    assert judge(Labels(names=("Bug",)), seen(labels=("bug",))) is NO
    assert judge(Actor(names=("*",)), seen(actor="ann")) is NO
    assert judge(Actor(names=("bob", "ann")), seen(actor="ann")) is YES


def test_some_changed_path_is_enough() -> None:
    wanted = Paths(globs=("docs/**", "README.md"))
    assert judge(wanted, seen(paths=("src/a", "docs/b"))) is YES
    assert judge(wanted, seen(paths=("src/a", "src/README.md"))) is NO


def test_all_asks_every_changed_path_and_at_least_one() -> None:
    wanted = Paths(globs=("docs/**",), every=True)
    assert judge(wanted, seen(paths=("docs/a", "docs/b"))) is YES
    assert judge(wanted, seen(paths=("docs/a", "src/b"))) is NO
    assert judge(wanted, seen(paths=())) is NO
    assert judge(wanted, seen()) is UNKNOWN


def test_a_path_is_excluded_by_a_later_negation() -> None:
    wanted = Paths(globs=("src/**", "!src/docs/**"))
    assert judge(wanted, seen(paths=("src/docs/a",))) is NO
    assert judge(wanted, seen(paths=("src/docs/a", "src/b"))) is YES


@pytest.mark.parametrize(
    ("test", "value", "truth"),
    [
        (Compared(values=("a", "b")), "b", YES),
        (Compared(values=("a", "b")), "c", NO),
        (Compared(values=("3",)), "3.0", NO),
        (Compared(matches="^v[0-9]"), "v1", YES),
        (Compared(matches="[0-9]"), "v1", YES),
        (Compared(matches="^[0-9]"), "v1", NO),
        (Compared(gt=3.0), "4", YES),
        (Compared(gt=3.0), "3", NO),
        (Compared(gt=-1.5), " -1.25 ", YES),
        (Compared(lt=3.0), "2.5e0", YES),
        (Compared(lt=3.0), "3", NO),
        (Compared(lt=0.0), "-1", YES),
        (Compared(gt=9007199254740992.0), "9007199254740993", YES),
        (Compared(exists=True), "", YES),
        (Compared(exists=False), "", NO),
    ],
)
def test_a_variable_is_compared_as_text_or_as_a_number(
    test: Compared, value: str, truth: Truth
) -> None:
    assert variable(test, v=value) is truth


@pytest.mark.parametrize(
    ("test", "truth"),
    [
        (Compared(values=("",)), NO),
        (Compared(matches=""), NO),
        (Compared(gt=-1.0), NO),
        (Compared(lt=1.0), NO),
        (Compared(exists=True), NO),
        (Compared(exists=False), YES),
    ],
)
def test_a_missing_variable_or_output_is_known_to_be_missing(test: Compared, truth: Truth) -> None:
    assert variable(test) is truth
    assert output(test) is truth


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("true", "true"),
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (2.5, "2.5"),
        (["a", 1], '["a",1]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_an_output_is_compared_by_its_json(value: object, text: str) -> None:
    assert output(Compared(values=(text,)), v=value) is YES
    assert output(Compared(exists=True), v=value) is YES


def test_values_are_compared_after_substitution() -> None:
    test = Compared(values=("${target}-eu",))
    assert variable(test, v="prod-eu", target="prod") is YES
    view = View(facts=Facts(), variables={"v": "main"}, lookup={"event.branch": "main"}.get)
    assert judge(Variable(name="v", test=Compared(values=("${event.branch}",))), view) is YES


# ── 6.4, 6.5: branches ───────────────────────────────────────────────────────────────────────────


def test_refs_heads_is_stripped_on_both_sides() -> None:
    assert judge(Branch(globs=("main",)), seen(branch="refs/heads/main")) is YES
    assert judge(Branch(globs=("refs/heads/main",)), seen(branch="main")) is YES
    assert judge(Branch(globs=("**", "!refs/heads/main")), seen(branch="main")) is NO


def test_branch_and_head_branch_are_two_things() -> None:
    facts = seen(branch="main", head_branch="feature/x")
    assert judge(Branch(globs=("feature/*",)), facts) is NO
    assert judge(Branch(globs=("feature/*",), head=True), facts) is YES


def test_a_tag_has_no_branch_and_no_pattern_accepts_that() -> None:
    tag = seen(branch="", tag="v1")
    assert judge(Branch(globs=("**",)), tag) is NO
    assert judge(Branch(globs=("!main",)), tag) is NO
    assert judge(Not(Branch(globs=("main",))), tag) is YES


@pytest.mark.parametrize(
    ("glob", "event", "truth"),
    [
        ("push", "push", YES),
        ("pull_request", "pull_request.opened", YES),
        ("pull_request", "pull_request.synchronize", YES),
        ("pull_request", "pull_request.reopened", YES),
        ("pull_request", "pull_request.merged", NO),
        ("pull_request.*", "pull_request.merged", YES),
        ("pull_request.closed", "pull_request.merged", YES),
        ("pull_request.closed", "pull_request.closed", YES),
        ("pull_request.merged", "pull_request.closed", NO),
        ("*", "manual", YES),
    ],
)
def test_events_match_globs_and_two_names_mean_several(glob: str, event: str, truth: Truth) -> None:
    assert judge(EventIs(globs=(glob,)), seen(event=event)) is truth
    assert judge(EventIs(globs=("**", f"!{glob}")), seen(event=event)) is not truth


# ── 6.6: unknown is not false ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("condition", "unknown", "empty"),
    [
        (Branch(globs=("main",)), seen(branch=None), seen(branch="")),
        (Branch(globs=("main",), head=True), seen(head_branch=None), seen(head_branch="")),
        (Paths(globs=("**",)), seen(paths=None), seen(paths=())),
        (Actor(names=("ann",)), seen(actor=None), seen(actor="")),
    ],
)
def test_unknown_facts_are_unknown_and_empty_ones_are_no(
    condition: Condition, unknown: View, empty: View
) -> None:
    assert judge(condition, unknown) is UNKNOWN
    assert judge(Not(condition), unknown) is UNKNOWN
    assert judge(condition, empty) is NO


def test_labels_are_always_known() -> None:
    assert judge(Labels(names=("a",)), seen()) is NO


def test_a_stage_that_has_not_ended_is_unknown() -> None:
    plan = seen()
    ended = View(facts=Facts(), statuses={"test": "failed"}, outputs={"test": {}})
    assert judge(StageIs(stage="test", statuses=("failed",)), plan) is UNKNOWN
    assert judge(StageIs(stage="test", statuses=("failed", "skipped")), ended) is YES
    assert judge(StageIs(stage="test", statuses=("succeeded",)), ended) is NO
    exists = OutputIs(stage="test", name="v", test=Compared(exists=True))
    assert judge(exists, plan) is UNKNOWN
    assert judge(exists, ended) is NO


# ── 6.7: an error never skips ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("many", "`many`"),
        ("", "``"),
        ("1_000", "`1_000`"),
        ("nan", "`nan`"),
        ("٣", "`٣`"),
        ("9" * 101, f"`{'9' * 80}…` (101 characters)"),
    ],
)
def test_what_is_no_number_is_an_error_with_its_line(value: str, shown: str) -> None:
    for test in (Compared(gt=3.0), Compared(lt=3.0)):
        with pytest.raises(ConditionError) as refused:
            variable(test, v=value)
        assert str(refused.value) == (
            f"variable `v` is {shown}, which is no number to compare (line 5)"
        )
        assert refused.value.line == 5


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(ConditionError) as refused:
        variable(Compared(values=("${nope}",)), v="a")
    assert str(refused.value) == "`${nope}` has no value to compare with (line 5)"


def test_a_pattern_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ConditionError) as refused:
        variable(Compared(matches="(?=a)"), v="a")
    assert str(refused.value) == (
        "look-ahead `(?=` cannot be matched in one pass; say it with `and` (line 5)"
    )
    with pytest.raises(ConditionError) as refused:
        judge(Branch(globs=("a[",), line=3), seen(branch="a"))
    assert str(refused.value) == "this `[` is never closed (line 3)"


def test_a_boolean_output_is_no_number() -> None:
    with pytest.raises(ConditionError) as refused:
        output(Compared(gt=0.0), v=True)
    assert str(refused.value) == (
        "output `build.v` is `true`, which is no number to compare (line 5)"
    )


def test_an_error_is_raised_whatever_the_others_say() -> None:
    broken = Variable(name="v", test=Compared(gt=1.0))
    view = View(facts=Facts(), variables={"v": "x"})
    for whole in (
        Every((Always(value=False), broken)),
        Every((broken, Always(value=False))),
        Some((Always(value=True), broken)),
    ):
        with pytest.raises(ConditionError):
            judge(whole, view)


# ── the smallest change is the smallest, and changes it ──────────────────────────────────────────


@dataclass
class Lines:
    """Gives every predicate a line; with `every`, the names of variables come again."""

    last: int = 0
    every: int = 1_000

    def numbered(self, tree: object) -> Condition:
        match tree:
            case ("and", list(parts)):
                return Every(tuple(self.numbered(part) for part in parts))
            case ("or", list(parts)):
                return Some(tuple(self.numbered(part) for part in parts))
            case ("not", part):
                return Not(self.numbered(part))
            case _:
                self.last += 1
                return self.predicate(tree)

    def predicate(self, leaf: object) -> Condition:
        match leaf:
            case "unknown":
                return Branch(globs=("x",), line=self.last)
            case bool():
                return Always(leaf, line=self.last)
            case _:
                test = Compared(values=("yes",))
                return Variable(name=f"{leaf}{self.last % self.every}", test=test, line=self.last)


OTHER = {"yes": "no", "no": "yes"}
LEAVES = st.sampled_from(["yes", "no", "no", "unknown", True, False])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=4)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=8,
)


def leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case Every(parts) | Some(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield condition


def weighed(condition: Condition, turned: frozenset[str]) -> float:
    """Kleene's logic once more, by numbers; the variables `turned` are the other way."""
    match condition:
        case Every(parts):
            return min(weighed(part, turned) for part in parts)
        case Some(parts):
            return max(weighed(part, turned) for part in parts)
        case Not(part):
            return 1 - weighed(part, turned)
        case Always(value):
            return float(value)
        case Variable(name=name):
            return float(name.startswith("yes") != (name in turned))
        case _:
            return 0.5


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_what_is_said_to_let_it_run_does(tree: object) -> None:
    """Also where the same predicate stands in several places: there it turns in all of them."""
    condition = Lines(every=2).numbered(tree)
    names = {each.name for each in leaves(condition) if isinstance(each, Variable)}
    variables = {name: "yes" if name.startswith("yes") else "no" for name in names}
    view = View(facts=Facts(), variables=variables)
    for way in flips(condition, view):
        turned = {each.name for each in way if isinstance(each, Variable)}
        other = {
            name: value if name not in turned else OTHER[value] for name, value in variables.items()
        }
        assert judge(condition, replace(view, variables=other)) is not NO


@given(TREES)
@settings(max_examples=400, deadline=None)
def test_the_smallest_change_lets_it_run_and_none_is_smaller(tree: object) -> None:
    lines = Lines()
    condition = lines.numbered(tree)
    names = [each for each in leaves(condition) if isinstance(each, Variable)]
    variables = {each.name: "yes" if each.name.startswith("yes") else "no" for each in names}
    view = View(facts=Facts(), variables=variables)
    truth = {YES: 1.0, NO: 0.0, UNKNOWN: 0.5}[judge(condition, view)]
    assert truth == weighed(condition, frozenset())

    ways = flips(condition, view)
    sizes = {len(way) for way in ways}
    assert len(sizes) <= 1
    smallest = sizes.pop() if sizes else len(names) + 1
    for way in ways:
        turned = {each.name for each in way if isinstance(each, Variable)}
        assert len(turned) == len(way)
        assert weighed(condition, frozenset(turned)) > 0
    for size in range(min(smallest, len(names) + 1)):
        for some in combinations(names, size):
            assert weighed(condition, frozenset(each.name for each in some)) == 0
    if truth == 0:
        assert ways or explain(condition, view).counterfactual == "nothing could have let it run"
