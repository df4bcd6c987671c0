"""The table of what the hub has to do for an order; what was ordered is in ``service_order``."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from hrhub.store.base import metadata
from hrhub.store.types import JsonText, Key, RowId, UtcTs

hub_order = Table(
    "hub_order",
    metadata,
    Column("order_id", RowId, primary_key=True, comment="service_order.id"),
    Column("tenant", Text, nullable=False),
    Column("sync_id", Integer, ForeignKey("hub_sync.id"), nullable=False),
    Column("actor", Text, nullable=False, comment="who placed it"),
    Column(
        "sealed_request", Key, comment="what the vendor is to be told; gone once it has been told"
    ),
    Column(
        "tries", Integer, nullable=False, server_default="0", comment="how often placing was begun"
    ),
    Column("vendor_status", Text, comment="the vendor's word"),
    Column("result", Text, nullable=False, comment="none, wanted, partial, full"),
    Column("result_batch", RowId, comment="landed page that holds the latest result"),
    Column("next_at", UtcTs, comment="when to look again; NULL: there is nothing left to do"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("error_code", Text),
    Column("error_context", JsonText),
    Column("changed_at", UtcTs, nullable=False, comment="when its status changed last"),
    Column("holder", Text, comment="who is placing it right now"),
    Column("claimed_until", UtcTs),
    Index(None, "sync_id", "next_at"),
    comment="Orders to vendors: what is left to do for each, and what went wrong.",
)
