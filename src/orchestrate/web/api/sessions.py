"""Calls that let a browser in: a link that opens once, the session it begins, a socket's ticket.

There are no cookies. A link carries a code in its fragment, which no server and no log ever sees;
the page exchanges it for a token. A browser's socket cannot send that token: it takes a ticket.
"""

from __future__ import annotations

import json
import time
from typing import Any

from orchestrate.engine.door import Door
from orchestrate.store.cell import instant
from orchestrate.web import shapes
from orchestrate.web.access import EVERY_SCOPE, Scope, in_order, new_token, token_sha256
from orchestrate.web.call import Answer, Asked, Call, Deed
from orchestrate.web.codes import CODE_CHARACTERS_MAX
from orchestrate.web.fields import Schema
from orchestrate.web.problem import UNAUTHENTICATED, Problem
from orchestrate.web.schemas import NOTHING, body

SESSION_S = 24 * 3600
NAME = "browser"
OPEN = "orchestrate open"

CODE: Schema = {"type": "string", "minLength": 1, "maxLength": CODE_CHARACTERS_MAX}
SESSION_ORDER = body("code", code={**CODE, "description": "From the fragment of the link."})


def create_link(asked: Asked) -> Answer:
    """A link for the person who asks; `url` is null where no page is served."""
    gate = asked.site.gate
    code = gate.links.make(asked.by.name)
    return Answer(
        content={
            "code": code,
            "url": None if gate.url is None else f"{gate.url}/#code={code}",
            "expires_at": instant(time.time() + gate.links.life_s),
        },
        status=201,
    )


def begin(asked: Asked) -> dict[str, Any]:
    """A token of the owner's for one browser, in exchange for the code of a link."""
    name = asked.site.gate.links.take(asked.body["code"])
    if name is None:
        raise Problem(
            UNAUTHENTICATED,
            "this link was used before, or is older than five minutes",
            f"make another one: {OPEN}",
            headers={"WWW-Authenticate": 'Bearer realm="orchestrate"'},
        )
    token = new_token()
    scopes = in_order(EVERY_SCOPE)

    def act(door: Door) -> int:
        now = door.clock()
        token_id = door.store.add_token(
            sha256=token_sha256(token),
            user="",
            name=NAME,
            scopes=json.dumps(scopes),
            created_at=now,
            expires_at=now + SESSION_S,
        )
        _audit(door, name, "a link", "session.begin", token_id)
        return token_id

    return {"id": asked.engine.perform(act).result(), "token": token}


def begun(asked: Asked, made: Any) -> Answer:
    rows = asked.engine.reader.tokens(1, made["id"] + 1)
    return Answer(content={**shapes.token(rows[0]), "token": made["token"]}, status=201)


def end(asked: Asked) -> Answer:
    """Revoke the very token that is used; somebody without one has nothing to end."""
    token_id = asked.who.token
    if token_id is not None:

        def act(door: Door) -> None:
            if door.store.revoke_token(token_id, door.clock()):
                _audit(door, asked.by.name, asked.by.via, "session.end", token_id)

        asked.engine.perform(act).result()
    return Answer(content={"ended": token_id is not None})


def ticket(asked: Asked) -> Answer:
    tickets = asked.site.gate.tickets
    return Answer(
        content={"ticket": tickets.make(asked.who), "expires_in_s": tickets.life_s}, status=201
    )


def _audit(door: Door, actor: str, via: str, action: str, token_id: int) -> None:
    subject = str(token_id)
    door.store.add_audit(
        at=door.clock(), actor=actor, via=via, action=action, subject=subject, detail="{}"
    )


CALLS = (
    Call(
        method="POST", path="/api/links", name="create_link", tag="access",
        about="A link that lets one browser in, once, within five minutes.", act=create_link,
        scope=Scope.ADMIN, people_only=True, owner_only=True, body=NOTHING,
        answers={201: "Link"},
    ),
    Call(
        method="POST", path="/api/sessions", name="begin_session", tag="access",
        about="Exchange the code of a link for a token that lasts a day.",
        act=Deed(begin, begun, secret=True), scope=None, open_to_all=True, body=SESSION_ORDER,
        body_required=True, answers={201: "NewToken"}, problems=(401,),
    ),
    Call(
        method="DELETE", path="/api/sessions/current", name="end_session", tag="access",
        about="Revoke the token that this request is made with.", act=end, scope=None,
        answers={200: "SessionEnd"},
    ),
    Call(
        method="POST", path="/api/live/tickets", name="create_ticket", tag="access",
        about="A ticket for one socket at /api/live, for a client that cannot send its token.",
        act=ticket, scope=Scope.READ, body=NOTHING, answers={201: "Ticket"},
    ),
)  # fmt: skip
