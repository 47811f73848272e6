"""Gates: who may answer, when a question is settled, and what silence means (semantics 7)."""

from __future__ import annotations

from orchestrate.core.commands import Approve, Because, Delegate, Refused, Reject
from orchestrate.core.ending import fail
from orchestrate.core.events import (
    ApprovalClosed,
    ApprovalDelegated,
    ApprovalDenied,
    ApprovalGranted,
    ApprovalReminded,
    ApprovalRequested,
)
from orchestrate.core.packet import digest, packet
from orchestrate.core.people import Caller, Kind, Roster
from orchestrate.core.pipeline import Gate
from orchestrate.core.run import Approval, ApprovalStatus, Outcome, Reason
from orchestrate.core.template import render
from orchestrate.core.turn import Turn
from orchestrate.core.values import lookup


def ask(turn: Turn, name: str) -> None:
    """Open the gate of a stage (7.1). Raises Undefined for a hole in the stage's texts."""
    gate = turn.run.pipeline.stage(name).gate
    assert gate is not None, "only a gated stage asks"
    message = render(gate.message, lookup(turn.run, name)) if gate.message else None
    _ask(turn, name, "gate", gate, message)


def ask_person(turn: Turn, name: str, outcome: Outcome) -> None:
    """An agent needs a person (exit code 80): ask those of the stage's gate, else anybody."""
    gate = turn.run.pipeline.stage(name).gate or Gate()
    _ask(turn, name, "agent", gate, outcome.detail or "the agent asks for a person")


def _ask(turn: Turn, name: str, kind: str, gate: Gate, message: str | None) -> None:
    facts = packet(turn.run, turn.run.pipeline.stage(name), gate, message)
    now = turn.now
    turn.say(
        ApprovalRequested(
            approval=len(turn.run.approvals) + 1,
            stage=name,
            kind=kind,
            approvers=gate.approvers,
            quorum=gate.quorum,
            every=gate.every,
            self_approval=gate.self_approval,
            on_timeout=gate.on_timeout.value,
            message=message,
            packet=facts,
            packet_hash=digest(facts),
            expires_at=None if gate.timeout_s is None else now + gate.timeout_s,
            remind_at=tuple(now + each for each in sorted(gate.remind_s)),
            notify=gate.notify,
            at=now,
        )
    )


# -- answers ---------------------------------------------------------------------------


def approve(turn: Turn, command: Approve) -> None:
    """One person says yes; the quorum opens the gate."""
    approval = _open(turn, command)
    fills, giver = _voice(turn, approval, command.by, command.roster)
    turn.say(
        ApprovalGranted(
            approval=approval.number,
            stage=approval.stage,
            by=command.by.name,
            comment=command.comment,
            role=_role(approval, command.by, fills),
            via=command.by.via,
            fills=fills,
            delegated_from=giver,
            at=turn.now,
        )
    )
    if settled(approval):
        words = "approved by " + ", ".join(
            each.by for each in approval.decisions if each.decision == "approve"
        )
        _close(turn, approval, ApprovalStatus.APPROVED, Reason("approved", words))


def reject(turn: Turn, command: Reject) -> None:
    """One person says no, and that settles it (7.3); the stage fails (7.6)."""
    if not command.reason.strip():
        raise Refused(Because.INVALID, "a rejection needs a reason", "say why: --reason TEXT")
    approval = _open(turn, command)
    fills, giver = _voice(turn, approval, command.by, command.roster)
    turn.say(
        ApprovalDenied(
            approval=approval.number,
            stage=approval.stage,
            by=command.by.name,
            comment=command.reason,
            role=_role(approval, command.by, fills),
            via=command.by.via,
            delegated_from=giver,
            at=turn.now,
        )
    )
    reason = Reason("rejected", f"rejected by {command.by.name}: {command.reason}")
    _close(turn, approval, ApprovalStatus.REJECTED, reason)
    _refuse(turn, approval, reason)


def delegate(turn: Turn, command: Delegate) -> None:
    """One person's vote moves to another; the number needed does not change (7.5)."""
    approval = _open(turn, command)
    to = command.roster.person(command.to)
    by = command.by.name
    fills, _ = _voice(turn, approval, command.by, command.roster)
    if not to.strip() or to == by:
        raise Refused(Because.INVALID, "a vote is delegated to somebody else", "name a person")
    if to in command.roster.groups:
        raise Refused(Because.INVALID, f"`{to}` is a group", "a vote goes to one person")
    if to in approval.delegations:
        raise Refused(
            Because.CONFLICT, f"{to} has already given this vote away; it does not come back"
        )
    if any(each.by == to for each in approval.decisions):
        raise Refused(Because.CONFLICT, f"{to} has already decided", "name somebody else")
    if _excluded(turn, approval, to) and not command.by.owner:
        raise Refused(Because.FORBIDDEN, f"{to} started this run and may not approve it")
    if _held(approval, to) or _listed(approval, to, command.roster):
        raise Refused(
            Because.CONFLICT,
            f"{to} has a vote already, and nobody has two",
            "name somebody who is not an approver",
        )
    turn.say(
        ApprovalDelegated(
            approval=approval.number,
            stage=approval.stage,
            by=by,
            to=to,
            comment=command.comment,
            role=_role(approval, command.by, fills),
            via=command.by.via,
            fills=fills,
            at=turn.now,
        )
    )


