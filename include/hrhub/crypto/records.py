"""Key records as they are stored, and the port through which tenant keys are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

TenantKeyPurpose = Literal["twk", "bik", "auk", "cuk"]
"""What a tenant key is for.

``twk`` wraps data keys, ``bik`` is the root of blind indexes and fingerprints, ``auk`` seals the
audit chain, ``cuk`` covers cursors, tokens and idempotency keys.
"""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One version of one tenant key, wrapped by the key provider.

    Unique by (tenant, purpose, version). ``key_id`` is 16 random bytes. ``blob`` is the profile
    (1 byte) and what the provider returned. ``state`` is ``active`` (the highest active version
    is used for writing, all are readable), ``disabled`` or ``destroyed``.
    """

    tenant: str
    purpose: str
    version: int
    key_id: bytes
    kek_ref: str
    blob: bytes
    state: str = "active"


@dataclass(frozen=True, slots=True)
class DekRecord:
    """One data key, wrapped by a tenant key.

    ``dek_id`` and ``twk_id`` are 16 bytes, ``wrapped`` 60, ``commit`` 32. ``owner`` is a subject's
    row id, or ``batch:``, ``inbox:``, ``outbox:``, ``quar:`` and an id. ``profile`` is 1
    (international) or 2 (GM). ``state`` is ``active``, ``decrypt_only`` or ``destroyed``; a
    destroyed record holds zeros in ``wrapped`` and ``commit``.
    """

    dek_id: bytes
    tenant: str
    owner: str
    purpose: str
    profile: int
    twk_id: bytes
    wrapped: bytes
    commit: bytes
    state: str
    uses: int
    created_at: datetime


class KeyTable(Protocol):
    """Where tenant keys are kept; the store implements it."""

    def load_tenant_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return every version of every key of a tenant."""
        ...

    def add_tenant_keys(self, rows: Sequence[WrappedKey]) -> None:
        """Insert rows whose (tenant, purpose, version) is absent, leave the others, and commit.

        Two processes may add the same versions at once; callers load again and use what won.
        """
        ...
