"""The keys of a store that is about to be replaced: what was rotated or destroyed stays so.

A backup holds the key table of its day. Where it and the store that it replaces know the same key,
the store is right: a key destroyed since stays destroyed, one wrapped anew stays wrapped so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from hrhub.store import erasure
from hrhub.store.schema import hub_dek, hub_key

_KEPT = "hub_kept_key"
_KEPT_DEKS = "hub_kept_dek"
_DEK_CHANGES = ("twk_id", "wrapped", "commit", "state", "uses", "destroyed_at")


@dataclass(frozen=True, slots=True)
class StandingKeys:
    """Keys kept aside inside a transaction, in tables of its own.

    ``_lost`` names by tenant the people who have no key left but destroyed ones.
    """

    _lost: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def keep(cls, tx: Connection) -> StandingKeys:
        """Keep the keys that the store holds now."""
        drop = " ON COMMIT DROP" if tx.dialect.name == "postgresql" else ""
        for kept, table in ((_KEPT, hub_key), (_KEPT_DEKS, hub_dek)):
            tx.exec_driver_sql(f"CREATE TEMPORARY TABLE {kept}{drop} AS SELECT * FROM {table.name}")
        tenants = tx.execute(select(hub_key.c.tenant).distinct()).scalars().all()
        return cls({tenant: erasure.lost(tx, tenant) for tenant in tenants})

    def lost(self, tenant: str) -> list[str]:
        """Return the people of a tenant who were erased in the store as it was."""
        return self._lost.get(tenant, [])

    def apply(self, tx: Connection) -> None:
        """Let the kept keys stand in for the same keys of the archive, and add newer ones."""
        for kept, table, key, columns in (
            (_KEPT, hub_key, "key_id", ("kek_ref", "blob", "state")),
            (_KEPT_DEKS, hub_dek, "dek_id", _DEK_CHANGES),
        ):
            names = ", ".join(f'"{c}"' for c in columns)
            tx.exec_driver_sql(
                f"UPDATE {table.name} SET ({names}) = "
                f"(SELECT {names} FROM {kept} k WHERE k.{key} = {table.name}.{key}) "
                f"WHERE {key} IN (SELECT {key} FROM {kept})"
            )
        every = ", ".join(f'"{c.name}"' for c in hub_key.columns)
        # Keys of one line only: a store that was made anew has other keys under the same numbers.
        tx.exec_driver_sql(
            f"INSERT INTO {hub_key.name} ({every}) SELECT {every} FROM {_KEPT} k WHERE EXISTS "
            f"(SELECT 1 FROM {hub_key.name} h JOIN {_KEPT} o ON o.key_id = h.key_id "
            "WHERE h.tenant = k.tenant AND h.purpose = k.purpose) "
            f"AND NOT EXISTS (SELECT 1 FROM {hub_key.name} h WHERE h.tenant = k.tenant "
            "AND h.purpose = k.purpose AND h.version = k.version)"
        )
        every = ", ".join(f'"{c.name}"' for c in hub_dek.columns)
        tx.exec_driver_sql(
            f"INSERT INTO {hub_dek.name} ({every}) SELECT {every} FROM {_KEPT_DEKS} k "
            "WHERE k.purpose = 'subject' "
            f"AND k.dek_id NOT IN (SELECT dek_id FROM {hub_dek.name}) AND k.owner IN "
            f"(SELECT owner FROM {hub_dek.name} WHERE purpose = 'subject')"
        )
        for kept in (_KEPT, _KEPT_DEKS):
            tx.exec_driver_sql(f"DROP TABLE {kept}")
