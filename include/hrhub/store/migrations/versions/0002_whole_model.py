"""Adds the rest of the canonical model: recruiting, orders, daily work, outcome, consent, pay.

New columns of tables that hold rows are empty there: row seals cover what is not empty, so the
seals of old rows still hold.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "attendance_punch",
        sa.Column(
            "received_at",
            types.UtcTs(),
            nullable=True,
            comment="when the device or app handed it over",
        ),
    )
    op.add_column(
        "attendance_punch",
        sa.Column(
            "clock_skew_s",
            sa.Integer(),
            nullable=True,
            comment="seconds that the device's clock was ahead",
        ),
    )
    op.add_column("attendance_punch", sa.Column("sealed_sensitive", types.Key(), nullable=True))
    op.add_column(
        "employee",
        sa.Column(
            "source_candidate_id",
            types.RowId(),
            nullable=True,
            comment="the candidate who was hired",
        ),
    )
    op.add_column(
        "employment",
        sa.Column("exit_id", types.RowId(), nullable=True, comment="how the spell ended"),
    )
    op.add_column(
        "person_contact",
        sa.Column(
            "verified_at", types.UtcTs(), nullable=True, comment="when it was last seen to work"
        ),
    )
    op.add_column("person_contact", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column(
        "person_contact",
        sa.Column(
            "valid_to",
            sa.Date(),
            nullable=True,
            comment="last day; numbers are given to others afterwards",
        ),
    )
    op.add_column(
        "person_identifier",
        sa.Column(
            "verified_by", sa.Text(), nullable=True, comment="who compared it with a register"
        ),
    )
    op.add_column("person_identifier", sa.Column("verified_at", types.UtcTs(), nullable=True))
    _table(
        "application",
        "A candidate's application for an opening; people apply again, so a pair may recur.",
        sa.Column("candidate_id", types.RowId(), nullable=False),
        sa.Column("requisition_id", types.RowId(), nullable=True),
        sa.Column("stage_entered_at", types.UtcTs(), nullable=True),
        sa.Column("applied_at", types.UtcTs(), nullable=True),
        sa.Column("closed_at", types.UtcTs(), nullable=True),
        sa.Column("owner_person_id", types.RowId(), nullable=True, comment="the recruiter"),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_application_candidate_id"), "application", ["candidate_id"])
    _table(
        "application_event",
        "One move of an application from stage to stage.",
        sa.Column("application_id", types.RowId(), nullable=False),
        sa.Column("at", types.UtcTs(), nullable=False),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_application_event_application_id"), "application_event", ["application_id"]
    )
    _table(
        "approval_step",
        "One step of an approval: of leave, overtime, a trip, a punch, an offer, an exit.",
        sa.Column(
            "employee_id",
            types.RowId(),
            nullable=True,
            comment="whose request it is, where no record is referred to",
        ),
        sa.Column("leave_request_id", types.RowId(), nullable=True),
        sa.Column("offer_id", types.RowId(), nullable=True),
        sa.Column("exit_record_id", types.RowId(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True, comment="place in the chain of approvals"),
        sa.Column("approver_person_id", types.RowId(), nullable=True),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_approval_step_employee_id"), "approval_step", ["employee_id"])
    op.create_index(
        op.f("ix_approval_step_leave_request_id"), "approval_step", ["leave_request_id"]
    )
    _table(
        "assessment_result",
        "Result of one assessment.",
        sa.Column("order_id", types.RowId(), nullable=False),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_assessment_result_order_id"), "assessment_result", ["order_id"])
    _table(
        "assessment_scale",
        "One scale of an assessment; scales form a tree.",
        sa.Column("result_id", types.RowId(), nullable=False),
        sa.Column("scale_code", sa.Text(), nullable=False),
        sa.Column("scale_name", sa.Text(), nullable=True),
        sa.Column("parent_code", sa.Text(), nullable=True, comment="scale above it"),
        sa.Column("seq", sa.Integer(), nullable=True, comment="place in the report"),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(op.f("ix_assessment_scale_result_id"), "assessment_scale", ["result_id"])
    _table(
        "attendance_day",
        "One working day by the source's own arithmetic; the hub does not recompute pay time.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_attendance_day_employee_id"), "attendance_day", ["employee_id"])
    _table(
        "background_check",
        "Result of a background check, and what the company decided on it.",
        sa.Column("order_id", types.RowId(), nullable=False),
        sa.Column("adjudicated_by", types.RowId(), nullable=True),
        sa.Column("adjudicated_at", types.UtcTs(), nullable=True),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(op.f("ix_background_check_order_id"), "background_check", ["order_id"])
    _table(
        "background_item",
        "One thing that a background check looked into.",
        sa.Column("check_id", types.RowId(), nullable=False),
        sa.Column(
            "resume_job_id", types.RowId(), nullable=True, comment="the claim that was checked"
        ),
        sa.Column(
            "resume_education_id",
            types.RowId(),
            nullable=True,
            comment="the claim that was checked",
        ),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(op.f("ix_background_item_check_id"), "background_item", ["check_id"])
    _table(
        "candidate",
        "The role of a person who is sought or seeks work.",
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("source_channel", sa.Text(), nullable=True),
        sa.Column(
            "source_detail",
            sa.Text(),
            nullable=True,
            comment="name of the board or agency, never of a person",
        ),
        sa.Column("referrer_person_id", types.RowId(), nullable=True),
        sa.Column(
            "review_on", sa.Date(), nullable=True, comment="when a block must be looked at again"
        ),
        sealed=("sealed_personal",),
    )
    op.create_index(op.f("ix_candidate_person_id"), "candidate", ["person_id"])
    _table(
        "compensation",
        "What somebody is paid, over time.",
        sa.Column("employment_id", types.RowId(), nullable=False),
        sealed=("sealed_sensitive",),
        own_subject=True,
        history=True,
    )
    op.create_index(op.f("ix_compensation_employment_id"), "compensation", ["employment_id"])
    _table(
        "consent",
        "Why a person's data may be used for a purpose; each sensitive purpose has its own.",
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("granted_at", types.UtcTs(), nullable=True),
        sa.Column(
            "expires_at",
            types.UtcTs(),
            nullable=True,
            comment="open: retention must find it without opening an envelope",
        ),
        sa.Column(
            "withdrawn_at",
            types.UtcTs(),
            nullable=True,
            comment="stops new orders and starts the retention clock",
        ),
        sealed=("sealed_personal",),
    )
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"])
    _table(
        "employment_discrepancy",
        "One difference between claim and record; both sides are always kept.",
        sa.Column("verification_id", types.RowId(), nullable=False),
        sa.Column("resume_job_id", types.RowId(), nullable=True, comment="the claim"),
        sa.Column("resolved_by", types.RowId(), nullable=True),
        sa.Column("resolved_at", types.UtcTs(), nullable=True),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_employment_discrepancy_verification_id"),
        "employment_discrepancy",
        ["verification_id"],
    )
    _table(
        "employment_verification",
        "One run of the comparison of claimed work with records.",
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("application_id", types.RowId(), nullable=True),
        sa.Column("resume_id", types.RowId(), nullable=True),
        sa.Column(
            "order_ids",
            types.JsonText(),
            nullable=True,
            comment="list of the orders whose records were used",
        ),
        sa.Column("ruleset_version", sa.Text(), nullable=False),
        sa.Column("tolerance_months", sa.Integer(), nullable=True),
        sa.Column(
            "coverage",
            types.Exact(),
            nullable=True,
            comment="share of claimed months with any record, 0 to 1",
        ),
        sealed=("sealed_sensitive",),
    )
    op.create_index(
        op.f("ix_employment_verification_application_id"),
        "employment_verification",
        ["application_id"],
    )
    op.create_index(
        op.f("ix_employment_verification_person_id"), "employment_verification", ["person_id"]
    )
    op.create_index(
        op.f("ix_employment_verification_resume_id"), "employment_verification", ["resume_id"]
    )
    _table(
        "exit_record",
        "How and why a spell of employment ends.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sa.Column("employment_id", types.RowId(), nullable=True, comment="the spell that ends"),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(op.f("ix_exit_record_employee_id"), "exit_record", ["employee_id"])
    op.create_index(op.f("ix_exit_record_employment_id"), "exit_record", ["employment_id"])
    _table(
        "interview",
        "One round of interviewing, by people or by a machine.",
        sa.Column("application_id", types.RowId(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("scheduled_start", types.UtcTs(), nullable=True),
        sa.Column("scheduled_end", types.UtcTs(), nullable=True),
        sa.Column("completed_at", types.UtcTs(), nullable=True),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True, comment="needed to explain a score later"),
        sa.Column("engine_version", sa.Text(), nullable=True),
        sa.Column("question_set", sa.Text(), nullable=True),
        sa.Column("human_reviewed_by", types.RowId(), nullable=True),
        sa.Column("human_reviewed_at", types.UtcTs(), nullable=True),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_interview_application_id"), "interview", ["application_id"])
    _table(
        "interview_ability_score",
        "What an interview says about one ability.",
        sa.Column("interview_id", types.RowId(), nullable=False),
        sa.Column(
            "ability", sa.Text(), nullable=False, comment="code of the tenant's ability library"
        ),
        sa.Column("ability_raw", sa.Text(), nullable=True, comment="the source's own word"),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_interview_ability_score_interview_id"), "interview_ability_score", ["interview_id"]
    )
    _table(
        "interview_failure_reason",
        "Why an interview was not passed.",
        sa.Column("interview_id", types.RowId(), nullable=False),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_interview_failure_reason_interview_id"),
        "interview_failure_reason",
        ["interview_id"],
    )
    _table(
        "leave_balance",
        "Leave that is left, by the source's own arithmetic.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_leave_balance_employee_id"), "leave_balance", ["employee_id"])
    _table(
        "leave_request",
        "A request for leave and what became of it.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_leave_request_employee_id"), "leave_request", ["employee_id"])
    _table(
        "offer",
        "What the company offered, and the answer.",
        sa.Column("application_id", types.RowId(), nullable=False),
        sa.Column("position_id", types.RowId(), nullable=True),
        sa.Column("org_unit_id", types.RowId(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_offer_application_id"), "offer", ["application_id"])
    _table(
        "pay_item",
        "One item of one payslip.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(op.f("ix_pay_item_employee_id"), "pay_item", ["employee_id"])
    _table(
        "performance_review",
        "What a review cycle says about somebody's work.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sa.Column("reviewer_person_id", types.RowId(), nullable=True),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_performance_review_employee_id"), "performance_review", ["employee_id"]
    )
    _table(
        "person_bank",
        "An account that pay goes to.",
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=True),
        sealed=("sealed_personal", "sealed_sensitive"),
    )
    op.create_index(op.f("ix_person_bank_person_id"), "person_bank", ["person_id"])
    _table(
        "requisition",
        "An opening that somebody is sought for.",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("org_unit_id", types.RowId(), nullable=True),
        sa.Column("position_id", types.RowId(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("hiring_manager_person_id", types.RowId(), nullable=True),
    )
    _table(
        "resume",
        "One version of a candidate's resume.",
        sa.Column("candidate_id", types.RowId(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("parsed_at", types.UtcTs(), nullable=True),
        sa.Column("parser", sa.Text(), nullable=True),
        sa.Column("parser_version", sa.Text(), nullable=True),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_resume_candidate_id"), "resume", ["candidate_id"])
    _table(
        "resume_education",
        "Education as claimed in a resume.",
        sa.Column("resume_id", types.RowId(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True, comment="place in the resume"),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_resume_education_resume_id"), "resume_education", ["resume_id"])
    _table(
        "resume_job",
        "Work as claimed in a resume.",
        sa.Column("resume_id", types.RowId(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True, comment="place in the resume"),
        sealed=("sealed_personal", "sealed_sensitive"),
        own_subject=True,
    )
    op.create_index(op.f("ix_resume_job_resume_id"), "resume_job", ["resume_id"])
    _table(
        "service_order",
        "An order to a vendor about a person, from request to result.",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("application_id", types.RowId(), nullable=True),
        sa.Column("employee_id", types.RowId(), nullable=True),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("package_code", sa.Text(), nullable=True),
        sa.Column("package_name", sa.Text(), nullable=True),
        sa.Column(
            "idempotency_key",
            sa.Text(),
            nullable=False,
            comment="an order is placed once, whatever fails",
        ),
        sa.Column(
            "consent_id",
            types.RowId(),
            nullable=True,
            comment="no background check and no social-security query without one",
        ),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("placed_at", types.UtcTs(), nullable=True),
        sa.Column("due_at", types.UtcTs(), nullable=True),
        sa.Column("completed_at", types.UtcTs(), nullable=True),
        sa.Column("cost", types.Exact(), nullable=True),
        sa.Column("cost_currency", sa.Text(), nullable=True, comment="ISO 4217"),
        sa.UniqueConstraint(
            "tenant", "idempotency_key", name=op.f("uq_service_order_tenant_idempotency_key")
        ),
        sealed=("sealed_sensitive",),
    )
    op.create_index(op.f("ix_service_order_application_id"), "service_order", ["application_id"])
    op.create_index(op.f("ix_service_order_employee_id"), "service_order", ["employee_id"])
    op.create_index(op.f("ix_service_order_person_id"), "service_order", ["person_id"])
    _table(
        "social_security_month",
        "One month of contributions by one payer to one scheme.",
        sa.Column("order_id", types.RowId(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("queried_at", types.UtcTs(), nullable=True, comment="starts the retention clock"),
        sealed=("sealed_sensitive",),
        own_subject=True,
    )
    op.create_index(
        op.f("ix_social_security_month_order_id"), "social_security_month", ["order_id"]
    )
    _table(
        "training_record",
        "A course that somebody takes, with its certificate.",
        sa.Column("employee_id", types.RowId(), nullable=False),
        sealed=("sealed_personal",),
        own_subject=True,
    )
    op.create_index(op.f("ix_training_record_employee_id"), "training_record", ["employee_id"])


def _table(
    name: str,
    comment: str,
    *columns: sa.schema.SchemaItem,
    sealed: Sequence[str] = (),
    own_subject: bool = False,
    history: bool = False,
) -> None:
    """Make the table of an entity in the form that this version gives to all of them."""
    about: list[sa.schema.SchemaItem] = []
    if own_subject:
        comment_of_subject = "person whose key seals the row"
        about.append(
            sa.Column("subject_id", types.RowId(), nullable=False, comment=comment_of_subject)
        )
    about += [sa.Column(group, types.Key(), nullable=True) for group in sealed]
    if sealed:
        comment_of_seal = "MAC over open columns and envelopes, 16 bytes"
        about.append(sa.Column("row_seal", types.Key(), nullable=True, comment=comment_of_seal))
    op.create_table(
        name,
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        *columns,
        *about,
        *(() if history else (_provenance(),)),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        *(_slice() if history else ()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        comment=comment,
    )
    if own_subject:
        op.create_index(op.f(f"ix_{name}_subject_id"), name, ["subject_id"])
    if history:
        op.create_index(op.f(f"ix_{name}_series_id"), name, ["series_id"])


def _provenance() -> sa.Column[object]:
    return sa.Column(
        "provenance",
        types.JsonText(),
        nullable=True,
        comment="links behind values that link_id does not tell",
    )


def _slice() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("series_id", types.RowId(), nullable=False, comment="what other rows refer to"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "valid_to", sa.Date(), nullable=False, comment="first day after; 9999-12-31: open"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order inside one day"),
        sa.Column("recorded_at", types.UtcTs(), nullable=False),
        sa.Column("superseded_at", types.UtcTs(), nullable=True),
        sa.Column("dated_by", sa.Text(), nullable=False, comment="source or observed"),
    )
