"""Makes the table of what the hub has to do for orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "hub_order",
        sa.Column("order_id", types.RowId(), nullable=False, comment="service_order.id"),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="who placed it"),
        sa.Column(
            "sealed_request",
            types.Key(),
            nullable=True,
            comment="what the vendor is to be told; gone once it has been told",
        ),
        sa.Column(
            "tries",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="how often placing was begun",
        ),
        sa.Column("vendor_status", sa.Text(), nullable=True, comment="the vendor's word"),
        sa.Column("result", sa.Text(), nullable=False, comment="none, wanted, partial, full"),
        sa.Column(
            "result_batch",
            types.RowId(),
            nullable=True,
            comment="landed page that holds the latest result",
        ),
        sa.Column(
            "next_at",
            types.UtcTs(),
            nullable=True,
            comment="when to look again; NULL: there is nothing left to do",
        ),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0", comment="in a row"),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_context", types.JsonText(), nullable=True),
        sa.Column(
            "changed_at", types.UtcTs(), nullable=False, comment="when its status changed last"
        ),
        sa.Column("holder", sa.Text(), nullable=True, comment="who is placing it right now"),
        sa.Column("claimed_until", types.UtcTs(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_order_sync_id_hub_sync")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_hub_order")),
        comment="Orders to vendors: what is left to do for each, and what went wrong.",
    )
    op.create_index(op.f("ix_hub_order_sync_id_next_at"), "hub_order", ["sync_id", "next_at"])
