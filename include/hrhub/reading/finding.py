"""Finding a person by a value: blind index, row, key and survivor in one round trip.

The index finds candidates; each is opened and compared before it counts, because sixteen bytes of
a keyed hash are a strong hint and no proof. Whoever searches is written down first, and nobody may
search without end: with the index key at hand, a loop over numbers would list the company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, String, and_, cast, func, literal, or_, select

from hrhub.crypto import (
    BlindIndexer,
    DataKeyCache,
    DekRecord,
    TenantKeys,
    dek_id_of,
    normaliser_for,
    open_group,
)
from hrhub.crypto.normalise import normaliser
from hrhub.errors import ConfigError, KeysUnavailable, Refused
from hrhub.model import ENTITIES, Privacy
from hrhub.store import keys as key_store
from hrhub.store.schema import (
    ENTITY_TABLES,
    INDEX_IDS,
    SEALED_PERSONAL,
    SEALED_SENSITIVE,
    hub_audit,
    hub_blind_index,
    hub_dek,
)

MOST_LOOKUPS = 60
LOOKUP_WINDOW = timedelta(minutes=10)
"""How many look-ups one person may make, and in which time."""
MOST_FOUND = 50
"""People that one look-up returns at most; names are shared by many."""
FIND = "person.find"
"""The act in the audit chain."""
_DEK = (
    "dek_id",
    "tenant",
    "owner",
    "purpose",
    "profile",
    "twk_id",
    "wrapped",
    "commit",
    "state",
    "uses",
    "created_at",
)


class By(StrEnum):
    """What people are found by."""

    NATIONAL_ID = "national_id"
    DOCUMENT = "document"
    MOBILE = "mobile"
    MAIL = "mail"
    WORK_NO = "work_no"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where values of a kind are: entity, indexed field, and a row's kind that gives their form."""

    entity: str
    field: str
    kind: str | None = None


_PLACES = {
    By.NATIONAL_ID: _Place("person_identifier", "number", "cn_resident_id"),
    By.DOCUMENT: _Place("person_identifier", "number", "passport"),
    By.MOBILE: _Place("person_contact", "value", "mobile"),
    By.MAIL: _Place("person_contact", "value", "email"),
    By.WORK_NO: _Place("employee", "work_no"),
    By.NAME: _Place("person", "display_name"),
}


def refuse_if_too_many(tx: Connection, tenant: str, actor: str, now: datetime) -> None:
    """Refuse a look-up of somebody who made too many lately.

    Raises:
        Refused: ``person.lookups_exceeded``; nothing was looked up.
    """
    a = hub_audit.c
    since = now - LOOKUP_WINDOW
    made = tx.execute(
        select(func.count()).where(
            a.tenant == tenant, a.actor == actor, a.ts > since, a.action == FIND
        )
    ).scalar_one()
    if made >= MOST_LOOKUPS:
        minutes = int(LOOKUP_WINDOW.total_seconds() // 60)
        raise Refused("person.lookups_exceeded", most=MOST_LOOKUPS, minutes=minutes)


class Finder:
    """Finds people of one tenant."""

    def __init__(self, keys: TenantKeys, cache: DataKeyCache) -> None:
        self._keys = keys
        self._cache = cache
        self._indexers: dict[int, BlindIndexer] = {}

    def entries(self, by: By, value: str) -> list[tuple[int, bytes]]:
        """Return (version, entry) of a value in every version of the index.

        Raises:
            ConfigError: The value is not one of its kind (``person.value_malformed``).
        """
        place = _PLACES[by]
        declared = ENTITIES[place.entity].by_name[place.field].index or ""
        name = normaliser_for(declared, place.kind)
        found = []
        for indexer in self._every_version():
            index = indexer.eq(place.entity, place.field, name or "")
            entry = index(value)
            if entry is None:
                raise ConfigError("person.value_malformed", kind=by.value)
            found.append((index.version, entry))
        return found

    def find(self, tx: Connection, by: By, value: str) -> dict[str, set[str]]:
        """Return the people who have a value: person id as read -> ids under which it is stored.

        Raises:
            ConfigError: The value is not one of its kind (``person.value_malformed``).
        """
        place = _PLACES[by]
        declared = ENTITIES[place.entity].by_name[place.field].index or ""
        wanted = normaliser(normaliser_for(declared, place.kind) or "")
        form = wanted.of(value)
        found: dict[str, set[str]] = {}
        for row in tx.execute(self._query(place, self.entries(by, value))):
            if self._value(tx, place, row, wanted.of) == form:
                found.setdefault(row.read_as, set()).add(row.person_id)
        return found

    def _every_version(self) -> list[BlindIndexer]:
        """Return an indexer per version of the index key; several while it rotates."""
        newest = self._keys.key("bik").version
        for version in range(newest, 0, -1):
            if version not in self._indexers:
                try:
                    self._indexers[version] = BlindIndexer(self._keys, version)
                except KeysUnavailable:  # retired
                    continue
        return list(self._indexers.values())

    def _query(self, place: _Place, entries: Sequence[tuple[int, bytes]]) -> Any:
        entity = ENTITIES[place.entity]
        table, person = ENTITY_TABLES[place.entity], ENTITY_TABLES["person"].alias("of")
        i, d = hub_blind_index.c, hub_dek.c
        owner = table.c.id if entity.subject == "id" else table.c[entity.subject or "id"]
        number = INDEX_IDS[place.entity, place.field]
        group = _group(place)
        kinds = []
        if place.kind is not None and place.kind != "passport":
            same_form = ("mobile", "phone") if place.kind == "mobile" else (place.kind,)
            kinds = [table.c.kind.in_(same_form)]
        return (
            select(
                table.c.id,
                table.c[group].label("envelope"),
                person.c.id.label("person_id"),
                func.coalesce(person.c.survivor_id, person.c.id).label("read_as"),
                *(d[n] for n in _DEK),
            )
            .select_from(hub_blind_index)
            .join(table, table.c.id == i.row_uid)
            .join(person, person.c.id == owner)
            .join(
                hub_dek,
                and_(
                    d.owner == cast(owner, String),
                    d.purpose == "subject",
                    d.tenant == self._keys.tenant,
                    d.state == literal("active", literal_execute=True),
                ),
            )
            .where(
                i.index_id == number,
                or_(*(and_(i.version == v, i.bi == entry) for v, entry in entries)),
                i.tenant == self._keys.tenant,
                table.c.removed_at.is_(None),
                *kinds,
            )
            .limit(MOST_FOUND)
        )

    def _value(self, tx: Connection, place: _Place, row: Any, of: Any) -> str | None:
        """Open a candidate and return its value in comparable form."""
        named = bytes(dek_id_of(row.envelope))
        if named == bytes(row.dek_id):
            record = DekRecord(**{n: getattr(row, n) for n in _DEK})
        else:  # sealed before the person's key was renewed
            records = key_store.load_deks_by_id(tx, [named])
            if not records or records[0].state == "destroyed":
                return None
            record = records[0]
        key = self._cache.load(record, self._keys)
        opened = open_group(
            key, self._keys.tenant, place.entity, _group(place), row.id, row.envelope
        )
        value = opened.get(place.field)
        return of(value) if isinstance(value, str) else None


def _group(place: _Place) -> str:
    privacy = ENTITIES[place.entity].by_name[place.field].privacy
    return SEALED_SENSITIVE if privacy is Privacy.SENSITIVE else SEALED_PERSONAL
