"""The time that runs go by: the wall clock of the moment the server started, moved on steadily.

A wall clock that jumps ends nothing early and stalls nothing (C5). Time asleep counts.
"""

from __future__ import annotations

import time


class SteadyClock:
    """Seconds since the epoch, which never go back."""

    def __init__(self) -> None:
        self._start = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def __call__(self) -> float:
        return self._start + time.clock_gettime(time.CLOCK_BOOTTIME)

    def not_before(self, at: float) -> None:
        """Start at `at` where the wall clock was behind what is recorded already."""
        self._start = max(self._start, at - time.clock_gettime(time.CLOCK_BOOTTIME))
