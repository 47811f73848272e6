"""The live channel: whole objects over a WebSocket, each as it is, whenever it changed.

A client names what it wants to see. What waits for a slow one are names of objects, never states,
so a late frame holds the newest; who is too slow for that is let go, and resumes by `after`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from threading import Lock
from typing import Any, TypeAlias

from orchestrate.engine.driver import Engine
from orchestrate.store.failures import StoreError
from orchestrate.web.body import INTEGER_MAX, read_json
from orchestrate.web.call import dump
from orchestrate.web.fields import faults
from orchestrate.web.pictures import Blocking, Marks, Pictures
from orchestrate.web.problem import BUSY, Problem, not_found
from orchestrate.web.schemas import body

PATH = b"/api/live"
CLIENTS_MAX = 1_000
TOPICS_MAX = 20
WORD_BYTES_MAX = 4_096
FIRST_WORD_WAIT_S = 20.0
FRAME_S = 0.1
"""Between two batches to one client."""
BYTES_PER_S = 4 << 20
"""A client is sent no more than that: what is large comes less often."""
WAITING_MAX = 5_000
STILL_S = 60.0
"""How often it is asked whether a client may still look."""

TOO_SLOW = 4008
NOT_UNDERSTOOD = 4400
NOT_ALLOWED = 4401
GOING_AWAY = 1012
BROKEN = 1011

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

log = logging.getLogger("orchestrate")

RUNS, APPROVALS = "runs", "approvals"
_TOPIC = re.compile(r"runs|approvals|run:[1-9][0-9]{0,15}", re.ASCII)
_NAME = {"type": "string", "pattern": f"^({_TOPIC.pattern})$"}
_WORD = body(
    subscribe=_NAME,
    unsubscribe=_NAME,
    after={"type": "integer", "minimum": 0, "maximum": INTEGER_MAX},
)


class Closed(Exception):
    """The conversation is over: the close code, and why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


