"""Stories of going back: what is undone, in which order, how often (semantics 8)."""

from __future__ import annotations

from typing import Any

from orchestrate.core.commands import Cancel, Carried, Report, RollBack
from orchestrate.core.condition import Always
from orchestrate.core.pipeline import Compensation, OnFailure, Retry, RunIf, Stage
from orchestrate.core.run import Mode, Outcome, OutcomeKind
from tests.core.stories.story import UNDO, Story, gate, person, stage


def undoable(name: str, needs: str = "", **fields: Any) -> Stage:
    return stage(name, needs, rollback=fields.pop("rollback", UNDO), **fields)


def breaks(name: str, needs: str = "", to: str = "", **fields: Any) -> Stage:
    """A stage that asks for a rollback to `to` when it fails."""
    fields.setdefault("rollback", None)
    return undoable(name, needs, on_failure=OnFailure.ROLLBACK, rollback_to=to or name, **fields)


def test_back_to_and_including_the_target() -> None:
    """8.1"""
    story = Story(undoable("a"), undoable("b", "a"), breaks("c", "b", to="b")).start()
    story.ends("a", "b").fails("c").run("running").live("undo b").ends("undo b").live()
    story.undone("succeeded", c="skipped", b="succeeded")
    story.run("failed", "stage `c` failed: exit code 1").has("b", "succeeded")
    assert story.state.stages["b"].rolled_back_at is not None
    assert story.state.stages["a"].rolled_back_at is None


def test_only_after_the_last_attempt() -> None:
    """8.1"""
    retry = Retry(attempts=2, delay_s=5.0)
    story = Story(breaks("a", rollback=UNDO, retry=retry)).start().fails("a").live()
    story.after(5).live("a").fails("a").live("undo a")


def test_in_reverse_order_each_after_those_built_on_it() -> None:
    """8.2: the two in the middle together."""
    story = Story(
        undoable("a"),
        undoable("b", "a"),
        undoable("c", "a"),
        breaks("d", "b c", to="a", rollback=UNDO),
    ).start().ends("a", "b", "c").fails("d")  # fmt: skip
    story.live("undo d").ends("undo d").live("undo c", "undo b").ends("undo c").live("undo b")
    story.ends("undo b").live("undo a").ends("undo a").run("failed")


def test_stages_that_never_started_are_looked_through() -> None:
    """8.2: `a` waits for `c`, though `b` between them has nothing to undo."""
    story = Story(
        undoable("a"),
        undoable("b", "a", when=Always(value=False)),
        undoable("c", "b"),
        breaks("d"),
        breaks("e", "c", to="a"),
    ).start()
    story.ends("a", "c", "d").fails("e").live("undo c").ends("undo c").live("undo a")


def test_running_ones_are_stopped_first() -> None:
    """8.2: nothing is undone while something above the target still works."""
    story = Story(undoable("a"), undoable("b", "a"), breaks("c", "a", to="a")).start().ends("a")
    story.fails("c").live("-b").stops("b").has("b", "cancelled", "stopped to be rolled back")
    story.live("undo b").ends("undo b").live("undo a")


def test_others_are_left_alone_but_nothing_new_starts() -> None:
    """8.2"""
    story = Story(
        breaks("a", rollback=UNDO), stage("x"), stage("y", "x"),
        stage("z", "x", run_if=RunIf.ALWAYS),
    ).start().fails("a")  # fmt: skip
    story.live("x", "undo a").ends("x").live("undo a").has("y", "skipped").has("z", "pending")
    story.ends("undo a").live("z").ends("z").run("failed")


def test_a_gate_below_the_target_closes() -> None:
    """8.2"""
    story = Story(undoable("a"), stage("b", "a", gate=gate("bob")), breaks("c", "a", to="a"))
    story.start().ends("a").gates("b").fails("c").gates().has("b", "skipped")


def test_back_offs_and_questions_below_the_target_end() -> None:
    """8.2"""
    story = Story(
        undoable("a"), undoable("b", "a", retry=Retry(attempts=2)), undoable("q", "a"),
        breaks("c", "a", to="a"),
    ).start().ends("a").fails("b").asks("q").fails("c")  # fmt: skip
    story.all("cancelled", "b", "q").gates().live("undo q", "undo b")


def test_what_cannot_be_undone_is_said() -> None:
    """8.3"""
    story = Story(breaks("a")).start().fails("a").undone("succeeded", a="skipped")
    reason = story.state.rollbacks[0].steps["a"].reason
    assert reason is not None
    assert reason.text == "the stage does not say how it is undone"


