"""Write-backs and reports that do not go on by themselves, in groups: for the operator's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from hrhub.store import inbox, outbox
from hrhub.store.schema import hub_inbox, hub_outbox

LATE = timedelta(minutes=15)
"""How long something may be due before somebody should look who sends or drains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Write-backs or reports of one connection that wait for the same reason.

    Attributes:
        box: ``outbox`` or ``inbox``.
        kind: The sink or the receiver.
        code: Of the message catalogue.
        oldest: Since when the first of them waits.
    """

    box: str
    connection: str
    connector: str
    kind: str
    state: str
    code: str
    count: int
    oldest: datetime


def stuck(tx: Connection, tenant: str, now: datetime, connection: str | None = None) -> list[Stuck]:
    """Return what waits for a person, or was due long ago, by connection."""
    out, in_ = hub_outbox.c, hub_inbox.c
    writes = _grouped(
        hub_outbox,
        out.sink,
        out.created_at,
        or_(
            out.state.in_(outbox.STUCK),
            (out.state == outbox.PENDING) & (out.next_try_at < now - LATE),
        ),
    )
    reports = _grouped(
        hub_inbox,
        in_.receiver,
        in_.received_at,
        or_(
            in_.state == inbox.UNREADABLE,
            (in_.state == inbox.WAITING) & (in_.next_try_at < now - LATE),
        ),
    )
    found: list[Stuck] = []
    for box, table, query, idle in (
        ("outbox", hub_outbox, writes, "outbox.not_sent"),
        ("inbox", hub_inbox, reports, "inbox.not_drained"),
    ):
        query = query.where(table.c.tenant == tenant)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        found += [
            Stuck(
                box=box,
                connection=where,
                connector=connector,
                kind=kind,
                state=state,
                code=idle if state in (outbox.PENDING, inbox.WAITING) else code or idle,
                count=count,
                oldest=oldest,
            )
            for where, connector, kind, state, code, count, oldest in tx.execute(query)
        ]
    return sorted(found, key=lambda s: (s.connection, s.box, s.kind, s.state, s.code))


def _grouped(table: Table, kind: Any, since: Any, condition: Any) -> Any:
    c = table.c
    by = (c.connection, c.connector, kind, c.state, c.code)
    return select(*by, func.count(), func.min(since)).where(condition).group_by(*by)
