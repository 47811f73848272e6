"""The application: it takes a request apart, asks who is there, makes the call, answers.

Every way out of it is an answer of ours; what nobody foresaw is logged and told without detail.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from typing import Any, TypeAlias, cast

from orchestrate.core.people import NOBODY_KNOWN, Roster
from orchestrate.engine.asks import Overloaded
from orchestrate.engine.driver import Engine
from orchestrate.engine.forges.source import Sources, no_sources
from orchestrate.engine.intake import Intake
from orchestrate.engine.schedule import Schedule
from orchestrate.web import access, live
from orchestrate.web.access import Line, Who
from orchestrate.web.arrival import Arrivals, ClientGone, Message, Receive
from orchestrate.web.body import BODY_BYTES_MAX, expect_json, read_json, too_large
from orchestrate.web.call import Answer, Asked, Call, Deed, Site, dump
from orchestrate.web.failing import problem_of
from orchestrate.web.fields import Fault, faults, of_text
from orchestrate.web.live import Live
from orchestrate.web.once import Once, key_of
from orchestrate.web.pages import Pages
from orchestrate.web.peer import own_uid, user_name
from orchestrate.web.problem import (
    BAD_REQUEST,
    BUSY,
    HEAD_TOO_LARGE,
    MEDIA_TYPE,
    UNAUTHENTICATED,
    URI_TOO_LONG,
    Problem,
    invalid,
    not_found,
)
from orchestrate.web.routes import CALLS
from orchestrate.web.routing import Router, decoded
from orchestrate.web.waiting import Ear

THREADS_MAX = 40
CALLS_MAX = 512
"""How many may be asked at a time, those that wait for events counted apart."""
HEAD_BYTES_MAX = 32 << 10
ADDRESS_BYTES_MAX = 8 << 10
PARAMETERS_MAX = 50
USE_NOTED_S = 300.0

Send: TypeAlias = Callable[[Message], Awaitable[None]]
log = logging.getLogger("orchestrate")

_ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(
    engine: Engine,
    *,
    roster: Callable[[], Roster] = lambda: NOBODY_KNOWN,
    sources: Sources = no_sources,
    calls: Sequence[Call] = CALLS,
    by_the_clock: bool = False,
) -> Application:
    """The application over an open engine; events that wait are seen to from here on.

    `roster` is asked anew at each decision, `sources` at each webhook. `by_the_clock`: schedules
    fire, which is a server's business and not that of a command that runs for a moment.
    """
    uid = own_uid()
    intake = Intake(engine)
    intake.open()
    schedule = Schedule(engine, intake) if by_the_clock else None
    if schedule is not None:
        schedule.open()
    site = Site(
        engine=engine,
        roster=roster,
        sources=sources,
        intake=intake,
        ear=Ear(engine),
        pool=ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="web"),
        owner=user_name(uid),
        uid=uid,
    )
    return Application(site, calls, schedule)


class Application:
    """ASGI. Calls that block run in a pool of threads.

    `close` ends every wait; `end` comes when the last answer is given.
    """

    def __init__(self, site: Site, calls: Sequence[Call], schedule: Schedule | None = None) -> None:
        self.site = site
        self._schedule = schedule
        self.calls = tuple(calls)
        self._router = Router(calls)
        self._once = Once(site.engine)
        self._pages = Pages()
        self._live = Live(site.engine, site.blocking)
        self._arrivals = Arrivals()
        self._asked = {False: 0, True: 0}
        self._used: dict[int, float] = {}

    def close(self) -> None:
        self.site.ear.close()
        self._live.close()

    def end(self) -> None:
        if self._schedule is not None:
            self._schedule.close()
        self.site.intake.close()
        self.site.pool.shutdown(wait=False)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._talk(scope, receive, send)
            return
        assert scope["type"] == "http", "there is no lifespan"
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception as fault:  # noqa: BLE001 - whatever it is, the client is told so
            answer = _failed(fault, scope)
        await _say(answer, scope["method"], send)

    async def _talk(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """A socket: the same questions as to a request, asked before it is accepted."""
        try:
            who = await self._who_looks(scope)
            self._live.expect_room()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the client is told so
            await _say(_failed(fault, scope), "GET", send, "websocket.http.response")
            return
        await self._live.serve(receive, send, lambda: self._may_still(who))

    async def _who_looks(self, scope: Mapping[str, Any]) -> Who:
        headers = _headers(scope["headers"])
        line: Line = scope["state"]["line"]
        access.check_origin(line, headers)
        if scope["raw_path"] != live.PATH:
            raise not_found("no socket is at this address")
        ticket = decoded(scope["query_string"]).removeprefix("ticket=")
        found = self.site.gate.tickets.take(ticket) if ticket and line.peer is None else None
        if found is None and ticket:
            raise Problem(UNAUTHENTICATED, "this ticket was used before, or is too old")
        who = found or await self._identify(line, headers)
        access.admit(who, access.Scope.READ, people_only=False, owner_only=False)
        return who

    async def _may_still(self, who: Who) -> bool:
        token = who.token
        if token is None:
            return True
        return await self.site.blocking(lambda: access.still(token, self.site.engine.reader))

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        headers = _headers(scope["headers"])
        if max(len(scope["raw_path"]), len(scope["query_string"])) > ADDRESS_BYTES_MAX:
            raise Problem(URI_TOO_LONG, f"at most {ADDRESS_BYTES_MAX} bytes are read")
        line: Line = scope["state"]["line"]
        found = self._router.seek(scope["method"], scope["raw_path"])
        if isinstance(found, Problem) or not found[0].signed:
            access.check_origin(line, headers)
        page = self._pages.find(scope["method"], scope["raw_path"], headers)
        if page is not None:
            return page
        if isinstance(found, Problem):
            raise found
        call, path = found
        waits = inspect.iscoroutinefunction(call.act)
        if self._asked[waits] >= CALLS_MAX:
            raise Problem(BUSY, "too much is asked at a time", headers={"Retry-After": "1"})
        self._asked[waits] += 1
        try:
            who = await self._who(call, line, headers)
            asked = Asked(site=self.site, who=who, path=path, headers=headers)
            asked.query = _query(call, scope["query_string"])
            if call.first is not None:
                call.first(asked)
            await self._take_in(call, asked, receive)
            return await self._act(call, asked, receive)
        finally:
            self._asked[waits] -= 1

    async def _take_in(self, call: Call, asked: Asked, receive: Receive) -> None:
        """The body, if the call takes one: as it came, or read."""
        bytes_max = call.raw_bytes_max or BODY_BYTES_MAX
        if call.body is None and not call.raw_bytes_max:
            return
        _expect(asked.headers, bytes_max)
        data = await self._arrivals.body(receive, bytes_max)
        if call.raw_bytes_max:
            asked.raw = data
        else:
            asked.body = _read(call, asked.headers, data)

    async def _who(self, call: Call, line: Line, headers: Mapping[str, str]) -> Who:
        if call.open_to_all or call.signed:
            return access.NOBODY
        who = await self._identify(line, headers)
        access.admit(who, call.scope, people_only=call.people_only, owner_only=call.owner_only)
        return who

    async def _identify(self, line: Line, headers: Mapping[str, str]) -> Who:
        site = self.site
        if line.peer is not None:
            return access.by_peer(line.peer, owner=site.owner, uid=site.uid)
        given = headers.get("authorization")
        reader = site.engine.reader
        who = await site.blocking(lambda: access.by_token(given, reader, owner=site.owner))
        self._note_use(who)
        return who

    def _note_use(self, who: Who) -> None:
        """When a token was last used, to some minutes; nobody waits for it to be stored."""
        token, now = who.token, time.monotonic()
        if token is None or now - self._used.get(token, -USE_NOTED_S) < USE_NOTED_S:
            return
        self._used[token] = now
        with suppress(Overloaded):
            self.site.engine.perform(lambda door: door.store.use_token(token, door.clock()))

    async def _act(self, call: Call, asked: Asked, receive: Receive) -> Answer:
        act = call.act
        if isinstance(act, Deed):
            key = key_of(asked.headers)
            return await self.site.blocking(lambda: self._once.answer(call, act, asked, key))
        if inspect.iscoroutinefunction(act):
            return await _unless_gone(act(asked), receive)
        look = cast("Callable[[Asked], Answer]", act)
        return await self.site.blocking(lambda: look(asked))


# ── taking a request apart ───────────────────────────────────────────────────────────────────────


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """By small name; what was sent twice is joined, so that no reader picks one of them."""
    if sum(len(name) + len(value) + 4 for name, value in raw) > HEAD_BYTES_MAX:
        raise Problem(HEAD_TOO_LARGE, f"at most {HEAD_BYTES_MAX} bytes are read")
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _query(call: Call, raw: bytes) -> dict[str, Any]:
    """The parameters a call declares; any other, and a repeated one, is a fault."""
    params = {each.name: each for each in call.query}
    wrong: list[Fault] = []
    found: dict[str, Any] = {}
    parts = [each for each in raw.split(b"&", PARAMETERS_MAX) if each]
    for part in parts:
        name, _, text = (decoded(each.replace(b"+", b" ")) for each in part.partition(b"="))
        param = params.get(name)
        if param is None:
            known = ", ".join(f"`{each}`" for each in params) or "none"
            wrong.append((name[:60], f"is no parameter of this call; there is: {known}"))
        elif name in found:
            wrong.append((name, "is there twice"))
        else:
            found[name] = of_text(text, param.schema)
            wrong += faults(found[name], param.schema, name)
    if wrong:
        raise invalid(wrong)
    return {name: each.schema.get("default") for name, each in params.items()} | found


def _expect(headers: Mapping[str, str], bytes_max: int) -> None:
    """Refuse a body whose sender still waits to send it."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > bytes_max and "expect" in headers:
        raise too_large(bytes_max)


