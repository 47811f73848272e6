"""The engine: one thread that keeps every agenda.

Each turn of its loop takes what was asked, what the runner says and whose time has come, passes
all of it through the door in one transaction, and only then answers, starts and stops. It holds
no state worth saving: whatever it forgets in a crash, the agenda says again.
"""

from __future__ import annotations

import heapq
import logging
import os
import random
import selectors
import signal
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TypeVar

from orchestrate.agent.process import RunnerGone
from orchestrate.core import agenda
from orchestrate.core.commands import Admit, Tick
from orchestrate.core.run import Run
from orchestrate.engine.asks import Ask, Overloaded
from orchestrate.engine.clock import SteadyClock
from orchestrate.engine.crew import Bystander, Crew, telling
from orchestrate.engine.door import Door, Draws
from orchestrate.engine.layout import Layout
from orchestrate.engine.lock import DirectoryLock
from orchestrate.engine.readings import Readings
from orchestrate.store.failures import StoreError
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store

T = TypeVar("T")

ASKED_MAX = 10_000
GROUP_MAX = 500
RETRY_WAIT_S = 0.5
REOPEN_AGAIN_S = 3.0
log = logging.getLogger("orchestrate")


class Engine:
    """Open it, ask it, close it. Everything else happens on its own thread."""

    def __init__(
        self,
        layout: Layout,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] | None = None,
        dice: random.Random | None = None,
        draws: Draws | None = None,
        drives: bool = True,
    ) -> None:
        """`drives`: keep the agendas; without it runs stay as they are, and can be looked at."""
        self.layout = layout
        self._drives = drives
        self.clock = clock or SteadyClock()
        self.readings = Readings()
        self._environ = dict(os.environ if environ is None else environ)
        self._dice = dice or random.Random()  # noqa: S311 - it spreads retries, it keeps no secret
        self._draws = draws
        self._lock = DirectoryLock(layout.lock)
        self._gate = threading.Lock()
        self._asked: deque[Ask] = deque()
        self._later: list[Ask] = []
        self._later_at: float | None = None
        self._reopen_at: float | None = None
        self.trouble: str | None = None
        """Why no agent can be started at present, if none can; for those who ask how it stands."""
        self._wakes: list[tuple[float, int]] = []
        self._wake_of: dict[int, float] = {}
        self._followers: list[Callable[[list[tuple[int, int]]], None]] = []
        self.stir: Callable[[str], None] = _nobody
        """Lets whoever tells that channel know that something is due: the post, if there is one."""
        self._when_events_wait: Callable[[], None] = _nothing
        self._when_catalog_changes: Callable[[], None] = _nothing
        self._closing = False
        self._ready: Future[None] = Future()
        self._wake_in, self._wake_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)

    # -- from any thread ---------------------------------------------------------------

    def open(self) -> None:
        """Take the directory, read what lives, take up its agents again.

        Raises Taken (another server), RunnerGone (no runner can be started), StoreError.
        """
        self.layout.prepare()
        self._lock.take()
        try:
            self._thread.start()
            self._ready.result()
        except BaseException:  # whatever it was, the directory is free again
            self._lock.release()
            raise

    def _set_up(self) -> None:
        self._store = Store.open(self.layout.database)
        self.reader = Reader.open(self.layout.database)
        self._door = Door(self._store, self.clock, self._draws)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        self._crew: Crew | Bystander = Bystander()
        if self._drives:
            self._crew = Crew(self.layout, self._environ, self.clock, self._dice)
            self._selector.register(self._crew.runner, selectors.EVENT_READ)
        for run_id in self._store.live():
            run = self._door.run(run_id)
            assert run is not None, "a live run has a log"
            self._door.note(run)
            if isinstance(self.clock, SteadyClock):
                self.clock.not_before(run.last_at)
            self._schedule(run)
            if isinstance(self._crew, Crew):
                self._crew.take_up(run)
        self._let_on()

    def perform(self, act: Callable[[Door], T]) -> Future[T]:
        """Do `act` within a transaction; its answer comes when it is durable (C1).

        Raises Overloaded when too much waits already.
        """
        ask = Ask(act)
        with self._gate:  # what is let in before the end is answered before the end
            if self._closing or len(self._asked) >= ASKED_MAX:
                raise Overloaded("the server ends" if self._closing else "the server is busy")
            self._asked.append(ask)
        self._wake()
        return ask.promise

    def follow(self, tell: Callable[[list[tuple[int, int]]], None]) -> Callable[[], None]:
        """Call `tell` with [(run, seq)] after each commit, on the engine's thread.

        It must not block. Returns the function that ends it.
        """
        self._followers.append(tell)
        return lambda: self._followers.remove(tell)

    def when_events_wait(self, tell: Callable[[], None]) -> None:
        """Call `tell` when the end of a run has left an event to be judged. It must not block."""
        self._when_events_wait = tell

    def when_catalog_changes(self, tell: Callable[[], None]) -> None:
        """Call `tell` when a pipeline was created, changed, switched or deleted."""
        self._when_catalog_changes = tell

    def catalog_changed(self) -> None:
        self._when_catalog_changes()

    def close(self) -> None:
        """Finish what was asked and leave; agents work on under their runner."""
        if not self._closing:
            with self._gate:
                self._closing = True
            self._wake()
            self._thread.join()
            os.close(self._wake_in)
            os.close(self._wake_out)

    def _wake(self) -> None:
        try:
            os.write(self._wake_out, b"\0")
        except BlockingIOError:
            return  # so much woke it already that the pipe is full

    # -- the loop ----------------------------------------------------------------------

    def _loop(self) -> None:
        try:
            self._set_up()
        except BaseException as fault:  # noqa: BLE001 - whoever opens the engine hears of it
            self._ready.set_exception(fault)
            return
        self._ready.set_result(None)
        try:
            while not (self._closing and not self._asked):
                self._turn()
        except BaseException:  # ours, and not to be outlived: a server that moves no run is none
            log.critical("the engine has stopped; ending the process", exc_info=True)
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            with self._gate:
                self._closing = True
            self._selector.close()
            if isinstance(self._crew, Crew):
                self._crew.runner.close()
            self.reader.close()
            self._store.close()
            self._lock.release()
            for ask in [*self._asked, *self._later]:
                ask.breaks(Overloaded("the server ends"))

    def _turn(self) -> None:
        for key, mask in self._selector.select(self._wait_s()):
            if isinstance(self._crew, Crew) and key.fileobj is self._crew.runner:
                self._hear(self._crew, mask)
            else:
                os.read(self._wake_in, 65536)
        now = self.clock()
        if self._reopen_at is not None and self._reopen_at <= now:
            assert isinstance(self._crew, Crew), "only a crew loses its runner"
            self._reopen(self._crew)
        group = self._due(now)
        while self._asked and len(group) < GROUP_MAX:
            group.append(self._asked.popleft())
        if group or (self._crew.due_at is not None and self._crew.due_at <= now):
            group = self._crew.words() + group
        if group:
            self._commit(group)
            self._crew.send()
            self._watch()
        if self._asked:
            self._wake()

    def _wait_s(self) -> float | None:
        """How long there is nothing to do, in seconds; None for as long as nobody asks."""
        times = [self._wakes[0][0]] if self._wakes else []
        dues = (self._crew.due_at, self._later_at, self._reopen_at)
        times += [at for at in dues if at is not None]
        return max(0.0, min(times) - self.clock()) if times else None

    def _due(self, now: float) -> list[Ask]:
        """A Tick for every run whose time has come; what could not be stored, again."""
        group: list[Ask] = []
        if self._later_at is not None and self._later_at <= now:
            group, self._later, self._later_at = self._later, [], None
        while self._wakes and self._wakes[0][0] <= now:
            at, run_id = heapq.heappop(self._wakes)
            if self._wake_of.get(run_id) == at:
                del self._wake_of[run_id]
                group.append(Ask(telling(run_id, Tick()), again=True))
        return group

    def _commit(self, group: list[Ask]) -> None:
        """Pass a group through the door; then, and only then, answer and act."""
        try:
            with self._store.transaction():
                self._door.freshen()
                for ask in group:
                    ask.run(self._door)
        except StoreError as fault:
            self._undone(group, fault)
            return
        except Exception as fault:  # a fault of ours: find whose it is, spare the others
            self._door.forget()
            self._crew.undone()
            if len(group) > 1:
                for ask in group:
                    self._commit([ask])
            else:
                log.exception("internal fault")
                group[0].breaks(fault)
            return
        self._crew.stored()
        for ask in group:
            ask.keep()
        moved = self._door.settle()
        for run, events in moved:
            self._schedule(run)
            self._crew.settle(run, events)
        self._let_on()
        if self._door.told_events:
            self._door.told_events = False
            self._when_events_wait()
        if moved:
            heads = [(run.id, run.seq) for run, _ in moved]
            for tell in list(self._followers):
                tell(heads)

    def _let_on(self) -> None:
        """What others left free is for those who waited longest (10.7, 10.8)."""
        if not self._drives:
            return
        for run_id in self._door.admission.next_runs():
            self._asked.append(Ask(telling(run_id, Admit()), again=True))
        for run_id in self._door.environments.next_runs():
            self._asked.append(Ask(telling(run_id, Tick()), again=True))

    def _undone(self, group: list[Ask], fault: StoreError) -> None:
        """Nothing was stored: people are told, machines' words are kept for later."""
        log.error("the store refuses: %s", fault)
        self._door.forget()
        self._crew.undone()
        for ask in group:
            if ask.again:
                self._later.append(ask)
            else:
                ask.breaks(fault)
        if self._later:
            self._later_at = self.clock() + RETRY_WAIT_S

    def _schedule(self, run: Run) -> None:
        at = agenda.wake_at(run) if self._drives else None
        if at is None:
            self._wake_of.pop(run.id, None)
        elif self._wake_of.get(run.id) != at:
            self._wake_of[run.id] = at
            heapq.heappush(self._wakes, (at, run.id))

    # -- the runner --------------------------------------------------------------------

    def _hear(self, crew: Crew, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                crew.runner.flush()
            crew.hear()
        except RunnerGone as fault:
            log.warning("%s; starting another", fault)
            self._selector.unregister(crew.runner)
            crew.leave()
            self._reopen(crew)
        self._watch()

    def _reopen(self, crew: Crew) -> None:
        """Find another runner; while there is none, runs wait and `trouble` says why."""
        self._reopen_at = None
        try:
            crew.reopen()
        except (RunnerGone, OSError) as fault:
            self.trouble = f"no agent can be started: {fault}"
            log.warning("%s; trying again", self.trouble)
            self._reopen_at = self.clock() + REOPEN_AGAIN_S
            return
        self.trouble = None
        self._selector.register(crew.runner, selectors.EVENT_READ)

    def _watch(self) -> None:
        """Wait for the runner to take more, too, while there is more to send."""
        if isinstance(self._crew, Crew) and not self._crew.is_alone:
            events = selectors.EVENT_READ
            if self._crew.runner.wants_write():
                events |= selectors.EVENT_WRITE
            self._selector.modify(self._crew.runner, events)


def _nobody(_: str) -> None:
    """No channel is told anything here."""


def _nothing() -> None:
    """Nobody wants to know."""
