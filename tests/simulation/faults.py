"""How hostile the world of one life is: a chance for each kind of fault, drawn once."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.options import FAULTS, Options

CRASHES = tuple(kind for kind in FAULTS if kind.startswith("crash"))
QUIET_LIVES = 0.15  # the share of lives in which no fault happens at all
RATES = (0.0, 0.0, 0.02, 0.05, 0.15)
STORM_S = (20.0, 100.0, 300.0, 900.0)


class Weather:
    """Faults happen while it storms; `met` counts them by kind."""

    def __init__(self, dice: Random, options: Options) -> None:
        self.met: Counter[str] = Counter()
        self.storm_s = dice.choice(STORM_S)
        self.stormy = dice.random() >= QUIET_LIVES
        crashes = dice.random() < 0.6
        self._dice = dice
        self._rates = {kind: dice.choice(RATES) for kind in FAULTS}
        for kind in FAULTS:
            if kind in options.calm or (kind in CRASHES and not crashes):
                self._rates[kind] = 0.0
        self._crashing = sum(self._rates[kind] for kind in CRASHES) / 3

    def strikes(self, kind: str) -> bool:
        """Whether a fault of this kind happens here."""
        rate = self._rates[kind]
        if not rate or not self.stormy or self._dice.random() >= rate:
            return False
        self.met[kind] += 1
        return True

    def crash(self) -> str | None:
        """The way in which the server dies over one request, None if it lives."""
        if not self.stormy or not self._crashing or self._dice.random() >= self._crashing:
            return None
        kinds = [kind for kind in CRASHES if self._rates[kind]]
        kind = self._dice.choices(kinds, [self._rates[each] for each in kinds])[0]
        self.met[kind] += 1
        return kind

    def calm(self) -> None:
        self.stormy = False
