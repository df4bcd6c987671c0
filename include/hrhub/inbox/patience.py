"""uvicorn's protocol with an end to its patience: by itself it waits for a head for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""How long a request's head may take to arrive."""


class Patient(H11Protocol):
    """Closes a connection whose next request does not come whole in time."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Start to wait for the next head."""
        self._await_head()
        super().on_response_complete()

    def _await_head(self) -> None:
        self._stop()
        self._head_timer = self.loop.call_later(HEAD_S, self._impatient)

    def _stop(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _impatient(self) -> None:
        working = self.cycle is not None and not self.cycle.response_complete
        if not working and not self.transport.is_closing():
            self.transport.close()
