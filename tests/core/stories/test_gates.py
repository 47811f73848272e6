"""Stories of approval gates: who is asked, who may answer, what silence means (semantics 7)."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.core.commands import Approve, Because, Delegate, Refused, Reject
from orchestrate.core.condition import Always, Facts
from orchestrate.core.events import ApprovalGranted, ApprovalReminded
from orchestrate.core.people import Caller, Roster
from orchestrate.core.pipeline import Gate, OnFailure, OnTimeout, Pipeline, RunIf
from tests.core.stories.story import AGENT, ROSTER, UNDO, Story, gate, person, stage

DAY_S = 86_400.0


def gated(*approvers: str, **fields: Any) -> Story:
    """A run of one gated stage that waits for its answer."""
    return Story(stage("deploy", gate=gate(*approvers, **fields))).start()


def approve(name: str, packet: str | None = None) -> Approve:
    return Approve(approval=1, by=person(name), packet=packet, roster=ROSTER)


def test_the_gate_opens_when_all_before_it_ended_well() -> None:
    """7.1: and before the first attempt."""
    story = Story(stage("a"), stage("b"), stage("c", "a b", gate=gate("bob"))).start()
    story.ends("a").gates().ends("b").gates("c").live().run("waiting_approval")
    story.approves("bob").gates().live("c").closed(1, "approved", "approved by bob")


def test_no_gate_where_the_condition_does_not_hold() -> None:
    """7.1"""
    no = Always(value=False)
    Story(stage("a", when=no, gate=gate("bob"))).start().gates().run("succeeded")


def test_an_open_gate_waits_while_others_work() -> None:
    """7.8"""
    story = Story(stage("a"), stage("b", gate=gate("bob"))).start().run("running")
    story.ends("a").run("waiting_approval").approves("bob").run("running").ends("b")
    story.run("succeeded")


@pytest.mark.parametrize("name", ["bob", "cyd"])
def test_a_group_stands_for_its_members(name: str) -> None:
    """7.2"""
    gated("leads").approves(name).live("deploy")


def test_an_address_stands_for_its_user() -> None:
    """7.2"""
    gated("bob@example.com").approves("bob").live("deploy")


def test_groups_are_resolved_at_each_decision() -> None:
    """7.2"""
    story = gated("leads", quorum=2).approves("bob")
    story.roster = Roster(groups={"leads": frozenset({"dee"})})
    story.refused(
        Approve(approval=1, by=person("cyd"), roster=story.roster),
        "cyd may not decide about `deploy`",
        "ask one of: leads",
    )
    story.approves("dee").live("deploy")


def test_each_person_counts_once() -> None:
    """7.2: also who is listed twice."""
    story = gated("leads", "bob", quorum=2).approves("bob").live()
    story.refused(approve("bob"), "bob has already decided about `deploy`")
    story.approves("cyd").live("deploy").closed(1, "approved", "approved by bob, cyd")


def test_without_approvers_anybody_answers() -> None:
    """7.3"""
    gated().approves("zoe").live("deploy")


def test_all_means_a_person_for_each_entry() -> None:
    """7.3: bob can stand for either; the other has to be somebody else."""
    story = gated("leads", "bob", quorum=2, every=True).approves("bob").live()
    story.approves("cyd").live("deploy")


def test_all_is_not_met_by_two_of_one_group() -> None:
    """7.3"""
    story = gated("leads", "ops", quorum=2, every=True).approves("bob", "cyd").live()
    story.approves("dee").live("deploy")


def test_one_rejection_rejects() -> None:
    """7.3, 7.6"""
    story = gated("leads", quorum=2).approves("bob").rejects("cyd", "not on a Friday")
    story.closed(1, "rejected", "rejected by cyd: not on a Friday")
    story.has("deploy", "failed", "rejected by cyd: not on a Friday")
    story.run("failed", "stage `deploy` failed: rejected by cyd: not on a Friday")


def test_a_rejection_says_why() -> None:
    story = gated("bob")
    story.refused(
        Reject(approval=1, by=person("bob"), reason=" ", roster=ROSTER),
        "a rejection needs a reason",
        "say why: --reason TEXT",
    )


@pytest.mark.parametrize("on_failure", list(OnFailure))
@pytest.mark.parametrize("silent", [False, True])
def test_who_may_not_start_has_failed_whatever_on_failure_says(
    on_failure: OnFailure, silent: bool
) -> None:
    """7.6: nothing ran."""
    story = Story(
        stage("a", rollback=UNDO),
        stage("b", "a", gate=gate("bob"), on_failure=on_failure, rollback_to="a"),
    ).start().ends("a")  # fmt: skip
    story = story.after(DAY_S) if silent else story.rejects("bob", "no")
    reason = "nobody decided within 86400 s" if silent else "rejected by bob: no"
    story.has("b", "failed", reason).live()
    story.run("failed", f"stage `b` failed: {reason}")


@pytest.mark.parametrize("cause", ["start", "event"])
def test_who_caused_the_run_does_not_approve_it(cause: str) -> None:
    """7.4"""
    story = Story(stage("deploy", gate=gate("bob", "cyd")))
    by, facts = ("bob", Facts()) if cause == "start" else ("ann", Facts(actor="bob"))
    story.start(by=by, facts=facts).refused(
        approve("bob"),
        "bob started this run and may not approve it",
        "ask another approver, or set approval.self_approval: true in the pipeline",
    )
    story.approves("cyd").live("deploy")


def test_self_approval_allows_it() -> None:
    """7.4"""
    Story(stage("a", gate=gate("bob", self_approval=True))).start(by="bob").approves("bob").live(
        "a"
    )


def test_agents_never_approve() -> None:
    """7.4"""
    story = gated("bob")
    command = Approve(approval=1, by=AGENT, roster=ROSTER)
    story.refused(command, "bob is no person; people approve")


def test_the_owner_is_everyone_but_one_person() -> None:
    """7.4, 11.1: the record says so."""
    story = (
        Story(stage("a", gate=gate("leads", "ops", quorum=2))).start().approves("ann", owner=True)
    )
    granted = [each for each in story.log if isinstance(each, ApprovalGranted)]
    assert granted[0].role == "as owner for leads, ops"
    story.live()
    command = Approve(approval=1, by=person("ann", owner=True), roster=ROSTER)
    story.refused(command, "ann has already decided about `a`")


# ── delegation ───────────────────────────────────────────────────────────────────────────────────


def test_a_vote_moves_to_another_person() -> None:
    """7.5: the number needed does not change, and it stays pending."""
    story = gated("bob", "cyd", quorum=2).delegates("bob", "zoe").gates("deploy")
    story.refused(approve("bob"), "bob has given this vote to zoe")
    story.approves("zoe").live().approves("cyd").live("deploy")
    last = story.state.approvals[1].decisions[1]
    assert (last.by, last.delegated_from, last.role) == ("zoe", "bob", "bob")


def test_a_vote_moves_on() -> None:
    """7.5"""
    story = gated("bob").delegates("bob", "zoe").delegates("zoe", "yan")
    story.refused(approve("zoe"), "zoe has given this vote to yan")
    story.approves("yan").live("deploy")


@pytest.mark.parametrize(
    ("by", "to", "because", "text"),
    [
        ("yan", "bob", Because.CONFLICT,
         "bob has already given this vote away; it does not come back"),
        ("yan", "zoe", Because.CONFLICT,
         "zoe has already given this vote away; it does not come back"),
        ("yan", "cyd", Because.CONFLICT, "cyd has a vote already, and nobody has two"),
        ("cyd", "yan", Because.CONFLICT, "yan has a vote already, and nobody has two"),
        ("yan", "ann", Because.FORBIDDEN, "ann started this run and may not approve it"),
        ("yan", "leads", Because.INVALID, "`leads` is a group"),
        ("yan", "yan", Because.INVALID, "a vote is delegated to somebody else"),
        ("yan", " ", Because.INVALID, "a vote is delegated to somebody else"),
        ("dee", "eve", Because.CONFLICT, "dee has already decided about `deploy`"),
        ("yan", "dee", Because.CONFLICT, "dee has already decided"),
        ("mal", "eve", Because.FORBIDDEN, "mal may not decide about `deploy`"),
        ("zoe", "eve", Because.CONFLICT, "zoe has given this vote to yan"),
    ],
)  # fmt: skip
def test_what_cannot_be_delegated(by: str, to: str, because: Because, text: str) -> None:
    """7.5: bob's vote went over zoe to yan; dee has approved; cyd is still to answer."""
    story = gated("bob", "cyd", "dee", quorum=3).delegates("bob", "zoe").delegates("zoe", "yan")
    story.approves("dee")
    with pytest.raises(Refused) as refused:
        story.tell(Delegate(approval=1, by=person(by), to=to, roster=ROSTER))
    assert (refused.value.because, refused.value.text) == (because, text)


