"""The outbox: what is to be written to vendors, put down together with what caused it.

Nothing is sent here. A write is a row that is committed with its cause or not at all; sending it is
``hrhub.pipeline.delivery``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hrhub.ambient import new_id
from hrhub.connector import Connector, Sink
from hrhub.crypto import DataKey, EnvelopeError, TenantKeys, audit_linker
from hrhub.errors import ConfigError, KeysUnavailable, Refused
from hrhub.identity import resolve_ids
from hrhub.model.masking import mask_feed
from hrhub.pipeline.parcel import key_of, open_parcel, seal_parcel
from hrhub.pipeline.personal import person_fields
from hrhub.reading.opening import Opener
from hrhub.store import audit
from hrhub.store import keys as key_store
from hrhub.store import outbox as table
from hrhub.store.outbox import Queued
from hrhub.store.types import is_row_id

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

RETRY_REASONS = ("not_arrived", "mended_at_vendor", "mended_here", "vendor_back")
"""Why somebody has a write sent once more (closed list; free text may hold names)."""
DROP_REASONS = ("arrived", "done_by_hand", "obsolete", "wrong", "test_data", "no_legal_basis")
"""Why somebody lets go of a write."""
ERASED = "erased"
"""Why the writes of somebody whose data was erased are dropped."""

_TABLE = "hub_outbox"
_PURPOSE = "outbox"
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """A wish to write one record to a vendor.

    Attributes:
        values: By canonical feed name; they go before what the store knows of the person.
        person: Person whose fields are taken from the store: those that the sink declares.
        employment: Which spell of the person; None for the latest.
        subject: What writes stay in order for, if not the person: a device, a unit.
        key: Name of this write: asking for the same one again changes nothing.
        actor: Who asks: ``cli:…``, ``user:…``, ``dag:…``, ``sync:…``.
        reason: Why, as one word like ``hired`` or ``exit.access_withdrawn``.
        run_id: Run that asks, if one.
    """

    values: Mapping[str, Any]
    person: str | None = None
    employment: str | None = None
    subject: str | None = None
    key: str | None = None
    actor: str
    reason: str
    run_id: str | None = None


class Outbox:
    """The outbox of one tenant."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._keys: TenantKeys = hub.keys
        self._opener = Opener(hub.keys, hub.data_keys)
        self._lane_key = hub.keys.fingerprint_key("outbox/lane")

    def add(
        self, tx: Connection, connector: Connector, connection: str, sink: str, wish: WriteRequest
    ) -> Queued:
        """Put a write down in the caller's transaction; return it, or the one of the same key.

        Raises:
            ConfigError: No such sink (``sink.unknown``), a field that it does not write
                (``outbox.field_unknown``), or a reason that is not one word (``outbox.reason``).
            Refused: A field it requires is not known (``outbox.field_missing``), or there is nobody
                of that id (``outbox.person_unknown``).
        """
        declared = connector.sink(sink)
        if not _WORD.fullmatch(wish.reason):
            raise ConfigError("outbox.reason")
        write_id = new_id()
        key = self._keys.idempotency_key(f"{connection}/{sink}", "write", wish.key or write_id, 0)
        known = table.find(tx, self._keys.tenant, connection, sink, key) if wish.key else None
        if known is not None:
            return known
        person = self._person(tx, wish)
        values = self._values(tx, declared, connection, person, wish)
        seal_key = self._key(tx, write_id, person)
        now = self._hub.clock.now()
        row = Queued(
            id=write_id,
            tenant=self._keys.tenant,
            connection=connection,
            connector=connector.name,
            sink=sink,
            key=key,
            lane=self.lane(connection, wish.subject or person or write_id),
            person_id=person,
            fields=sorted(values),
            sealed_values=seal_parcel(
                self._keys,
                seal_key,
                values,
                table=_TABLE,
                connection=connection,
                row_id=write_id,
            ),
            state=table.PENDING,
            next_try_at=now,
            actor=wish.actor,
            reason=wish.reason,
            run_id=wish.run_id,
            created_at=now,
            updated_at=now,
        )
        if not table.add(tx, row):
            again = table.find(tx, self._keys.tenant, connection, sink, key)
            assert again is not None, "a write that is there already can be found"
            return again
        self._audit(tx, now, wish.actor, "outbox.add", [row], reason=wish.reason)
        stored = table.get(tx, self._keys.tenant, write_id)
        assert stored is not None
        return stored

    def preview(
        self, tx: Connection, connector: Connector, connection: str, sink: str, wish: WriteRequest
    ) -> dict[str, Any]:
        """Return the values that :meth:`add` would put down; nothing is written.

        Raises:
            HrHubError: As :meth:`add`.
        """
        person = self._person(tx, wish)
        return self._values(tx, connector.sink(sink), connection, person, wish)

    def lane(self, connection: str, subject: str) -> bytes:
        """Return the mark of what writes of a connection stay in order for."""
        text = f"{connection}\x1f{subject}".encode()
        return blake2b(text, key=self._lane_key, digest_size=16).digest()

    def values(self, tx: Connection, row: Queued) -> dict[str, Any] | None:
        """Open the values of a write; None if nobody can open them any more.

        Raises:
            KeysUnavailable: The key cannot be had now.
        """
        if row.sealed_values is None:
            return None
        try:
            key = key_of(tx, self._keys, row.sealed_values)
            opened: dict[str, Any] = open_parcel(
                key, row.sealed_values, table=_TABLE, connection=row.connection, row_id=row.id
            )
        except EnvelopeError:
            return None
        except KeysUnavailable as error:
            if error.code in ("keys.erased", "keys.unknown"):
                return None
            raise
        return opened

    def get(self, write_id: str) -> Queued:
        """Return a write.

        Raises:
            ConfigError: There is none of that id (``outbox.unknown``).
        """
        with self._hub.store.read() as tx:
            return self._get(tx, write_id)

    def masked(self, row: Queued) -> dict[str, str] | None:
        """Return the values of a write as they may be shown; None if they are gone."""
        with self._hub.store.read() as tx:
            values = self.values(tx, row)
        return None if values is None else {n: mask_feed(n, v) for n, v in values.items()}

    def seal_vendor_id(self, tx: Connection, row: Queued, vendor_id: str | None) -> bytes | None:
        """Seal what the vendor calls the thing written, under the key of its values."""
        if vendor_id is None or row.sealed_values is None:
            return None
        return seal_parcel(
            self._keys,
            key_of(tx, self._keys, row.sealed_values),
            vendor_id,
            table=f"{_TABLE}.vendor_id",
            connection=row.connection,
            row_id=row.id,
        )

    def vendor_id(self, tx: Connection, row: Queued) -> str | None:
        """Open what the vendor calls the thing written; None if it gave no id or it is gone."""
        if row.sealed_vendor_id is None:
            return None
        try:
            key = key_of(tx, self._keys, row.sealed_vendor_id)
            return str(
                open_parcel(
                    key,
                    row.sealed_vendor_id,
                    table=f"{_TABLE}.vendor_id",
                    connection=row.connection,
                    row_id=row.id,
                )
            )
        except (EnvelopeError, KeysUnavailable):
            return None

    def retry(self, write_id: str, reason: str, *, actor: str) -> Queued:
        """Send a write once more that waits for a person, or at once one that waits for its time.

        Raises:
            ConfigError: ``outbox.unknown``, ``outbox.decision``.
            Refused: It is under way or settled (``outbox.state``), or a later write about the same
                has arrived and this one would undo it (``outbox.overtaken``).
        """
        if reason not in RETRY_REASONS:
            raise ConfigError("outbox.decision", known=", ".join(RETRY_REASONS))
        now = self._hub.clock.now()
        with self._hub.store.write() as tx:
            row = self._get(tx, write_id)
            if row.state not in (table.PENDING, *table.STUCK):
                raise Refused("outbox.state", write=write_id, state=row.state)
            if table.overtaken(tx, row):
                raise Refused("outbox.overtaken", write=write_id)
            values: dict[str, Any] = {
                "state": table.PENDING,
                "attempts": 0,
                "next_try_at": now,
                "code": None,
                "vendor_code": None,
            }
            if row.state != table.PENDING:
                # Whoever decided has looked; a sink that can look for itself does so once more.
                values["doubtful"] = row.state == table.DEAD and row.doubtful
            self._decide(tx, row, now, actor, reason, "outbox.retry", values)
            return replace(row, state=table.PENDING, attempts=0, next_try_at=now)

    def drop(self, write_id: str, reason: str, *, actor: str) -> Queued:
        """Let go of a write that is not sent yet; its values are forgotten.

        Raises:
            ConfigError: ``outbox.unknown``, ``outbox.decision``.
            Refused: It is under way or settled (``outbox.state``).
        """
        if reason not in DROP_REASONS:
            raise ConfigError("outbox.decision", known=", ".join(DROP_REASONS))
        now = self._hub.clock.now()
        with self._hub.store.write() as tx:
            row = self._get(tx, write_id)
            if row.state not in (table.PENDING, *table.STUCK):
                raise Refused("outbox.state", write=write_id, state=row.state)
            values = {"state": table.DROPPED, "sealed_values": None}
            self._decide(tx, row, now, actor, reason, "outbox.drop", values)
            return replace(row, state=table.DROPPED, sealed_values=None)

    def _decide(
        self,
        tx: Connection,
        row: Queued,
        now: datetime,
        actor: str,
        reason: str,
        act: str,
        values: Mapping[str, Any],
    ) -> None:
        if not table.decide(tx, row, now, by=actor, decision=reason, values=values):
            raise Refused("outbox.state", write=row.id, state=row.state)
        self._audit(tx, now, actor, act, [row], reason=reason)

    def _get(self, tx: Connection, write_id: str) -> Queued:
        row = table.get(tx, self._keys.tenant, write_id) if is_row_id(write_id) else None
        if row is None:
            raise ConfigError("outbox.unknown", write=write_id[:40])
        return row

    def _audit(
        self,
        tx: Connection,
        now: datetime,
        actor: str,
        act: str,
        rows: Sequence[Queued],
        **facts: object,
    ) -> None:
        audit.append(
            tx,
            audit_linker(self._keys),
            self._keys.tenant,
            at=now,
            actor=actor,
            action=act,
            object_=f"{rows[0].connection}/{rows[0].sink}",
            run_id=rows[0].run_id,
            rows=[row.id for row in rows],
            n=len(rows),
            **facts,
        )

    def _person(self, tx: Connection, wish: WriteRequest) -> str | None:
        if wish.person is None:
            return None
        if not is_row_id(wish.person):
            raise Refused("outbox.person_unknown", person=wish.person[:40])
        return resolve_ids(tx, [wish.person])[wish.person]

    def _values(
        self,
        tx: Connection,
        sink: Sink,
        connection: str,
        person: str | None,
        wish: WriteRequest,
    ) -> dict[str, Any]:
        if unknown := wish.values.keys() - set(sink.fields):
            raise ConfigError(
                "outbox.field_unknown",
                connection=connection,
                sink=sink.name,
                field=min(unknown)[:60],
                known=", ".join(sink.fields),
            )
        values = dict(wish.values)
        if person is not None:
            wanted = [name for name in sink.fields if name not in values]
            values |= person_fields(tx, self._opener, person, wanted, employment_id=wish.employment)
        missing = [name for name in sink.required if values.get(name) is None]
        if missing:
            raise Refused(
                "outbox.field_missing",
                connection=connection,
                sink=sink.name,
                fields=", ".join(missing),
            )
        return values

    def _key(self, tx: Connection, write_id: str, person: str | None) -> DataKey:
        """Return the person's key, so that erasing them erases this; else one for this write."""
        if person is not None:
            found = key_store.load_deks(tx, self._keys.tenant, [person])
            if not found:
                raise Refused("outbox.person_unknown", person=person[:40])
            return self._keys.load_dek(found[0])
        [(record, key)] = self._keys.create_deks(_PURPOSE, [f"outbox:{write_id}"])
        key_store.insert_deks(tx, [record])
        return key
