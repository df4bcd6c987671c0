"""Makes the outbox, the inbox, and the memory of events that came already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0007"
down_revision = "0006"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "hub_outbox",
        sa.Column("number", _NUMBER, nullable=False, comment="order in which writes are sent"),
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="idempotency key, the same for every try"
        ),
        sa.Column(
            "lane",
            types.Key(),
            nullable=False,
            comment="keyed hash of what writes stay in order for",
        ),
        sa.Column(
            "person_id", types.RowId(), nullable=True, comment="person whose key seals the values"
        ),
        sa.Column("fields", types.JsonText(), nullable=False, comment="canonical names, no values"),
        sa.Column(
            "sealed_values",
            types.Key(),
            nullable=True,
            comment="NULL once nobody needs them any more",
        ),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="pending, sent, unchanged, refused, unknown, dead, dropped",
        ),
        sa.Column(
            "doubtful",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="a try was begun and its answer never came",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", types.UtcTs(), nullable=False),
        sa.Column("sealed_vendor_id", types.Key(), nullable=True),
        sa.Column(
            "code",
            sa.Text(),
            nullable=True,
            comment="of the message catalogue: why it is not written",
        ),
        sa.Column("vendor_code", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=True, comment="run that asked for it, if one"),
        sa.Column(
            "decided_by", sa.Text(), nullable=True, comment="who dropped it or sent it once more"
        ),
        sa.Column("decision", sa.Text(), nullable=True, comment="why, chosen from a list"),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("claimed_until", types.UtcTs(), nullable=True),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_hub_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_hub_outbox_id")),
        sa.UniqueConstraint(
            "tenant",
            "connection",
            "sink",
            "key",
            name=op.f("uq_hub_outbox_tenant_connection_sink_key"),
        ),
        comment="Writes to vendors: decided in one transaction with their cause, sent afterwards.",
    )
    for columns in (
        ["tenant", "state", "connection", "sink", "number"],
        ["lane", "number"],
        ["holder"],
        ["person_id"],
    ):
        op.create_index(op.f(f"ix_hub_outbox_{'_'.join(columns)}"), "hub_outbox", columns)
    op.create_table(
        "hub_inbox",
        sa.Column("number", _NUMBER, nullable=False, comment="order of arrival"),
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False, comment="how many it tells of"),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the body"),
        sa.Column("sealed_request", types.Key(), nullable=False, comment="the request as it came"),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="waiting, done, unreadable, discarded"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", types.UtcTs(), nullable=False),
        sa.Column(
            "code", sa.Text(), nullable=True, comment="of the message catalogue: why it is not done"
        ),
        sa.Column("rule", sa.Text(), nullable=True, comment="what it broke, if it cannot be read"),
        sa.Column(
            "decided_by",
            sa.Text(),
            nullable=True,
            comment="who discarded it or had it read once more",
        ),
        sa.Column("decision", sa.Text(), nullable=True, comment="why, chosen from a list"),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("claimed_until", types.UtcTs(), nullable=True),
        sa.Column("received_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_hub_inbox")),
        sa.UniqueConstraint("id", name=op.f("uq_hub_inbox_id")),
        comment="Requests of vendors, kept before they are answered.",
    )
    for columns in (["tenant", "state", "connection", "number"], ["holder"]):
        op.create_index(op.f(f"ix_hub_inbox_{'_'.join(columns)}"), "hub_inbox", columns)
    op.create_table(
        "hub_inbox_event",
        sa.Column(
            "event_key",
            types.Key(),
            nullable=False,
            comment="keyed hash of receiver and event, 16 bytes",
        ),
        sa.Column("received_at", types.UtcTs(), nullable=False),
        sa.PrimaryKeyConstraint("event_key", name=op.f("pk_hub_inbox_event")),
        comment="Events that came already: vendors repeat them for days.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_hub_inbox_event_received_at"), "hub_inbox_event", ["received_at"])