def test_a_vote_stands_for_what_it_stood_for_when_it_was_given() -> None:
    """7.2, 7.5: bob has left the group meanwhile; zoe speaks for `leads`, and for nobody else."""
    story = gated("leads", "ops", quorum=2, every=True).delegates("bob", "zoe")
    story.roster = Roster(groups={"leads": frozenset(), "ops": frozenset({"dee"})})
    story.approves("zoe").live()
    assert story.state.approvals[1].decisions[-1].role == "leads"
    story.approves("dee").live("deploy")


def test_the_owner_has_one_vote_to_give() -> None:
    """7.5, 11.1"""
    story = gated("bob", "cyd", quorum=2).delegates("ann", "zoe", owner=True)
    command = Approve(approval=1, by=person("ann", owner=True), roster=ROSTER)
    story.refused(command, "ann has given this vote to zoe")
    story.approves("zoe").live()


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


def test_silence_rejects() -> None:
    """7.3, 7.6: after a day, unless the gate says otherwise."""
    story = gated("bob").after(DAY_S - 1).gates("deploy").after(1)
    story.closed(1, "expired", "nobody decided within 86400 s")
    story.run("failed", "stage `deploy` failed: nobody decided within 86400 s")


def test_silence_approves_where_the_gate_says_so() -> None:
    """7.3"""
    story = gated("bob", timeout_s=60.0, on_timeout=OnTimeout.APPROVE).after(60).live("deploy")
    words = "nobody decided within 60 s; the gate's default is to approve"
    story.closed(1, "approved", words)


