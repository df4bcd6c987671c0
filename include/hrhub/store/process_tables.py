"""The table of what processes were started for."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from hrhub.store.base import metadata
from hrhub.store.types import RowId, UtcTs

hub_process_cause = Table(
    "hub_process_cause",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("process", Text, primary_key=True, comment="id of the DAG"),
    Column("row_id", RowId, primary_key=True, comment="row that was looked at: an interview"),
    Column("row_version", Integer, nullable=False, comment="which version of it"),
    Column("run", Text, comment="id of the run it was started as"),
    Column("seen_at", UtcTs, nullable=False),
    Index(None, "tenant", "process", "run"),
    comment="What processes were started for, or were not: nothing is started twice.",
)
