"""Calls about tokens and their bearers. A token is shown once; its hash alone is kept."""

from __future__ import annotations

import json
from typing import Any

from orchestrate.engine.door import Door
from orchestrate.web import schemas, shapes
from orchestrate.web.access import EVERY_SCOPE, Scope, in_order, new_token, token_sha256
from orchestrate.web.call import Answer, Asked, Call, Deed
from orchestrate.web.paging import PAGING, page_by_id, place_id
from orchestrate.web.problem import not_found


def create(asked: Asked) -> dict[str, Any]:
    body = asked.body
    token = new_token()
    scopes = in_order(body.get("scopes", EVERY_SCOPE))

    def act(door: Door) -> int:
        now = door.clock()
        token_id = door.store.add_token(
            sha256=token_sha256(token),
            user=body.get("user", ""),
            name=body.get("name", ""),
            scopes=json.dumps(scopes),
            created_at=now,
            expires_at=now + body["ttl_s"] if "ttl_s" in body else None,
        )
        detail = {"user": body.get("user"), "scopes": scopes, "ttl_s": body.get("ttl_s")}
        _audit(door, asked, "token.create", token_id, detail)
        if asked.also is not None:
            asked.also(door, {"id": token_id})
        return token_id

    return {"id": asked.engine.perform(act).result(), "token": token}


def created(asked: Asked, made: Any) -> Answer:
    content = {**shapes.token(_row(asked, made["id"])), "token": made["token"]}
    return Answer(content=content, status=201)


def listed(asked: Asked) -> Answer:
    limit = asked.query["limit"]
    rows = asked.engine.reader.tokens(limit + 1, place_id(asked.query["cursor"]))
    return Answer(content=page_by_id(rows, limit, shapes.token))


def revoke(asked: Asked) -> Answer:
    """The token as it is after that; revoking it again changes nothing."""
    token_id = asked.path["id"]
    _row(asked, token_id)

    def act(door: Door) -> None:
        if door.store.revoke_token(token_id, door.clock()):
            _audit(door, asked, "token.revoke", token_id, {})

    asked.engine.perform(act).result()
    return Answer(content=shapes.token(_row(asked, token_id)))


def _row(asked: Asked, token_id: int) -> dict[str, Any]:
    rows = asked.engine.reader.tokens(1, token_id + 1)
    if not rows or rows[0]["id"] != token_id:
        raise not_found(f"there is no token {token_id}")
    return rows[0]


def _audit(door: Door, asked: Asked, action: str, token_id: int, detail: dict[str, Any]) -> None:
    door.store.add_audit(
        at=door.clock(),
        actor=asked.by.name,
        via=asked.by.via,
        action=action,
        subject=str(token_id),
        detail=json.dumps(detail),
    )


def whoami(asked: Asked) -> Answer:
    by = asked.by
    return Answer(
        content={
            "name": by.name,
            "kind": by.kind.value,
            "owner": by.owner,
            "via": by.via,
            "scopes": in_order(asked.who.scopes),
        }
    )


CALLS = (
    Call(
        method="GET", path="/api/whoami", name="whoami", tag="access",
        about="Who you are to this server, and what you may.", act=whoami, scope=None,
        answers={200: "Caller"},
    ),
    Call(
        method="GET", path="/api/tokens", name="list_tokens", tag="access",
        about="Every token, newest first, without its secret.", act=listed, scope=Scope.ADMIN,
        query=PAGING, answers={200: "Tokens"},
    ),
    Call(
        method="POST", path="/api/tokens", name="create_token", tag="access",
        about="Make a token; this answer is the only one that shows it.",
        act=Deed(create, created, secret=True), scope=Scope.ADMIN, people_only=True,
        owner_only=True, body=schemas.TOKEN_ORDER, answers={201: "NewToken"}, problems=(409,),
    ),
    Call(
        method="DELETE", path="/api/tokens/{id}", name="revoke_token", tag="access",
        about="Let a token open nothing any more, from now on.", act=revoke, scope=Scope.ADMIN,
        people_only=True, owner_only=True, answers={200: "Token"}, problems=(404,),
    ),
)  # fmt: skip
