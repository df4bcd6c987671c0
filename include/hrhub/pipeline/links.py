"""Source links: which record of which vendor stands for which row of the store.

References between records of one connection are resolved through them. One that points to a record
not yet stored waits in ``hub_waiting_ref`` (``hrhub.pipeline.waiting``), so the order in which
streams and records come does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hrhub.pipeline.batch import Sync
from hrhub.store import bulk, schema

_LINK = schema.hub_source_link

ROLES = ("employee", "candidate")
"""Entities whose records stand for a person too."""


class Link(NamedTuple):
    """One known source record."""

    id: str
    source_key: bytes
    entity_id: str
    content: bytes
    version: str
    landed_seq: int
    row_version: int = 1
    fingerprint: bytes = b""


class Links:
    """Look up the links of one connection."""

    def __init__(self, sync: Sync) -> None:
        self._where = {"tenant": sync.tenant, "connection_id": sync.connection}

    def fetch(self, tx: Any, entity: str, source_keys: Sequence[bytes]) -> dict[bytes, Link]:
        """Return the known links of one entity by source key, in one round trip."""
        rows = bulk.fetch_by(
            tx,
            _LINK,
            "source_key",
            source_keys,
            select=(
                "id",
                "source_key",
                "entity_id",
                "content",
                "version",
                "landed_seq",
                "fingerprint",
            ),
            where={**self._where, "entity": entity},
        )
        return {
            bytes(k): Link(i, bytes(k), e, bytes(c), v or "", seq, fingerprint=bytes(f))
            for i, k, e, c, v, seq, f in rows
        }

    def facts(self, tx: Any, entity: str, sync_id: int, keys: Sequence[bytes]) -> dict[bytes, Link]:
        """Return known facts by source key; a fact is its own link."""
        rows = bulk.fetch_by(
            tx,
            schema.ENTITY_TABLES[entity],
            "source_key",
            keys,
            select=("id", "source_key", "content", "row_version", "fingerprint"),
            where={"sync_id": sync_id},
        )
        return {
            bytes(k): Link(i, bytes(k), i, bytes(c), "", 0, n, bytes(f)) for i, k, c, n, f in rows
        }

    def targets(self, tx: Any, entity: str, source_keys: Iterable[bytes]) -> dict[bytes, str]:
        """Return the row ids that references point to, for those already stored.

        A reference to a person may name the record of a role of theirs: vendors that send people
        as employees or candidates have no other id for them.
        """
        wanted = set(source_keys)
        found = {k: link.entity_id for k, link in self.fetch(tx, entity, list(wanted)).items()}
        if entity == "person":
            for role in ROLES:
                missing = [key for key in wanted if key not in found]
                found |= self._people_of(tx, role, missing)
        return found

    def _people_of(self, tx: Any, role: str, source_keys: Sequence[bytes]) -> dict[bytes, str]:
        links = self.fetch(tx, role, source_keys) if source_keys else {}
        people: dict[str, str] = dict(
            bulk.fetch_by(
                tx,
                schema.ENTITY_TABLES[role],
                "id",
                [link.entity_id for link in links.values()],
                select=("id", "person_id"),
            )
        )
        return {k: people[link.entity_id] for k, link in links.items()}