def test_a_process_that_never_ran_has_nothing_to_undo() -> None:
    """C8: only what took effect."""
    story = Story(breaks("a", rollback=UNDO)).start()
    outcome = Outcome(kind=OutcomeKind.FAILED, reason="start_failed", detail="no such command")
    story.tell(Report(stage="a", mode=Mode.RUN, attempt=1, outcome=outcome))
    story.undone("succeeded", a="skipped").run("failed")


def test_a_process_of_which_nothing_is_known_is_undone() -> None:
    """C8: its claim was lost with it; it may have done anything."""
    story = Story(breaks("a", rollback=UNDO)).start()
    outcome = Outcome(kind=OutcomeKind.FAILED, reason="lost", detail="it is gone")
    story.tell(Report(stage="a", mode=Mode.RUN, attempt=1, outcome=outcome)).live("undo a")


def test_a_failed_compensation_does_not_stop_the_others() -> None:
    """8.4"""
    story = Story(undoable("a"), undoable("b", "a"), breaks("c", "b", to="a")).start()
    story.ends("a", "b").fails("c").fails("undo b").live("undo a").ends("undo a")
    story.undone("partial", c="skipped", b="failed", a="succeeded").run("failed")


def test_when_nothing_could_be_undone_the_rollback_failed() -> None:
    """8.4"""
    story = Story(breaks("a", rollback=UNDO)).start().fails("a").fails("undo a")
    story.undone("failed", a="failed").run("failed", "stage `a` failed: exit code 1")


def test_a_compensation_is_tried_again_as_it_says() -> None:
    """8.3, 8.4"""
    undo = Compensation(agent="undoer", retry=Retry(attempts=2, delay_s=7.0))
    story = Story(breaks("a", rollback=undo)).start().fails("a").fails("undo a").live()
    story.run("running").after(7).live("undo a").ends("undo a").undone("succeeded", a="succeeded")


def test_a_compensation_waiting_for_its_retry_keeps_its_place() -> None:
    """3.7: max_parallel holds for compensations too."""
    undo = Compensation(agent="undoer", retry=Retry(attempts=2, delay_s=7.0))
    story = Story(
        undoable("a"), undoable("b", rollback=undo), stage("c", "a b"), max_parallel=1
    ).start().ends("a", "b").rolls_back()  # fmt: skip
    story.stops("c").live("undo b").fails("undo b").live().after(7).live("undo b")
    story.ends("undo b").live("undo a")


def test_a_task_with_a_hole_fails_its_compensation_alone() -> None:
    """8.4, 9.1: `a` failed, so it gave no version."""
    undo = Compensation(agent="undoer", task="Undo ${a.version}")
    story = Story(breaks("a", rollback=undo)).start().fails("a").undone("failed", a="failed")
    reason = story.state.rollbacks[0].steps["a"].reason
    assert reason is not None
    assert (reason.code, reason.text) == ("undefined_variable", "`${a.version}` has no value")


def test_no_loops() -> None:
    """8.5: a failing compensation asks for nothing; what was undone is not undone again."""
    story = Story(
        undoable("a"), breaks("b", "a", to="a"), breaks("x", to="x", rollback=UNDO)
    ).start().ends("a").fails("b").fails("x")  # fmt: skip
    story.live("undo a").fails("undo a").live("undo x").ends("undo x").run("failed")
    assert [each.failed_stage for each in story.state.rollbacks] == ["b", "x"]


def test_two_failures_that_ask_for_the_same_are_one_undoing() -> None:
    """8.5: the second comes while the first goes on; what it wants is done already."""
    story = Story(undoable("a"), breaks("b", "a", to="a"), breaks("c", "a", to="a")).start()
    story.ends("a").fails("b").live("-c").fails("c").has("c", "cancelled")
    story.live("undo a").ends("undo a").run("failed")
    assert len(story.state.rollbacks) == 1


def test_two_rollbacks_one_after_the_other() -> None:
    """8.5: `y` fails during the rollback of `b`, and waits for its turn."""
    story = Story(
        undoable("a"), breaks("b", "a", to="a"), undoable("x"), breaks("y", "x", to="x")
    ).start().ends("a", "x").fails("b").fails("y")  # fmt: skip
    story.live("undo a").ends("undo a").live("undo x").ends("undo x").run("failed")


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────


def test_by_hand_while_it_runs() -> None:
    """8.6: everything that started, in reverse; the run ends failed."""
    story = Story(undoable("a"), undoable("b", "a"), stage("c", "b")).start().ends("a")
    story.rolls_back(by="bob", reason="wrong").live("-b").stops("b").live("undo b")
    story.ends("undo b").live("undo a").ends("undo a")
    story.undone("succeeded", b="succeeded", a="succeeded").has("c", "cancelled")
    story.run("failed", "rolled back by bob: wrong")
    assert (story.state.rollbacks[0].trigger, story.state.rollbacks[0].by) == ("manual", "bob")


