"""Lists inside a record: each item a row of its own that lives and goes with the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hrhub.pipeline.batch import Batch
from hrhub.pipeline.writes import shape
from hrhub.store import bulk

_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode

Known = Mapping[str, Mapping[bytes, str]]
"""Entity -> content -> row id of the rows that a record brought before."""


def known_children(
    batch: Batch, lists: Iterable[tuple[str, str]], parents: Mapping[str, str]
) -> dict[str, dict[str, dict[bytes, str]]]:
    """Return the living child rows that records brought: link id -> entity -> content -> row id.

    Args:
        batch: The transaction.
        lists: Child entities, each with the column that refers to the parent; it has an index,
            which the link has not.
        parents: Link id -> id of the parent row.
    """
    found: dict[str, dict[str, dict[bytes, str]]] = {}
    for entity, column in lists:
        rows = bulk.fetch_by(
            batch.tx,
            shape(entity).table,
            column,
            parents.values(),
            select=("id", "link_id", "content"),
            where={"removed_at": None},
        )
        for row_id, link_id, content in rows:
            if link_id in parents:
                found.setdefault(link_id, {}).setdefault(entity, {})[bytes(content)] = row_id
    return found


def write_children(
    batch: Batch,
    children: Iterable[tuple[str, Mapping[str, Any]]],
    told: Iterable[str],
    known: Known,
    *,
    parent: Mapping[str, str],
    link_id: str,
    subject: str | None,
) -> None:
    """Add the child rows that are new and retire those the source no longer has.

    Args:
        batch: The transaction.
        children: (entity, values) of every item.
        told: Entities that the record speaks of, even to say that there are none.
        known: What the record brought before.
        parent: Column and row id by which the children refer to their record.
        link_id: The record's link.
        subject: The person whose key seals them.
    """
    kept: set[bytes] = set()
    content_of = batch.sync.content_of
    for entity, child in children:
        content = content_of(_encode((entity, child)))
        if content in kept:
            continue
        kept.add(content)
        if content not in known.get(entity, {}):
            batch.writes.insert(
                entity,
                batch.writes.new_id(),
                child,
                content,
                own=parent,
                subject=subject if shape(entity).subject else None,
                link_id=link_id,
            )
    for entity in told:
        for content, row_id in known.get(entity, {}).items():
            if content not in kept:
                batch.writes.retire(entity, row_id, "source_deleted")
