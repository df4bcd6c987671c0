"""What the hub says of its own doing: runs, cursors, landed pages, quarantine, the audit chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from hrhub.crypto import AuditBroken, EnvelopeError, audit_linker, verify_links
from hrhub.errors import KeysUnavailable
from hrhub.pipeline.landing import KEEP, open_cursor
from hrhub.pipeline.rejects import reopen_all
from hrhub.pipeline.verify.work import Work
from hrhub.store import audit, schema, syncs
from hrhub.store import landing as manifest
from hrhub.store import quarantine as quarantined
from hrhub.store.lease import holder_of
from hrhub.store.quarantine import Quarantined

_OUTCOMES = ("inserted", "updated", "unchanged", "stale", "duplicate", "quarantined")
_SEALED_PAGE_ROWS = 200
_RESULT = frozenset({manifest.APPLIED, manifest.SUPERSEDED})


def check_journal(work: Work) -> None:
    """Check runs, cursors, landing zone, quarantine and audit chain."""
    with work.snapshot() as tx:
        names = {row.id: row.stream for row in syncs.list_syncs(tx, work.tenant)}
    _runs(work, names)
    for sync_id in names:
        _cursor(work, sync_id)
    _landing(work)
    _quarantine(work, names)
    _audit(work)


def _runs(work: Work, names: Mapping[int, str]) -> None:
    """Find runs in which records were lost or counted twice."""
    table = schema.hub_run

    def visit(_: Connection, rows: Sequence[Any]) -> None:
        for row in rows:
            if row.seen != sum(row._mapping[name] for name in _OUTCOMES):
                work.report.add("verify.run_counts", table.name, row.id)

    mine = table.c.sync_id.in_(names)
    work.pages(table, ("id", "seen", *_OUTCOMES), ("id",), visit, mine)


def _cursor(work: Work, sync_id: int) -> None:
    """Compare a cursor with the pages that were applied."""
    c, b, r = schema.hub_cursor.c, schema.hub_landing_batch.c, schema.hub_run.c
    with work.snapshot() as tx:
        cursor = tx.execute(select(c.sealed_value, c.run_id).where(c.sync_id == sync_id)).first()
        if cursor is None:
            return
        applied = (
            select(b.run_id, b.sealed_cursor)
            .where(b.sync_id == sync_id, b.applied_at.is_not(None), b.sealed_cursor.is_not(None))
            .order_by(b.run_id.desc(), b.seq.desc())  # run ids are UUIDv7: their order is time
        )
        of_run = tx.execute(applied.where(b.run_id == cursor.run_id).limit(1)).first()
        done = applied.join(schema.hub_run, r.id == b.run_id).where(r.status == "done")
        newest = tx.execute(done.limit(1)).first()
    work.note("hub_cursor", 1)
    try:
        open_cursor(work.keys, sync_id, cursor.sealed_value)
    except (EnvelopeError, KeysUnavailable):
        work.report.add("verify.cursor_unreadable", "hub_cursor", sync_id)
    moved = of_run is not None and bytes(of_run.sealed_cursor) == bytes(cursor.sealed_value or b"")
    if not moved or (newest is not None and newest.run_id > cursor.run_id):
        work.report.add("verify.cursor_run", "hub_cursor", sync_id)


def _landing(work: Work) -> None:
    """Compare the landing directory with its manifest."""
    root = work.hub.settings.landing
    # Listed first: a file that lands from now on is in no list and cannot look like an orphan.
    on_disk = {str(path.relative_to(root)): path for path in _files(root)}
    expired = work.hub.clock.now() - KEEP

    def visit(_: Connection, rows: Sequence[Any]) -> None:
        for row in rows:
            path = root / row.file
            if row.state == manifest.DROPPED:
                if path.is_file():
                    work.report.add("verify.landing_orphan", "landing", row.file)
                continue
            digest = _sha256(path)
            if digest is None:
                # The sweep removes a file before it says so; it may be between the two.
                if not (row.state in _RESULT and row.landed_at < expired):
                    work.report.add("verify.landing_missing", "landing", row.file)
            elif digest != bytes(row.sha256_ct):
                work.report.add("verify.landing_changed", "landing", row.file)

    columns = ("batch_uid", "file", "state", "sha256_ct", "landed_at")
    work.pages(schema.hub_landing_batch, columns, ("batch_uid",), visit)
    names = sorted(on_disk)
    for start in range(0, len(names), _SEALED_PAGE_ROWS):
        some = names[start : start + _SEALED_PAGE_ROWS]
        with work.snapshot() as tx:
            orphans = set(some) - manifest.known_files(tx, some)
            busy = {name for name in orphans if _landing_now(tx, name)}
        for name in sorted(orphans - busy):
            work.report.add("verify.landing_orphan", "landing", name)


def _files(root: Path) -> Iterable[Path]:
    return (path for path in root.rglob("*") if path.is_file()) if root.is_dir() else ()


def _landing_now(tx: Connection, name: str) -> bool:
    """Tell whether a run holds the sync of a file: it lands a page before it enters it."""
    folder = name.split("/", 1)[0]
    return folder.isdigit() and holder_of(tx, int(folder)) is not None


def _sha256(path: Path) -> bytes | None:
    """Return the hash of a file, None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


def _quarantine(work: Work, names: Mapping[int, str]) -> None:
    """Find open records that could not be replayed because they cannot be opened."""
    columns = [f.name for f in fields(Quarantined)]

    def visit(tx: Connection, rows: Sequence[Any]) -> None:
        by_stream: dict[str, list[Quarantined]] = {}
        for row in rows:
            entry = Quarantined(**row._mapping)
            by_stream.setdefault(names.get(entry.sync_id, ""), []).append(entry)
        for stream, entries in by_stream.items():
            records = reopen_all(tx, work.keys, entries, stream)
            for entry, record in zip(entries, records, strict=True):
                if record is None:
                    work.report.add("verify.quarantine_unreadable", "hub_quarantine", entry.uid)

    table = schema.hub_quarantine
    still_open = table.c.state == quarantined.OPEN
    work.pages(table, columns, ("uid",), visit, still_open, rows=_SEALED_PAGE_ROWS)


def _audit(work: Work) -> None:
    """Check the audit chain from its first link to its head."""
    a = schema.hub_audit.c
    with work.snapshot() as tx:
        last, mac = audit.head(tx, work.tenant)
        highest = tx.execute(select(func.max(a.seq)).where(a.tenant == work.tenant)).scalar() or 0
        chain = islice(audit.links(tx, work.tenant), last)
        try:
            held, proved = verify_links(audit_linker(work.keys), chain)
        except AuditBroken as error:
            work.report.add("verify.audit_broken", "hub_audit", error.context.get("seq", "-"))
            return
    work.note("hub_audit", held)
    if held != last or proved != bytes(mac) or highest > last:
        work.report.add("verify.audit_head", "hub_audit", min(held, last))
