"""One life: a run from its start until nothing is left to happen, faults first, then none.

The world is a heap of things to come. Everything in it follows from the options; it must never
look at a clock, and must end within a bounded number of steps (I22).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from orchestrate.core import agenda
from orchestrate.core.agenda import Work
from orchestrate.core.commands import (
    Admit,
    Cancel,
    Claim,
    Command,
    Refused,
    Report,
    RollBack,
    Start,
    Tick,
)
from orchestrate.core.events import (
    ApprovalRequested,
    CancelRequested,
    Event,
    RollbackOwed,
    RollbackStarted,
    RunCancelled,
    RunFailed,
    RunSucceeded,
)
from orchestrate.core.run import ApprovalStatus, Outcome, Reason
from tests.simulation import people
from tests.simulation.checker import Violation
from tests.simulation.definition import draw
from tests.simulation.driver import Deed, Driver, deed
from tests.simulation.faults import Weather
from tests.simulation.machine import (
    EPOCH_S,
    LOST,
    UNSTARTED,
    Key,
    Machine,
    Process,
    State,
    a_temper,
)
from tests.simulation.options import Options
from tests.simulation.server import Server
from tests.simulation.trace import told
from tests.simulation.watch import Watch, end_of_life

HELD_SHARE = 0.08
SWEEP_S = 30.0
ROUNDING_S = 0.01
STORM_STEPS_MAX = 5_000
CALM_STEPS_MAX = 400
CALM_STEPS_PER_STAGE_MAX = 60

Tell = Callable[[float, str], None]


class Life:
    def __init__(self, options: Options, tell_story: Tell | None = None) -> None:
        self.options = options
        self.drawn = draw(Random(options.seed), options)
        self.dice = Random(f"{options.seed}/{options.salt}")
        self.weather = Weather(self.dice, options)
        self.machine = Machine(self.dice, a_temper(self.dice))
        self.watch = Watch(self.machine)
        self.server = Server(self.watch)
        self.driver = Driver()
        self.roster = people.ROSTER
        self.owner = self.dice.random() < 0.15
        self.eager = self.dice.random() < 0.2
        self.refusals: Counter[tuple[str, int]] = Counter()
        self.steps = 0
        self.t = 0.0
        self._skew_s = 0.0
        self._to_come: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._pushed = 0
        self._wake_at: float | None = None
        self._story = tell_story

    # -- the world ---------------------------------------------------------------------

    def live(self) -> Life:
        """Live it to the end. Raises Violation."""
        self._plan()
        calm_steps = 0
        calm_steps_max = CALM_STEPS_MAX + CALM_STEPS_PER_STAGE_MAX * len(self.drawn.pipeline.stages)
        while self._to_come:
            at, _, act, arguments = heapq.heappop(self._to_come)
            self.t = max(self.t, at)
            self.steps += 1
            if self.weather.stormy:
                if self.steps > STORM_STEPS_MAX:
                    self._calm()
            else:
                calm_steps += 1
                if calm_steps > calm_steps_max:
                    raise Violation("I22", f"{calm_steps} steps after the faults it still goes on")
            act(*arguments)
        run = self.server.read()
        if run is None or not run.resting:
            raise Violation("I22", "nothing is to come any more, and the run has not ended")
        end_of_life(self.watch, self.server.log, run, faultless=not self.weather.met)
        return self

    def _plan(self) -> None:
        dice, chance = self.dice, self.dice.random
        start = Start(
            run_id=7,
            pipeline=self.drawn.pipeline,
            pipeline_id=1,
            revision=1,
            sha256="0" * 64,
            facts=self.drawn.facts,
            variables=self.drawn.variables,
            by=people.caller("ann", owner=self.owner),
            rerun_of=3 if self.drawn.carried else None,
            carried=self.drawn.carried,
            hold=Reason("concurrency", "waits for run 3") if self._is_held() else None,
        )
        if self.weather.strikes("too_early"):
            self._push(0.0, self._cancel, False)
        self._push(0.0, self._tell, start)
        for later_s in (30.0, 60.0) if start.hold is not None else ():
            self._push(later_s, self._tell, Admit())
        if self.weather.stormy:
            self._push(self.weather.storm_s, self._calm)
            for kind in ("machine_dies", "clock_forward", "clock_back", "group_changes"):
                for _ in range(4):
                    self._push(chance() * self.weather.storm_s, self._strike, kind)
        if "cancel" not in self.options.plain and chance() < 0.12:
            for _ in range(dice.randint(1, 2)):
                self._push(chance() * 300.0, self._cancel, chance() < 0.5)
        if "undo" not in self.options.plain and chance() < 0.1:
            self._push(chance() * 300.0, self._undo)

    def _is_held(self) -> bool:
        """Whether it waits for others of its concurrency group at first (10.7)."""
        share = Random(f"held {self.options.seed}").random()
        return "hold" not in self.options.plain and share < HELD_SHARE

    def _push(self, delay_s: float, act: Callable[..., None], *arguments: Any) -> None:
        self._push_at(self.t + delay_s, act, *arguments)

    def _push_at(self, at: float, act: Callable[..., None], *arguments: Any) -> None:
        self._pushed += 1
        heapq.heappush(self._to_come, (at, self._pushed, act, arguments))

    def _now(self) -> float:
        return EPOCH_S + self.t + self._skew_s

    def _say(self, what: object, margin: str = "") -> None:
        if self._story is not None:
            self._story(self.t, margin + told(what))

    def _strike(self, kind: str) -> None:
        """Something that may happen at any moment of the storm."""
        if not self.weather.strikes(kind):
            return
        self._say(f"!! {kind}")
        if kind == "clock_forward":
            self._skew_s += self.dice.choice((1.0, 60.0, 5000.0))
        elif kind == "clock_back":
            self._skew_s -= self.dice.choice((1.0, 60.0, 5000.0))
        elif kind == "group_changes":
            group = self.dice.choice(("leads", "ops"))
            name = self.dice.choice(people.PEOPLE)
            self.roster = people.without(self.roster, group, name)
        else:
            for process in self.machine.running():
                if process.started_at is not None:
                    process.state = State.GONE
            self._push(SWEEP_S, self._sweep)

    def _calm(self) -> None:
        """The faults are over; what was lost in them is found, and everybody is earnest."""
        if not self.weather.stormy:
            return
        self._say("the faults are over")
        self.weather.calm()
        self._sweep()
        run = self.server.read()
        for question in agenda.questions(run) if run is not None else ():
            self._push_earnest(question.number)

    # -- requests ----------------------------------------------------------------------

    def _tell(self, command: Command) -> None:
        """One request as its sender sees it: answered, refused, or repeated until it is."""
        crash = self.weather.crash()
        self._say(command)
        try:
            loses = crash == "crash_before_commit"
            events = self.server.tell(command, self._now(), loses=loses)
        except Refused as refusal:
            self._say(f"   refused: {refusal.text}")
            self.refusals[_place(refusal)] += 1
            return
        for event in events:
            self._say(event, "    ")
            self._notice(event)
        if crash not in ("crash_before_commit", "crash_after_commit"):
            works = self._owed()
            if crash == "crash_between_effects":
                del works[self.dice.randint(0, len(works)) :]
            self._see_to(works)
        if crash is not None:
            self._say(f"!! {crash}")
            self.server.crash()
            self.driver.forget()
            self._wake_at = None
            self._push(1.0 + self.dice.random() * 5.0, self._sweep)
            if not isinstance(command, Tick):
                self._push(1.0 + self.dice.random() * 9.0, self._tell, command)
        elif events:
            self._set_alarm()

    def _notice(self, event: Event) -> None:
        """What people do when they hear of it."""
        chance = self.dice.random
        if isinstance(event, ApprovalRequested):
            drawn = people.visits(
                self.dice, event, self.weather.strikes, owner=self.owner, eager=self.eager
            )
            for visit in drawn:
                self._push(visit.delay_s, self._visit, event.approval, visit)
            if not self.weather.stormy:
                self._push_earnest(event.approval)
            if "undo" not in self.options.plain and chance() < 0.08:
                self._push(chance() * 60.0, self._undo)
        elif isinstance(event, CancelRequested):
            if "undo" not in self.options.plain and chance() < 0.1:
                self._push(chance(), self._undo)
        elif isinstance(event, RollbackStarted | RollbackOwed):
            if "cancel" not in self.options.plain and chance() < 0.15:
                self._push(chance() * 40.0, self._cancel, chance() < 0.6)
        elif isinstance(event, RunSucceeded | RunFailed | RunCancelled):
            if "undo" not in self.options.plain and chance() < 0.2:
                self._push(chance() * 50.0, self._undo)
            if "cancel" not in self.options.plain and chance() < 0.05:
                self._push(chance() * 50.0, self._cancel, False)

    def _push_earnest(self, number: int) -> None:
        for visit in people.earnest(self.dice, owner=self.owner):
            self._push(visit.delay_s, self._visit, number, visit)
        run = self.server.read()
        assert run is not None, "a question belongs to a run"
        if run.approvals[number].expires_at is None:
            self._push(200.0, self._cancel_unanswered, number)

    def _visit(self, number: int, visit: people.Visit) -> None:
        """Most people look before they answer; some answer what is closed."""
        if self._is_open(number) or visit.mistake or self.dice.random() < 0.1:
            self._tell(visit.command(number, self.roster))

    def _is_open(self, number: int) -> bool:
        run = self.server.read()
        return run is not None and run.approvals[number].status is ApprovalStatus.PENDING

    def _cancel(self, force: bool) -> None:
        by = people.caller(self.dice.choice(people.PEOPLE))
        self._tell(Cancel(by=by, reason=self.dice.choice(("", "enough")), force=force))

    def _cancel_unanswered(self, number: int) -> None:
        """Nobody can answer, and the question has no deadline: the last way out."""
        if self._is_open(number):
            self._cancel(force=True)

    def _undo(self) -> None:
        names = [stage.name for stage in self.drawn.pipeline.stages]
        to = self.dice.choice((None, self.dice.choice([*names, "nowhere"]) if names else None))
        self._tell(RollBack(by=people.caller("bob"), to=to, reason="it is broken"))

    # -- time --------------------------------------------------------------------------

    def _set_alarm(self) -> None:
        run = self.server.read()
        at = None if run is None else agenda.wake_at(run)
        if run is None or at is None or at == self._wake_at:
            return
        self._wake_at = at
        delay_s = (at - self._now() if at > run.last_at else 0.0) + ROUNDING_S
        self._push(delay_s, self._alarm, at)

    def _alarm(self, at: float) -> None:
        run = self.server.read()
        if run is None or at != self._wake_at:
            return  # another one was set since
        self._wake_at = None
        if agenda.wake_at(run) != at or max(self._now(), run.last_at) < at:
            self._set_alarm()
        elif self.weather.strikes("tick_lost"):
            self._push(SWEEP_S, self._sweep)
        else:
            self._tell(Tick())
            self._set_alarm()

    # -- work --------------------------------------------------------------------------

    def _owed(self) -> list[Work]:
        run = self.server.read()
        return [] if run is None else self.driver.owed(run)

    def _sweep(self) -> None:
        """The agenda is read again, and the machine is asked what became of each attempt."""
        self.driver.forget()
        self._see_to(self._owed())
        self._wake_at = None
        self._set_alarm()

    def _see_to(self, works: list[Work]) -> None:
        for work in works:
            self.driver.saw_to(work)
            key = (work.stage, work.mode, work.attempt)
            process = self.machine.processes.get(key)
            match deed(work, None if process is None else process.state):
                case Deed.START:
                    self._start(key)
                case Deed.STOP:
                    stopping = self.machine.stop(key, self.t)
                    if stopping is not None:
                        self._push_at(stopping.ends_at, self._exit, stopping)
                case Deed.REFUSE:
                    self.machine.refuse(key)
                    self._report(key, UNSTARTED)
                case Deed.REPORT:
                    assert process is not None, "the machine knows it"
                    self._report(key, process.outcome)
                case Deed.REPORT_LOST:
                    self._report(key, LOST)
                case Deed.NOTHING:
                    pass

    def _start(self, key: Key) -> None:
        process = self.machine.start(key, self.t)
        assert process is not None, "the machine was asked, and did not know it"
        if process.started_at is not None:
            if self.weather.strikes("agent_vanishes"):
                self._push_at(process.ends_at, self._vanish, process)
                return
            if self.weather.strikes("worker_stalls"):
                self._push((process.ends_at - self.t) / 2, self._stall, process)
            stage, mode, number = key
            at = EPOCH_S + self.t
            claim = Claim(stage=stage, mode=mode, attempt=number, worker="w", pid=9, started_at=at)
            self._send(claim)
        self._push_at(process.ends_at, self._exit, process)

    def _exit(self, process: Process) -> None:
        if process.ends_at > self.t or process.state not in (State.RUNNING, State.FENCED):
            return
        if process.state is State.RUNNING:
            process.state = State.EXITED
        self._report(process.key, process.outcome)

    def _vanish(self, process: Process) -> None:
        if process.state is State.RUNNING:
            process.state = State.GONE
            self._push(SWEEP_S, self._sweep)

    def _stall(self, process: Process) -> None:
        if process.state is State.RUNNING:
            process.state = State.FENCED
            self._report(process.key, LOST)

    def _report(self, key: Key, outcome: Outcome) -> None:
        stage, mode, number = key
        jitter = self.dice.random()
        self._send(Report(stage=stage, mode=mode, attempt=number, outcome=outcome, jitter=jitter))

    def _send(self, command: Claim | Report) -> None:
        """A message of the machine: soon, or late, or twice, or not before the next sweep."""
        if self.weather.strikes("message_lost"):
            self._push(SWEEP_S, self._sweep)
            return
        delay_s = 0.01
        if self.weather.strikes("message_late"):
            delay_s += self.dice.random() * 100.0
        self._push(delay_s, self._tell, command)
        if self.weather.strikes("message_twice"):
            self._push(delay_s + self.dice.random() * 100.0, self._tell, command)


def _place(refusal: Refused) -> tuple[str, int]:
    """Where in the core it was refused."""
    trace = refusal.__traceback__
    assert trace is not None, "it was raised"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.rpartition("/")[2], trace.tb_lineno
