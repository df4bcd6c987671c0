"""Lets people read by unit and by actor; from this version on a store has views.

The views themselves are made by ``run.py`` after every migration (``hrhub.store.views``).
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("assignment", "position", "offer", "requisition"):
        op.create_index(op.f(f"ix_{table}_org_unit_id"), table, ["org_unit_id"])
    op.create_index(op.f("ix_hub_audit_tenant_actor_ts"), "hub_audit", ["tenant", "actor", "ts"])
