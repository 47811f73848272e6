"""A server with nothing but a durable log: it answers, it forgets in a crash, it reads again.

It must never be asked for anything but `tell` and `read`: there is one door here too.
"""

from __future__ import annotations

from typing import Protocol

from orchestrate.core.commands import Command, Refused
from orchestrate.core.decide import decide
from orchestrate.core.events import Event
from orchestrate.core.evolve import fold
from orchestrate.core.run import Run


class Judge(Protocol):
    """Who looks at everything that is answered."""

    def committed(self, command: Command, run: Run, events: list[Event]) -> None: ...

    def refused(self, command: Command, run: Run | None, refusal: Refused) -> None: ...


class Server:
    """`log` is on disk; `run` is in memory, None while nobody has read the log."""

    def __init__(self, judge: Judge) -> None:
        self.log: list[Event] = []
        self.run: Run | None = None
        self._judge = judge

    def tell(self, command: Command, now: float, *, loses: bool = False) -> list[Event]:
        """What a command caused, stored; with `loses` the server dies before it is stored.

        Raises Refused.
        """
        run = self.read()
        try:
            run, events = decide(run, command, now)
        except Refused as refusal:
            self._judge.refused(command, run, refusal)
            raise
        if loses:
            self.crash()
            return []
        self.run = run
        self.log += events
        self._judge.committed(command, run, events)
        return events

    def read(self) -> Run | None:
        if self.run is None and self.log:
            self.run = fold(None, self.log)
        return self.run

    def crash(self) -> None:
        """Everything is forgotten but the log."""
        self.run = None
