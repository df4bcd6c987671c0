"""The audit chain at rest: links are added under a lock on the chain's head, never changed.

What the MACs cover and how they are computed is ``hrhub.crypto.audit``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from hrhub.store.bulk import insert_ignore
from hrhub.store.schema import hub_audit, hub_audit_head
from hrhub.store.types import json_text

Linker = Callable[[bytes, Mapping[str, object]], bytes]
"""``(mac of the link before, event) -> mac``."""
_GENESIS = bytes(32)


def append(
    tx: Connection,
    link: Linker,
    tenant: str,
    *,
    at: datetime,
    actor: str,
    action: str,
    object_: str,
    run_id: str | None = None,
    **facts: object,
) -> int:
    """Add a link to a tenant's chain in the caller's transaction; return its number.

    Args:
        tx: The transaction whose doing is recorded; one link per transaction.
        link: Computes the MAC.
        tenant: Whose chain.
        at: When.
        actor: Who: ``sync:…``, ``user:…`` or ``cli:…``.
        action: What, for example ``sync.apply``.
        object_: To what: an entity, a sync.
        run_id: In which run.
        **facts: Ids (``rows``), field paths (``fields``), counts (``n``), a reason code; no values.
    """
    head = hub_audit_head
    lock = select(head.c.seq, head.c.mac).where(head.c.tenant == tenant).with_for_update()
    last = tx.execute(lock).one_or_none()
    if last is None:  # the first link of all
        insert_ignore(tx, head, ("tenant", "seq", "mac"), [(tenant, 0, _GENESIS)], ("tenant",))
        last = tx.execute(lock).one()
    seq, prev = last
    seq += 1
    event: dict[str, object] = {
        **{name: value for name, value in facts.items() if value is not None},
        "act": action,
        "actor": actor,
        "obj": object_,
        "seq": seq,
        "tenant": tenant,
        "ts": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if run_id is not None:
        event["run"] = run_id
    mac = link(prev, event)
    add = insert(hub_audit).values(
        tenant=tenant,
        seq=seq,
        ts=at,
        actor=actor,
        action=action,
        object=object_,
        run_id=run_id,
        event=json_text(event),
        prev=prev,
        mac=mac,
    )
    move = update(head).where(head.c.tenant == tenant).values(seq=seq, mac=mac)
    if tx.dialect.name == "postgresql":  # both in one round trip
        tx.execute(add.add_cte(move.cte("moved")))
    else:
        tx.execute(add)
        tx.execute(move)
    return int(seq)


def links(
    tx: Connection, tenant: str, *, first_seq: int = 1
) -> Iterator[tuple[Mapping[str, Any], bytes]]:
    """Yield (event, mac) in order, as ``hrhub.crypto.audit.verify_links`` takes them.

    An event whose searchable columns were changed is yielded without its number, so that the
    check stops there: the MAC covers the event, and the columns must say the same.
    """
    a = hub_audit.c
    query = select(hub_audit).where(a.tenant == tenant, a.seq >= first_seq).order_by(a.seq)
    for row in tx.execute(query):
        event: dict[str, Any] = msgspec.json.decode(row.event)
        columns = (row.tenant, row.seq, row.actor, row.action, row.object, row.run_id)
        covered = tuple(event.get(n) for n in ("tenant", "seq", "actor", "act", "obj", "run"))
        stamp = row.ts.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if columns != covered or stamp != event.get("ts"):
            event.pop("seq", None)
        yield event, row.mac


def head(tx: Connection, tenant: str) -> tuple[int, bytes]:
    """Return number and MAC of a tenant's last link; (0, zeros) before the first."""
    h = hub_audit_head.c
    row = tx.execute(select(h.seq, h.mac).where(h.tenant == tenant)).one_or_none()
    return (0, _GENESIS) if row is None else (row.seq, row.mac)


def heads(tx: Connection) -> dict[str, tuple[int, bytes]]:
    """Return number and MAC of the last link of every tenant's chain."""
    h = hub_audit_head.c
    return {tenant: (seq, mac) for tenant, seq, mac in tx.execute(select(h.tenant, h.seq, h.mac))}
