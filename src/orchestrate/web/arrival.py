"""A body as it arrives: whole, within bounds of size, of time and of what all of them hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from orchestrate.web.body import too_large
from orchestrate.web.problem import BUSY, TOO_SLOW, Problem

BODY_WAIT_S = 30.0
DRAINED_BYTES_MAX = 64 << 20
"""How much of a body that is too large is taken in, so that the answer is heard."""
LARGE_BYTES = 1 << 20
HELD_BYTES_MAX = 128 << 20
"""How much the large bodies that are being taken in may hold together."""

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]


class ClientGone(Exception):
    """Nobody is there to hear an answer."""


class Arrivals:
    """Takes in bodies; used on one loop."""

    def __init__(self) -> None:
        self._held = 0

    async def body(self, receive: Receive, bytes_max: int) -> bytes:
        """The whole body. Raises Problem 408, 413, 503; ClientGone."""
        parts: list[bytes] = []
        size = held = 0
        try:
            async with asyncio.timeout(BODY_WAIT_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= bytes_max:
                        parts.append(part)
                        if size > LARGE_BYTES:
                            held = self._hold(size, held)
                    if not message.get("more_body", False) or size > DRAINED_BYTES_MAX:
                        break
        except TimeoutError:
            raise Problem(
                TOO_SLOW,
                f"the body did not arrive within {BODY_WAIT_S:.0f} seconds",
                headers={"Connection": "close"},
            ) from None
        finally:
            self._held -= held
        if size > bytes_max:
            problem = too_large(bytes_max)
            problem.headers["Connection"] = "close"
            raise problem
        return b"".join(parts)

    def _hold(self, size: int, held: int) -> int:
        if self._held + size - held > HELD_BYTES_MAX:
            raise Problem(
                BUSY,
                "too many large bodies are sent at a time",
                headers={"Retry-After": "1", "Connection": "close"},
            )
        self._held += size - held
        return size
