"""Codes that open something once, within a time: in memory, as hashes, and not too many."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

CODE_BYTES = 32
CODE_CHARACTERS_MAX = 100


class Codes(Generic[T]):
    """Made for somebody, taken once. Where there are too many, the oldest falls out."""

    def __init__(
        self, life_s: float, codes_max: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.life_s = life_s
        self._max = codes_max
        self._clock = clock
        self._lock = Lock()
        self._kept: OrderedDict[bytes, tuple[float, T]] = OrderedDict()

    def make(self, opens: T) -> str:
        """A code, shown to one person; only its hash is kept."""
        code = secrets.token_urlsafe(CODE_BYTES)
        with self._lock:
            self._kept[_hash(code)] = (self._clock() + self.life_s, opens)
            while len(self._kept) > self._max:
                self._kept.popitem(last=False)
        return code

    def take(self, code: str) -> T | None:
        """What it opens; None if it is unknown, was taken before, or is too old."""
        with self._lock:
            until, opens = self._kept.pop(_hash(code), (0.0, None))
        return opens if self._clock() < until else None


def _hash(code: str) -> bytes:
    """The lookup compares hashes, so that its time tells nothing about a code."""
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()