def settled(approval: Approval) -> bool:
    """Whether enough distinct people agree; `every`: each entry has a person of its own (7.3)."""
    granted = {each.by: each.fills for each in approval.decisions if each.decision == "approve"}
    if not approval.every:
        return len(granted) >= approval.quorum
    holder: dict[int, str] = {}

    def place(person: str, tried: set[int]) -> bool:
        for entry in granted[person]:
            if entry in tried:
                continue
            tried.add(entry)
            if entry not in holder or place(holder[entry], tried):
                holder[entry] = person
                return True
        return False

    return sum(place(person, set()) for person in granted) >= len(approval.approvers)


# -- time ------------------------------------------------------------------------------


def expire(turn: Turn, number: int) -> None:
    """Silence past the deadline takes the gate's default (7.7)."""
    approval = turn.run.approvals[number]
    assert approval.expires_at is not None
    waited_s = round(approval.expires_at - approval.requested_at)
    if approval.on_timeout == "approve":
        words = f"nobody decided within {waited_s} s; the gate's default is to approve"
        _close(turn, approval, ApprovalStatus.APPROVED, Reason("approved_by_default", words))
        return
    reason = Reason("approval_expired", f"nobody decided within {waited_s} s")
    _close(turn, approval, ApprovalStatus.EXPIRED, reason)
    _refuse(turn, approval, reason)


def remind(turn: Turn, number: int) -> None:
    """A reminder is due; those that were missed meanwhile count as one."""
    approval = turn.run.approvals[number]
    left = tuple(each for each in approval.remind_at if each > turn.now)
    turn.say(ApprovalReminded(approval=number, stage=approval.stage, left=left, at=turn.now))


# -- small truths ----------------------------------------------------------------------


def _close(turn: Turn, approval: Approval, status: ApprovalStatus, reason: Reason) -> None:
    turn.say(
        ApprovalClosed(
            approval=approval.number,
            stage=approval.stage,
            status=status,
            reason=reason,
            at=turn.now,
        )
    )


def _refuse(turn: Turn, approval: Approval, reason: Reason) -> None:
    """The stage fails; its `on_failure` counts only where something of it ran (7.6)."""
    fail(turn, approval.stage, reason, consult=approval.kind == "agent")


def _open(turn: Turn, command: Approve | Reject | Delegate) -> Approval:
    """The question that is answered, if it is still open for this answer."""
    approval = turn.run.approvals.get(command.approval)
    if approval is None:
        raise Refused(Because.NOT_FOUND, f"run {turn.run.id} has no approval {command.approval}")
    if approval.status is not ApprovalStatus.PENDING:
        why = "" if approval.reason is None else f": {approval.reason.text}"
        raise Refused(
            Because.CONFLICT,
            f"the approval of `{approval.stage}` is already {approval.status.value}{why}",
        )
    if approval.expires_at is not None and approval.expires_at <= turn.now:
        raise Refused(Because.CONFLICT, f"the time to decide about `{approval.stage}` has passed")
    given = command.packet if isinstance(command, Approve | Reject) else None
    if given is not None and given != approval.packet_hash:
        raise Refused(
            Because.CONFLICT,
            "what you saw is not what is asked: the packet has another hash",
            "look again: orchestrate approval show",
        )
    return approval


def _voice(
    turn: Turn, approval: Approval, by: Caller, roster: Roster
) -> tuple[tuple[int, ...], str | None]:
    """Which entries a person may fill, and whose vote that is; refused where they have none."""
    if by.kind is not Kind.PERSON:
        raise Refused(Because.FORBIDDEN, f"{by.name} is no person; people approve")
    if any(each.by == by.name and each.decision != "delegate" for each in approval.decisions):
        raise Refused(Because.CONFLICT, f"{by.name} has already decided about `{approval.stage}`")
    if by.name in approval.delegations:
        to = approval.delegations[by.name]
        raise Refused(Because.CONFLICT, f"{by.name} has given this vote to {to}")
    giver = _held(approval, by.name)
    if by.owner:
        return tuple(range(len(approval.approvers))), giver
    if _excluded(turn, approval, by.name):
        raise Refused(
            Because.FORBIDDEN,
            f"{by.name} started this run and may not approve it",
            "ask another approver, or set approval.self_approval: true in the pipeline",
        )
    if giver is not None:
        return _received(approval, by.name), giver
    fills = _listed(approval, by.name, roster)
    if approval.approvers and not fills:
        raise Refused(
            Because.FORBIDDEN,
            f"{by.name} may not decide about `{approval.stage}`",
            f"ask one of: {', '.join(approval.approvers)}",
        )
    return fills, None


def _listed(approval: Approval, name: str, roster: Roster) -> tuple[int, ...]:
    return tuple(n for n, entry in enumerate(approval.approvers) if roster.fits(entry, name))


def _held(approval: Approval, name: str) -> str | None:
    """Who gave their vote to `name`."""
    return next((giver for giver, to in approval.delegations.items() if to == name), None)


def _received(approval: Approval, name: str) -> tuple[int, ...]:
    """The entries that a vote given to `name` was for when it was given."""
    gifts = (each.fills for each in approval.decisions if each.to == name)
    return next(gifts, ())


def _excluded(turn: Turn, approval: Approval, name: str) -> bool:
    """Who started the run, or caused its event, does not approve it (7.4)."""
    if approval.self_approval:
        return False
    return name in (turn.run.by, turn.run.facts.actor)


def _role(approval: Approval, by: Caller, fills: tuple[int, ...]) -> str:
    """In which role a decision was made, for the record (11.1)."""
    entries = ", ".join(approval.approvers[n] for n in fills)
    if by.owner:
        return f"as owner for {entries}" if entries else "as owner"
    return entries
