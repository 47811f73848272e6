"""Waiting for something to happen to a run, without asking again and again.

It is told of every commit on the engine's thread, which it never holds up, and wakes whoever
waits on the loop of the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from orchestrate.engine.driver import Engine

WAIT_S_MAX = 30


class Ear:
    """Who waits for which run. One for an application; it serves any number of loops."""

    def __init__(self, engine: Engine) -> None:
        self._lock = Lock()
        self._ears: dict[int, set[_Moment]] = {}
        self._closed = False
        self._leave = engine.follow(self._hear)

    @contextmanager
    def on(self, run_id: int) -> Iterator[_Moment]:
        """A moment that comes with the next commit of a run; begin before you look."""
        moment = _Moment(asyncio.get_running_loop())
        with self._lock:
            self._ears.setdefault(run_id, set()).add(moment)
            if self._closed:
                moment.come()
        try:
            yield moment
        finally:
            with self._lock:
                listeners = self._ears.get(run_id)
                if listeners is not None:
                    listeners.discard(moment)
                    if not listeners:
                        del self._ears[run_id]

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Let nobody wait any more: the server ends."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            waiting = [each for ears in self._ears.values() for each in ears]
        self._leave()
        for moment in waiting:
            moment.come()

    def _hear(self, heads: list[tuple[int, int]]) -> None:
        with self._lock:
            if not self._ears:
                return
            woken = [each for run_id, _ in heads for each in self._ears.get(run_id, ())]
        for moment in woken:
            moment.come()


class _Moment:
    """An event of one loop that any thread may set."""

    __slots__ = ("_event", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._event = asyncio.Event()
        self._loop = loop

    def come(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:
            return  # its loop is closed: nobody waits there

    async def wait(self, timeout_s: float) -> bool:
        """Whether it came in time; it can be waited for again."""
        try:
            async with asyncio.timeout(max(0.0, timeout_s)):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
