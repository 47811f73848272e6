"""Invariants of questions: who may answer, whose votes count, when a gate is open."""

from __future__ import annotations

import hashlib
import json

from orchestrate.core import events as happened
from orchestrate.core.commands import Approve, Cancel, Delegate, Reject, RollBack, Start
from orchestrate.core.events import Event
from orchestrate.core.people import Kind
from orchestrate.core.run import ApprovalStatus, Mode, OutcomeKind, Run
from tests.simulation.checker import at_commit, at_event
from tests.simulation.history import History, Question

Answer = happened.ApprovalGranted | happened.ApprovalDenied | happened.ApprovalDelegated
ANSWERS = (happened.ApprovalGranted, happened.ApprovalDenied, happened.ApprovalDelegated)

APPROVED = (
    "approved iff distinct eligible approvals reach the quorum or the declared default fired; "
    "no vote after close"
)
CHAIN = "every decision is by an approver or the end of an acyclic delegation from one"
VOTES = "votes are conserved; an unreachable quorum closes the gate"


@at_event("I07", "one decision per person and gate", *ANSWERS)
def one_decision_each(history: History, event: Answer) -> str | None:
    if event.by in history.questions[event.approval].answers:
        return f"{event.by} decides about `{event.stage}` again"
    return None


@at_event("I08", APPROVED, *ANSWERS)
def no_vote_after_close(history: History, event: Answer) -> str | None:
    question = history.questions[event.approval]
    if question.status != "pending":
        return f"{event.by} answers, and it is {question.status}"
    expires_at = question.asked.expires_at
    if expires_at is not None and event.at >= expires_at:
        return f"{event.by} answers after the deadline"
    return None


@at_event("I10", CHAIN, *ANSWERS)
def by_an_approver(history: History, event: Answer) -> str | None:
    command = history.command
    assert isinstance(command, Approve | Reject | Delegate), "somebody answered"
    question = history.questions[event.approval]
    if command.by.kind is not Kind.PERSON:
        return f"{event.by} is no person"
    caused = (history.created.by, history.created.facts.actor)
    if event.by in caused and not question.asked.self_approval and not command.by.owner:
        return f"{event.by} caused the run, and decides about it"
    allowed = history.entries_of(question, event.by)
    if question.asked.approvers and not allowed:
        return f"{event.by} is no approver, and holds no vote"
    if isinstance(event, happened.ApprovalGranted) and not set(event.fills) <= allowed:
        return f"{event.by} speaks for {event.fills}, and may for {sorted(allowed)}"
    return None


@at_event("I11", VOTES, *ANSWERS)
def votes_are_conserved(history: History, event: Answer) -> str | None:
    question = history.questions[event.approval]
    if event.by in question.given:
        return f"{event.by} has given this vote away, and uses it"
    if not isinstance(event, happened.ApprovalDelegated):
        return None
    if event.to in question.given or event.to == event.by:
        return f"the vote of {event.by} comes back to {event.to}"
    if event.to in question.answers or event.to in question.given.values():
        return f"{event.to} has a vote, and gets another"
    if history.entries_of(question, event.to):
        return f"{event.to} is an approver, and gets another vote"
    return None


@at_event("I08", APPROVED, happened.ApprovalClosed)
def closed_for_a_cause(history: History, event: happened.ApprovalClosed) -> str | None:
    question = history.questions[event.approval]
    asked = question.asked
    if question.status != "pending":
        return f"it is closed twice: {question.status}, {event.status.value}"
    expired = asked.expires_at is not None and event.at >= asked.expires_at
    match event.status:
        case ApprovalStatus.APPROVED if event.reason.code == "approved_by_default":
            fine = expired and asked.on_timeout == "approve"
        case ApprovalStatus.APPROVED:
            fine = agreed(question)
        case ApprovalStatus.REJECTED:
            fine = "reject" in question.answers.values()
        case ApprovalStatus.EXPIRED:
            fine = expired and asked.on_timeout == "reject"
        case _:
            fine = history.cancelled or bool(history.halted)
    return None if fine else f"the question about `{event.stage}` is {event.status.value}"


