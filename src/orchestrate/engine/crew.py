"""What is in flight: attempts ordered, claimed, stopped and over, on this machine's runner.

It makes what runs equal to what the agendas ask for, and turns what the runner says into words
at the door. It decides nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from orchestrate.agent.facts import CannotStart
from orchestrate.agent.outcome import outcome_unstarted
from orchestrate.agent.process import Exited, Launch, Runner, Started, Unknown
from orchestrate.core.commands import Admit, Claim, Report, Tick
from orchestrate.core.events import AttemptEnded, AttemptStarted, AttemptStopped, Event
from orchestrate.core.run import Attempt, Mode, Outcome, OutcomeKind, Run
from orchestrate.engine.asks import Act, Ask
from orchestrate.engine.door import Broken, Door
from orchestrate.engine.launching import launch_of, outcome_of
from orchestrate.engine.layout import Layout, attempt_key

LIVE_ATTEMPTS_MAX = 512
CLAIM_WAIT_S = 0.01
REOPEN_WAIT_S = 2.0
log = logging.getLogger("orchestrate")

Key = tuple[int, str, Mode, int]


class Crew:
    """The attempts of every live run, between the agendas and the runner."""

    def __init__(
        self,
        layout: Layout,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        dice: random.Random,
    ) -> None:
        self.runner = Runner.open(layout.data)
        self.is_alone = False
        self.said: list[Ask] = []
        """Words for the door: claims, which can wait a little, and reports, which are due."""
        self.due_at: float | None = None
        self._layout = layout
        self._environ = environ
        self._clock = clock
        self._dice = dice
        self._keys: dict[str, Key] = {}
        self._backlog: deque[Launch] = deque()
        self._in_flight: set[str] = set()
        self._done: list[str] = []

    # -- what the runner says ----------------------------------------------------------

    def hear(self) -> None:
        """Take in what the runner has said. Raises RunnerGone."""
        for word in self.runner.receive():
            self._heard(word)

    def _heard(self, word: Started | Exited | Unknown) -> None:
        key = self._keys.get(word.key)
        if key is None:
            if isinstance(word, Exited):
                self.runner.acknowledge([word.key])  # of a run that no longer waits for it
            return
        run_id, stage, mode, number = key
        match word:
            case Started():
                claim = Claim(
                    stage=stage,
                    mode=mode,
                    attempt=number,
                    worker="local",
                    pid=word.pid,
                    started_at=word.at,
                )
                self._say(telling(run_id, claim), CLAIM_WAIT_S)
            case Exited():
                self._say(self._reporting(key, word), 0.0)
            case Unknown():
                self._in_flight.discard(word.key)
                self._say(self._unclaimed(key), 0.0)

    def _say(self, act: Act, wait_s: float) -> None:
        self.said.append(Ask(act, again=True))
        due_at = self._clock() + wait_s
        self.due_at = due_at if self.due_at is None else min(self.due_at, due_at)

    def words(self) -> list[Ask]:
        """Everything that was said and not yet passed on, in order."""
        said, self.said, self.due_at = self.said, [], None
        return said

    def _reporting(self, key: Key, word: Exited) -> Act:
        def act(door: Door) -> None:
            run_id, stage, mode, number = key
            run = door.run(run_id)
            assert run is not None, "an attempt belongs to a run"
            attempt = run.live.get((stage, mode))
            if attempt is not None and attempt.number == number:
                self._conclude(door, key, outcome_of(run, attempt, word))
            self._done.append(word.key)

        return act

    def _conclude(self, door: Door, key: Key, outcome: Outcome) -> None:
        """Report an outcome; one that cannot be taken in is a failure, not an attempt for ever."""
        try:
            door.tell(key[0], self._report(key, outcome))
        except Broken as fault:
            log.exception("the outcome of %s cannot be taken in", key, exc_info=fault)
            words = "its outcome could not be taken in; the server's log says more"
            failed = Outcome(
                kind=OutcomeKind.FAILED, reason="internal", detail=words, retryable=False
            )
            door.tell(key[0], self._report(key, failed))

    def _report(self, key: Key, outcome: Outcome) -> Report:
        _, stage, mode, number = key
        jitter = self._dice.random()
        return Report(stage=stage, mode=mode, attempt=number, outcome=outcome, jitter=jitter)

    def _unclaimed(self, key: Key) -> Act:
        """Nothing was ever started for it: start it now, as the same attempt, if it is wanted.

        What was dispatched before this machine started is not known to be unclaimed: a claim may
        have been lost with the power. It is lost, not repeated (C3).
        """

        def act(door: Door) -> None:
            run_id, stage, mode, number = key
            run = door.run(run_id)
            attempt = None if run is None else run.live.get((stage, mode))
            if run is None or attempt is None or attempt.number != number:
                return
            uptime_s = time.clock_gettime(time.CLOCK_BOOTTIME)
            if attempt.claimed_at is not None:
                reason, words = "lost", "its process is gone, and nothing is known of its end"
            elif attempt.stop is not None:
                reason, words = "cancelled", "it was never started"
            elif attempt.dispatched_at < self._clock() - uptime_s:
                reason, words = "lost", "the machine was restarted; it may have run"
            else:
                self._order(run, attempt)
                return
            outcome = Outcome(kind=OutcomeKind.FAILED, reason=reason, detail=words)
            door.tell(run_id, self._report(key, outcome))

        return act

    def leave(self) -> None:
        """The runner died. What is ordered waits until there is another."""
        self.runner.close()
        self.is_alone = True

    def reopen(self) -> None:
        """Another runner, which ends what the last one left and says what became of it.

        Raises RunnerGone, OSError where none can be started now.
        """
        self.runner = Runner.open(self._layout.data, REOPEN_WAIT_S)
        self.is_alone = False
        self._backlog.clear()
        self._in_flight.clear()
        self.runner.ask(list(self._keys))

    def stored(self) -> None:
        """What was reported is durable: the runner may forget it."""
        if self._done and not self.is_alone:
            self.runner.acknowledge(self._done)
        self._done = []

    def undone(self) -> None:
        """What was reported was not stored, and will be told again."""
        self._done = []

    # -- what the agendas ask for ------------------------------------------------------

    def take_up(self, run: Run) -> None:
        """After a start: what must be in flight for this run, and what became of it?"""
        keys = [self._know(run, attempt) for attempt in run.live.values()]
        if keys:
            self.runner.ask(keys)
        for attempt, key in zip(run.live.values(), keys, strict=True):
            if attempt.stop is not None:
                self.runner.stop(key, "cancelled")

    def settle(self, run: Run, events: Iterable[Event]) -> None:
        """Make what is in flight for a run equal to its agenda, after these events."""
        for event in events:
            match event:
                case AttemptStarted(stage=stage, mode=mode, attempt=number):
                    attempt = run.live.get((stage, mode))
                    if attempt is not None and attempt.number == number:
                        self._order(run, attempt)
                case AttemptStopped(stage=stage, mode=mode, attempt=number):
                    self._stop(attempt_key(run.id, stage, mode, number))
                case AttemptEnded(stage=stage, mode=mode, attempt=number):
                    key = attempt_key(run.id, stage, mode, number)
                    self._keys.pop(key, None)
                    self._in_flight.discard(key)
                case _:
                    continue

    def send(self) -> None:
        """Send launches, in order, while there are places on this machine."""
        launches: list[Launch] = []
        if self.is_alone:
            return
        while self._backlog and len(self._in_flight) < LIVE_ATTEMPTS_MAX:
            launch = self._backlog.popleft()
            self._in_flight.add(launch.key)
            launches.append(launch)
        if launches:
            self.runner.launch(launches)

    def _order(self, run: Run, attempt: Attempt) -> None:
        """Queue the launch of an attempt; what must not be launched is reported."""
        key = self._know(run, attempt)
        try:
            self._backlog.append(launch_of(run, attempt, key, self._layout, self._environ))
        except CannotStart as refusal:
            report = self._report(self._keys[key], outcome_unstarted(refusal))
            self._say(telling(run.id, report), 0.0)

    def _know(self, run: Run, attempt: Attempt) -> str:
        key = attempt_key(run.id, attempt.stage, attempt.mode, attempt.number)
        self._keys[key] = (run.id, attempt.stage, attempt.mode, attempt.number)
        return key

    def _stop(self, key: str) -> None:
        waiting = next((each for each in self._backlog if each.key == key), None)
        if waiting is not None:
            self._backlog.remove(waiting)
        if not self.is_alone:
            self.runner.stop(key, "cancelled")


class Bystander:
    """In a crew's place where nobody is to work: agendas are left as they are, to others."""

    runner = None
    due_at = None

    def words(self) -> list[Ask]:
        return []

    def stored(self) -> None:
        """Nothing was reported."""

    def undone(self) -> None:
        """Nothing was reported."""

    def settle(self, run: Run, events: Iterable[Event]) -> None:
        """Whoever drives the run reads its agenda."""

    def send(self) -> None:
        """Nothing is ordered."""


def telling(run_id: int, command: Admit | Claim | Report | Tick) -> Act:
    """A word of a machine for a run."""
    return lambda door: door.tell(run_id, command)
