"""One effect and one answer for one Idempotency-Key (I20), however often it is sent.

What was done is remembered in the transaction that did it; what was said of it, before it is
said. A failure is not remembered: the key may be used again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from threading import Lock
from typing import Any

from orchestrate.core.people import Caller
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.store.ledger import Answer as Kept
from orchestrate.web.call import Answer, Asked, Call, Deed
from orchestrate.web.problem import BAD_REQUEST, CONFLICT, KEY_REUSED, Problem

KEPT_S = 7 * 86_400
LOCKS = 256
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_DONE = "done "
_SAID = "said "


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key of a request, if it has one. Raises Problem 400 for one that cannot be kept."""
    key = headers.get("idempotency-key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise Problem(
            BAD_REQUEST,
            "the Idempotency-Key is none: 1 to 255 visible ASCII characters",
            "a random UUID will do",
        )
    return key


class Once:
    """Answers deeds. Requests with the same key follow one another, also when sent together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._locks = [Lock() for _ in range(LOCKS)]

    def answer(self, call: Call, deed: Deed, asked: Asked, key: str | None) -> Answer:
        if key is None or call.method != "POST":
            return deed.show(asked, deed.do(asked))
        asker = _asker(asked.by)
        with self._locks[hash((key, asker)) % LOCKS]:
            return self._answer(call, deed, asked, key, asker)

    def _answer(self, call: Call, deed: Deed, asked: Asked, key: str, asker: str) -> Answer:
        sha256 = _fingerprint(call, asked)
        done, said = self._kept(key, asker)
        for kept in (done, said):
            if kept is not None and kept.request_sha256 != sha256:
                raise Problem(
                    KEY_REUSED,
                    "this Idempotency-Key was sent with another request",
                    "take a fresh key for each request",
                )
        if said is not None:
            return _again(said)
        if done is not None:
            if deed.secret:
                raise Problem(CONFLICT, "this was done already, and its secret is shown once")
            made = json.loads(done.body)
        else:
            made = _do(deed, asked, key, asker, sha256)
            if deed.secret:
                return deed.show(asked, made)
        answer = deed.show(asked, made)
        if done is not None or asked.remembered:
            self._say(answer, key, asker, sha256)
        return answer

    def _kept(self, key: str, asker: str) -> tuple[Kept | None, Kept | None]:
        def act(door: Door) -> tuple[Kept | None, Kept | None]:
            return door.store.answer(key, _DONE + asker), door.store.answer(key, _SAID + asker)

        return self._engine.perform(act).result()

    def _say(self, answer: Answer, key: str, asker: str, sha256: str) -> None:
        body = json.dumps({"headers": answer.headers, "content": answer.content})

        def act(door: Door) -> None:
            now = door.clock()
            door.store.remember_answer(key, _SAID + asker, sha256, answer.status, body, now)
            door.store.forget_answers(now - KEPT_S)

        self._engine.perform(act).result()


def _do(deed: Deed, asked: Asked, key: str, asker: str, sha256: str) -> Any:
    def also(door: Door, made: object) -> None:
        body = json.dumps(made)
        door.store.remember_answer(key, _DONE + asker, sha256, 0, body, door.clock())
        asked.remembered = True

    asked.also = also
    return deed.do(asked)


def _again(said: Kept) -> Answer:
    kept = json.loads(said.body)
    headers = {**kept["headers"], "Idempotent-Replayed": "true"}
    return Answer(content=kept["content"], status=said.status, headers=headers)


def _asker(by: Caller) -> str:
    return f"{by.kind} {by.name}"


def _fingerprint(call: Call, asked: Asked) -> str:
    """What makes two requests the same: the call, and all that was sent with it."""
    told = [call.method, call.path, dict(asked.path), dict(asked.query), dict(asked.body)]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
