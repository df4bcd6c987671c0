"""What one transaction works with: the sync, its keys, its records, and what it will write."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from hrhub.crypto import BlindIndexer, TenantKeys
from hrhub.identity import IdentityPolicy
from hrhub.model import CustomFields
from hrhub.pipeline.records import Reject, Unit, source_key
from hrhub.pipeline.survivorship import Policy

if TYPE_CHECKING:
    from hrhub.pipeline.links import Link, Links
    from hrhub.pipeline.matching import Matching
    from hrhub.pipeline.subjects import Subjects
    from hrhub.pipeline.writes import Writes


@dataclass(slots=True, kw_only=True)
class Sync:
    """One sync and what stays the same through a run of it."""

    sync_id: int
    tenant: str
    connection: str
    connector: str
    stream: str
    run_id: str
    mapping_version: str
    keys: TenantKeys
    index: BlindIndexer
    hash_key: bytes
    policy: Policy
    custom: CustomFields
    identity: IdentityPolicy = field(default_factory=IdentityPolicy)
    _keyed: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keyed = blake2b(key=self.hash_key, digest_size=16)

    def key_of(self, *parts: str) -> bytes:
        """Return the keyed hash of a vendor's key, as links hold it."""
        return source_key(self._keyed, parts)

    def content_of(self, encoded: bytes) -> bytes:
        """Return the keyed hash of values, to tell by it whether they have changed; 16 bytes."""
        digest = self._keyed.copy()
        digest.update(encoded)
        content: bytes = digest.digest()
        return content


@dataclass(slots=True, kw_only=True)
class Batch:
    """The records of one transaction that are new or changed, and the means to apply them."""

    tx: Any
    sync: Sync
    feed: str
    now: datetime
    links: Links
    subjects: Subjects
    writes: Writes
    new: list[Unit] = field(default_factory=list)
    changed: list[tuple[Unit, Link]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    matching: Matching | None = None

    def reject(self, unit: Unit, reason: str, field_path: str, rule: str) -> None:
        """Send a record to quarantine; the caller writes nothing for it."""
        self.rejects.append(
            Reject(unit.record, reason, field_path, field_path, rule, unit.source_key)
        )
