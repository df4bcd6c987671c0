"""Makes every table of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hrhub.store import types

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("employment_id", types.RowId(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("org_unit_id", types.RowId(), nullable=True),
        sa.Column("position_id", types.RowId(), nullable=True),
        sa.Column("job_code", sa.Text(), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("manager_employee_id", types.RowId(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("cost_center", sa.Text(), nullable=True),
        sa.Column("fte", types.Exact(), nullable=True),
        sa.Column("employment_type", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("event_reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.Column("series_id", types.RowId(), nullable=False, comment="what other rows refer to"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "valid_to", sa.Date(), nullable=False, comment="first day after; 9999-12-31: open"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order inside one day"),
        sa.Column("recorded_at", types.UtcTs(), nullable=False),
        sa.Column("superseded_at", types.UtcTs(), nullable=True),
        sa.Column("dated_by", sa.Text(), nullable=False, comment="source or observed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        comment="What somebody does, where and for whom, over time. "
        "The series is (employment, kind).",
    )
    op.create_index(
        op.f("ix_assignment_employment_id"), "assignment", ["employment_id"], unique=False
    )
    op.create_index(op.f("ix_assignment_series_id"), "assignment", ["series_id"], unique=False)
    op.create_table(
        "attendance_punch",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("employee_id", types.RowId(), nullable=True),
        sa.Column("punched_at", types.UtcTs(), nullable=True),
        sa.Column(
            "local_offset_min",
            sa.Integer(),
            nullable=True,
            comment="minutes east of UTC on the device",
        ),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("verify_method", sa.Text(), nullable=True),
        sa.Column(
            "subject_id",
            types.RowId(),
            nullable=False,
            comment="person whose key seals the row",
        ),
        sa.Column("sealed_personal", types.Key(), nullable=True),
        sa.Column(
            "row_seal",
            types.Key(),
            nullable=True,
            comment="MAC over open columns and envelopes, 16 bytes",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.Column(
            "source_key", types.Key(), nullable=False, comment="keyed hash of the stamp, 16 bytes"
        ),
        sa.Column(
            "fingerprint", types.Key(), nullable=False, comment="what the change gate compares"
        ),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_punch")),
        sa.UniqueConstraint(
            "sync_id", "source_key", name=op.f("uq_attendance_punch_sync_id_source_key")
        ),
        comment="One stamp at a terminal. How it was verified, never the template or the photo.",
    )
    op.create_index(
        op.f("ix_attendance_punch_employee_id_punched_at"),
        "attendance_punch",
        ["employee_id", "punched_at"],
        unique=False,
    )
    op.create_table(
        "employee",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sealed_personal", types.Key(), nullable=True),
        sa.Column(
            "row_seal",
            types.Key(),
            nullable=True,
            comment="MAC over open columns and envelopes, 16 bytes",
        ),
        sa.Column(
            "provenance",
            types.JsonText(),
            nullable=True,
            comment="links behind values that link_id does not tell",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee")),
        comment="The standing role of a person in the company; spells of it are employments.",
    )
    op.create_index(op.f("ix_employee_person_id"), "employee", ["person_id"], unique=False)
    op.create_table(
        "employment",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("employee_id", types.RowId(), nullable=False),
        sa.Column("employer_code", sa.Text(), nullable=True),
        sa.Column("hire_date", sa.Date(), nullable=False),
        sa.Column("original_hire_date", sa.Date(), nullable=True),
        sa.Column("seniority_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("last_working_date", sa.Date(), nullable=True),
        sa.Column("contract_type", sa.Text(), nullable=True),
        sa.Column("contract_start", sa.Date(), nullable=True),
        sa.Column("contract_end", sa.Date(), nullable=True),
        sa.Column("probation_end", sa.Date(), nullable=True),
        sa.Column(
            "provenance",
            types.JsonText(),
            nullable=True,
            comment="links behind values that link_id does not tell",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
        comment="One spell of employment; a rehire is a new one. "
        "The end date is the last day covered.",
    )
    op.create_index(op.f("ix_employment_employee_id"), "employment", ["employee_id"], unique=False)
    op.create_table(
        "hub_audit",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts", types.UtcTs(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=True),
        sa.Column(
            "event", sa.Text(), nullable=False, comment="canonical JSON; what the MAC covers"
        ),
        sa.Column("prev", types.Key(), nullable=False),
        sa.Column("mac", types.Key(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_hub_audit")),
        comment="Who did what: a chain of MACs, append only.",
    )
    op.create_index(op.f("ix_hub_audit_run_id"), "hub_audit", ["run_id"], unique=False)
    op.create_table(
        "hub_audit_head",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", types.Key(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_hub_audit_head")),
        comment="Last link of each chain; locked while a link is added.",
    )
    op.create_table(
        "hub_blind_index",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("index_id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("bi", types.Key(), nullable=False),
        sa.Column("row_uid", types.RowId(), nullable=False),
        sa.PrimaryKeyConstraint(
            "index_id", "version", "bi", "row_uid", name=op.f("pk_hub_blind_index")
        ),
        comment="Equality search over sealed values; keys are per tenant, so hashes never meet.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_hub_blind_index_row_uid"), "hub_blind_index", ["row_uid"], unique=False
    )
    op.create_table(
        "hub_dek",
        sa.Column("dek_id", types.Key(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("profile", sa.SmallInteger(), nullable=False),
        sa.Column("twk_id", types.Key(), nullable=False),
        sa.Column("wrapped", types.Key(), nullable=False),
        sa.Column("commit", types.Key(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("uses", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("destroyed_at", types.UtcTs(), nullable=True),
        sa.PrimaryKeyConstraint("dek_id", name=op.f("pk_hub_dek")),
        comment="Data keys, wrapped by a tenant key. Destroying a person's key is erasure.",
    )
    op.create_index(op.f("ix_hub_dek_twk_id_dek_id"), "hub_dek", ["twk_id", "dek_id"], unique=False)
    op.create_index(
        "uq_hub_dek_active",
        "hub_dek",
        ["owner", "purpose", "tenant"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "hub_index_name",
        sa.Column("index_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("index_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("index_id", name=op.f("pk_hub_index_name")),
        sa.UniqueConstraint(
            "entity", "index_name", name=op.f("uq_hub_index_name_entity_index_name")
        ),
        comment="What the numbers in hub_blind_index stand for.",
    )
    op.create_table(
        "hub_key",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", types.Key(), nullable=False),
        sa.Column("kek_ref", sa.Text(), nullable=False),
        sa.Column("blob", types.Key(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "purpose", "version", name=op.f("pk_hub_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_hub_key_key_id")),
        comment="Keys of a tenant, wrapped by the key provider.",
    )
    op.create_table(
        "hub_meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_hub_meta")),
        comment="Facts about this store.",
    )
    op.create_table(
        "hub_quarantine",
        sa.Column("uid", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=False),
        sa.Column("batch_uid", types.RowId(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False, comment="place in the batch, from 0"),
        sa.Column("landed_seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "source_key",
            types.Key(),
            nullable=True,
            comment="keyed hash of the vendor's id, if it could be read",
        ),
        sa.Column(
            "fingerprint", types.Key(), nullable=True, comment="keyed hash of the raw record"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("field_path", sa.Text(), nullable=False, comment="the vendor's field"),
        sa.Column("field", sa.Text(), nullable=True, comment="the canonical field"),
        sa.Column("mapping_version", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("sealed_raw", types.Key(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, replayed, discarded"),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column(
            "note", sa.Text(), nullable=True, comment="why it was discarded, chosen from a list"
        ),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("resolved_at", types.UtcTs(), nullable=True),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_hub_quarantine")),
        sa.UniqueConstraint("batch_uid", "index", name=op.f("uq_hub_quarantine_batch_uid_index")),
        comment="Records that were not taken in, with the reason, ready for replay.",
    )
    op.create_index(
        op.f("ix_hub_quarantine_sync_id_source_key"),
        "hub_quarantine",
        ["sync_id", "source_key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_hub_quarantine_sync_id_state_created_at"),
        "hub_quarantine",
        ["sync_id", "state", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_hub_quarantine_sync_id_state_reason_rule_field_path"),
        "hub_quarantine",
        ["sync_id", "state", "reason", "rule", "field_path"],
        unique=False,
    )
    op.create_table(
        "hub_source_link",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column(
            "source_key",
            types.Key(),
            nullable=False,
            comment="keyed hash of the vendor's id, 16 bytes",
        ),
        sa.Column(
            "entity_id",
            types.RowId(),
            nullable=False,
            comment="row, or series of an entity with history",
        ),
        sa.Column(
            "fingerprint",
            types.Key(),
            nullable=False,
            comment="keyed hash of raw record and mapping version, 16 bytes: the change gate",
        ),
        sa.Column(
            "content",
            types.Key(),
            nullable=False,
            comment="keyed hash of the mapped record, 16 bytes",
        ),
        sa.Column(
            "version",
            sa.Text(),
            nullable=True,
            comment="the vendor's version of the record, sortable",
        ),
        sa.Column("landed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="live, missing, removed, superseded"),
        sa.Column("first_seen", types.UtcTs(), nullable=False),
        sa.Column(
            "run_id",
            types.RowId(),
            nullable=True,
            comment="run that last changed what the record tells",
        ),
        sa.Column(
            "sealed_source_id",
            types.Key(),
            nullable=True,
            comment="the vendor's id where it is a personal value",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_source_link")),
        sa.UniqueConstraint(
            "tenant",
            "connection_id",
            "entity",
            "source_key",
            name=op.f("uq_hub_source_link_tenant_connection_id_entity_source_key"),
        ),
        comment="Which vendor record stands behind which row.",
    )
    op.create_index(
        op.f("ix_hub_source_link_entity_id"), "hub_source_link", ["entity_id"], unique=False
    )
    op.create_index(
        op.f("ix_hub_source_link_sync_id"), "hub_source_link", ["sync_id"], unique=False
    )
    op.create_table(
        "hub_sync",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_sync")),
        sa.UniqueConstraint(
            "tenant", "connection", "stream", name=op.f("uq_hub_sync_tenant_connection_stream")
        ),
        comment="What is kept in step: one stream of one connection of one tenant.",
    )
    op.create_table(
        "hub_waiting_ref",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("row_entity", sa.Text(), nullable=False, comment="entity of the row that refers"),
        sa.Column("row_id", types.RowId(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="its field to fill in"),
        sa.Column("ref_entity", sa.Text(), nullable=False),
        sa.Column(
            "ref_key", types.Key(), nullable=False, comment="source key of the record referred to"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_waiting_ref")),
        comment="References to records that have not arrived yet.",
    )
    op.create_index(
        op.f("ix_hub_waiting_ref_ref_key"), "hub_waiting_ref", ["ref_key"], unique=False
    )
    op.create_index(op.f("ix_hub_waiting_ref_row_id"), "hub_waiting_ref", ["row_id"], unique=False)
    op.create_table(
        "org_unit",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", types.RowId(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("manager_employee_id", types.RowId(), nullable=True),
        sa.Column("cost_center", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.Column("series_id", types.RowId(), nullable=False, comment="what other rows refer to"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "valid_to", sa.Date(), nullable=False, comment="first day after; 9999-12-31: open"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order inside one day"),
        sa.Column("recorded_at", types.UtcTs(), nullable=False),
        sa.Column("superseded_at", types.UtcTs(), nullable=True),
        sa.Column("dated_by", sa.Text(), nullable=False, comment="source or observed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_unit")),
        comment="Company, department or team over time.",
    )
    op.create_index(op.f("ix_org_unit_series_id"), "org_unit", ["series_id"], unique=False)
    op.create_index(op.f("ix_org_unit_tenant_code"), "org_unit", ["tenant", "code"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("survivor_id", types.RowId(), nullable=True),
        sa.Column("merge_state", sa.Text(), nullable=True),
        sa.Column("sealed_personal", types.Key(), nullable=True),
        sa.Column("sealed_sensitive", types.Key(), nullable=True),
        sa.Column(
            "row_seal",
            types.Key(),
            nullable=True,
            comment="MAC over open columns and envelopes, 16 bytes",
        ),
        sa.Column(
            "provenance",
            types.JsonText(),
            nullable=True,
            comment="links behind values that link_id does not tell",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        comment="A human being. Candidate and employee are roles of a person.",
    )
    op.create_table(
        "person_contact",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=True),
        sa.Column("sealed_personal", types.Key(), nullable=True),
        sa.Column(
            "row_seal",
            types.Key(),
            nullable=True,
            comment="MAC over open columns and envelopes, 16 bytes",
        ),
        sa.Column(
            "provenance",
            types.JsonText(),
            nullable=True,
            comment="links behind values that link_id does not tell",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_contact")),
        comment="A way to reach a person. Numbers are shared and re-used: the index is not unique.",
    )
    op.create_index(
        op.f("ix_person_contact_person_id"), "person_contact", ["person_id"], unique=False
    )
    op.create_table(
        "person_identifier",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("person_id", types.RowId(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed_personal", types.Key(), nullable=True),
        sa.Column("sealed_sensitive", types.Key(), nullable=True),
        sa.Column(
            "row_seal",
            types.Key(),
            nullable=True,
            comment="MAC over open columns and envelopes, 16 bytes",
        ),
        sa.Column(
            "provenance",
            types.JsonText(),
            nullable=True,
            comment="links behind values that link_id does not tell",
        ),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identifier")),
        comment="One identity document of a person.",
    )
    op.create_index(
        op.f("ix_person_identifier_person_id"), "person_identifier", ["person_id"], unique=False
    )
    op.create_table(
        "position",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column(
            "link_id",
            types.RowId(),
            nullable=True,
            comment="hub_source_link.id of the record behind the row",
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("org_unit_id", types.RowId(), nullable=True),
        sa.Column("job_code", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("headcount", types.Exact(), nullable=True),
        sa.Column("parent_position_id", types.RowId(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column(
            "content", types.Key(), nullable=False, comment="keyed hash of the values, 16 bytes"
        ),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.UtcTs(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.Column("removed_at", types.UtcTs(), nullable=True),
        sa.Column("removal_reason", sa.Text(), nullable=True),
        sa.Column("series_id", types.RowId(), nullable=False, comment="what other rows refer to"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "valid_to", sa.Date(), nullable=False, comment="first day after; 9999-12-31: open"
        ),
        sa.Column("seq", sa.Integer(), nullable=False, comment="order inside one day"),
        sa.Column("recorded_at", types.UtcTs(), nullable=False),
        sa.Column("superseded_at", types.UtcTs(), nullable=True),
        sa.Column("dated_by", sa.Text(), nullable=False, comment="source or observed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position")),
        comment="A post that somebody can hold, over time.",
    )
    op.create_index(op.f("ix_position_series_id"), "position", ["series_id"], unique=False)
    op.create_index(op.f("ix_position_tenant_code"), "position", ["tenant", "code"], unique=False)
    op.create_table(
        "hub_contribution",
        sa.Column("row_id", types.RowId(), nullable=False),
        sa.Column("link_id", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="connector, or manual"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("subject_id", types.RowId(), nullable=True, comment="person whose key seals it"),
        sa.Column("sealed_told", types.Key(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", "link_id", name=op.f("pk_hub_contribution")),
        comment="What each source tells of a row that several sources tell of.",
    )
    op.create_table(
        "hub_cursor",
        sa.Column("sync_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("sealed_value", types.Key(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=False),
        sa.Column("updated_at", types.UtcTs(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_cursor_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", "slice", name=op.f("pk_hub_cursor")),
        comment="Where the next run goes on; moves in the transaction of the rows.",
    )
    op.create_table(
        "hub_fence",
        sa.Column("sync_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_fence_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", name=op.f("pk_hub_fence")),
        comment="Who may write to a sync (safety). Apart from the lease, so renewals never wait.",
    )
    op.create_table(
        "hub_landing_batch",
        sa.Column("batch_uid", types.RowId(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.Column("run_id", types.RowId(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="gapless per run, from 1"),
        sa.Column(
            "token", sa.BigInteger(), nullable=True, comment="fence token under which it landed"
        ),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column(
            "meta",
            types.JsonText(),
            nullable=True,
            comment="facts of the page that records need; no personal value",
        ),
        sa.Column(
            "vendor_total",
            sa.BigInteger(),
            nullable=True,
            comment="records of the whole reading, as the vendor says",
        ),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=False, comment="name inside the landing directory"),
        sa.Column("wire_bytes", sa.BigInteger(), nullable=False),
        sa.Column("decoded_bytes", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("sha256_ct", types.Key(), nullable=False, comment="of the encrypted file"),
        sa.Column(
            "hmac_pt",
            types.Key(),
            nullable=True,
            comment="keyed hash of the content: tells repeated pages",
        ),
        sa.Column("completeness", sa.Text(), nullable=False, comment="proved, claimed, unverified"),
        sa.Column(
            "sealed_cursor",
            types.Key(),
            nullable=True,
            comment="cursor that holds once this batch is applied",
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="landed, applied, superseded, dropped"
        ),
        sa.Column("counts", types.JsonText(), nullable=True),
        sa.Column("landed_at", types.UtcTs(), nullable=False),
        sa.Column("applied_at", types.UtcTs(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_landing_batch_sync_id")
        ),
        sa.PrimaryKeyConstraint("batch_uid", name=op.f("pk_hub_landing_batch")),
        sa.UniqueConstraint("run_id", "seq", name=op.f("uq_hub_landing_batch_run_id_seq")),
        comment="Manifest of the landing zone: one row per encrypted segment.",
    )
    op.create_index(
        op.f("ix_hub_landing_batch_landed_at"), "hub_landing_batch", ["landed_at"], unique=False
    )
    op.create_index(
        op.f("ix_hub_landing_batch_sync_id_state"),
        "hub_landing_batch",
        ["sync_id", "state"],
        unique=False,
    )
    op.create_table(
        "hub_lease",
        sa.Column("sync_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("expires_at", types.UtcTs(), nullable=True),
        sa.ForeignKeyConstraint(["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_lease_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", name=op.f("pk_hub_lease")),
        comment="Who works on a sync right now (liveness).",
    )
    op.create_table(
        "hub_run",
        sa.Column("id", types.RowId(), nullable=False),
        sa.Column("sync_id", sa.Integer(), nullable=False),
        sa.Column(
            "holder",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("started_at", types.UtcTs(), nullable=False),
        sa.Column("finished_at", types.UtcTs(), nullable=True),
        sa.Column("mapping_version", sa.Text(), nullable=True),
        sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stale", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duplicate", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_context", types.JsonText(), nullable=True),
        sa.Column("next_seq", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["hub_sync.id"], name=op.f("fk_hub_run_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_run")),
        comment="One run of a sync, in numbers.",
    )
    op.create_index(
        op.f("ix_hub_run_sync_id_holder"), "hub_run", ["sync_id", "holder"], unique=False
    )
    op.create_index(
        op.f("ix_hub_run_sync_id_started_at"), "hub_run", ["sync_id", "started_at"], unique=False
    )
    op.create_index(
        op.f("ix_hub_run_sync_id_status_started_at"),
        "hub_run",
        ["sync_id", "status", "started_at"],
        unique=False,
    )
