"""Records that become one row of one entity, with their lists: the plain case.

Everything follows from the model: which references the row needs, which may wait, which person it
is about, and which entities its lists become.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from hrhub.ambient import new_ids
from hrhub.mapping import Mapped
from hrhub.model import ENTITIES, FEEDS
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.feeds.children import known_children, write_children
from hrhub.pipeline.links import Link
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import shape, stored
from hrhub.store import bulk


@dataclass(frozen=True, slots=True)
class RecordFeed:
    """How a feed of plain records lands.

    Attributes:
        entity: What a record becomes.
        fields: Fields of the entity that the feed fills under their own names.
        required: Feed field -> (column, entity): without the target the record waits outside.
        optional: Feed field -> (column, entity): the reference waits, the record does not.
        one_of: Feed fields of ``optional`` of which a record needs one: they lead to its person.
        children: Child feed -> (entity, column that refers to the record's row).
    """

    entity: str
    fields: tuple[str, ...]
    required: Mapping[str, tuple[str, str]]
    optional: Mapping[str, tuple[str, str]]
    one_of: tuple[str, ...]
    children: Mapping[str, tuple[str, str]]


@cache
def record_feed(name: str) -> RecordFeed:
    """Work out from the model how a feed lands."""
    feed = FEEDS[name]
    own = f"{feed.entity}."
    fields: list[str] = []
    required: dict[str, tuple[str, str]] = {}
    optional: dict[str, tuple[str, str]] = {}
    for field in feed.fields:
        if field.target is None or not field.target.startswith(own):
            continue
        column = field.target.removeprefix(own)
        if field.reference is None:
            fields.append(column)
        elif field.field.required:
            required[field.name] = column, field.reference
        else:
            optional[field.name] = column, field.reference
    children = {
        child_name: (child.entity, parent)
        for child_name, child in feed.children.items()
        if (parent := _parent_column(child.entity, feed.entity))
    }
    return RecordFeed(feed.entity, tuple(fields), required, optional, feed.one_of, children)


def _parent_column(child: str, parent: str) -> str | None:
    """Return the reference to the parent's row; None for lists that are the person's."""
    references = (f.name for f in ENTITIES[child].fields if f.ref == parent)
    return next(references, None)


def apply_records(batch: Batch) -> None:
    """Write the records of a plain feed."""
    feed = record_feed(batch.feed)
    found = targets(batch, feed)
    new = placed(batch, feed, [(u, None) for u in batch.new], found)
    changed = placed(batch, feed, list(batch.changed), found)
    subjects = subjects_of(batch, feed.entity, [values for _, _, values in (*new, *changed)])
    known = known_children(
        batch,
        set(feed.children.values()),
        {link.id: link.entity_id for _, link, _ in changed if link},
    )
    rows = stored(batch, feed.entity, [link.entity_id for _, link, _ in changed if link])
    ids = iter(new_ids(2 * len(new)))
    for (unit, link, values), subject in zip((*new, *changed), subjects, strict=True):
        if link is None:
            link_id, row_id = next(ids), next(ids)
            batch.writes.insert(
                feed.entity, row_id, values, unit.content, subject=subject, link_id=link_id
            )
            batch.writes.link_unit(link_id, feed.entity, row_id, unit)
        else:
            link_id, row = link.id, rows[link.entity_id]
            row_id = row.id
            merged = {**row.values, **values}
            if merged != row.values:
                batch.writes.update(
                    feed.entity,
                    row_id,
                    merged,
                    unit.content,
                    row.row_version + 1,
                    subject=subject,
                )
        wait(batch, feed, unit, row_id, values, known=link is not None)
        _write_lists(batch, feed, unit.rows[0], known.get(link_id, {}), row_id, link_id, subject)


Placed = tuple[Unit, Link | None, dict[str, Any]]
"""A record, its link if it is known, and its row's values with references resolved."""


def targets(batch: Batch, feed: RecordFeed) -> dict[str, dict[bytes, str]]:
    """Look up everything the records refer to: entity -> source key -> row id."""
    wanted: dict[str, set[bytes]] = {}
    for unit in (*batch.new, *(u for u, _ in batch.changed)):
        for field, (_, entity) in (*feed.required.items(), *feed.optional.items()):
            key = unit.values.get(field)
            if key is not None:
                wanted.setdefault(entity, set()).add(batch.sync.key_of(key))
    return {entity: batch.links.targets(batch.tx, entity, keys) for entity, keys in wanted.items()}


def placed(
    batch: Batch,
    feed: RecordFeed,
    units: Sequence[tuple[Unit, Link | None]],
    found: Mapping[str, Mapping[bytes, str]],
) -> list[Placed]:
    """Resolve references; a record that lacks a required one goes to quarantine."""
    kept: list[Placed] = []
    names = (*feed.fields, *batch.sync.custom.keys(feed.entity))
    for unit, link in units:
        values = {n: unit.values[n] for n in names if n in unit.values}
        missing = None
        for field, (column, entity) in (*feed.required.items(), *feed.optional.items()):
            if field not in unit.values:
                continue
            key = unit.values[field]
            values[column] = None if key is None else found[entity].get(batch.sync.key_of(key))
            if values[column] is None and field in feed.required:
                missing = field, entity
        ways = {name: feed.optional[name] for name in feed.one_of}
        if ways and all(values.get(column) is None for column, _ in ways.values()):
            told = next((name for name in ways if unit.values.get(name)), feed.one_of[0])
            missing = told, ways[told][1]
        if missing:
            batch.reject(unit, "reference", *missing)
        else:
            kept.append((unit, link, values))
    return kept


def subjects_of(
    batch: Batch,
    entity: str,
    rows: Sequence[Mapping[str, Any]],
) -> list[str | None]:
    """Return the person each row is about; their keys are then at hand.

    The way leads through the model: ``via`` names the reference to follow, entity by entity,
    until one knows its person.
    """
    form = ENTITIES[entity]
    if form.subject is None:
        return [None] * len(rows)
    column = form.via if form.subject == "subject_id" else form.subject
    assert column is not None
    ways = [name for name in (column, form.or_via) if name]
    taken = [next(name for name in ways if row.get(name) is not None) for row in rows]
    leads = [(name, row[name]) for name, row in zip(taken, rows, strict=True)]
    people: dict[str, str] = {}
    for name in ways:
        target = form.by_name[name].ref
        assert target is not None
        people |= _people(batch, target, [row_id for way, row_id in leads if way == name])
    batch.subjects.load(batch.tx, people.values())
    return [people[row_id] for _, row_id in leads]


def _people(batch: Batch, entity: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the person behind rows of an entity."""
    form = ENTITIES[entity]
    wanted = list(set(ids))
    if form.subject == "id":
        return {i: i for i in wanted}
    column = form.subject or form.via
    assert column is not None
    found: dict[str, str] = dict(
        bulk.fetch_by(batch.tx, shape(entity).table, "id", wanted, select=("id", column))
    )
    if form.subject:
        return found
    target = form.by_name[column].ref
    assert target is not None
    people = _people(batch, target, found.values())
    return {i: people[next_id] for i, next_id in found.items()}


def wait(
    batch: Batch,
    feed: RecordFeed,
    unit: Unit,
    row_id: str,
    values: Mapping[str, Any],
    *,
    known: bool,
) -> None:
    """Let the optional references that point to nothing yet wait for their records.

    What a ``known`` row waited for before is over where the record speaks of it again.
    """
    for field, (column, entity) in feed.optional.items():
        if known and field in unit.values:
            batch.writes.unwait(row_id, column)
        key = unit.values.get(field)
        if key is not None and values[column] is None:
            batch.writes.wait(feed.entity, row_id, column, entity, batch.sync.key_of(key))


def _write_lists(
    batch: Batch,
    feed: RecordFeed,
    row: Mapped,
    known: Mapping[str, Mapping[bytes, str]],
    row_id: str,
    link_id: str,
    subject: str | None,
) -> None:
    for name, (entity, column) in feed.children.items():
        if name in row.children:
            write_children(
                batch,
                ((entity, child) for child in row.children[name]),
                (entity,),
                known,
                parent={column: row_id},
                link_id=link_id,
                subject=subject,
            )
