"""What went wrong, for programs and people (RFC 9457). It never shows what is inside the server.

A `type` is a stable relative reference, a `detail` says what happened here, a `hint` what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrate.core.commands import Because, Refused

MEDIA_TYPE = "application/problem+json"
TYPES_AT = "/api/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem: its name in the reference, its HTTP status, its title."""

    name: str
    status: int
    title: str

    @property
    def reference(self) -> str:
        return TYPES_AT + self.name


BAD_REQUEST = Kind("bad-request", 400, "The request cannot be read")
UNAUTHENTICATED = Kind("unauthenticated", 401, "Nobody known is asking")
FORBIDDEN = Kind("forbidden", 403, "Not allowed")
NOT_FOUND = Kind("not-found", 404, "Not found")
WRONG_METHOD = Kind("method-not-allowed", 405, "This method means nothing here")
TOO_SLOW = Kind("too-slow", 408, "The request did not arrive in time")
CONFLICT = Kind("conflict", 409, "Not possible in the present state")
CHANGED = Kind("changed", 412, "It has changed meanwhile")
TOO_LARGE = Kind("too-large", 413, "Too large")
URI_TOO_LONG = Kind("uri-too-long", 414, "The address is too long")
WRONG_MEDIA_TYPE = Kind("wrong-media-type", 415, "Not JSON")
MISDIRECTED = Kind("misdirected", 421, "Another host is meant")
INVALID = Kind("invalid", 422, "The request is not valid")
INVALID_DEFINITION = Kind("invalid-definition", 422, "The definition is not valid")
KEY_REUSED = Kind("idempotency-key-reused", 422, "This key belongs to another request")
HEAD_TOO_LARGE = Kind("headers-too-large", 431, "The headers are too large")
INTERNAL = Kind("internal", 500, "A fault of ours")
BUSY = Kind("busy", 503, "Too busy")
STORE_FULL = Kind("store-full", 507, "Nothing can be stored")

KINDS = (
    BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, WRONG_METHOD, TOO_SLOW, CONFLICT, CHANGED,
    TOO_LARGE, URI_TOO_LONG, WRONG_MEDIA_TYPE, MISDIRECTED, INVALID, INVALID_DEFINITION,
    KEY_REUSED, HEAD_TOO_LARGE, INTERNAL, BUSY, STORE_FULL,
)  # fmt: skip

_OF_REFUSAL = {
    Because.NOT_FOUND: NOT_FOUND,
    Because.FORBIDDEN: FORBIDDEN,
    Because.CONFLICT: CONFLICT,
    Because.INVALID: INVALID,
}


class Problem(Exception):
    """Raised wherever a request cannot be honoured; the application answers with it.

    `more` are members of its own (`diagnostics`, `faults`), `headers` go with the answer.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        hint: str = "",
        *,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.hint = hint
        self.more = dict(more or {})
        self.headers = dict(headers or {})

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "type": self.kind.reference,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.hint:
            data["hint"] = self.hint
        return data | self.more


def not_found(what: str) -> Problem:
    return Problem(NOT_FOUND, what)


def invalid(faults: Sequence[tuple[str, str]]) -> Problem:
    """Fields and what is wrong with each; the first stands in the sentence."""
    shown = "; ".join(f"`{field}` {fault}" if field else fault for field, fault in faults[:3])
    listed = [{"field": field, "message": fault} for field, fault in faults]
    return Problem(INVALID, shown, more={"faults": listed})


def of_refusal(refused: Refused) -> Problem:
    return Problem(_OF_REFUSAL[refused.because], refused.text, refused.hint)
