"""What keeps a server's main thread until it is to end: a signal, or nothing left to do.

News come through a queue that a signal may write to at any moment without a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from queue import Empty, SimpleQueue
from typing import TypeAlias

END = "end"
MOVED = "moved"
FIRST_WAIT_S = 15.0
"""How long a server that leaves by itself waits for something to do after its start."""
IDLE_S = 1.0
LOOK_S = 30.0
News: TypeAlias = "SimpleQueue[str]"


def until_told(news: News) -> None:
    """Return when somebody ends the server."""
    while _next(news, LOOK_S) != END:
        continue


def until_idle(working: Callable[[], Collection[int]], news: News) -> None:
    """Return when no run is `working`, and none was for a while; or when told."""
    patience = FIRST_WAIT_S
    while True:
        busy = bool(working())
        word = _next(news, LOOK_S if busy else patience)
        if word == END or (word is None and not busy and not working()):
            return
        patience = IDLE_S


def _next(news: News, wait_s: float) -> str | None:
    """The next word, END before all others; None if none comes in time.

    A signal that came to another thread is seen when the wait ends.
    """
    try:
        word = news.get(timeout=wait_s)
        while word != END and not news.empty():
            word = news.get_nowait()
    except Empty:
        return None
    return word