def test_by_hand_with_stages_that_wait_for_a_place() -> None:
    """8.6, 3.7"""
    story = Story(undoable("a"), undoable("b"), undoable("c"), max_parallel=1).start().ends("a")
    story.rolls_back().live("-b").has("c", "skipped").stops("b").live("undo b")
    story.ends("undo b").live("undo a").ends("undo a").run("failed")


def test_by_hand_after_the_end() -> None:
    """8.6: the run keeps its status and shows the rollback beside it."""
    story = Story(undoable("a"), undoable("b", "a")).start().ends("a", "b").run("succeeded")
    story.rolls_back().run("succeeded").live("undo b").ends("undo b").live("undo a")
    story.ends("undo a").run("succeeded").undone("succeeded", b="succeeded", a="succeeded")
    assert story.state.resting
    assert story.state.rollbacks[0].after_end


def test_by_hand_to_a_stage() -> None:
    """8.6"""
    story = Story(undoable("a"), undoable("b", "a")).start().ends("a", "b").rolls_back(to="b")
    story.live("undo b").ends("undo b").undone("succeeded", b="succeeded")


def test_by_hand_to_a_stage_that_says_nothing() -> None:
    """8.3: the target itself is undone by its own agent; others have nothing to undo."""
    story = Story(stage("a", task="Deploy"), stage("b", "a")).start().ends("a", "b")
    story.rolls_back(to="a").live("undo a")
    undoing = story.state.stages["a"].compensations[0]
    assert (undoing.agent, undoing.task) == ("worker", "Roll back: Deploy")
    story.ends("undo a").undone("succeeded", b="skipped", a="succeeded")


def test_by_hand_once() -> None:
    """8.6: and not after an automatic one."""
    back = RollBack(by=person("bob"), reason="again")
    story = Story(undoable("a")).start().ends("a").rolls_back().ends("undo a")
    words = "a run is rolled back once; start a new run instead"
    story.refused(back, "run 1 has been rolled back already (manual)", words)
    story = Story(breaks("a")).start().fails("a")
    story.refused(back, "run 1 has been rolled back already (automatic)", words)


def test_what_cannot_be_rolled_back_by_hand() -> None:
    """8.6"""
    story = Story(undoable("a"), stage("b", "a", gate=gate("bob"))).start().ends("a")
    story.refused(RollBack(by=person("bob"), to="z"), "run 1 has no stage `z`")
    words = "run 1 has started nothing there that could be undone"
    story.refused(RollBack(by=person("bob"), to="b"), words)
    story = Story(undoable("a")).start().cancels()
    story.refused(RollBack(by=person("bob")), "run 1 is being cancelled", "wait for its end")
    story.stops("a").rolls_back().live("undo a").ends("undo a").run("cancelled")


def test_what_an_earlier_run_did_is_not_undone() -> None:
    """8.2: only what started in this run."""
    story = Story(undoable("a"), breaks("b", "a", to="a", rollback=UNDO))
    story.start(carried=[Carried(stage="a", status="succeeded")]).fails("b")
    story.live("undo b").ends("undo b").undone("succeeded", b="succeeded")


# ── cancel ───────────────────────────────────────────────────────────────────────────────────────


def test_cancelling_a_rollback_needs_force() -> None:
    """8.8"""
    story = Story(undoable("a"), undoable("b", "a")).start().ends("a", "b").rolls_back()
    story.refused(
        Cancel(by=person("ann")),
        "run 1 is being rolled back",
        "let it finish, or cancel the rollback too: --force",
    )
    story.cancels(force=True).live("-undo b").cancels().stops("undo b").live()
    story.undone("failed", b="skipped", a="skipped").run("succeeded")


def test_a_cancelled_rollback_of_a_running_run_cancels_it() -> None:
    """8.8: what was undone stays undone; a second rollback that was owed is not begun."""
    story = Story(
        undoable("a"), undoable("b", "a"), breaks("c", "b", to="a"), breaks("x", rollback=UNDO)
    ).start().ends("a", "b").fails("c").fails("x").ends("undo b").live("undo a")  # fmt: skip
    story.cancels(force=True).stops("undo a").run("cancelled", "cancelled by ann")
    story.undone("partial", c="skipped", b="succeeded", a="skipped")
    assert len(story.state.rollbacks) == 1


def test_a_back_off_of_a_compensation_ends_with_the_cancel() -> None:
    """8.8"""
    undo = Compensation(agent="undoer", retry=Retry(attempts=2, delay_s=7.0))
    story = Story(breaks("a", rollback=undo)).start().fails("a").fails("undo a")
    story.cancels(force=True).run("cancelled").after(60).live()
