"""Lets an interview belong to an order, and notes what processes were started for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("interview") as table:
        table.alter_column("application_id", existing_type=types.RowId(), nullable=True)
        table.add_column(
            sa.Column(
                "order_id",
                types.RowId(),
                nullable=True,
                comment="the order that brought it, if one did",
            )
        )
    op.create_index(op.f("ix_interview_order_id"), "interview", ["order_id"])
    op.create_table(
        "hub_process_cause",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False, comment="id of the DAG"),
        sa.Column(
            "row_id",
            types.RowId(),
            nullable=False,
            comment="row that was looked at: an interview",
        ),
        sa.Column("row_version", sa.Integer(), nullable=False, comment="which version of it"),
        sa.Column("run", sa.Text(), nullable=True, comment="id of the run it was started as"),
        sa.Column("seen_at", types.UtcTs(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "process", "row_id", name=op.f("pk_hub_process_cause")),
        comment="What processes were started for, or were not: nothing is started twice.",
    )
    op.create_index(
        op.f("ix_hub_process_cause_tenant_process_run"),
        "hub_process_cause",
        ["tenant", "process", "run"],
    )