def test_a_gate_without_deadline_waits() -> None:
    """I25: an explicit none."""
    gated("bob", timeout_s=None).after(1000 * DAY_S).gates("deploy")


def test_a_decision_at_the_deadline_is_too_late() -> None:
    """7.7: whether or not the expiry has been written yet; the loser is told."""
    story = gated("bob", timeout_s=60.0)
    story.now += 60
    story.refused(approve("bob"), "the time to decide about `deploy` has passed")
    story.after(0).refused(
        approve("bob"),
        "the approval of `deploy` is already expired: nobody decided within 60 s",
    )


def test_the_loser_of_a_race_is_told_what_happened() -> None:
    """7.7, C6"""
    story = gated("leads").approves("bob")
    story.refused(approve("cyd"), "the approval of `deploy` is already approved: approved by bob")
    story = gated("leads").rejects("bob", "no")
    words = "the approval of `deploy` is already rejected: rejected by bob: no"
    story.refused(approve("cyd"), words)
    story.refused(Approve(approval=2, by=person("bob")), "run 1 has no approval 2")


def test_reminders() -> None:
    """7.3: those missed during a downtime count as one."""
    story = gated("bob", remind_s=(20.0, 10.0, 30.0)).after(12)
    story.now += 100
    story.after(0)
    reminded = [each for each in story.log if isinstance(each, ApprovalReminded)]
    assert [len(each.left) for each in reminded] == [2, 0]


