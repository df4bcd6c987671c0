"""Records of people for tests of identity, applied straight to a store, without a vendor.

The same path as a sync from mapped records on; reading, landing and the change gate are left out,
so that thousands of small orders can be tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import select

from hrhub.ambient import FakeClock
from hrhub.crypto import BlindIndexer, DataKeyCache, TenantKeys
from hrhub.identity import Act, IdentityPolicy
from hrhub.mapping import Mapped
from hrhub.model import FEEDS, NO_CUSTOM_FIELDS
from hrhub.pipeline.apply import Applied, apply
from hrhub.pipeline.batch import Batch, Sync
from hrhub.pipeline.links import Links
from hrhub.pipeline.matching import Rows
from hrhub.pipeline.records import Record, Sifted, Unit
from hrhub.pipeline.subjects import Subjects
from hrhub.pipeline.survivorship import Policy
from hrhub.pipeline.writes import Writes
from hrhub.store import runs, syncs
from hrhub.store.schema import ENTITY_TABLES, hub_source_link

FEED_OF = {
    "core": "employee",
    "directory": "employee",
    "board": "person",
    "tests": "person",
    "terminal": "device_user",
}
"""System -> feed."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One record of one system."""

    system: str
    key: str
    values: Mapping[str, Any]


@dataclass
class Town:
    """People of a tenant in one transaction."""

    tx: Any
    keys: TenantKeys
    clock: FakeClock = field(default_factory=FakeClock)
    rejected: list[Telling] = field(default_factory=list)
    _syncs: dict[str, Sync] = field(default_factory=dict)
    _landed: int = 0

    def __post_init__(self) -> None:
        self._data_keys = DataKeyCache(clock=self.clock)
        self._index = BlindIndexer(self.keys)
        self.subjects = Subjects(self.keys, self._data_keys)

    def tell(self, *tellings: Telling) -> list[Applied]:
        """Apply records, one transaction's worth per system in the order given."""
        done: list[Applied] = []
        for system in dict.fromkeys(t.system for t in tellings):
            done.append(self._apply(system, [t for t in tellings if t.system == system]))
        return done

    def _apply(self, system: str, tellings: Sequence[Telling]) -> Applied:
        sync = self._sync(system)
        units = [self._unit(sync, t) for t in tellings]
        of = {id(u.record): t for u, t in zip(units, tellings, strict=True)}
        applied = apply(
            self.tx,
            sync,
            FEEDS[FEED_OF[system]],
            self.subjects,
            Sifted(seen=len(units), units=units),
            now=self.clock.now(),
        )
        self.subjects.end(committed=True)
        self.rejected = [t for t in self.rejected if t not in tellings]
        self.rejected += [of[id(r.record)] for r in applied.rejects]
        return applied

    def _unit(self, sync: Sync, telling: Telling) -> Unit:
        self._landed += 1
        body = msgspec.json.encode(telling.values, order="sorted")
        content = blake2b(body, key=sync.hash_key, digest_size=16).digest()
        record = Record([body], {}, "", 0, self._landed, content)
        return Unit(
            record,
            (telling.key,),
            sync.key_of(telling.key),
            content,
            "",
            [Mapped((telling.key,), dict(telling.values), {})],
        )

    def _sync(self, system: str) -> Sync:
        if system not in self._syncs:
            tenant = self.keys.tenant
            sync_id = syncs.sync_id(self.tx, tenant, f"{system}_default", "people", system)
            now = self.clock.now()
            self._syncs[system] = Sync(
                sync_id=sync_id,
                tenant=tenant,
                connection=f"{system}_default",
                connector=system,
                stream="people",
                run_id=runs.start(self.tx, sync_id, holder="test", kind="sync", at=now),
                mapping_version="1",
                keys=self.keys,
                index=self._index,
                hash_key=self.keys.fingerprint_key(f"source/{system}_default"),
                policy=Policy(),
                custom=NO_CUSTOM_FIELDS,
                identity=IdentityPolicy(),
            )
        return self._syncs[system]

    def desk(self) -> Rows:
        """Return the rows of people, as identity needs them."""
        sync = self._sync("core")
        now = self.clock.now()
        writes = Writes(sync, now, self.subjects)
        return Rows(
            Batch(
                tx=self.tx,
                sync=sync,
                feed="person",
                now=now,
                links=Links(sync),
                subjects=self.subjects,
                writes=writes,
            )
        )

    def act(self, actor: str = "user:test") -> Act:
        """Return on whose behalf a test acts."""
        return Act(self.keys.tenant, actor, self.clock.now(), IdentityPolicy().version)

    def run_id(self, system: str) -> str:
        """Return the run under which a system's records were applied."""
        return self._syncs[system].run_id

    def person_of(self, *tellings: Telling) -> list[str | None]:
        """Return under which person each record is read; None for those in quarantine."""
        c = hub_source_link.c
        query = select(c.connection_id, c.source_key, c.entity_id)
        rows = self.tx.execute(query.where(c.tenant == self.keys.tenant))
        links = {(connection, bytes(key)): row_id for connection, key, row_id in rows}
        people, roles = ENTITY_TABLES["person"].c, ENTITY_TABLES["employee"].c
        read_as = {i: s or i for i, s in self.tx.execute(select(people.id, people.survivor_id))}
        owner = dict(self.tx.execute(select(roles.id, roles.person_id)).all())
        out: list[str | None] = []
        for one in tellings:
            sync = self._syncs.get(one.system)
            row_id = links.get((f"{one.system}_default", sync.key_of(one.key))) if sync else None
            out.append(None if row_id is None else read_as[owner.get(row_id, row_id)])
        return out

    def partition(self, *tellings: Telling) -> set[frozenset[str]]:
        """Return which records are one person, by their keys."""
        groups: dict[str, set[str]] = {}
        for one, person_id in zip(tellings, self.person_of(*tellings), strict=True):
            if person_id is not None:
                groups.setdefault(person_id, set()).add(one.key)
        return {frozenset(group) for group in groups.values()}


def unit_of(telling: Telling) -> Unit:
    """Return a record as it comes out of mapping, outside any store."""
    record = Record([b""], {}, "", 0, 0)
    mapped = Mapped((telling.key,), dict(telling.values), {})
    return Unit(record, (telling.key,), b"", b"", "", [mapped])
