"""The thread of one channel: takes what is due, tries to tell it, notes what became of it.

A channel that hangs holds up its own lane and nothing else. No lane asks again and again: it is
stirred when something is drawn, and wakes when something is due.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable
from typing import Protocol

from orchestrate.engine.asks import Overloaded
from orchestrate.engine.notify.patience import Patience
from orchestrate.engine.notify.reach import Undelivered
from orchestrate.store.failures import StoreError
from orchestrate.store.outbox import Told
from orchestrate.store.reader import Reader
from orchestrate.store.snapshot import Record

BATCH_MAX = 20
NOTE_WAIT_S = 0.1
"""What was told is noted at least so often: a crash repeats at most this much, or a batch."""
STORE_WAIT_S = 1.0
UNFINISHED = "there was no answer yet when this process ended"
"""It counts as an attempt: or each command without a server would wait for a channel that hangs."""
log = logging.getLogger("orchestrate")


class Road(Protocol):
    """How to tell somebody."""

    def deliver(self, row: Record) -> str | None:
        """Tell what a row says; what the other side calls it. Raises Undelivered."""

    def hide(self, text: str) -> str:
        """A text without the secrets of this road."""

    def rest(self) -> None:
        """Nothing is due."""

    def cut(self) -> None:
        """Give up what is under way, for good; from any thread."""


class Lane:
    """Start it, stir it, end it."""

    def __init__(
        self,
        channel: str,
        road: Road,
        reader: Reader,
        *,
        clock: Callable[[], float],
        note: Callable[[list[Told]], None],
        patience: Patience,
        dice: random.Random,
    ) -> None:
        self._channel = channel
        self._road = road
        self._reader = reader
        self._clock = clock
        self._note = note
        self._patience = patience
        self._dice = dice
        self._stirred = threading.Event()
        self._leaving = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tell {channel}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stir(self) -> None:
        """There may be something to tell."""
        self._stirred.set()

    def leave(self) -> None:
        """Tell what is due, then end."""
        self._leaving = True
        self._stirred.set()

    def join(self, wait_s: float) -> None:
        """Wait so long for the end; then give up what is under way: it is told another time."""
        self._thread.join(max(0.0, wait_s))
        if self._thread.is_alive():
            self._over.set()
            self._stirred.set()
            self._road.cut()
            self._thread.join()

    # -- its thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._over.is_set() and self._step():
                continue
        finally:
            self._road.rest()

    def _step(self) -> bool:
        """Whether there is more to come."""
        self._stirred.clear()
        try:
            rows, next_at = self._reader.due(self._channel, self._clock(), BATCH_MAX)
        except StoreError as fault:
            log.warning("channel %s cannot read what is due: %s", self._channel, fault)
            self._over.wait(STORE_WAIT_S)
            return not self._leaving
        if rows:
            self._tell(rows)
            return True
        self._road.rest()
        if self._leaving:
            return False
        self._stirred.wait(None if next_at is None else max(0.0, next_at - self._clock()))
        return True

    def _tell(self, rows: list[Record]) -> None:
        told: list[Told] = []
        since = time.monotonic()
        for row in rows:
            told.append(self._attempt(row))
            if self._over.is_set():
                break
            if time.monotonic() - since >= NOTE_WAIT_S:
                self._keep(told)
                told, since = [], time.monotonic()
        self._keep(told)

    def _attempt(self, row: Record) -> Told:
        which = {"id": row["id"], "run_id": row["run_id"], "seq": row["seq"]}
        try:
            remote = self._road.deliver(row)
        except Undelivered as fault:
            text = UNFINISHED if self._over.is_set() else str(fault)
            return self._failed(row, text, fault.retry_after_s)
        except Exception as fault:  # noqa: BLE001 - ours, in one letter: the lane goes on
            traced = self._road.hide("".join(traceback.format_exception(fault)))
            log.error("%s, notification %d: %s", self._channel, row["id"], traced)  # noqa: TRY400
            return self._failed(row, f"internal fault: {type(fault).__name__}", None)
        return Told(**which, at=self._clock(), remote=remote)

    def _failed(self, row: Record, text: str, asked_s: float | None) -> Told:
        error, now = self._road.hide(text), self._clock()
        attempts = row["attempts"] + 1
        wait_s = self._patience.wait_s(attempts, asked_s, self._dice)
        if wait_s is None:
            said = "%s: notification %d is given up after %d attempts: %s"
            log.error(said, self._channel, row["id"], attempts, error)
        elif attempts == 1 and not self._over.is_set():
            said = "%s did not take notification %d, and is asked again: %s"
            log.warning(said, self._channel, row["id"], error)
        return Told(
            id=row["id"],
            run_id=row["run_id"],
            seq=row["seq"],
            at=now,
            error=error,
            due_at=None if wait_s is None else now + wait_s,
        )

    def _keep(self, told: list[Told]) -> None:
        """Note what became of them before anything else is told."""
        while told:
            try:
                self._note(told)
            except (StoreError, Overloaded) as fault:
                if self._over.is_set():
                    return
                log.warning("channel %s cannot note what it told: %s", self._channel, fault)
                self._over.wait(STORE_WAIT_S)
            else:
                return
