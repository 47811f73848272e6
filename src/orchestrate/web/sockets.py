"""One WebSocket connection: uvicorn's, with an end to not listening."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

UNHEARD_S_MAX = 10.0
WORD_BYTES_MAX = 16 << 10
PING_S = 20.0


class LiveConnection(WebSocketsSansIOProtocol):
    """What is said has to be taken within a time, or the connection is cut."""

    _unheard: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unheard is None:
            self._unheard = self.loop.call_later(UNHEARD_S_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._heard()

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        super().connection_lost(exc)

    def _heard(self) -> None:
        if self._unheard is not None:
            self._unheard.cancel()
            self._unheard = None
