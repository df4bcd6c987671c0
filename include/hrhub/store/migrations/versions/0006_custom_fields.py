"""Makes room for custom fields, and notes under which mapping a landed page was applied.

Rows about a person get both sealed groups, so that a custom field of any class has its place.
The new columns are empty, and row seals cover what is not empty: those of old rows still hold.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0006"
down_revision = "0005"

_ENTITIES = (
    "person",
    "person_identifier",
    "person_contact",
    "employee",
    "employment",
    "assignment",
    "org_unit",
    "position",
    "attendance_punch",
    "attendance_day",
    "leave_request",
    "leave_balance",
    "approval_step",
    "requisition",
    "candidate",
    "application",
    "application_event",
    "offer",
    "resume",
    "resume_job",
    "resume_education",
    "interview",
    "interview_ability_score",
    "interview_failure_reason",
    "service_order",
    "assessment_result",
    "assessment_scale",
    "background_check",
    "background_item",
    "social_security_month",
    "employment_verification",
    "employment_discrepancy",
    "performance_review",
    "exit_record",
    "training_record",
    "consent",
    "compensation",
    "pay_item",
    "person_bank",
)
_WITHOUT_PERSONAL = (
    "interview_ability_score",
    "interview_failure_reason",
    "service_order",
    "assessment_scale",
    "background_check",
    "background_item",
    "social_security_month",
    "employment_verification",
    "employment_discrepancy",
    "exit_record",
    "compensation",
    "pay_item",
)
_WITHOUT_SENSITIVE = (
    "person_contact",
    "employee",
    "attendance_day",
    "leave_balance",
    "approval_step",
    "candidate",
    "application_event",
    "resume",
    "resume_education",
    "training_record",
    "consent",
)


def upgrade() -> None:
    op.create_table(
        "hub_custom_field",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("privacy", sa.Text(), nullable=False, comment="open, personal, sensitive"),
        sa.Column(
            "codes", types.JsonText(), nullable=False, comment="what closes a field of kind code"
        ),
        sa.Column("title", types.JsonText(), nullable=False, comment="language -> text"),
        sa.Column(
            "content", sa.Text(), nullable=False, comment="hash of kind, class, codes and title"
        ),
        sa.Column(
            "moving_from",
            sa.Text(),
            nullable=True,
            comment="class of before, while stored values are moved",
        ),
        sa.Column("since", types.UtcTs(), nullable=False),
        sa.Column("changed_at", types.UtcTs(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="who registered or changed it last"),
        sa.PrimaryKeyConstraint("tenant", "entity", "name", name=op.f("pk_hub_custom_field")),
        comment="Custom fields of a tenant; they are never taken back.",
    )
    op.add_column(
        "hub_landing_batch",
        sa.Column(
            "mapping_version",
            sa.Text(),
            nullable=True,
            comment="mapping under which it was applied last",
        ),
    )
    for entity in _ENTITIES:
        op.add_column(
            entity,
            sa.Column("ext", types.JsonText(), nullable=True, comment="open custom fields by name"),
        )
    for entity in _WITHOUT_PERSONAL:
        op.add_column(entity, sa.Column("sealed_personal", types.Key(), nullable=True))
    for entity in _WITHOUT_SENSITIVE:
        op.add_column(entity, sa.Column("sealed_sensitive", types.Key(), nullable=True))
