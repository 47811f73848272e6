"""Who may tell us of events, and in which words: one source for each secret.

A source without a secret does not exist. This module reads no settings and checks no signature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Words(StrEnum):
    """Whose words a source speaks."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`secrets`: any of them opens, so that one can be replaced by another.

    For words of somebody's own: `signature` and `token` are the headers that hold the HMAC of the
    body, or the secret itself; `delivery` the header with the number of a delivery. `event` and
    the values of `facts` are JSON pointers where they start with `/`, and else stand for
    themselves.
    """

    name: str
    secrets: tuple[str, ...]
    words: Words = Words.JSON
    signature: str | None = None
    token: str | None = None
    delivery: str | None = None
    event: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


Sources: TypeAlias = Callable[[str], Source | None]
"""The source of that name, as it is set at this moment."""


def no_sources(_: str) -> None:
    return None
