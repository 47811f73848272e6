"""Stories of order: what starts when, and what becomes of dependents (semantics 3.7, 4, 4.1)."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.core.commands import Carried
from orchestrate.core.condition import Always
from orchestrate.core.pipeline import OnFailure, OutputUse, Retry, RunIf
from tests.core.stories.story import Story, gate, stage

NO = Always(value=False, line=7)


def test_all_ready_stages_start_together() -> None:
    """3.7"""
    story = Story(stage("a"), stage("b"), stage("c", "a b")).start()
    story.live("a", "b").ends("a").live("b").ends("b").live("c")
    story.ends("c").live().run("succeeded").all("succeeded", "a", "b", "c")


def test_max_parallel_bounds_them_first_come_first_served() -> None:
    """3.7"""
    story = Story(*(stage(name) for name in "abcd"), max_parallel=2).start().live("a", "b")
    story.has("c", "pending", "waits for one of 2 places (max_parallel)")
    story.ends("b").live("a", "c").ends("a").live("c", "d")


def test_a_gate_and_a_skip_take_no_place() -> None:
    """3.7"""
    story = Story(stage("a"), stage("b", gate=gate("bob")), stage("c", when=NO), max_parallel=1)
    story.start().live("a").gates("b").has("c", "skipped")
    story.approves("bob").live("a").has("b", "pending").ends("a").live("b")


def test_a_retry_keeps_its_place() -> None:
    """3.7"""
    story = Story(stage("a", retry=Retry(attempts=2)), stage("b"), max_parallel=1).start()
    story.fails("a").live().after(2).live("a").ends("a").live("b")


def test_a_pipeline_of_nothing_succeeds() -> None:
    """3.7: also one whose stages are all skipped."""
    Story().start().run("succeeded")
    Story(stage("a", when=NO), stage("b", "a", when=NO)).start().run("succeeded")


@pytest.mark.parametrize(
    ("needed", "event", "status", "reason"),
    [
        ({}, "ends", "running", ""),
        ({"when": NO}, "", "running", ""),
        ({}, "passes_over", "running", ""),
        ({"on_failure": OnFailure.CONTINUE}, "fails", "running", ""),
        ({}, "fails", "skipped", "it needs `a`, which did not succeed"),
        ({"gate": gate("bob")}, "rejects", "skipped", "it needs `a`, which did not succeed"),
        ({"gate": gate("bob")}, "expires", "skipped", "it needs `a`, which did not succeed"),
        ({}, "cancels", "cancelled", "the run was cancelled"),
    ],
)  # fmt: skip
def test_what_dependents_do(needed: dict[str, Any], event: str, status: str, reason: str) -> None:
    """4: the table, row by row."""
    story = Story(stage("a", **needed), stage("b", "a")).start()
    match event:
        case "ends" | "fails" | "passes_over":
            getattr(story, event)("a")
        case "rejects":
            story.rejects("bob")
        case "expires":
            story.after(90_000)
        case "":
            pass
        case _:
            story.cancels().stops("a")
    story.has("b", status, reason)


def test_a_skip_for_a_failure_goes_on_down() -> None:
    """4: skipped for any of these reasons."""
    story = Story(stage("a"), stage("b", "a"), stage("c", "b")).start().fails("a")
    story.has("c", "skipped", "it needs `b`, which did not succeed")
    story.run("failed", "stage `a` failed: exit code 1")


def test_a_missing_output_skips_its_user_alone() -> None:
    """4: the edge is satisfied, the output is not there."""
    use = OutputUse(stage="a", name="version")
    user = stage("b", "a", task="tag ${a.version}", uses=(use,))
    story = Story(stage("a", when=NO), user, stage("c", "b")).start()
    story.has("b", "skipped", "it uses `a.version`, and `a` was skipped")
    story.live("c").ends("c").run("succeeded")


def test_an_output_with_a_default_is_never_missing() -> None:
    """4, 9.1"""
    use = OutputUse(stage="a", name="version", default=True)
    user = stage("b", "a", task="tag ${a.version:-none}", uses=(use,))
    story = Story(stage("a", when=NO), user).start().live("b")
    assert story.state.stages["b"].attempts[0].task == "tag none"


def test_a_stage_cancelled_by_a_failure_cancels_what_needs_it() -> None:
    """4: fail_fast cancels `b`; `c` needs it."""
    story = Story(stage("a"), stage("b"), stage("c", "b"), fail_fast=True).start()
    story.fails("a").live("-b").has("c", "pending").stops("b")
    story.has("c", "cancelled", "it needs `b`, which was cancelled").run("failed")


def test_always_runs_whatever_became_of_what_it_needs() -> None:
    """4.1"""
    clean = stage("clean", "a", run_if=RunIf.ALWAYS)
    Story(stage("a"), clean).start().ends("a").live("clean").ends("clean").run("succeeded")
    story = Story(stage("a"), clean).start().fails("a").live("clean")
    story.ends("clean").run("failed", "stage `a` failed: exit code 1")


def test_always_runs_after_a_rollback() -> None:
    """4.1: and not during it."""
    story = Story(
        stage("a", on_failure=OnFailure.ROLLBACK, rollback_to="a", rollback=None),
        stage("b", "a", rollback=None),
        stage("clean", "b", run_if=RunIf.ALWAYS),
    ).start().fails("a")  # fmt: skip
    story.undone("succeeded", a="skipped").live("clean").ends("clean").run("failed")


def test_clean_up_waits_for_what_still_runs_before_it() -> None:
    """4.1: `a` halts the run while `deploy` runs; `clean` comes after it, though `test` cannot."""
    story = Story(
        stage("a"),
        stage("deploy"),
        stage("test", "deploy"),
        stage("clean", "test", run_if=RunIf.ALWAYS),
    ).start().fails("a")  # fmt: skip
    story.live("deploy").all("pending", "test", "clean")
    story.ends("deploy").live("clean")
    story.has("test", "skipped", "stage `a` failed: exit code 1")
    story.ends("clean").run("failed")


@pytest.mark.parametrize(
    ("fields", "fails", "runs"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"on_failure": OnFailure.CONTINUE}, True, True),
    ],
)
def test_failure_runs_only_after_a_failure(fields: dict[str, Any], fails: bool, runs: bool) -> None:
    """4.1"""
    story = Story(stage("a", **fields), stage("tell", "a", run_if=RunIf.FAILURE)).start()
    story = story.fails("a") if fails else story.ends("a")
    if runs:
        story.live("tell")
    else:
        story.has("tell", "skipped", "it runs on failure only, and nothing it needs failed")


@pytest.mark.parametrize("fail_fast", [False, True])
def test_failure_runs_for_what_failed_further_up(fail_fast: bool) -> None:
    """4.1: what it needs never started, because of a failure."""
    story = Story(
        stage("a"),
        stage("b"),
        stage("c", "b"),
        stage("tell", "c", run_if=RunIf.FAILURE),
        fail_fast=fail_fast,
    ).start().fails("a")  # fmt: skip
    story = story.stops("b") if fail_fast else story.ends("b")
    story.live("tell")


def test_after_a_cancel_even_always_does_not_start() -> None:
    """4.1, 5.7"""
    clean = stage("clean", "a", run_if=RunIf.ALWAYS)
    story = Story(stage("a"), clean).start().cancels().stops("a")
    story.has("clean", "cancelled", "the run was cancelled").run("cancelled")


def test_what_is_carried_over_counts_as_ended() -> None:
    """A rerun takes results over; their dependents see the outputs."""
    story = Story(
        stage("a"), stage("b"), stage("c", "a b", task="use ${a.v}"), stage("d", "c")
    ).start(
        carried=[
            Carried(stage="a", status="succeeded", outputs={"v": "1"}),
            Carried(stage="b", status="skipped"),
        ]
    )  # fmt: skip
    story.has("a", "succeeded", "taken over from run 8").live("c")
    assert story.state.stages["c"].attempts[0].task == "use 1"


def test_a_run_of_carried_stages_alone_succeeds() -> None:
    Story(stage("a")).start(carried=[Carried(stage="a", status="succeeded")]).run("succeeded")
