"""Makes the tables that workers share when they ask a vendor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "hub_budget",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False, comment="vendor and connection"),
        sa.Column(
            "full_at_us",
            sa.BigInteger(),
            nullable=False,
            comment="when the bucket is full again, microseconds since 1970",
        ),
        sa.Column(
            "blocked_until",
            types.UtcTs(),
            nullable=True,
            comment="the vendor asked for silence until then",
        ),
        sa.PrimaryKeyConstraint("tenant", "account", name=op.f("pk_hub_budget")),
        comment="Requests that a vendor account may still make: a token bucket.",
    )
    op.create_table(
        "hub_breaker",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column(
            "recent",
            sa.Text(),
            nullable=False,
            comment="latest outcomes, newest last, + or -",
        ),
        sa.Column("good_probes", sa.SmallInteger(), nullable=False),
        sa.Column(
            "next_probe_at",
            types.UtcTs(),
            nullable=True,
            comment="NULL: closed, the origin is asked as usual",
        ),
        sa.PrimaryKeyConstraint("tenant", "origin", name=op.f("pk_hub_breaker")),
        comment="Origins that failed lately, and whether they are left alone.",
    )
    op.create_table(
        "hub_oauth_token",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="vendor, connection, digest of the account",
        ),
        sa.Column("sealed_token", types.Key(), nullable=True),
        sa.Column(
            "refresh_at", types.UtcTs(), nullable=True, comment="from then on a new one is fetched"
        ),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="how often one was fetched"),
        sa.Column("holder", sa.Text(), nullable=True, comment="who is fetching one"),
        sa.Column(
            "lease_until",
            types.UtcTs(),
            nullable=True,
            comment="how long the others wait for the holder",
        ),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_hub_oauth_token")),
        comment="Access tokens, sealed, and who fetches the next one.",
    )
