"""The post: draws what is to be told with the events it tells of, and has it told.

`draw` is called within the transaction of the events, on the engine's thread, and only writes rows.
Everything that can wait or fail happens on the lanes: none of it decides or delays a run.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from orchestrate.core.events import Event
from orchestrate.core.run import Run
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.notify.channels import FORGE_PREFIX, Directory
from orchestrate.engine.notify.forges import ForgeRoad
from orchestrate.engine.notify.lane import Lane, Road
from orchestrate.engine.notify.letter import Desk
from orchestrate.engine.notify.occasions import (
    changes_what_is_shown,
    no_channel,
    notices,
    shown,
)
from orchestrate.engine.notify.patience import Patience
from orchestrate.engine.notify.roads import ChannelRoad
from orchestrate.store.outbox import Told
from orchestrate.store.sqlite import Store


def say_on_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a channel of kind `terminal`


class Post:
    """Hand `draw` to an engine, `start` it when that is open, `close` it before that closes."""

    def __init__(
        self,
        directory: Directory,
        *,
        environ: Mapping[str, str],
        url: Callable[[], str],
        say: Callable[[str], None] = say_on_stderr,
        patience: Patience | None = None,
        dice: random.Random | None = None,
    ) -> None:
        self._directory = directory
        self._environ = environ
        self._url = url
        self._say = say
        self._patience = patience or Patience()
        self._dice = dice or random.Random()  # noqa: S311 - it spreads retries, it keeps no secret
        self._drawn: set[str] = set()
        self._lanes: dict[str, Lane] = {}

    # -- on the engine's thread --------------------------------------------------------

    def draw(self, store: Store, run: Run, events: Sequence[Event]) -> None:
        """Write down what is to be told of `events`; `run` is as it is behind them."""
        directory = self._directory
        found = list(notices(run, events, directory))
        if directory.forges and run.facts.repository and changes_what_is_shown(events):
            found += shown(run, events, directory.forges, store.source_of(run.id))
        if found:
            store.add_notices(found)
            self._drawn.update(each.channel for each in found)

    def _hear(self, _: list[tuple[int, int]]) -> None:
        """It is stored: let the lanes know."""
        if self._drawn:
            drawn, self._drawn = self._drawn, set()
            for channel in drawn:
                self.stir(channel)

    # -- from any thread ---------------------------------------------------------------

    def start(self, engine: Engine) -> None:
        """Begin to tell; what an earlier life left is told first."""
        desk = Desk(engine.reader, lambda: self._directory.url or self._url(), engine.clock)

        def note(told: list[Told]) -> None:
            engine.perform(lambda door: door.store.note_told(told)).result()

        for name, road in self._roads(desk).items():
            self._lanes[name] = Lane(
                name,
                road,
                engine.reader,
                clock=engine.clock,
                note=note,
                patience=self._patience,
                dice=self._dice,
            )
        engine.perform(self._abandon).result()
        self._leave = engine.follow(self._hear)
        engine.stir = self.stir
        for lane in self._lanes.values():
            lane.start()

    def _roads(self, desk: Desk) -> dict[str, Road]:
        deadline_s = self._patience.deadline_s
        roads: dict[str, Road] = {
            name: ChannelRoad(
                channel,
                desk.letter,
                clock=desk.clock,
                environ=self._environ,
                say=self._say,
                deadline_s=deadline_s,
            )
            for name, channel in self._directory.channels.items()
        }
        for forge in self._directory.forges:
            roads[forge.name] = ForgeRoad(
                forge,
                desk.reader.run,
                clock=desk.clock,
                url=self._directory.url,
                deadline_s=deadline_s,
            )
        return roads

    def _abandon(self, door: Door) -> None:
        """What waits for a channel that is configured no more becomes a dead letter."""
        for channel in door.store.channels_waited_for():
            if channel not in self._lanes:
                door.store.abandon_notices(channel, _nobody(channel))

    def stir(self, channel: str) -> None:
        """Something is due there."""
        lane = self._lanes.get(channel)
        if lane is not None:
            lane.stir()

    def close(self, wait_s: float) -> None:
        """Tell what is due, for so long at most; the rest is told by whoever comes next."""
        if not self._lanes:
            return
        self._leave()
        end = time.monotonic() + wait_s
        for lane in self._lanes.values():
            lane.leave()
        for lane in self._lanes.values():
            lane.join(end - time.monotonic())
        self._lanes = {}


def _nobody(channel: str) -> str:
    if channel.startswith(FORGE_PREFIX):
        return f"no forge is configured so: write [{channel}] in orchestrate.toml"
    return no_channel(channel)
