"""Who asks, and for whom a name in `approvers` stands (semantics 7.2, 11). It never authenticates.

Groups are resolved at each decision, so whoever calls brings the roster of that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever asks something of a run: a name that was authenticated, and how.

    `owner`: the one user of single-user mode, who may fill every approver's role (11.1).
    """

    name: str
    kind: Kind = Kind.PERSON
    owner: bool = False
    via: str = ""


SYSTEM = Caller(name="orchestrate", kind=Kind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The groups and addresses that exist at this moment: group → members, e-mail → user."""

    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    emails: Mapping[str, str] = field(default_factory=dict)

    def person(self, entry: str) -> str:
        """The user that a name or an e-mail address stands for."""
        return self.emails.get(entry, entry)

    def fits(self, entry: str, name: str) -> bool:
        """Whether `name` is meant by an entry of `approvers`: a group's member, or that user."""
        members = self.groups.get(entry)
        if members is not None:
            return name in members
        return self.person(entry) == name


NOBODY_KNOWN = Roster()
