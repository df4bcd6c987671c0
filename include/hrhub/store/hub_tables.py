"""The hub's own tables: syncs, runs, links, keys, landing, quarantine, audit.

Columns named ``sealed_…`` hold envelopes of ``hrhub.crypto``; every other column is free of
personal values. Moments that decide about leases are written by the database, never by a worker.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hrhub.store.base import metadata
from hrhub.store.types import JsonText, Key, RowId, UtcTs

COUNTS = (
    "pages",
    "bytes",
    "seen",
    "inserted",
    "updated",
    "unchanged",
    "stale",
    "duplicate",
    "quarantined",
)
"""The counters of a run, in the order of their columns."""

_PLAIN_ORDER = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its characters' numbers, so that a prefix is a range of an index."""


def _sync_ref() -> Column[int]:
    return Column("sync_id", Integer, ForeignKey("hub_sync.id"), nullable=False)


hub_meta = Table(
    "hub_meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="Facts about this store.",
)

hub_sync = Table(
    "hub_sync",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("connector", Text, nullable=False),
    UniqueConstraint("tenant", "connection", "stream"),
    comment="What is kept in step: one stream of one connection of one tenant.",
)

hub_source_link = Table(
    "hub_source_link",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("sync_id", Integer, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("source_key", Key, nullable=False, comment="keyed hash of the vendor's id, 16 bytes"),
    Column("entity_id", RowId, nullable=False, comment="row, or series of an entity with history"),
    Column(
        "fingerprint",
        Key,
        nullable=False,
        comment="keyed hash of raw record and mapping version, 16 bytes: the change gate",
    ),
    Column("content", Key, nullable=False, comment="keyed hash of the mapped record, 16 bytes"),
    Column("version", Text, comment="the vendor's version of the record, sortable"),
    Column("landed_seq", BigInteger, nullable=False),
    Column("state", Text, nullable=False, comment="live, missing, removed, superseded"),
    Column("first_seen", UtcTs, nullable=False),
    Column("run_id", RowId, comment="run that last changed what the record tells"),
    Column("sealed_source_id", Key, comment="the vendor's id where it is a personal value"),
    UniqueConstraint("tenant", "connection_id", "entity", "source_key"),
    Index(None, "sync_id"),
    Index(None, "entity_id"),
    comment="Which vendor record stands behind which row.",
)

hub_contribution = Table(
    "hub_contribution",
    metadata,
    Column("row_id", RowId, primary_key=True),
    Column("link_id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("source", Text, nullable=False, comment="connector, or manual"),
    Column("version", Text, nullable=False),
    Column("subject_id", RowId, comment="person whose key seals it"),
    Column("sealed_told", Key, nullable=False),
    comment="What each source tells of a row that several sources tell of.",
)

hub_waiting_ref = Table(
    "hub_waiting_ref",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("connection_id", Text, nullable=False),
    Column("row_entity", Text, nullable=False, comment="entity of the row that refers"),
    Column("row_id", RowId, nullable=False),
    Column("field", Text, nullable=False, comment="its field to fill in"),
    Column("ref_entity", Text, nullable=False),
    Column("ref_key", Key, nullable=False, comment="source key of the record referred to"),
    Index(None, "ref_key"),
    Index(None, "row_id"),
    comment="References to records that have not arrived yet.",
)

hub_index_name = Table(
    "hub_index_name",
    metadata,
    Column("index_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("entity", Text, nullable=False),
    Column("index_name", Text, nullable=False),
    UniqueConstraint("entity", "index_name"),
    comment="What the numbers in hub_blind_index stand for.",
)

hub_blind_index = Table(
    "hub_blind_index",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("index_id", SmallInteger, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    Column("bi", Key, primary_key=True),
    Column("row_uid", RowId, primary_key=True),
    Index(None, "row_uid"),
    comment="Equality search over sealed values; keys are per tenant, so hashes never meet.",
    sqlite_with_rowid=False,
)

hub_key = Table(
    "hub_key",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("key_id", Key, nullable=False),
    Column("kek_ref", Text, nullable=False),
    Column("blob", Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTs, nullable=False),
    UniqueConstraint("key_id"),
    comment="Keys of a tenant, wrapped by the key provider.",
)

hub_dek = Table(
    "hub_dek",
    metadata,
    Column("dek_id", Key, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("profile", SmallInteger, nullable=False),
    Column("twk_id", Key, nullable=False),
    Column("wrapped", Key, nullable=False),
    Column("commit", Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("uses", BigInteger, nullable=False, server_default="0"),
    Column("created_at", UtcTs, nullable=False),
    Column("destroyed_at", UtcTs),
    Index(
        "uq_hub_dek_active",
        "owner",
        "purpose",
        "tenant",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    Index(None, "twk_id", "dek_id"),
    comment="Data keys, wrapped by a tenant key. Destroying a person's key is erasure.",
)

hub_lease = Table(
    "hub_lease",
    metadata,
    Column("sync_id", Integer, ForeignKey("hub_sync.id"), primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("holder", Text),
    Column("expires_at", UtcTs),
    comment="Who works on a sync right now (liveness).",
)

hub_fence = Table(
    "hub_fence",
    metadata,
    Column("sync_id", Integer, ForeignKey("hub_sync.id"), primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("n", BigInteger, nullable=False),
    comment="Who may write to a sync (safety). Apart from the lease, so renewals never wait.",
)

hub_cursor = Table(
    "hub_cursor",
    metadata,
    Column("sync_id", Integer, ForeignKey("hub_sync.id"), primary_key=True, autoincrement=False),
    Column("slice", Text, primary_key=True),
    Column("sealed_value", Key),
    Column("seq", BigInteger, nullable=False),
    Column("run_id", RowId, nullable=False),
    Column("updated_at", UtcTs, nullable=False),
    comment="Where the next run goes on; moves in the transaction of the rows.",
)

hub_run = Table(
    "hub_run",
    metadata,
    Column("id", RowId, primary_key=True),
    _sync_ref(),
    Column("holder", _PLAIN_ORDER, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("exit_status", Integer),
    Column("started_at", UtcTs, nullable=False),
    Column("finished_at", UtcTs),
    Column("mapping_version", Text),
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in COUNTS),
    Column("error_code", Text),
    Column("error_context", JsonText),
    Column("next_seq", BigInteger, nullable=False, server_default="1"),
    Index(None, "sync_id", "started_at"),
    Index(None, "sync_id", "status", "started_at"),
    Index(None, "sync_id", "holder"),
    comment="One run of a sync, in numbers.",
)

hub_landing_batch = Table(
    "hub_landing_batch",
    metadata,
    Column("batch_uid", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    _sync_ref(),
    Column("run_id", RowId, nullable=False),
    Column("stream", Text, nullable=False),
    Column("slice", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="gapless per run, from 1"),
    Column("token", BigInteger, comment="fence token under which it landed"),
    Column("page", Integer),
    Column("meta", JsonText, comment="facts of the page that records need; no personal value"),
    Column("vendor_total", BigInteger, comment="records of the whole reading, as the vendor says"),
    Column("http_status", Integer),
    Column("content_type", Text),
    Column("file", Text, nullable=False, comment="name inside the landing directory"),
    Column("wire_bytes", BigInteger, nullable=False),
    Column("decoded_bytes", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("sha256_ct", Key, nullable=False, comment="of the encrypted file"),
    Column("hmac_pt", Key, comment="keyed hash of the content: tells repeated pages"),
    Column("completeness", Text, nullable=False, comment="proved, claimed, unverified"),
    Column("sealed_cursor", Key, comment="cursor that holds once this batch is applied"),
    Column("state", Text, nullable=False, comment="landed, applied, superseded, dropped"),
    Column("counts", JsonText),
    Column("mapping_version", Text, comment="mapping under which it was applied last"),
    Column("landed_at", UtcTs, nullable=False),
    Column("applied_at", UtcTs),
    UniqueConstraint("run_id", "seq"),
    Index(None, "sync_id", "state"),
    Index(None, "landed_at"),
    comment="Manifest of the landing zone: one row per encrypted segment.",
)

hub_quarantine = Table(
    "hub_quarantine",
    metadata,
    Column("uid", RowId, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("sync_id", Integer, nullable=False),
    Column("run_id", RowId, nullable=False),
    Column("batch_uid", RowId, nullable=False),
    Column("index", Integer, nullable=False, comment="place in the batch, from 0"),
    Column("landed_seq", BigInteger, nullable=False),
    Column("source_key", Key, comment="keyed hash of the vendor's id, if it could be read"),
    Column("fingerprint", Key, comment="keyed hash of the raw record"),
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("field_path", Text, nullable=False, comment="the vendor's field"),
    Column("field", Text, comment="the canonical field"),
    Column("mapping_version", Text),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("sealed_raw", Key, nullable=False),
    Column("state", Text, nullable=False, comment="open, replayed, discarded"),
    Column("actor", Text),
    Column("note", Text, comment="why it was discarded, chosen from a list"),
    Column("created_at", UtcTs, nullable=False),
    Column("resolved_at", UtcTs),
    UniqueConstraint("batch_uid", "index"),
    Index(None, "sync_id", "state", "created_at"),
    Index(None, "sync_id", "state", "reason", "rule", "field_path"),
    Index(None, "sync_id", "source_key"),
    comment="Records that were not taken in, with the reason, ready for replay.",
)

hub_audit = Table(
    "hub_audit",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ts", UtcTs, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("run_id", RowId),
    Column("event", Text, nullable=False, comment="canonical JSON; what the MAC covers"),
    Column("prev", Key, nullable=False),
    Column("mac", Key, nullable=False),
    Index(None, "run_id"),
    Index(None, "tenant", "actor", "ts"),
    comment="Who did what: a chain of MACs, append only.",
)

hub_audit_head = Table(
    "hub_audit_head",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("mac", Key, nullable=False),
    comment="Last link of each chain; locked while a link is added.",
)
