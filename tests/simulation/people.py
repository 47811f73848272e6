"""Who is there in a life, and what they do about a question: answer, give their vote away, wait.

Everything is drawn when the question is asked; whether it is allowed is not their concern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from orchestrate.core.commands import Approve, Command, Delegate, Reject
from orchestrate.core.events import ApprovalRequested
from orchestrate.core.people import Caller, Kind, Roster

PEOPLE = ("ann", "bob", "cyd", "dee", "eve")
STRANGER = "mal"
ROSTER = Roster(
    groups={"leads": frozenset({"bob", "cyd"}), "ops": frozenset({"dee", "eve"})},
    emails={"bob@example.com": "bob"},
)
RECEIVERS = (*PEOPLE, STRANGER, "zoe", "leads", "bob@example.com", " ")

Fault = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes to a question after `delay_s`, and does something about it."""

    delay_s: float
    by: Caller
    verb: str
    to: str = ""
    packet: str | None = None
    mistake: int = 0

    def command(self, number: int, roster: Roster) -> Command:
        number += self.mistake
        match self.verb:
            case "approve":
                return Approve(approval=number, by=self.by, packet=self.packet, roster=roster)
            case "reject":
                why = self.to or "not like this"
                return Reject(
                    approval=number, by=self.by, reason=why, packet=self.packet, roster=roster
                )
            case _:
                return Delegate(approval=number, by=self.by, to=self.to, roster=roster)


def caller(name: str, *, owner: bool = False) -> Caller:
    return Caller(name=name, owner=owner and name == "ann", via="token")


def visits(
    dice: Random, asked: ApprovalRequested, fault: Fault, *, owner: bool, eager: bool
) -> Iterator[Visit]:
    """What people do about one question, for better or worse."""
    wait_s = 300.0 if asked.expires_at is None else 1.1 * (asked.expires_at - asked.at)
    chance = dice.random
    willing = 0.9 if eager or chance() < 0.6 else 0.15
    packet = asked.packet_hash if chance() < 0.5 else None
    if chance() < 0.35:
        giver, to = dice.choice(PEOPLE), dice.choice(RECEIVERS)
        yield Visit(chance() * wait_s / 4, caller(giver, owner=owner), "delegate", to)
        if chance() < 0.6:
            back = giver if chance() < 0.5 else dice.choice(RECEIVERS)
            yield Visit(wait_s / 4 + chance() * wait_s / 2, caller(to), "delegate", back)
        yield Visit(chance() * wait_s, caller(to), "approve", "", packet)
    for name in PEOPLE:
        if chance() < 0.1:
            to = dice.choice(PEOPLE)
            yield Visit(chance() * wait_s, caller(name, owner=owner), "delegate", to)
        if chance() < willing:
            visit = Visit(chance() * wait_s, caller(name, owner=owner), "approve", "", packet)
            yield visit
            if fault("two_tabs"):
                yield Visit(chance() * wait_s, visit.by, "approve")
        elif not eager and chance() < 0.12:
            why = " " if chance() < 0.1 else "no"
            yield Visit(chance() * wait_s, caller(name, owner=owner), "reject", why)
    if fault("wrong_person"):
        verb = dice.choice(("approve", "reject", "delegate"))
        yield Visit(chance() * wait_s, caller(STRANGER), verb, "eve")
    if fault("agent_answers"):
        agent = Caller(name=dice.choice(("bob", "bot")), kind=Kind.AGENT)
        yield Visit(chance() * wait_s, agent, "approve")
    if fault("stale_packet"):
        yield Visit(chance() * wait_s, caller("bob"), "approve", "", "0" * 64)
    if fault("wrong_number"):
        yield Visit(chance() * wait_s, caller("bob"), "approve", "", None, 99)


def earnest(dice: Random, *, owner: bool) -> Iterator[Visit]:
    """When the faults are over everybody does what they can; who cannot agree refuses."""
    for name in PEOPLE:
        yield Visit(1.0 + dice.random() * 60.0, caller(name, owner=owner), "approve")
    for name in PEOPLE:
        yield Visit(100.0, caller(name, owner=owner), "reject", "nobody can answer")


def without(roster: Roster, group: str, name: str) -> Roster:
    """The roster after somebody has left a group, or come back to it."""
    members = roster.groups[group]
    changed = members - {name} if name in members else members | {name}
    return Roster(groups={**roster.groups, group: changed}, emails=roster.emails)
