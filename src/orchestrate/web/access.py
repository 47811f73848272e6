"""Who is asking, and what they may ask. What no rule allows is refused.

Identity comes from the kernel (Unix socket) or a bearer token (TCP), never from a request's body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orchestrate.core.people import Caller, Kind
from orchestrate.store.reader import Reader
from orchestrate.web.peer import Peer
from orchestrate.web.problem import FORBIDDEN, MISDIRECTED, UNAUTHENTICATED, Problem

TOKEN_PREFIX = "orc_"  # noqa: S105 - so that a token is recognised where it should not be
TOKEN_BYTES = 32
_TOKEN = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Scope(StrEnum):
    """What a caller may be allowed; every call needs exactly one."""

    READ = "read"  # see everything
    WRITE = "write"  # create, change, switch and delete pipelines
    RUN = "run"  # start, cancel, roll back and rerun
    APPROVE = "approve"  # decide and delegate
    ADMIN = "admin"  # make and revoke tokens, read the audit trail


EVERY_SCOPE = frozenset(Scope)
OF_AGENTS = frozenset({Scope.READ, Scope.WRITE, Scope.RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody authenticated, and what they may; `token` is its number, if they used one."""

    caller: Caller
    scopes: frozenset[Scope]
    token: int | None = None


NOBODY = Who(caller=Caller(name="nobody", kind=Kind.SYSTEM), scopes=frozenset())
"""Who asks a call that asks nobody who they are."""


@dataclass(frozen=True, slots=True)
class Line:
    """The connection a request came by: `peer` of a Unix socket, `port` of ours on TCP."""

    peer: Peer | None = None
    port: int | None = None


def admit(who: Who, scope: Scope | None, *, people_only: bool, owner_only: bool) -> None:
    """Raises Problem 403 unless they may."""
    if (people_only or owner_only) and who.caller.kind is not Kind.PERSON:
        raise Problem(
            FORBIDDEN,
            f"{who.caller.name} asks from within an agent; only people may do this",
            "do it from a terminal that no pipeline started",
        )
    if owner_only and not who.caller.owner:
        raise Problem(
            FORBIDDEN, f"only the owner of this server may do this, not {who.caller.name}"
        )
    if scope is not None and scope not in who.scopes:
        has = ", ".join(sorted(who.scopes)) or "none"
        raise Problem(
            FORBIDDEN,
            f"this needs the scope `{scope}`, and the token has: {has}",
            f"make another one: orchestrate token create --scope {scope}",
        )


# ── where a request came from ────────────────────────────────────────────────────────────────────


def check_origin(line: Line, headers: Mapping[str, str]) -> None:
    """Refuse what another site made a browser send: Problem 421 by host, 403 by origin.

    `headers` holds repeated ones joined by a comma, which no host or origin contains.
    """
    ours = _hosts(line)
    host = headers.get("host", "").lower()
    if line.port is not None and host not in ours:
        raise Problem(
            MISDIRECTED,
            "the Host header names another host than this server",
            f"use http://127.0.0.1:{line.port}",
        )
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in {f"http://{each}" for each in ours}:
        raise Problem(FORBIDDEN, "a page of another origin asks, and may not")


def _hosts(line: Line) -> frozenset[str]:
    if line.port is None:
        return frozenset()
    port = f":{line.port}"
    return frozenset(name + end for name in LOOPBACK_NAMES for end in ("", port))


# ── who is at the other end ──────────────────────────────────────────────────────────────────────


def by_peer(peer: Peer, *, owner: str, uid: int) -> Who:
    """The owner at the Unix socket, or an agent of theirs. Raises Problem 403 for anybody else."""
    if peer.uid != uid:
        raise Problem(
            FORBIDDEN,
            f"this server works for {owner}, and the process at the socket is of another user",
            f"do it as {owner}, or with a token over http://127.0.0.1",
        )
    via = f"socket uid {peer.uid}"
    if peer.agent:
        caller = Caller(name=owner, kind=Kind.AGENT, via=f"{via}, agent pid {peer.pid}")
        return Who(caller=caller, scopes=OF_AGENTS)
    return Who(caller=Caller(name=owner, owner=True, via=via), scopes=EVERY_SCOPE)


def by_token(authorization: str | None, reader: Reader, *, owner: str) -> Who:
    """Whoever a bearer token stands for. Raises Problem 401."""
    if authorization is None:
        raise _stranger("a token is needed", "")
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or _TOKEN.fullmatch(given) is None:
        raise _stranger("the Authorization header holds no token of this server", "invalid_request")
    sha256 = token_sha256(given)
    row = reader.token(sha256)
    if row is None or not hmac.compare_digest(row["sha256"], sha256):
        raise _stranger("this token is not known", "invalid_token")
    if row["revoked_at"] is not None:
        raise _stranger("this token was revoked", "invalid_token")
    if row["expires_at"] is not None and _seconds(row["expires_at"]) <= time.time():
        raise _stranger("this token has expired", "invalid_token")
    name = row["user"] or owner
    caller = Caller(name=name, owner=not row["user"], via=f"token {row['id']}")
    scopes = frozenset(Scope(each) for each in row["scopes"])
    return Who(caller=caller, scopes=scopes, token=row["id"])


def still(token_id: int, reader: Reader) -> bool:
    """Whether a token that opened something opens it yet."""
    rows = reader.tokens(1, token_id + 1)
    if not rows or rows[0]["id"] != token_id or rows[0]["revoked_at"] is not None:
        return False
    until = rows[0]["expires_at"]
    return until is None or _seconds(until) > time.time()


def _stranger(detail: str, error: str) -> Problem:
    challenge = 'Bearer realm="orchestrate"' + (f', error="{error}"' if error else "")
    return Problem(
        UNAUTHENTICATED,
        detail,
        "make one: orchestrate token create, and send Authorization: Bearer TOKEN",
        headers={"WWW-Authenticate": challenge},
    )


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


def new_token() -> str:
    """256 bits of chance; it is shown once, and only its hash is kept."""
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def in_order(scopes: Iterable[str]) -> list[str]:
    """Scopes in the order of their power, each once."""
    given = set(scopes)
    return [each.value for each in Scope if each.value in given]
