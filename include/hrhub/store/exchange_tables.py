"""What is to be written back to vendors, and what vendors reported by themselves.

A claim (``holder``, ``claimed_until``) is written by the database's clock, never by a worker's.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from hrhub.store.base import metadata
from hrhub.store.types import JsonText, Key, RowId, UtcTs

_Number = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts by itself only in a column of exactly this type."""

hub_outbox = Table(
    "hub_outbox",
    metadata,
    Column("number", _Number, primary_key=True, comment="order in which writes are sent"),
    Column("id", RowId, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("sink", Text, nullable=False),
    Column("key", Text, nullable=False, comment="idempotency key, the same for every try"),
    Column("lane", Key, nullable=False, comment="keyed hash of what writes stay in order for"),
    Column("person_id", RowId, comment="person whose key seals the values"),
    Column("fields", JsonText, nullable=False, comment="canonical names, no values"),
    Column("sealed_values", Key, comment="NULL once nobody needs them any more"),
    Column(
        "state",
        Text,
        nullable=False,
        comment="pending, sent, unchanged, refused, unknown, dead, dropped",
    ),
    Column(
        "doubtful",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="a try was begun and its answer never came",
    ),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcTs, nullable=False),
    Column("sealed_vendor_id", Key),
    Column("code", Text, comment="of the message catalogue: why it is not written"),
    Column("vendor_code", Text),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", RowId, comment="run that asked for it, if one"),
    Column("decided_by", Text, comment="who dropped it or sent it once more"),
    Column("decision", Text, comment="why, chosen from a list"),
    Column("holder", Text),
    Column("claimed_until", UtcTs),
    Column("created_at", UtcTs, nullable=False),
    Column("updated_at", UtcTs, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("tenant", "connection", "sink", "key"),
    Index(None, "tenant", "state", "connection", "sink", "number"),
    Index(None, "lane", "number"),
    Index(None, "holder"),
    Index(None, "person_id"),
    comment="Writes to vendors: decided in one transaction with their cause, sent afterwards.",
)

hub_inbox = Table(
    "hub_inbox",
    metadata,
    Column("number", _Number, primary_key=True, comment="order of arrival"),
    Column("id", RowId, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("events", Integer, nullable=False, comment="how many it tells of"),
    Column("size", Integer, nullable=False, comment="bytes of the body"),
    Column("sealed_request", Key, nullable=False, comment="the request as it came"),
    Column("state", Text, nullable=False, comment="waiting, done, unreadable, discarded"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", UtcTs, nullable=False),
    Column("code", Text, comment="of the message catalogue: why it is not done"),
    Column("rule", Text, comment="what it broke, if it cannot be read"),
    Column("decided_by", Text, comment="who discarded it or had it read once more"),
    Column("decision", Text, comment="why, chosen from a list"),
    Column("holder", Text),
    Column("claimed_until", UtcTs),
    Column("received_at", UtcTs, nullable=False),
    Column("updated_at", UtcTs, nullable=False),
    UniqueConstraint("id"),
    Index(None, "tenant", "state", "connection", "number"),
    Index(None, "holder"),
    comment="Requests of vendors, kept before they are answered.",
)

hub_inbox_event = Table(
    "hub_inbox_event",
    metadata,
    Column(
        "event_key", Key, primary_key=True, comment="keyed hash of receiver and event, 16 bytes"
    ),
    Column("received_at", UtcTs, nullable=False),
    Index(None, "received_at"),
    comment="Events that came already: vendors repeat them for days.",
    sqlite_with_rowid=False,
)
