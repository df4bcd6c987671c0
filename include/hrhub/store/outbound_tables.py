"""Tables that workers share when they ask a vendor: request budgets, circuits, access tokens.

All moments in them are written by the database, never by a worker.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, SmallInteger, Table, Text

from hrhub.store.base import metadata
from hrhub.store.types import Key, UtcTs

hub_budget = Table(
    "hub_budget",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("account", Text, primary_key=True, comment="vendor and connection"),
    Column(
        "full_at_us",
        BigInteger,
        nullable=False,
        comment="when the bucket is full again, microseconds since 1970",
    ),
    Column("blocked_until", UtcTs, comment="the vendor asked for silence until then"),
    comment="Requests that a vendor account may still make: a token bucket.",
)

hub_breaker = Table(
    "hub_breaker",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column(
        "recent",
        Text,
        nullable=False,
        comment="latest outcomes, newest last, + or -",
    ),
    Column("good_probes", SmallInteger, nullable=False),
    Column("next_probe_at", UtcTs, comment="NULL: closed, the origin is asked as usual"),
    comment="Origins that failed lately, and whether they are left alone.",
)

hub_oauth_token = Table(
    "hub_oauth_token",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="vendor, connection, digest of the account"),
    Column("sealed_token", Key),
    Column("refresh_at", UtcTs, comment="from then on a new one is fetched"),
    Column("version", BigInteger, nullable=False, comment="how often one was fetched"),
    Column("holder", Text, comment="who is fetching one"),
    Column("lease_until", UtcTs, comment="how long the others wait for the holder"),
    comment="Access tokens, sealed, and who fetches the next one.",
)
