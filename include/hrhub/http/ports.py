"""What the client shares with others who use the same vendor account.

The client only knows these small protocols. The pipeline fills them from the store, so that all
workers share one budget and one token; a command or a test uses those of this process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hrhub.ambient import Clock
from hrhub.http.breaker import Breaker, MemoryBreaker
from hrhub.http.budget import Budget, MemoryBudget


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes:
        value: The secret itself.
        refresh_at: From then on a new one is fetched.
    """

    value: str = field(repr=False)
    refresh_at: datetime


class TokenCache(Protocol):
    """Keep tokens, and have only one caller fetch a new one at a time (single flight)."""

    def obtain(self, key: str, fetch: Callable[[], Token], *, rejected: str | None = None) -> Token:
        """Return a token that is still fresh, or fetch and keep a new one.

        Args:
            key: Which token: vendor, connection and account.
            fetch: Asks the vendor for a new one. May raise; nothing is kept then.
            rejected: Value of a token that the vendor no longer accepts: never returned, but a
                newer one that somebody else fetched meanwhile is.
        """
        ...


class MemoryTokens:
    """Tokens of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._tokens: dict[str, Token] = {}

    def obtain(self, key: str, fetch: Callable[[], Token], *, rejected: str | None = None) -> Token:
        """Return a token that is still fresh, or fetch and keep a new one."""
        with self._lock:
            flight = self._locks.setdefault(key, threading.Lock())
        with flight:
            kept = self._tokens.get(key)
            if kept is not None and kept.value != rejected and self._clock.now() < kept.refresh_at:
                return kept
            fresh = fetch()
            self._tokens[key] = fresh
            return fresh


@dataclass(frozen=True, slots=True)
class Ports:
    """What the client shares with others."""

    budget: Budget
    breaker: Breaker
    tokens: TokenCache


class MemoryPorts(Ports):
    """Ports of one process, for commands and tests."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MemoryBudget(clock), MemoryBreaker(clock), MemoryTokens(clock))