class Live:
    """Who looks at what. It hears of every commit on the engine's thread, and never holds it up."""

    def __init__(self, engine: Engine, blocking: Blocking) -> None:
        self.marks = Marks()
        self.pictures = Pictures(engine, self.marks, blocking)
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: set[_Client] = set()
        self._news: set[int] = set()
        self._closed = False
        self._leave = engine.follow(self._hear)

    def expect_room(self) -> None:
        """Raises Problem 503 where there is none."""
        if self._closed or len(self._clients) >= CLIENTS_MAX:
            said = f"at most {CLIENTS_MAX} sockets are served at a time"
            raise Problem(BUSY, said, headers={"Retry-After": "5"})

    async def serve(
        self, receive: Receive, send: Send, still: Callable[[], Awaitable[bool]]
    ) -> None:
        """Talk with one client until either side has enough. `still`: whether it may look."""
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        client = _Client(self, send)
        self._loop = asyncio.get_running_loop()
        self._clients.add(client)
        parts = [
            asyncio.ensure_future(each)
            for each in (client.listen(receive), client.speak(), _watch(still))
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except Closed as closed:
            with suppress(OSError):
                await send({"type": "websocket.close", "code": closed.code, "reason": closed.why})
        except OSError:  # the client left while it was spoken to
            return
        except StoreError:
            log.exception("the live channel cannot read")
            await send({"type": "websocket.close", "code": BROKEN, "reason": "cannot be read"})
        finally:
            self._clients.discard(client)
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    def close(self) -> None:
        """Let everybody go; they come back to the next server. From any thread."""
        if self._closed:
            return
        self._closed = True
        self._leave()
        self._call(self._part)

    def _part(self) -> None:
        for client in self._clients:
            client.end(Closed(GOING_AWAY, "the server ends"))

    # -- what happens ------------------------------------------------------------------

    def _hear(self, heads: list[tuple[int, int]]) -> None:
        run_ids = [run_id for run_id, _ in heads]
        self.marks.move(run_ids)
        if not self._clients:
            return
        with self._lock:
            first = not self._news
            self._news.update(run_ids)
        if first:
            self._call(self._spread)

    def _call(self, act: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # its loop is closed: nobody looks any more
                self._loop.call_soon_threadsafe(act)

    def _spread(self) -> None:
        with self._lock:
            news, self._news = self._news, set()
        for client in self._clients:
            client.touch(news)


async def _watch(still: Callable[[], Awaitable[bool]]) -> None:
    while True:
        await asyncio.sleep(STILL_S)
        if not await still():
            raise Closed(NOT_ALLOWED, "the token was revoked, or has expired")


class _Client:
    """One socket: what it looks at, and what of that it has yet to be shown."""

    def __init__(self, live: Live, send: Send) -> None:
        self._live = live
        self._send = send
        self._topics: set[str] = set()
        self._waiting: set[int] = set()
        self._greeted: dict[str, int | None] = {}
        self._approvals_at = 0
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._ended: Closed | None = None

    def end(self, closed: Closed) -> None:
        self._ended = closed
        self._wake.set()
        self._over.set()

    def touch(self, run_ids: Iterable[int]) -> None:
        """These runs moved; those it does not look at are no news to it."""
        if RUNS in self._topics or APPROVALS in self._topics:
            self._waiting.update(run_ids)
        else:
            self._waiting.update(each for each in run_ids if f"run:{each}" in self._topics)
        if len(self._waiting) > WAITING_MAX:
            self.end(Closed(TOO_SLOW, "too much waits to be read: come back, and say `after`"))
        if self._waiting:
            self._wake.set()

    # -- listening ---------------------------------------------------------------------

    async def listen(self, receive: Receive) -> None:
        try:
            async with asyncio.timeout(FIRST_WORD_WAIT_S):
                self._hear(await receive())
        except TimeoutError:
            raise Closed(NOT_UNDERSTOOD, "nothing was subscribed to in time") from None
        while True:
            self._hear(await receive())

    def _hear(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            raise Closed(1000, "")
        text = message.get("text")
        if text is None or len(text) > WORD_BYTES_MAX:
            raise Closed(NOT_UNDERSTOOD, f"a text of at most {WORD_BYTES_MAX} bytes is understood")
        word = _read(text)
        if "unsubscribe" in word:
            self._topics.discard(word["unsubscribe"])
            return
        topic = word["subscribe"]
        if len(self._topics) >= TOPICS_MAX:
            raise Closed(NOT_UNDERSTOOD, f"at most {TOPICS_MAX} topics on one socket")
        self._topics.add(topic)
        self._greeted[topic] = word.get("after")
        self._wake.set()

    # -- speaking ----------------------------------------------------------------------

    async def speak(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._ended is not None:
                raise self._ended
            size = 0
            for frame in await self._frames():
                size += len(frame)
                await self._send({"type": "websocket.send", "text": frame.decode()})
            with suppress(TimeoutError):
                async with asyncio.timeout(max(FRAME_S, size / BYTES_PER_S)):
                    await self._over.wait()

    async def _frames(self) -> list[bytes]:
        """Everything that is news to it, taken at one moment; later news wait for the next."""
        waiting, self._waiting = self._waiting, set()
        greeted, self._greeted = self._greeted, {}
        now = self._live.marks.now
        frames = []
        for topic in sorted(self._topics):
            after = greeted.get(topic)
            if topic == RUNS:
                frames.append(await self._runs(waiting, after, now, greet=topic in greeted))
            elif topic == APPROVALS:
                frames.append(await self._approvals(after, now, greet=topic in greeted))
            else:
                run_id = int(topic.removeprefix("run:"))
                if topic in greeted or run_id in waiting:
                    frames.append(await self._run(run_id, after))
        return [each for each in frames if each is not None]

    async def _run(self, run_id: int, after: int | None) -> bytes | None:
        found = await self._live.pictures.run(run_id)
        if found is None:
            self._topics.discard(f"run:{run_id}")
            problem = not_found(f"there is no run {run_id}").as_dict()
            return dump({"topic": f"run:{run_id}", "problem": problem})
        seq, picture = found
        return None if after is not None and seq <= after else picture

    async def _runs(
        self, waiting: set[int], after: int | None, now: int, *, greet: bool
    ) -> bytes | None:
        pictures = self._live.pictures
        if greet:
            moved = None if after is None else self._live.marks.since(after)
            rows = await (pictures.all_rows() if moved is None else pictures.rows(moved))
            return _listed(RUNS, now, rows, whole=moved is None)
        return _listed(RUNS, now, await pictures.rows(sorted(waiting))) if waiting else None

    async def _approvals(self, after: int | None, now: int, *, greet: bool) -> bytes | None:
        board = self._live.pictures.board
        mark = after if greet else self._approvals_at
        rows = await board.since(mark, now)
        self._approvals_at = now
        if not rows and not greet:
            return None
        return _listed(APPROVALS, now, rows, whole=greet and after is None)


def _listed(topic: str, seq: int, rows: list[bytes], *, whole: bool = False) -> bytes:
    head = dump({"topic": topic, "seq": seq, "whole": whole})
    return head[:-1] + b',"items":[' + b",".join(rows) + b"]}"


def _read(text: str) -> dict[str, Any]:
    try:
        word = read_json(text.encode("utf-8", "replace"))
    except Problem as problem:
        raise Closed(NOT_UNDERSTOOD, problem.detail[:100]) from None
    wrong = faults(word, _WORD)
    if wrong:
        raise Closed(NOT_UNDERSTOOD, f"{wrong[0][0]}: {wrong[0][1]}"[:100])
    if ("subscribe" in word) == ("unsubscribe" in word):
        raise Closed(NOT_UNDERSTOOD, "say subscribe or unsubscribe")
    return dict(word)
