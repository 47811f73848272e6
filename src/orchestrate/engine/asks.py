"""Something to be done within a transaction, and the promise of its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from orchestrate.core.commands import Refused
from orchestrate.engine.door import Broken, Door

Act = Callable[[Door], Any]
log = logging.getLogger("orchestrate")


class Overloaded(Exception):
    """More was asked than the engine can queue; nothing was done. Ask again shortly."""


class Ask:
    """Something to be done within a transaction, and the promise of its answer."""

    __slots__ = ("act", "again", "answer", "error", "promise")

    def __init__(self, act: Act, *, again: bool = False) -> None:
        self.act = act
        self.again = again
        self.promise: Future[Any] = Future()
        self.answer: Any = None
        self.error: BaseException | None = None

    def run(self, door: Door) -> None:
        self.answer = self.error = None
        try:
            if self.again:  # one word of a machine: it is one append, or none
                self.answer = self.act(door)
            else:
                with door.part():
                    self.answer = self.act(door)
        except (Refused, Broken) as fault:
            self.error = fault

    def keep(self) -> None:
        """The transaction is stored: the promise is kept."""
        if not self.promise.set_running_or_notify_cancel():
            return
        if self.error is not None:
            if isinstance(self.error, Broken):
                log.error("internal fault: %s", self.error, exc_info=self.error)
            self.promise.set_exception(self.error)
        else:
            self.promise.set_result(self.answer)

    def breaks(self, fault: BaseException) -> None:
        if self.promise.set_running_or_notify_cancel():
            self.promise.set_exception(fault)
