"""Makes the tables of identity resolution."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "hub_merge",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "absorbed_id",
            types.RowId(),
            nullable=False,
            comment="person who is read as the survivor",
        ),
        sa.Column("survivor_id", types.RowId(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False, comment="0: a human's decision"),
        sa.Column("policy", sa.Text(), nullable=False, comment="version of the rules"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=True),
        sa.Column("merged_at", types.UtcTs(), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", types.UtcTs(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_merge")),
        comment="Which persons are one, and since when: a log, of which the rows not undone hold.",
    )
    op.create_index(op.f("ix_hub_merge_absorbed_id"), "hub_merge", ["absorbed_id"], unique=False)
    op.create_index(op.f("ix_hub_merge_survivor_id"), "hub_merge", ["survivor_id"], unique=False)
    op.create_table(
        "hub_match_review",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("left_id", types.RowId(), nullable=False, comment="person with the smaller id"),
        sa.Column("right_id", types.RowId(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False, comment="version of the rules"),
        sa.Column(
            "sealed_evidence",
            types.Key(),
            nullable=False,
            comment="kinds that agree and that differ",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="open, same, different, unsure"),
        sa.Column("run_id", types.RowId(), nullable=True),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", types.UtcTs(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_match_review")),
        sa.UniqueConstraint(
            "tenant",
            "left_id",
            "right_id",
            name=op.f("uq_hub_match_review_tenant_left_id_right_id"),
        ),
        comment="Two people who may be one: what a human is asked, and what was answered.",
    )
    for columns in (["left_id"], ["right_id"], ["tenant", "state", "created_at"]):
        op.create_index(
            op.f(f"ix_hub_match_review_{'_'.join(columns)}"),
            "hub_match_review",
            columns,
            unique=False,
        )
    op.create_table(
        "hub_run_match",
        sa.Column("run_id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "counts",
            types.JsonText(),
            nullable=False,
            comment="records by how their person was found",
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_hub_run_match")),
        comment="How well a run recognised people, in numbers.",
    )
