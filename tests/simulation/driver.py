"""Work in flight is made equal to the agenda: what the server's driver does, without its threads.

`deed` is the rule of recovery: for one piece of work and what the machine knows of it, what is to
be done. What was done is remembered until the next crash, and never longer.
"""

from __future__ import annotations

from enum import Enum

from orchestrate.core import agenda
from orchestrate.core.agenda import Work
from orchestrate.core.run import Run
from tests.simulation.machine import Key, State


class Deed(Enum):
    START = "start"
    STOP = "stop"
    REPORT = "report how it ended"
    REPORT_LOST = "report it lost"
    REFUSE = "let nobody start it, and report that"
    NOTHING = "nothing"


def deed(work: Work, state: State | None) -> Deed:
    """What is owed for a piece of work, after asking the machine what became of it."""
    match state:
        case None:
            return Deed.START if work.stop is None else Deed.REFUSE
        case State.RUNNING:
            return Deed.NOTHING if work.stop is None else Deed.STOP
        case State.EXITED | State.REFUSED:
            return Deed.REPORT
        case State.GONE | State.FENCED:
            return Deed.REPORT_LOST


class Driver:
    """Remembers what it has seen to, so that it asks the machine about news only."""

    def __init__(self) -> None:
        self._started: set[Key] = set()
        self._stopped: set[Key] = set()

    def owed(self, run: Run) -> list[Work]:
        """The work that has not been seen to yet."""
        found = []
        for work in agenda.work(run):
            key = (work.stage, work.mode, work.attempt)
            if work.stop is not None:
                if key not in self._stopped:
                    found.append(work)
            elif key not in self._started:
                found.append(work)
        return found

    def saw_to(self, work: Work) -> None:
        key = (work.stage, work.mode, work.attempt)
        (self._started if work.stop is None else self._stopped).add(key)

    def forget(self) -> None:
        self._started.clear()
        self._stopped.clear()
