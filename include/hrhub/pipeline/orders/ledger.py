"""One transaction on orders: their rows opened, changed, sealed again, and linked to vendor ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hrhub.ambient import new_id
from hrhub.crypto import audit_linker
from hrhub.errors import ConfigError, ContractChanged
from hrhub.pipeline.batch import Batch, Sync
from hrhub.pipeline.links import Links
from hrhub.pipeline.subjects import Subjects
from hrhub.pipeline.survivorship import Policy
from hrhub.pipeline.writes import StoredRow, Writes, shape, stored
from hrhub.store import audit, bulk, custom_fields, syncs
from hrhub.store.engine import Tx
from hrhub.store.orders import Order, listed
from hrhub.store.schema import hub_order

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

ORDER = "service_order"
_JSON_TYPE = 7
_REQUEST = ("hub_order", "sealed_request")
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An order service of one connection; ``connector`` is None where only its ids matter."""

    connection: str
    connector: str | None
    name: str


@dataclass
class Ledger:
    """An open transaction. Values that it opens live in memory only.

    Attributes:
        tx: The transaction.
        batch: What its reading and writing of rows goes through.
    """

    hub: Hub
    tx: Tx
    batch: Batch

    @property
    def now(self) -> datetime:
        """The moment of everything it writes."""
        return self.batch.now

    @property
    def tenant(self) -> str:
        """Whose orders they are."""
        return self.batch.sync.tenant

    def rows(self, entity: str, by: str, values: Collection[str]) -> list[StoredRow]:
        """Return the living rows of an entity whose column has one of the values, opened."""
        found = bulk.fetch_by(
            self.tx,
            shape(entity).table,
            by,
            values,
            ("id",),
            {"tenant": self.tenant, "removed_at": None},
        )
        rows = stored(self.batch, entity, [row_id for (row_id,) in found])
        return [rows[row_id] for row_id in sorted(rows)]

    def order(self, order_id: str) -> Order:
        """Return an order as it stands.

        Raises:
            ConfigError: There is none of that id (``order.unknown``).
        """
        return one_order(self.tx, self.tenant, order_id)

    def orders(self, ids: Collection[str]) -> dict[str, StoredRow]:
        """Return orders as they stand, opened, by id."""
        return stored(self.batch, ORDER, list(ids))

    def add(self, entity: str, row_id: str, values: Mapping[str, Any], person_id: str) -> None:
        """Add a row about a person."""
        self.batch.subjects.load(self.tx, [person_id])
        self.batch.writes.insert(entity, row_id, values, self._content(values), subject=person_id)

    def change(self, entity: str, row: StoredRow, changes: Mapping[str, Any]) -> bool:
        """Change a row where it differs; tell whether it did."""
        values = {**row.values, **{n: v for n, v in changes.items() if v is not None}}
        if values == row.values:
            return False
        self.batch.writes.update(
            entity,
            row.id,
            values,
            self._content(values),
            row.row_version + 1,
            subject=row.subject,
            provenance=row.provenance,
        )
        return True

    def enter(self, row: Mapping[str, Any]) -> None:
        """Add what is left to do for a new order."""
        bulk.insert(self.tx, hub_order, tuple(row), [tuple(row.values())])

    def link(self, order_id: str, vendor_id: str, aliases: Iterable[str] = ()) -> None:
        """Remember under which ids the vendor, and pages that landed, name an order.

        Raises:
            ContractChanged: The vendor gave the id to another order before (``order.id_repeated``).
        """
        sync = self.batch.sync
        keys = {sync.key_of(name): name for name in (vendor_id, order_id, *aliases)}
        known = self.batch.links.targets(self.tx, ORDER, list(keys))
        if known.get(sync.key_of(vendor_id), order_id) != order_id:
            raise ContractChanged("order.id_repeated", order=order_id)
        for key in keys.keys() - known.keys():
            self.batch.writes.link(new_id(), ORDER, order_id, key)

    def seal_request(self, order_id: str, person_id: str, request: Mapping[str, Any]) -> bytes:
        """Seal what the vendor is to be told with the person's key."""
        self.batch.subjects.load(self.tx, [person_id])
        entity, field_path = _REQUEST
        return self.batch.subjects.key(person_id).seal(
            _encode(request),
            entity=entity,
            field_path=field_path,
            row_uid=order_id,
            type_byte=_JSON_TYPE,
            padded=True,
        )

    def open_request(self, order_id: str, person_id: str, sealed: bytes) -> dict[str, Any]:
        """Open what the vendor is to be told."""
        self.batch.subjects.load(self.tx, [person_id])
        entity, field_path = _REQUEST
        _, body = self.batch.subjects.key(person_id).open(
            sealed, entity=entity, field_path=field_path, row_uid=order_id
        )
        request: dict[str, Any] = msgspec.json.decode(body)
        return request

    def audit(self, action: str, actor: str, rows: Sequence[str], **facts: Any) -> None:
        """Add the transaction's link to the audit chain."""
        audit.append(
            self.tx,
            audit_linker(self.hub.keys),
            self.tenant,
            at=self.now,
            actor=actor,
            action=action,
            object_=ORDER if action.startswith("order.") else "consent",
            rows=list(rows),
            **facts,
        )

    def _content(self, values: Mapping[str, Any]) -> bytes:
        return self.batch.sync.content_of(_encode(values))


def one_order(tx: Tx, tenant: str, order_id: str) -> Order:
    """Return an order as it stands.

    Raises:
        ConfigError: There is none of that id (``order.unknown``).
    """
    try:
        wanted = str(UUID(order_id))
    except ValueError:
        raise ConfigError("order.unknown", order=order_id[:36]) from None
    for found in listed(tx, tenant, ids=[wanted]):
        return found
    raise ConfigError("order.unknown", order=wanted)


@contextmanager
def ledger(hub: Hub, service: Service | None = None, *, write: bool = True) -> Iterator[Ledger]:
    """Open a transaction on orders; what was changed is written when the block ends well.

    ``service`` says whose vendor ids links are made for.
    """
    open_tx = hub.store.write if write else hub.store.read
    subjects = Subjects(hub.keys, hub.data_keys)
    try:
        with open_tx() as tx:
            sync = _sync(hub, tx, service, write=write)
            writes = Writes(sync, hub.clock.now(), subjects)
            batch = Batch(
                tx=tx,
                sync=sync,
                feed=ORDER,
                now=hub.clock.now(),
                links=Links(sync),
                subjects=subjects,
                writes=writes,
            )
            opened = Ledger(hub, tx, batch)
            yield opened
            if write:
                writes.flush(tx)
    finally:
        subjects.end(committed=False)


def sync_id_of(hub: Hub, tx: Tx, service: Service) -> int:
    """Return the number of the sync that results of a service come by, giving it one if new."""
    assert service.connector is not None
    return syncs.sync_id(
        tx, hub.settings.tenant, service.connection, service.name, service.connector
    )


def _sync(hub: Hub, tx: Tx, service: Service | None, *, write: bool) -> Sync:
    connection = service.connection if service else "-"
    number = sync_id_of(hub, tx, service) if service and service.connector and write else 0
    return Sync(
        sync_id=number,
        tenant=hub.settings.tenant,
        connection=connection,
        connector=(service.connector if service else None) or "-",
        stream=service.name if service else "-",
        run_id="",
        mapping_version="",
        keys=hub.keys,
        index=hub.index,
        hash_key=hub.keys.fingerprint_key(f"source/{connection}"),
        policy=Policy(),
        custom=custom_fields.known(tx, hub.settings.tenant),
    )
