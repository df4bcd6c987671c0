"""Tables of identity resolution: merges, what humans are asked, what a run found out."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, Table, Text, UniqueConstraint

from hrhub.store.base import metadata
from hrhub.store.types import JsonText, Key, RowId, UtcTs

hub_merge = Table(
    "hub_merge",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("absorbed_id", RowId, nullable=False, comment="person who is read as the survivor"),
    Column("survivor_id", RowId, nullable=False),
    Column("tier", SmallInteger, nullable=False, comment="0: a human's decision"),
    Column("policy", Text, nullable=False, comment="version of the rules"),
    Column("actor", Text, nullable=False),
    Column("run_id", RowId),
    Column("merged_at", UtcTs, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", UtcTs),
    Index(None, "absorbed_id"),
    Index(None, "survivor_id"),
    comment="Which persons are one, and since when: a log, of which the rows not undone hold.",
)

hub_match_review = Table(
    "hub_match_review",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("left_id", RowId, nullable=False, comment="person with the smaller id"),
    Column("right_id", RowId, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("policy", Text, nullable=False, comment="version of the rules"),
    Column("sealed_evidence", Key, nullable=False, comment="kinds that agree and that differ"),
    Column("state", Text, nullable=False, comment="open, same, different, unsure"),
    Column("run_id", RowId),
    Column("created_at", UtcTs, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", UtcTs),
    UniqueConstraint("tenant", "left_id", "right_id"),
    Index(None, "left_id"),
    Index(None, "right_id"),
    Index(None, "tenant", "state", "created_at"),
    comment="Two people who may be one: what a human is asked, and what was answered.",
)

hub_run_match = Table(
    "hub_run_match",
    metadata,
    Column("run_id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("counts", JsonText, nullable=False, comment="records by how their person was found"),
    comment="How well a run recognised people, in numbers.",
)
