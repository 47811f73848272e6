"""The time that runs go by: the wall clock of the moment the server started, moved on steadily.

A wall clock that jumps ends nothing early and stalls nothing (C5). Time asleep counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def steady_clock() -> Callable[[], float]:
    """A function that tells the time in seconds since the epoch, and never goes back."""
    start = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return lambda: start + time.clock_gettime(time.CLOCK_BOOTTIME)
