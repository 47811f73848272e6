"""Stories of failure, retry and time (semantics 5)."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.core.commands import Cancel, Claim, Report
from orchestrate.core.pipeline import Backoff, Escalation, OnFailure, OnLost, Retry, RunIf
from orchestrate.core.run import Mode, Outcome, OutcomeKind
from tests.core.stories.story import START_S, Story, gate, person, stage

TWICE = Retry(attempts=2, delay_s=10.0)


def test_halt_lets_running_ones_finish_and_starts_nothing_more() -> None:
    """5.1"""
    story = Story(stage("a"), stage("b"), stage("c", "b"), max_parallel=None).start().fails("a")
    story.live("b").run("running").ends("b").has("b", "succeeded")
    story.has("c", "skipped", "stage `a` failed: exit code 1")
    story.run("failed", "stage `a` failed: exit code 1")


def test_halt_skips_what_is_queued_and_closes_gates() -> None:
    """5.1: at once, since nothing before them runs."""
    story = Story(
        stage("a"), stage("b"), stage("c"), stage("d", gate=gate("bob")), max_parallel=2
    ).start().fails("a")  # fmt: skip
    story.has("c", "skipped", "stage `a` failed: exit code 1").live("b").gates()
    story.closed(1, "withdrawn", "stage `a` failed: exit code 1").has("d", "skipped")


def test_halt_lets_a_retry_and_an_agents_question_come_to_their_end() -> None:
    """5.1: what has started is let finish, in its own way."""
    story = Story(stage("a"), stage("b", retry=TWICE), stage("c")).start()
    story.fails("b").asks("c").fails("a").gates("c").run("running")
    story.approves("bob").live("c").ends("c").after(11).live("b").ends("b").run("failed")


def test_fail_fast_cancels_running_siblings_but_no_deployment() -> None:
    """5.1"""
    story = Story(stage("a"), stage("b"), stage("deploy", environment="prod"), fail_fast=True)
    story.start().fails("a").live("-b", "deploy").stops("b")
    story.has("b", "cancelled", "another stage failed and the pipeline says fail_fast")
    story.run("running").ends("deploy").run("failed", "stage `a` failed: exit code 1")


def test_fail_fast_ends_back_offs_and_agents_questions() -> None:
    """5.1"""
    story = Story(stage("a"), stage("b", retry=TWICE), stage("c"), fail_fast=True).start()
    story.fails("b").asks("c").fails("a").gates().all("cancelled", "b", "c").run("failed")


def test_fail_fast_spares_what_runs_because_of_the_failure() -> None:
    """4.1, 5.1"""
    story = Story(
        stage("a"), stage("b"), stage("tell", "a", run_if=RunIf.ALWAYS), fail_fast=True
    ).start()  # fmt: skip
    story.fails("a").live("-b", "tell").stops("b").ends("tell").run("failed")


def test_fail_fast_does_not_spare_a_success_that_came_first() -> None:
    """5.1: who ended well before the signal came has succeeded."""
    story = Story(stage("a"), stage("b"), fail_fast=True).start().fails("a").ends("b")
    story.has("b", "succeeded").run("failed")


def test_continue_goes_on_with_a_warning() -> None:
    """5.2"""
    story = Story(stage("a", on_failure=OnFailure.CONTINUE), stage("b", "a")).start()
    story.fails("a").has("a", "failed", "exit code 1").live("b").ends("b").run("succeeded")
    assert story.state.warnings == 1


def test_attempts_is_the_total() -> None:
    """5.4"""
    story = Story(stage("a", retry=Retry(attempts=3, delay_s=0))).start()
    story.fails("a").has("a", "running", "attempt 1 failed: exit code 1; attempt 2 follows")
    story.after(0).live("a").fails("a").after(0).fails("a")
    story.has("a", "failed", "exit code 1").run("failed")
    assert len(story.state.stages["a"].attempts) == 3


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff.CONSTANT, [4, 4, 4, 4]),
        (Backoff.LINEAR, [4, 8, 12, 15]),
        (Backoff.EXPONENTIAL, [4, 8, 15, 15]),
    ],
)
def test_back_off(backoff: Backoff, waits: list[float]) -> None:
    """5.4: the delay grows up to max_delay."""
    retry = Retry(attempts=5, backoff=backoff, delay_s=4.0, max_delay_s=15.0)
    story = Story(stage("a", retry=retry)).start()
    for wait_s in waits:
        story.fails("a").after(wait_s - 0.5).live().after(0.5).live("a")


@pytest.mark.parametrize(
    ("on", "reason", "retryable", "again"),
    [
        (("exit",), "exit", None, True),
        (("exit",), "timeout", None, False),
        (("exit", "timeout"), "timeout", None, True),
        ((), "exit", True, True),
        (("config",), "config", False, False),
        (("exit", "lost"), "lost", None, True),
    ],
)
def test_what_is_tried_again(on: Any, reason: str, retryable: bool | None, again: bool) -> None:
    """5.4: by class; exit code 75 asks for it, 78 forbids it."""
    story = Story(stage("a", retry=Retry(attempts=2, delay_s=0, on=on))).start()
    story.fails("a", reason=reason, retryable=retryable)
    assert story.state.ended is not again


def test_retries_do_not_ask_again() -> None:
    """7.1"""
    story = Story(stage("a", gate=gate("bob"), retry=TWICE)).start().approves("bob")
    story.fails("a").after(10).live("a").gates()


def test_escalation_changes_who_tries() -> None:
    """5.4: the n-th entry for attempt n+1; the last one stays."""
    escalate = (Escalation(model="opus"), Escalation(agent="senior"))
    story = Story(stage("a", retry=Retry(attempts=4, delay_s=0, escalate=escalate))).start()
    for _ in range(3):
        story.fails("a").after(0)
    tried = [(each.agent, each.model) for each in story.state.stages["a"].attempts]
    assert tried == [("worker", None), ("worker", "opus"), ("senior", None), ("senior", None)]


def test_an_answered_question_is_no_reason_to_escalate() -> None:
    """5.4: nothing failed; the same agent goes on with the answer, and it costs no attempt."""
    retry = Retry(attempts=2, delay_s=0, escalate=(Escalation(agent="senior"),))
    story = Story(stage("a", retry=retry)).start().asks("a").approves("bob").fails("a").after(0)
    tried = [each.agent for each in story.state.stages["a"].attempts]
    assert tried == ["worker", "worker", "senior"]


def test_lost_is_a_failure_unless_the_stage_says_otherwise() -> None:
    """C3, on_lost"""
    Story(stage("a")).start().fails("a", reason="lost").run(
        "failed", "stage `a` failed: its process is gone"
    )
    story = Story(stage("a", on_lost=OnLost.RERUN)).start()
    for _ in range(3):
        story.fails("a", reason="lost").after(0).live("a")
    story.fails("a", reason="lost").run("failed")


def test_a_lost_deployment_is_never_repeated() -> None:
    """C3: nobody knows how far it came."""
    story = Story(stage("a", environment="prod", on_lost=OnLost.RERUN, retry=TWICE)).start()
    story.fails("a", reason="lost").run("failed")


def test_an_agent_may_not_ask_for_ever() -> None:
    """Exit code 80, time and again: ten answers are enough."""
    story = Story(stage("a")).start()
    for _ in range(10):
        story.asks("a", "which one?").approves("bob")
    story.asks("a", "which one?").has(
        "a", "failed", "it asked for a person more than 10 times; the last time: which one?"
    )


def test_late_and_repeated_reports_change_nothing() -> None:
    """I16"""
    story = Story(stage("a", retry=TWICE)).start().fails("a").after(10)
    before = len(story.log)
    done = Outcome(kind=OutcomeKind.SUCCEEDED)
    story.tell(Report(stage="a", mode=Mode.RUN, attempt=1, outcome=done))
    story.tell(Report(stage="a", mode=Mode.ROLLBACK, attempt=2, outcome=done))
    story.claims("a").claims("a")
    story.tell(Claim(stage="a", mode=Mode.RUN, attempt=1, worker="w", pid=1, started_at=START_S))
    assert len(story.log) == before + 1
    story.live("a")


# ── the whole run ────────────────────────────────────────────────────────────────────────────────


def test_the_runs_timeout_stops_everything() -> None:
    """5.5: deployments too, and what backs off."""
    story = Story(
        stage("a", environment="prod"),
        stage("b", retry=Retry(attempts=2, delay_s=60.0)),
        stage("c", "a"),
        timeout_s=100.0,
    ).start().after(50).fails("b").after(50)  # fmt: skip
    story.live("-a").has("b", "cancelled", "the run's timeout passed").stops("a")
    story.has("a", "cancelled", "the run's timeout passed")
    story.has("c", "cancelled", "it needs `a`, which was cancelled")
    story.run("failed", "the run took longer than 100 s")


def test_waiting_for_people_does_not_count() -> None:
    """5.5, 7.8"""
    story = Story(stage("a"), stage("b", "a", gate=gate("bob")), timeout_s=100.0).start()
    story.after(60).ends("a").run("waiting_approval").after(5_000).approves("bob")
    story.after(39).live("b").after(1).live("-b")


def test_after_the_timeout_clean_up_still_runs() -> None:
    """4.1, 5.5"""
    story = Story(stage("a"), stage("clean", "a", run_if=RunIf.ALWAYS), timeout_s=10.0).start()
    story.after(10).stops("a").live("clean").after(100).live("clean").ends("clean").run("failed")


# ── cancel ───────────────────────────────────────────────────────────────────────────────────────


def test_cancel_stops_withdraws_and_starts_nothing() -> None:
    """5.7"""
    story = Story(
        stage("a"), stage("b", gate=gate("bob")), stage("c", "a"), stage("d", retry=TWICE)
    ).start()  # fmt: skip
    story.fails("d").cancels("ann", "wrong branch").live("-a").gates().run("running")
    story.closed(1, "withdrawn", "the run was cancelled")
    story.all("cancelled", "b", "c", "d").stops("a").live()
    story.run("cancelled", "cancelled by ann: wrong branch")


def test_a_run_is_cancelled_only_when_every_process_is_gone() -> None:
    """C7"""
    story = Story(stage("a"), stage("b")).start().cancels().stops("a").run("running")
    story.ends("b").has("b", "succeeded").run("cancelled", "cancelled by ann")


def test_cancel_is_idempotent_and_refused_after_the_end() -> None:
    """5.7, C7"""
    story = Story(stage("a")).start().cancels("ann")
    before = len(story.log)
    story.cancels("bob")
    assert len(story.log) == before
    story.stops("a").run("cancelled", "cancelled by ann")
    story.refused(Cancel(by=person("ann")), "run 1 has already been cancelled")
    story = Story(stage("a")).start().ends("a")
    story.refused(Cancel(by=person("ann")), "run 1 has already succeeded")


def test_a_failure_after_the_cancel_does_not_make_the_run_failed() -> None:
    """5.7: nor is it tried again, nor rolled back."""
    a = stage("a", retry=TWICE, on_failure=OnFailure.ROLLBACK, rollback_to="a")
    story = Story(a).start().cancels().fails("a").run("cancelled")
    assert not story.state.rollbacks


def test_cancel_ends_an_agents_question() -> None:
    """5.7: the stage had started, and waits for a person."""
    story = Story(stage("a")).start().asks("a").run("waiting_approval").cancels()
    story.has("a", "cancelled", "the run was cancelled").gates().run("cancelled")


def test_a_question_asked_while_being_cancelled_is_not_put() -> None:
    """5.7"""
    story = Story(stage("a")).start().cancels().asks("a").gates().run("cancelled")
    story.has("a", "cancelled")


def test_time_never_goes_back() -> None:
    """I23: a clock that jumps back stalls a run no longer than it jumped, and ends nothing."""
    story = Story(stage("a", retry=TWICE)).start().after(100).claims("a")
    story.now -= 50
    story.fails("a")
    assert story.log[-1].at == START_S + 100
