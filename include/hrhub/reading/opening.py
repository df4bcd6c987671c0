"""Opening sealed rows in bulk: all keys in one round trip, then one envelope after the other.

An envelope names the key that sealed it, so rows are opened by that name and not by their person:
it holds while keys are rotated, and it tells the erased from the missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from hrhub.crypto import DataKey, DataKeyCache, TenantKeys, dek_id_of, open_group
from hrhub.errors import KeysUnavailable
from hrhub.model import ENTITIES, Field, Privacy, custom
from hrhub.model.values import typed
from hrhub.store import bulk, custom_fields
from hrhub.store import keys as key_store
from hrhub.store.schema import ENTITY_TABLES, SEALED_PERSONAL, SEALED_SENSITIVE

_GROUPS = ((SEALED_PERSONAL, Privacy.PERSONAL), (SEALED_SENSITIVE, Privacy.SENSITIVE))
_TOLD = "hub_contribution"
ALL_CLASSES = frozenset({Privacy.PERSONAL, Privacy.SENSITIVE})
_CARRIED = ("id", "link_id", "created_at", "updated_at", "removed_at", "removal_reason")


@dataclass(frozen=True, slots=True)
class Opened:
    """A row: open columns, opened values, and whether its key was destroyed."""

    columns: Mapping[str, Any]
    values: Mapping[str, Any]
    erased: bool


class Opener:
    """Opens rows of one tenant.

    Args:
        keys: The tenant's keys.
        cache: Remembers unwrapped data keys.
    """

    def __init__(self, keys: TenantKeys, cache: DataKeyCache) -> None:
        self._keys = keys
        self._cache = cache

    def rows(
        self,
        tx: Connection,
        entity: str,
        by: str,
        values: Collection[str],
        classes: Collection[Privacy] = ALL_CLASSES,
        *,
        removed: bool = False,
    ) -> list[Opened]:
        """Return the rows of an entity whose column has one of the values, opened, oldest first.

        Args:
            tx: The transaction.
            entity: Which.
            by: The column.
            values: What it has to be.
            classes: Which sealed groups to open.
            removed: Also rows that their source removed.

        Raises:
            KeysUnavailable: A row's key is not in the store (``keys.subject_missing``).
            EnvelopeError: A row was changed behind the hub's back.
        """
        table = ENTITY_TABLES[entity]
        declared = ENTITIES[entity]
        groups = [g for g, privacy in _GROUPS if g in table.c and privacy in classes]
        own = [c.name for c in table.c if c.name in ("provenance", "subject_id")]
        history = (
            ("series_id", "valid_from", "valid_to", "seq", "recorded_at", "superseded_at")
            if declared.history
            else ()
        )
        fields = [*(f.name for f in declared.of(Privacy.OPEN)), custom.COLUMN]
        sync = ("sync_id",) if declared.fact else ()
        names = list(dict.fromkeys([*_CARRIED, *own, *history, *sync, *fields, *groups]))
        found = [
            dict(zip(names, row, strict=True))
            for row in bulk.fetch_by(tx, table, by, values, names, {"tenant": self._keys.tenant})
        ]
        rows = [row for row in found if removed or row["removed_at"] is None]
        rows.sort(key=lambda row: (row["created_at"], row["id"]))
        keys = self.keys(tx, [row[g] for row in rows for g in groups if row[g] is not None])
        opened = [self._row(entity, row, fields, groups, keys) for row in rows]
        if any(name.startswith(custom.PREFIX) for row in opened for name in row.values):
            registered = custom_fields.known(tx, self._keys.tenant).of(entity)
            return [_with_custom(entity, row, registered, classes) for row in opened]
        return opened

    def keys(self, tx: Connection, envelopes: Sequence[bytes]) -> dict[bytes, DataKey | None]:
        """Return the keys that sealed envelopes, by their ids; None where one was destroyed.

        Their records are read even if the keys are remembered: whoever was erased a moment ago, by
        whatever process, is not opened any more.
        """
        ids = {bytes(dek_id_of(e)) for e in envelopes}
        return {
            bytes(record.dek_id): None
            if record.state == "destroyed"
            else self._cache.load(record, self._keys)
            for record in key_store.load_deks_by_id(tx, ids)
        }

    def told(
        self, tx: Connection, rows: Sequence[tuple[str, str, str, bytes]]
    ) -> list[dict[str, Any] | None]:
        """Open what sources tell of rows: (entity, row id, link id, envelope); None if erased."""
        keys = self.keys(tx, [sealed for *_, sealed in rows])
        found: list[dict[str, Any] | None] = []
        for entity, row_id, link_id, sealed in rows:
            key = self._key(keys, sealed, row_id)
            if key is None:
                found.append(None)
                continue
            _, body = key.open(
                sealed, entity=_TOLD, field_path="sealed_told", row_uid=f"{row_id}/{link_id}"
            )
            found.append(typed(entity, msgspec.json.decode(body)))
        return found

    def _row(
        self,
        entity: str,
        row: dict[str, Any],
        fields: Sequence[str],
        groups: Sequence[str],
        keys: Mapping[bytes, DataKey | None],
    ) -> Opened:
        values: dict[str, Any] = {n: row[n] for n in fields if row[n] is not None}
        values = custom.flattened(values)
        erased = False
        for group in groups:
            envelope = row.pop(group)
            if envelope is None:
                continue
            key = self._key(keys, envelope, row["id"])
            if key is None:
                erased = True
                continue
            opened = open_group(key, self._keys.tenant, entity, group, row["id"], envelope)
            values |= {n: v for n, v in typed(entity, opened).items() if v is not None}
        return Opened(row, values, erased)

    @staticmethod
    def _key(keys: Mapping[bytes, DataKey | None], envelope: bytes, row_id: str) -> DataKey | None:
        key_id = bytes(dek_id_of(envelope))
        if key_id not in keys:
            raise KeysUnavailable("keys.subject_missing", person=row_id)
        return keys[key_id]


def _with_custom(
    entity: str, row: Opened, own: Mapping[str, Field], classes: Collection[Privacy]
) -> Opened:
    """Return a row with its custom values as their types, those of other classes left out.

    A value may still lie in the group of its former class while it moves: what is registered
    decides, and what is not is sensitive.
    """

    def seen(name: str) -> bool:
        if not name.startswith(custom.PREFIX):
            return True
        privacy = own[name].privacy if name in own else Privacy.SENSITIVE
        return privacy is Privacy.OPEN or privacy in classes

    values = {n: v for n, v in row.values.items() if seen(n)}
    told = {n: v for n, v in values.items() if n in own}
    return replace(row, values=values | typed(entity, told, own))
