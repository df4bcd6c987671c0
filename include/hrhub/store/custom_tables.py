"""The table of custom fields: what a tenant has registered, and since when."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from hrhub.store.base import metadata
from hrhub.store.types import JsonText, UtcTs

hub_custom_field = Table(
    "hub_custom_field",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("privacy", Text, nullable=False, comment="open, personal, sensitive"),
    Column("codes", JsonText, nullable=False, comment="what closes a field of kind code"),
    Column("title", JsonText, nullable=False, comment="language -> text"),
    Column("content", Text, nullable=False, comment="hash of kind, class, codes and title"),
    Column("moving_from", Text, comment="class of before, while stored values are moved"),
    Column("since", UtcTs, nullable=False),
    Column("changed_at", UtcTs, nullable=False),
    Column("actor", Text, nullable=False, comment="who registered or changed it last"),
    comment="Custom fields of a tenant; they are never taken back.",
)
