"""The logs of attempts, read while they grow: one connection and one thread for each, bounded.

An attempt whose end was heard is read to its last byte before anything else is said of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrate.cli.client import Client, segment
from orchestrate.cli.failure import Failure, Unreachable

FOLLOWED_MAX = 16
"""Attempts that are read while they run; others are read when they have ended."""
WAIT_S = 20
LAST_WAIT_S = 10.0
PAST_LINES = 10
NEXT_OFFSET = "orchestrate-log-offset"


@dataclass(frozen=True, slots=True)
class Source:
    """Whose log: an attempt of a stage. `mode` is `run` or `rollback`."""

    stage: str
    attempt: int
    mode: str = "run"


@dataclass(slots=True)
class _Tail:
    source: Source
    client: Client
    past: bool = False
    thread: threading.Thread | None = None
    offset: int = 0
    ended: threading.Event = field(default_factory=threading.Event)


class Tails:
    """Follow the logs of one run. `tell(source, text)` gets whole lines, in any thread."""

    def __init__(self, client: Client, run_id: int, tell: Callable[[Source, str], None]) -> None:
        self._client = client
        self._run = run_id
        self._tell = tell
        self._tails: dict[Source, _Tail] = {}
        self.fault: OSError | None = None
        """Why nothing more can be told: whoever reads our output has left."""

    def begin(self, source: Source, *, past: bool = False) -> None:
        """Read along. `past`: it began before anybody looked; of that, the last lines are told."""
        if source in self._tails:
            return
        tail = _Tail(source, self._client.another(), past)
        self._tails[source] = tail
        if sum(each.thread is not None for each in self._tails.values()) < FOLLOWED_MAX:
            tail.thread = threading.Thread(target=self._follow, args=(tail,), daemon=True)
            tail.thread.start()

    def end(self, source: Source) -> None:
        """The attempt is over: read what is left of its log, or all of it, and let go."""
        tail = self._tails.pop(source, None)
        if tail is None:
            self._rest(_Tail(source, self._client))
            return
        tail.ended.set()
        if tail.thread is not None:
            tail.client.abort()
            tail.thread.join(LAST_WAIT_S)
        else:
            self._rest(tail)
        tail.client.close()

    def close(self) -> None:
        """Let go of all of them, wherever they are."""
        for tail in self._tails.values():
            tail.ended.set()
            tail.client.abort()
        self._tails.clear()

    def _follow(self, tail: _Tail) -> None:
        while not tail.ended.is_set():
            try:
                self._read(tail, WAIT_S)
            except OSError as fault:
                self.fault = fault
                self._client.abort()  # whoever waits for events learns of it at once
                return
            except Unreachable:
                break  # its end was heard, or the server left: what is left is asked for once
            except Failure:
                return
        if tail.ended.is_set():
            self._rest(tail)

    def _rest(self, tail: _Tail) -> None:
        try:
            while self._read(tail, 0):
                continue
        except OSError as fault:
            self.fault = fault
        except Failure:
            return  # a log that cannot be read must not stop the following of the run

    def _read(self, tail: _Tail, wait_s: int) -> bool:
        """Whether something came."""
        if tail.past:
            tail.past = False
            self._last(tail)
        text, offset = read(tail.client, self._run, tail.source, tail.offset, wait_s)
        came = offset > tail.offset
        tail.offset = offset
        if text:
            self._tell(tail.source, text)
        return came

    def _last(self, tail: _Tail) -> None:
        """Pass over what is there already, and tell its last lines."""
        kept = ""
        while True:
            text, offset = read(tail.client, self._run, tail.source, tail.offset)
            kept = "".join((kept + text).splitlines(keepends=True)[-PAST_LINES:])
            if offset <= tail.offset:
                break
            tail.offset = offset
        if kept:
            self._tell(tail.source, kept)


def read(
    client: Client, run_id: int, source: Source, offset: int, wait_s: int = 0
) -> tuple[str, int]:
    """The text of a log from a place on, and the place to go on from."""
    answer = client.ask(
        "GET",
        f"/api/pipeline-runs/{run_id}/stages/{segment(source.stage)}/logs",
        query={
            "attempt": source.attempt,
            "offset": offset,
            "mode": source.mode,
            "wait": wait_s or None,
        },
        headers={"Accept": "text/plain"},
        wait_s=wait_s,
    )
    following = answer.headers.get(NEXT_OFFSET, "")
    text = answer.body.decode("utf-8", "replace")
    return text, int(following) if following.isdigit() else offset
