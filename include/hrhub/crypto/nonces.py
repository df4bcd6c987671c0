"""Fresh nonces, fetched from the operating system in batches."""

from __future__ import annotations

import os
import weakref

from hrhub.ambient import random_bytes
from hrhub.crypto.suites import NONCE_BYTES


class Nonces:
    """A source of 12-byte random nonces, each given out once.

    A forked child would inherit the nonces its parent is about to use, and one repeated nonce
    breaks GCM, so every source forgets its batch in a child (Airflow forks its tasks).
    Taking is safe from several threads: ``list.pop`` is atomic.
    """

    def __init__(self, batch: int = 256) -> None:
        self._batch = batch
        self._pool: list[bytes] = []
        _sources.add(self)

    def take(self) -> bytes:
        """Return a nonce that was never returned before."""
        try:
            return self._pool.pop()
        except IndexError:
            return self._refill()

    def forget(self) -> None:
        """Drop what was fetched and not used."""
        self._pool = []

    def _refill(self) -> bytes:
        raw = random_bytes(NONCE_BYTES * self._batch)
        fresh = [raw[i : i + NONCE_BYTES] for i in range(0, len(raw), NONCE_BYTES)]
        nonce = fresh.pop()
        self._pool = fresh
        return nonce


_sources: weakref.WeakSet[Nonces] = weakref.WeakSet()


def _forget_all() -> None:
    for source in list(_sources):
        source.forget()


os.register_at_fork(after_in_child=_forget_all)

nonces = Nonces()
"""The source of this process."""
