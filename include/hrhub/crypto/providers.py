"""The interface of key providers: who holds the key-encryption keys.

A provider wraps few keys, once per process and key; it never sees a data key or a value.
Without a key nothing is read or written: there is no fallback from one provider to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a provider can be used: the key that wraps now, or the code of what is wrong."""

    current: str | None
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether keys can be wrapped and unwrapped."""
        return self.problem is None


class KeyProvider(Protocol):
    """Wrap and unwrap 32-byte keys, bound to a context.

    Every method but ``health`` raises ``KeysUnavailable`` when the key cannot be had. Unwrapping
    under another context than the key was wrapped for must fail.
    """

    def current(self) -> str:
        """Return the reference of the key that wraps."""
        ...

    def wrap(self, key_ref: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap a 32-byte key under a context."""
        ...

    def unwrap(self, key_ref: str, blob: bytes, context: Mapping[str, str]) -> bytes:
        """Unwrap a key under the context it was wrapped for."""
        ...

    def health(self) -> Health:
        """Say whether the provider can be used now; never raises."""
        ...
