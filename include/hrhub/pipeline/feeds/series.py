"""Effective-dated records: a whole series of slices is compared with the stored one.

The series is the unit because that is what vendors with history can vouch for: correcting or
deleting one slice moves its neighbours, and a deleted slice simply is no longer sent. Slices that
are no longer believed are superseded, never changed, so both questions stay answerable: what was
true on a day, and what did we believe at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from hrhub.ambient import new_ids
from hrhub.model import FEEDS
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import shape
from hrhub.store import bulk
from hrhub.store.types import FOREVER

_PLACING = frozenset({"valid_from", "valid_to", "seq"})
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode


@dataclass(frozen=True, slots=True)
class SeriesFeed:
    """How a feed of slices lands; all of it follows from the model.

    Attributes:
        entity: The entity with history.
        references: Feed field -> (column, entity it points to); one not yet known waits.
        owner: The reference without which a record makes no sense, or None.
        fields: Open columns that are filled under their own names.
        defaults: Values of fields that the feed leaves out.
    """

    entity: str
    references: Mapping[str, tuple[str, str]]
    owner: tuple[str, str, str] | None
    fields: tuple[str, ...]
    defaults: Mapping[str, Any]


def series_feed(name: str, **defaults: Any) -> SeriesFeed:
    """Return how a feed of slices lands."""
    feed = FEEDS[name]
    owner = None
    references: dict[str, tuple[str, str]] = {}
    for field in feed.fields:
        if field.reference and field.target:
            column = field.target.split(".")[1]
            if field.field.required:
                owner = field.name, column, field.reference
            else:
                references[field.name] = column, field.reference
    filled = {column for column, _ in references.values()} | ({owner[1]} if owner else set())
    fields = tuple(n for n in shape(feed.entity).open if n not in filled)
    return SeriesFeed(feed.entity, references, owner, fields, defaults)


ASSIGNMENT = series_feed("assignment", kind="primary")
ORG_UNIT = series_feed("org_unit")
POSITION = series_feed("position")


def apply_assignments(batch: Batch) -> None:
    """Write the assignment feed."""
    _apply(batch, ASSIGNMENT)


def apply_org_units(batch: Batch) -> None:
    """Write the org_unit feed."""
    _apply(batch, ORG_UNIT)


def apply_positions(batch: Batch) -> None:
    """Write the position feed."""
    _apply(batch, POSITION)


class Slice(NamedTuple):
    """One slice as a source tells it: when it holds, and what it says by the source's own names."""

    valid_from: date
    valid_to: date
    seq: int
    values: Mapping[str, Any]


class Series(NamedTuple):
    """A series to be brought in step with its source."""

    series_id: str
    link_id: str | None
    owner_id: str | None
    slices: Sequence[Slice]
    dated_by: str = "source"
    is_new: bool = False


def _apply(batch: Batch, feed: SeriesFeed) -> None:
    owners = _owners(batch, feed)
    ids = iter(new_ids(2 * len(batch.new)))
    series: list[Series] = []
    for unit, link in [*((u, None) for u in batch.new), *batch.changed]:
        owner_id = None
        if feed.owner:
            owner_id = owners.get(batch.sync.key_of(unit.values[feed.owner[0]]))
            if owner_id is None:
                batch.reject(unit, "reference", feed.owner[0], feed.owner[2])
                continue
        slices = [slice_of(row.values) for row in unit.rows]
        if link is not None:
            series.append(Series(link.entity_id, link.id, owner_id, slices))
            continue
        link_id, series_id = next(ids), next(ids)
        series.append(Series(series_id, link_id, owner_id, slices, is_new=True))
        batch.writes.link_unit(link_id, feed.entity, series_id, unit)
    write_series(batch, feed, series)


def _owners(batch: Batch, feed: SeriesFeed) -> dict[bytes, str]:
    if not feed.owner:
        return {}
    field, _, entity = feed.owner
    units: list[Unit] = [*batch.new, *(u for u, _ in batch.changed)]
    return batch.links.targets(
        batch.tx, entity, [batch.sync.key_of(u.values[field]) for u in units]
    )


