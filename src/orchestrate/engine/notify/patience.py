"""How often something is tried, and how long one waits in between."""

from __future__ import annotations

import random
from dataclasses import dataclass

ATTEMPTS_MAX = 10
FIRST_WAIT_S = 5.0
WAIT_S_MAX = 3_600.0
FACTOR = 3.0
JITTER = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Ten attempts over about four hours: 5 s, 15 s, 45 s, 2 m, 7 m, 20 m, then every hour."""

    attempts_max: int = ATTEMPTS_MAX
    first_wait_s: float = FIRST_WAIT_S
    wait_s_max: float = WAIT_S_MAX
    deadline_s: float = 30.0

    def wait_s(self, attempts: int, asked_s: float | None, dice: random.Random) -> float | None:
        """After so many attempts; None: that was the last. The other side may ask for more."""
        if attempts >= self.attempts_max:
            return None
        wait_s = min(self.first_wait_s * FACTOR ** (attempts - 1), self.wait_s_max)
        return max(wait_s * (1 + JITTER * dice.random()), asked_s or 0.0)