@at_commit("I08", APPROVED)
def settled_questions_close(history: History, run: Run, events: list[Event]) -> str | None:
    for number, question in history.questions.items():
        if question.status == "pending" and question.answers:
            if agreed(question) or "reject" in question.answers.values():
                return f"approval {number} is settled, and stays open"
    return None


def agreed(question: Question) -> bool:
    """Whether enough people said yes; with `every`, each entry has a person of its own."""
    if not question.asked.every:
        yes = sum(answer == "approve" for answer in question.answers.values())
        return yes >= question.asked.quorum
    people = list(question.fills.items())

    def cover(entry: int, left: list[tuple[str, frozenset[int]]]) -> bool:
        if entry == len(question.asked.approvers):
            return True
        return any(
            entry in fills and cover(entry + 1, left[:place] + left[place + 1 :])
            for place, (_, fills) in enumerate(left)
        )

    return cover(0, people)


@at_event("I09", "a gated stage never starts without an approved gate for the same packet",
          happened.AttemptStarted)  # fmt: skip
def starts_as_approved(history: History, event: happened.AttemptStarted) -> str | None:
    if event.mode is Mode.ROLLBACK or event.attempt > 1:
        return None
    if history.specs[event.stage].gate is None:
        return None
    number = history.latest.get(event.stage)
    if number is None or history.questions[number].status != "approved":
        return f"`{event.stage}` starts, and nobody agreed"
    packet = history.questions[number].asked.packet
    if (packet["task"], packet["environment"]) != (event.task, event.environment):
        return f"`{event.stage}` does another thing than what was approved"
    return None


@at_event("7.1", "a gate asks once, an agent after it said so", happened.ApprovalRequested)
def asks_with_cause(history: History, event: happened.ApprovalRequested) -> str | None:
    if event.kind == "gate":
        asked = history.latest.get(event.stage)
        return None if asked is None else f"the gate of `{event.stage}` asks again"
    ends = history.ends[event.stage]
    if not ends or ends[-1].kind is not OutcomeKind.NEEDS_PERSON:
        return f"`{event.stage}` asks, and its agent did not"
    return None


@at_event("7.9", "a packet's hash names it", happened.ApprovalRequested)
def hash_names_packet(history: History, event: happened.ApprovalRequested) -> str | None:
    text = json.dumps(event.packet, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(text.encode()).hexdigest() != event.packet_hash:
        return f"the packet of approval {event.approval} has another hash"
    return None


@at_event(
    "7.6", "a stage that may not start has failed, whatever on_failure says", happened.StageFailed
)
def refused_is_failed(history: History, event: happened.StageFailed) -> str | None:
    refused = event.reason.code in ("rejected", "approval_expired")
    if refused and event.tolerated and not history.started(event.stage):
        return f"`{event.stage}` was refused, and that is tolerated"
    return None


@at_event("7.5", "a reminder comes when it is due", happened.ApprovalReminded)
def reminded_in_time(history: History, event: happened.ApprovalReminded) -> str | None:
    due_at = history.deadlines.get(("remind", str(event.approval)))
    if due_at is None or event.at < due_at:
        return f"a reminder of `{event.stage}` comes early, or too often"
    return None


@at_commit("I30", "every accepted command is audited with its actor")
def actor_is_kept(history: History, run: Run, events: list[Event]) -> str | None:
    command = history.command
    if not events:
        return None
    if isinstance(command, RollBack):
        by = [each.by for each in events if isinstance(each, happened.RollbackStarted)]
        return None if by == [command.by.name] else f"the rollback by {command.by.name} says {by}"
    if isinstance(command, Approve | Reject | Delegate | Cancel | Start):
        said = (getattr(events[0], "by", None), getattr(events[0], "via", None))
        if said != (command.by.name, command.by.via):
            return f"{type(events[0]).__name__} says {said}, not {command.by.name}"
    return None