# ── the packet ───────────────────────────────────────────────────────────────────────────────────


def test_the_packet_says_what_is_approved() -> None:
    """7.9"""
    story = Story(
        stage("build"),
        stage("deploy", "build", task="Deploy ${build.version}", environment="${env}",
              gate=gate("bob", message="ship ${build.version}?"), on_failure=OnFailure.ROLLBACK,
              rollback_to="deploy", rollback=UNDO),
    ).start(facts=Facts(sha="abc", branch="main"), variables={"env": "prod"})  # fmt: skip
    packet = story.ends("build", version="1.2").state.approvals[1].packet
    assert packet["task"] == "Deploy 1.2"
    assert packet["environment"] == "prod"
    assert packet["message"] == "ship 1.2?"
    assert (packet["commit"], packet["branch"], packet["started_by"]) == ("abc", "main", "ann")
    assert packet["before"] == [
        {"stage": "build", "status": "succeeded", "reason": None, "attempts": 1,
         "outputs": {"version": "1.2"}}
    ]  # fmt: skip
    undone = [{"stage": "deploy", "how": "undoer: Roll back"}]
    assert packet["rollback"] == {"to": "deploy", "steps": undone}
    assert (packet["on_timeout"], packet["timeout_s"]) == ("reject", DAY_S)


def test_a_decision_about_another_packet_is_refused() -> None:
    """7.9"""
    story = gated("bob").refused(
        approve("bob", "0" * 64),
        "what you saw is not what is asked: the packet has another hash",
        "look again: orchestrate approval show",
    )
    story.tell(approve("bob", story.open().packet_hash)).live("deploy")


def test_the_hash_follows_the_task() -> None:
    """7.9"""
    hashes = set()
    for task in ("a", "b", "a"):
        story = Story(stage("deploy", task=task, gate=gate("bob"))).start()
        hashes.add(story.open().packet_hash)
    assert len(hashes) == 2


# ── questions of agents ──────────────────────────────────────────────────────────────────────────


def test_an_agent_asks_the_people_of_the_gate() -> None:
    """Exit code 80: an approval like any other; the work goes on after it as a new attempt."""
    story = gated("bob").approves("bob").asks("deploy", "drop the table?")
    story.run("waiting_approval").gates("deploy")
    assert story.open().message == "drop the table?"
    story.refused(
        Approve(approval=2, by=person("zoe"), roster=ROSTER), "zoe may not decide about `deploy`"
    )
    story.approves("bob").live("deploy").ends("deploy").run("succeeded")


def test_an_answered_agent_waits_for_a_place() -> None:
    """3.7"""
    story = Story(stage("a"), stage("b"), max_parallel=1).start().asks("a").live("b")
    story.approves("bob").live("b").ends("b").live("a")


def test_refusing_an_agent_consults_on_failure() -> None:
    """7.6 is about stages that never started; this one did something that may be undone."""
    deploy = stage("a", on_failure=OnFailure.ROLLBACK, rollback_to="a", rollback=UNDO)
    story = Story(deploy).start().asks("a").rejects("bob", "never").live("undo a").ends("undo a")
    story.run("failed", "stage `a` failed: rejected by bob: never").undone(
        "succeeded", a="succeeded"
    )


def test_a_gate_of_clean_up_stays_open_after_a_failure() -> None:
    """4.1, 7.1"""
    story = Story(stage("a"), stage("b", "a", run_if=RunIf.ALWAYS, gate=gate("bob"))).start()
    story.fails("a").gates("b").run("waiting_approval").approves("bob").live("b")


def test_the_defaults_of_a_gate() -> None:
    """7.3"""
    plain = Gate()
    assert (plain.quorum, plain.timeout_s, plain.on_timeout) == (1, DAY_S, OnTimeout.REJECT)
    assert not plain.self_approval
    assert Pipeline(name="p").max_parallel is None
    assert Caller(name="x").owner is False