def slice_of(values: Mapping[str, Any]) -> Slice:
    """Return the slice that a mapped row tells; its last day becomes the first day after."""
    until = values.get("valid_to")
    return Slice(
        values["valid_from"],
        FOREVER if until is None or until >= FOREVER else until + timedelta(days=1),
        values.get("seq") or 1,
        values,
    )


def write_series(batch: Batch, feed: SeriesFeed, series: Sequence[Series]) -> None:
    """Add the slices that are new, supersede those the source no longer tells.

    A slice that a record holds twice is one slice.
    """
    current = current_slices(batch, feed.entity, [s.series_id for s in series if not s.is_new])
    resolve = resolver(batch, feed, series)
    for one in series:
        before = current.get(one.series_id, {})
        told = {content_of(batch, one.owner_id, piece): piece for piece in one.slices}
        for content, piece in told.items():
            if content not in before:
                insert_slice(batch, feed, one, piece, content, resolve)
        for content, row_ids in before.items():
            for row_id in row_ids[1:] if content in told else row_ids:
                batch.writes.supersede(feed.entity, row_id)


def current_slices(
    batch: Batch, entity: str, series_ids: Sequence[str]
) -> dict[str, dict[bytes, list[str]]]:
    """Return the slices believed now: series id -> content -> row ids."""
    rows = bulk.fetch_by(
        batch.tx,
        shape(entity).table,
        "series_id",
        series_ids,
        select=("series_id", "content", "id"),
        where={"superseded_at": None},
    )
    found: dict[str, dict[bytes, list[str]]] = {}
    for series_id, content, row_id in sorted(rows, key=itemgetter(2)):
        found.setdefault(series_id, {}).setdefault(bytes(content), []).append(row_id)
    return found


def content_of(batch: Batch, owner_id: str | None, piece: Slice) -> bytes:
    """Return the keyed hash of a slice as its source tells it."""
    told = piece.values
    if not _PLACING.isdisjoint(told):
        told = {k: v for k, v in told.items() if k not in _PLACING}
    return batch.sync.content_of(
        _encode((owner_id, piece.valid_from, piece.valid_to, piece.seq, told))
    )


Resolver = Callable[[str, str], tuple[bytes, str | None]]
"""(feed field, key) -> source key, and the row id if the record is known."""


def resolver(batch: Batch, feed: SeriesFeed, series: Sequence[Series]) -> Resolver:
    """Look up everything the slices point to, one round trip per entity."""
    references = [(field, entity) for field, (_, entity) in feed.references.items()]
    wanted: dict[str, set[str]] = {entity: set() for _, entity in references}
    for one in series:
        for piece in one.slices:
            for field, entity in references:
                key = piece.values.get(field)
                if key is not None:
                    wanted[entity].add(key)
    hashed = {key: batch.sync.key_of(key) for keys in wanted.values() for key in keys}
    known = {
        entity: batch.links.targets(batch.tx, entity, [hashed[k] for k in keys])
        | batch.writes.arrived[entity]
        for entity, keys in wanted.items()
    }

    def resolve(field: str, key: str) -> tuple[bytes, str | None]:
        source_key = hashed[key]
        return source_key, known[feed.references[field][1]].get(source_key)

    return resolve


def insert_slice(
    batch: Batch,
    feed: SeriesFeed,
    one: Series,
    piece: Slice,
    content: bytes,
    resolve: Resolver,
) -> None:
    """Add one slice; references to records not yet known are left to wait."""
    row_id = batch.writes.new_id()
    own = {n: v for n, v in feed.defaults.items() if n not in piece.values}
    if feed.owner:
        own[feed.owner[1]] = one.owner_id
    for field, (column, entity) in feed.references.items():
        key = piece.values.get(field)
        if key is None:
            continue
        source_key, own[column] = resolve(field, key)
        if own[column] is None:
            batch.writes.wait(feed.entity, row_id, column, entity, source_key)
    batch.writes.insert(
        feed.entity,
        row_id,
        piece.values,
        content,
        own=own,
        link_id=one.link_id,
        extra=batch.writes.slice_of(
            one.series_id, piece.valid_from, piece.valid_to, piece.seq, one.dated_by
        ),
    )
