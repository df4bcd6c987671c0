"""The landing zone: every page is kept, encrypted, before anything is read out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from hrhub.ambient import Clock, new_ids
from hrhub.connector import Completeness, Page
from hrhub.crypto import (
    EnvelopeError,
    SegmentPlace,
    TenantKeys,
    dek_id_of,
    read_segment,
    write_segment,
)
from hrhub.crypto.files import sync_directory
from hrhub.crypto.segments import unwritable
from hrhub.errors import StorageError
from hrhub.store import keys as key_store
from hrhub.store import landing as manifest
from hrhub.store import runs
from hrhub.store.engine import Store
from hrhub.store.landing import LandedBatch
from hrhub.store.lease import Lease

KEEP = timedelta(days=7)
"""How long landed pages stay."""

_PURPOSE = "landing"
_JSON_TYPE = 7
_NAMES_AT_ONCE = 1_000


def seal_cursor(keys: TenantKeys, sync_id: int, cursor: Any) -> bytes:
    """Seal a cursor; it may hold personal values."""
    return keys.cursor_key().seal(
        msgspec.json.encode(cursor),
        entity="hub_cursor",
        field_path="sealed_value",
        row_uid=str(sync_id),
        type_byte=_JSON_TYPE,
        padded=False,
    )


def open_cursor(keys: TenantKeys, sync_id: int, sealed: bytes | None) -> Any:
    """Open a stored cursor; None stays None."""
    if sealed is None:
        return None
    _, body = keys.cursor_key(dek_id_of(sealed)).open(
        sealed,
        entity="hub_cursor",
        field_path="sealed_value",
        row_uid=str(sync_id),
    )
    return msgspec.json.decode(body)


class Landing:
    """Write and read the pages of one sync.

    Args:
        store: Where the manifest is.
        root: Directory of the segment files.
        keys: The tenant's keys.
        sync_id: The sync.
        stream: Name of its stream; part of what a segment is bound to.
        clock: Dates the manifest.
    """

    def __init__(
        self, store: Store, root: Path, keys: TenantKeys, sync_id: int, stream: str, clock: Clock
    ) -> None:
        self._store = store
        self._root = root
        self._keys = keys
        self._sync_id = sync_id
        self._stream = stream
        self._clock = clock
        self._page_key = keys.fingerprint_key("landing.page")

    def _place(self, batch_uid: str) -> SegmentPlace:
        return SegmentPlace(self._keys.tenant, self._sync_id, self._stream, batch_uid)

    def land(self, run_id: str, pages: Sequence[Page], lease: Lease) -> list[LandedBatch]:
        """Keep pages: segment files first, manifest rows after them, under the fence.

        Raises:
            StorageError: The landing directory cannot be written.
            Fenced: A newer run took the sync over.
        """
        uids = new_ids(len(pages))
        deks = self._keys.create_deks(_PURPOSE, [f"batch:{uid}" for uid in uids])
        folder = self._root / f"{self._sync_id:06d}"
        segments = []
        with unwritable():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for uid, page, (_, key) in zip(uids, pages, deks, strict=True):
                path, place = folder / f"{uid}.seg", self._place(uid)
                segments.append(write_segment(path, page.body, key, place, page_key=self._page_key))
            sync_directory(folder)
        now = self._clock.now()
        with self._store.write() as tx:
            key_store.insert_deks(tx, [record for record, _ in deks])
            first = runs.take_seq(tx, run_id, len(pages))
            landed = [
                LandedBatch(
                    batch_uid=uid,
                    tenant=self._keys.tenant,
                    sync_id=self._sync_id,
                    run_id=run_id,
                    stream=self._stream,
                    seq=seq,
                    file=f"{folder.name}/{uid}.seg",
                    wire_bytes=len(page.body),
                    decoded_bytes=segment.plain_bytes,
                    records=0,
                    sha256_ct=segment.sha256_ct,
                    hmac_pt=segment.hmac_pt,
                    completeness=page.completeness.value,
                    landed_at=now,
                    token=lease.token,
                    meta=dict(page.meta),
                    vendor_total=page.total,
                    sealed_cursor=None
                    if page.cursor is None
                    else seal_cursor(self._keys, self._sync_id, page.cursor),
                )
                for seq, uid, page, segment in zip(
                    range(first, first + len(pages)), uids, pages, segments, strict=True
                )
            ]
            manifest.add(tx, landed)
            lease.fence(tx)
        return landed

    def read(self, batch: LandedBatch) -> Page:
        """Return a landed page as it came, without its cursor.

        Raises:
            StorageError: The segment is missing or damaged (``landing.damaged``).
        """
        with self._store.read() as tx:
            [record] = key_store.load_deks(
                tx, self._keys.tenant, [f"batch:{batch.batch_uid}"], purpose=_PURPOSE
            )
        try:
            key = self._keys.load_dek(record)
            body = read_segment(self._root / batch.file, key, self._place(batch.batch_uid))
        except EnvelopeError:
            raise StorageError("landing.damaged", run=batch.run_id, seq=batch.seq) from None
        return Page(
            body=body,
            meta=batch.meta or {},
            total=batch.vendor_total,
            completeness=Completeness(batch.completeness),
        )

    def read_run(self, run_id: str) -> Iterator[tuple[LandedBatch, Page]]:
        """Yield the pages of a run in the order in which they landed."""
        with self._store.read() as tx:
            batches = manifest.of_run(tx, run_id)
        for batch in batches:
            yield batch, self.read(batch)


def tidy(store: Store, root: Path, sync_id: int) -> int:
    """Remove segment files of a sync that no manifest row names; return how many.

    A run that is killed between file and row leaves one; nobody can open it, because its key was
    to be stored with the row. Only the holder of the sync's lease may call this.
    """
    folder = root / f"{sync_id:06d}"
    if not folder.is_dir():
        return 0
    names = [f"{folder.name}/{path.name}" for path in folder.iterdir()]
    removed = 0
    for start in range(0, len(names), _NAMES_AT_ONCE):
        some = names[start : start + _NAMES_AT_ONCE]
        with store.read() as tx:
            orphans = set(some) - manifest.known_files(tx, some)
        for name in orphans:
            (root / name).unlink(missing_ok=True)
        removed += len(orphans)
    return removed


def sweep(store: Store, root: Path, clock: Clock) -> int:
    """Remove landed pages whose time is over; return how many."""
    with store.read() as tx:
        over = manifest.expired(tx, clock.now() - KEEP)
    if not over:
        return 0
    for batch in over:
        (root / batch.file).unlink(missing_ok=True)
    with store.write() as tx:
        return manifest.mark_dropped(tx, [batch.batch_uid for batch in over])
