"""Apply mapped records inside one open transaction: which are new, changed, stale or repeated.

Any order and any repetition of the same records leaves the same store: a record's version decides,
never the order of arrival, and equal content is never written twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hrhub.model import ENTITIES, Feed
from hrhub.pipeline.batch import Batch, Sync
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.feeds import HANDLERS, apply_records
from hrhub.pipeline.links import Link, Links
from hrhub.pipeline.matching import settle_people
from hrhub.pipeline.records import Reject, Sifted, Unit
from hrhub.pipeline.subjects import Subjects
from hrhub.pipeline.waiting import settle, settle_overdue
from hrhub.pipeline.writes import Writes


@dataclass(slots=True)
class Applied:
    """What applying brought.

    Counts, what goes to quarantine and what leaves it, and ``left``: the fingerprints that stand
    for nothing any more.
    """

    counts: Counts
    rejects: list[Reject] = field(default_factory=list)
    accepted: list[Unit] = field(default_factory=list)
    left: list[bytes] = field(default_factory=list)


def apply(
    tx: Any,
    sync: Sync,
    feed: Feed,
    subjects: Subjects,
    sifted: Sifted,
    *,
    now: datetime,
    last: bool = True,
) -> Applied:
    """Write the records of one transaction, all but quarantine, cursor and fence.

    ``last`` says that the run ends with it.

    Raises:
        Refused: The outcome law does not hold (a defect); nothing may be committed.
    """
    writes = Writes(sync, now, subjects)
    batch = Batch(
        tx=tx,
        sync=sync,
        feed=feed.name,
        now=now,
        links=Links(sync),
        subjects=subjects,
        writes=writes,
    )
    batch.rejects += sifted.rejects
    unique, stale, duplicate = _one_per_key(batch, sifted.units)
    is_fact = ENTITIES[feed.entity].fact
    keys = [u.source_key for u in unique]
    known = (
        batch.links.facts(tx, feed.entity, sync.sync_id, keys)
        if is_fact
        else batch.links.fetch(tx, feed.entity, keys)
    )
    unchanged = sifted.unchanged
    same: list[Unit] = []
    for unit in unique:
        link = known.get(unit.source_key)
        if link is None:
            batch.new.append(unit)
        elif link.content == unit.content:
            unchanged += 1
            if not _older(unit, link):
                same.append(unit)
            _note(batch, unit, link, is_fact=is_fact, entity=feed.entity)
        elif _older(unit, link):
            stale += 1
        else:
            batch.changed.append((unit, link))
    HANDLERS.get(feed.name, apply_records)(batch)
    refused = {id(r.record) for r in batch.rejects}
    inserted = [u for u in batch.new if id(u.record) not in refused]
    updated = [(u, link) for u, link in batch.changed if id(u.record) not in refused]
    if not is_fact:
        for unit, link in updated:
            writes.relink(link.id, unit, unit.version)
    writes.flush(tx)
    settle(batch, writes.arrived)
    settle_people(batch)
    if last:
        settle_overdue(batch)
    counts = Counts(
        seen=sifted.seen,
        inserted=len(inserted),
        updated=len(updated),
        unchanged=unchanged,
        stale=stale,
        duplicate=duplicate,
        quarantined=len(batch.rejects),
    ).check()
    accepted = [*inserted, *(u for u, _ in updated), *same]
    return Applied(counts, batch.rejects, accepted, [link.fingerprint for _, link in updated])


def _note(batch: Batch, unit: Unit, link: Link, *, is_fact: bool, entity: str) -> None:
    """Let the gate stop this form of the record from now on."""
    if is_fact:
        batch.writes.refinger(entity, link.id, unit.record.fingerprint)
    else:
        # An older form may say the same: it is let through no more, but what stands is the newer.
        newest = link if _older(unit, link) else unit.record
        version = max(unit.version, link.version)
        batch.writes.relink(link.id, unit, version, newest.landed_seq)


def _older(unit: Unit, link: Link) -> bool:
    """Tell whether a record is older than what is stored: by version, else by landing."""
    if unit.version and link.version and unit.version != link.version:
        return unit.version < link.version
    return unit.record.landed_seq < link.landed_seq


def _one_per_key(batch: Batch, units: Sequence[Unit]) -> tuple[list[Unit], int, int]:
    """Keep one record per key of those that came together.

    Equal ones are duplicates; of different ones the newest version stays and the others are stale.
    Where no version decides between different contents, all of them go to quarantine: storing
    whichever came last would depend on chance.

    Returns:
        The records kept, how many are stale, how many are duplicates.
    """
    by_key: dict[bytes, list[Unit]] = defaultdict(list)
    for unit in units:
        by_key[unit.source_key].append(unit)
    if len(by_key) == len(units):
        return list(units), 0, 0
    kept: list[Unit] = []
    stale = duplicate = 0
    for rivals in by_key.values():
        newest = max(u.version for u in rivals)
        contents = {u.content for u in rivals if u.version == newest}
        if len(contents) > 1:
            for unit in rivals:
                batch.reject(unit, "duplicate_key", "", "one_record_per_key")
            continue
        content = contents.pop()
        kept.append(next(u for u in rivals if u.version == newest))
        repeated = sum(u.content == content for u in rivals) - 1
        duplicate += repeated
        stale += len(rivals) - 1 - repeated
    return kept, stale, duplicate