def _read(call: Call, headers: Mapping[str, str], data: bytes) -> dict[str, Any]:
    """The body of a call that takes one, checked against its schema."""
    assert call.body is not None, "it takes one"
    if not data:
        if call.body_required:
            raise Problem(BAD_REQUEST, "a body is needed, and none was sent")
        return {}
    expect_json(headers.get("content-type"), headers.get("content-encoding"))
    value = read_json(data)
    wrong = faults(value, call.body)
    if wrong:
        raise invalid([(field or "the body", text) for field, text in wrong])
    return cast("dict[str, Any]", value)


# ── answering ────────────────────────────────────────────────────────────────────────────────────


async def _unless_gone(act: Awaitable[Answer], receive: Receive) -> Answer:
    """What a call waits for, unless its client goes away first."""
    waiting = asyncio.ensure_future(act)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise ClientGone
    finally:
        waiting.cancel()
        leaving.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _failed(fault: Exception, scope: Mapping[str, Any]) -> Answer:
    problem = problem_of(fault)
    if problem.kind.status == 500:
        log.error("%r failed", scope["raw_path"], exc_info=fault)
    return Answer(
        content=problem.as_dict(),
        status=problem.kind.status,
        headers=problem.headers,
        media=MEDIA_TYPE,
    )


async def _say(answer: Answer, method: str, send: Send, kind: str = "http.response") -> None:
    body = answer.encoded() if answer.media != MEDIA_TYPE else dump(answer.content)
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": answer.media,
        "Content-Length": str(len(body)),
        **_ALWAYS,
        **answer.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": answer.status, "headers": raw})
    await send({"type": f"{kind}.body", "body": b"" if method == "HEAD" else body})
