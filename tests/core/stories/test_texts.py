"""Stories of conditions and of values in texts, as a run sees them (semantics 6.6 to 6.9, 9.1)."""

from __future__ import annotations

from orchestrate.core import condition
from orchestrate.core.condition import (
    Branch,
    Facts,
    Labels,
    OutputIs,
    Paths,
    StageIs,
    Variable,
)
from orchestrate.core.pipeline import OnFailure, OutputUse
from tests.core.stories.story import UNDO, Story, gate, stage

DOCS = Paths(globs=("docs/**",), line=9)


def test_unknown_is_not_false() -> None:
    """6.6: a manual run knows no changed paths; the stage runs, and says why."""
    story = Story(stage("a", when=DOCS)).start().live("a")
    note = story.state.stages["a"].note
    assert note is not None
    assert note.code == "condition_unknown"
    assert note.text.startswith("it runs, because ")


def test_known_and_empty_is_false() -> None:
    """6.6"""
    Story(stage("a", when=DOCS)).start(facts=Facts(paths=())).has("a", "skipped")


def test_labels_are_always_known() -> None:
    """6.6"""
    Story(stage("a", when=Labels(names=("x",)))).start().has("a", "skipped")


def test_an_error_fails_the_stage() -> None:
    """6.7: it is never skipped silently, and its on_failure counts."""
    when = Variable(name="n", test=condition.Test(gt=3.0), line=4)
    story = Story(stage("a", when=when), stage("b", "a")).start(variables={"n": "many"})
    story.has("a", "failed").has("b", "skipped").run("failed")
    reason = story.state.stages["a"].reason
    assert reason is not None
    assert reason.code == "condition_error"
    assert "`many`" in reason.text
    assert "(line 4)" in reason.text
    story = Story(stage("a", when=when, on_failure=OnFailure.CONTINUE), stage("b", "a"))
    story.start(variables={"n": "many"}).live("b")


def test_a_skip_says_which_where_what_and_the_way_out() -> None:
    """6.8"""
    when = Branch(globs=("main",), line=12)
    story = Story(stage("a", when=when)).start(facts=Facts(branch="dev"))
    reason = story.state.stages["a"].reason
    assert reason is not None
    assert reason.code == "condition"
    for part in ("`dev`", "`main`", "line 12", "; "):
        assert part in reason.text


def test_a_condition_looks_at_what_has_ended() -> None:
    """6.9: when its stage becomes ready."""
    failed = StageIs(stage="a", statuses=("failed",), line=1)
    out = OutputIs(stage="a", name="risk", test=condition.Test(values=("high",)), line=2)
    story = Story(
        stage("a", on_failure=OnFailure.CONTINUE),
        stage("b", "a", when=failed),
        stage("c", "a", when=out),
    )
    story.start().fails("a").live("b").has("c", "skipped")
    story = Story(*story.pipeline.stages).start().ends("a", risk="high")
    story.live("c").has("b", "skipped")


def test_values_stand_in_tasks_environments_and_messages() -> None:
    """9.1, 9.2"""
    task = "Deploy ${build.version} of ${event.repository} as ${run.id}, $${kept}, ${x:-none}"
    use = OutputUse(stage="build", name="version")
    deploy = stage("deploy", "build", task=task, environment="${env}", uses=(use,))
    story = Story(stage("build"), deploy).start(
        facts=Facts(repository="acme/shop"), variables={"env": "prod"}
    )
    attempt = story.ends("build", version="1.2").state.stages["deploy"].attempts[0]
    assert attempt.task == "Deploy 1.2 of acme/shop as 1, ${kept}, none"
    assert attempt.environment == "prod"


def test_a_hole_fails_the_stage_and_is_never_passed_on() -> None:
    """9.1"""
    story = Story(stage("a", task="Fix ${event.issue.title}")).start().live()
    words = "`${event.issue.title}` has no value; give it one, or a default: `${name:-text}`"
    story.has("a", "failed", words).run("failed", f"stage `a` failed: {words}")


def test_a_hole_is_found_before_people_are_asked() -> None:
    """7.1, 9.1"""
    env = (("TITLE", "${event.title}"),)
    story = Story(stage("a", env=env, gate=gate("bob"))).start().gates()
    story.has("a", "failed").run("failed")


def test_a_hole_in_the_gates_message_fails_the_stage() -> None:
    """9.1"""
    Story(stage("a", gate=gate("bob", message="${nobody}"))).start().gates().has("a", "failed")


def test_a_stage_that_could_not_start_consults_on_failure() -> None:
    """8.1, 9.1: what was done before it is undone."""
    story = Story(
        stage("a", rollback=UNDO),
        stage("b", "a", task="${a.v}", on_failure=OnFailure.ROLLBACK, rollback_to="a"),
    ).start().ends("a").has("b", "failed")  # fmt: skip
    story.live("undo a").ends("undo a").undone("succeeded", a="succeeded").run("failed")


def test_without_a_task_the_stage_says_what_it_is() -> None:
    """9.4"""
    story = Story(stage("a")).start()
    assert story.state.stages["a"].attempts[0].task == "Perform stage a of pipeline story"
