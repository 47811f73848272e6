"""Whom one may tell: channels for people and programs, and forges. Plain facts, without a file.

What is secret in them shows in no `repr`, and `hidden` takes it out of every text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from orchestrate.agent.mask import Mask

FORGE_PREFIX = "forges."
"""Before the name of a forge, where it stands among channels; no channel's name has a dot."""


SHORTEST = 4
"""A secret of fewer characters hides nothing, and would hide half of every text."""


class Occasion(StrEnum):
    """What one can be told of."""

    REQUESTED = "approval.requested"
    REMINDED = "approval.reminded"
    DELEGATED = "approval.delegated"
    DECIDED = "approval.decided"
    EXPIRED = "approval.expired"
    WITHDRAWN = "approval.withdrawn"
    SUCCEEDED = "run.succeeded"
    FAILED = "run.failed"
    CANCELLED = "run.cancelled"
    ROLLED_BACK = "run.rolled_back"


BY_DEFAULT = ("approval.*", "run.failed", "run.rolled_back")
"""What a channel is told of that does not say: what asks for somebody, no success."""


class Kind(StrEnum):
    APPRISE = "apprise"
    WEBHOOK = "webhook"
    TERMINAL = "terminal"
    DESKTOP = "desktop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`secrets`: what the environment gave. `missing`: the variables that are not set."""

    name: str
    kind: Kind
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    events: tuple[str, ...] = BY_DEFAULT
    pipelines: tuple[str, ...] = ("*",)
    allow_private: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    missing: tuple[str, ...] = ()

    def wants(self, occasion: str, pipeline: str) -> bool:
        return any(fnmatchcase(occasion, each) for each in self.events) and any(
            fnmatchcase(pipeline, each) for each in self.pipelines
        )


class ForgeKind(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Where the code lives. `repositories` empty: those whose events came from there."""

    kind: ForgeKind
    url: str
    token: str = field(repr=False)
    repositories: tuple[str, ...] = ()
    statuses: bool = True
    comments: bool = True
    allow_private: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return FORGE_PREFIX + self.kind.value

    def shows(self, repository: str, source: str | None) -> bool:
        """Whether a run of an event from `source` about `repository` is to be seen there."""
        if not self.repositories:
            return source == self.kind.value
        if source in set(ForgeKind) and source != self.kind.value:
            return False
        return any(fnmatchcase(repository, each) for each in self.repositories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everybody whom one may tell. `url`: where people reach this server, None: not said."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    forges: tuple[Forge, ...] = ()
    url: str | None = None

    def __bool__(self) -> bool:
        return bool(self.channels or self.forges)


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """A text without those secrets, however they are written in it."""
    known = tuple(sorted({each for each in secrets if each}, key=len, reverse=True))
    masked = Mask(known).whole(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    for each in known:  # those that are too short for the mask, which must not shred a log
        masked = masked.replace(each, "***") if len(each) >= SHORTEST else masked
    return masked
