"""The canonical model as a page of documentation: ``python -m hrhub.model.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from hrhub.model import ENTITIES, FEEDS, Entity, Feed, FeedField, Field

_INTRODUCTION = """\
# Canonical model

Generated from `hrhub.model` by `python -m hrhub.model.reference > docs/model.md`; a test keeps it
current. Change the model, not this page.

* **Entities** are what the store holds, one table each. **Feeds** are flat records of the kind
  vendors send; a [mapping](mappings.md) targets a feed, and the hub splits it into entities.
* **Class** decides the storage ([why and how](security.md#privacy-classes)): `open` is a plain
  column, `personal` and `sensitive` values are sealed. A field that nobody classified is sensitive.
* **Index** names the normaliser under which a sealed value can be looked up by equality.
* Every row also carries the hub's own columns: `id`, `tenant`, `link_id` (the vendor record behind
  it), `content` (keyed hash), `row_version`, `row_seal` (where something is sealed) and times.
"""
_KINDS = {"ref": "reference"}


def page() -> str:
    """Return the page."""
    return "\n".join([_INTRODUCTION, *_entities(), *_feeds()])


def _entities() -> Iterator[str]:
    yield "## Entities\n"
    yield from _table(
        ("Entity", "What it is", "Sealed with the key of"),
        ((_link(e.name, "entity"), e.doc, _subject(e)) for e in ENTITIES.values()),
    )
    for entity in ENTITIES.values():
        yield f"### Entity {entity.name}\n"
        if entity.history:
            yield (
                "Effective-dated: rows are slices of a series (`series_id`, `valid_from`, "
                "`valid_to`, `seq`)\nand are superseded, never changed. `valid_to` in the store is "
                "the first day after the slice.\n"
            )
        if entity.fact:
            yield "A fact: written once.\n"
        yield from _table(
            ("Field", "Type", "Class", "Required", "Index", "Notes"),
            (
                (
                    f"`{f.name}`",
                    _type(f),
                    f.privacy.value,
                    "yes" if f.required else "",
                    f.index or "",
                    _notes(f),
                )
                for f in entity.fields
            ),
        )


def _feeds() -> Iterator[str]:
    yield "## Feeds\n"
    yield from _table(
        ("Feed", "A record stands for", "What it is"),
        ((_link(f.name, "feed"), f.entity, f.doc) for f in FEEDS.values()),
    )
    for feed in FEEDS.values():
        yield f"### Feed {feed.name}\n"
        yield from _feed_fields(feed)
        for name, child in feed.children.items():
            yield f"List `{name}` (each item a `{child.entity}`):\n"
            yield from _feed_fields(child)


def _feed_fields(feed: Feed) -> Iterator[str]:
    yield from _table(
        ("Field", "Type", "Required", "Lands in", "Notes"),
        (
            (
                f"`{f.name}`",
                _type(f.field),
                "yes" if f.field.required else "",
                _lands(f),
                _notes(f.field),
            )
            for f in feed.fields
        ),
    )


def _lands(field: FeedField) -> str:
    if field.reference:
        return f"`{field.target}`, a reference to {field.reference}"
    return f"`{field.target}`" if field.target else "steers the apply step"


def _subject(entity: Entity) -> str:
    return "nothing is sealed" if entity.subject is None else f"`{entity.subject}`"


def _type(field: Field) -> str:
    kind = _KINDS.get(field.kind.value, field.kind.value)
    return f"{kind} to {field.ref}" if field.ref else kind


def _notes(field: Field) -> str:
    notes = [field.doc] if field.doc else []
    if field.codes:
        notes.append(", ".join(f"`{code}`" for code in field.codes))
    if field.check:
        notes.append(f"checked as `{field.check}`")
    return "; ".join(notes)


def _link(name: str, kind: str) -> str:
    return f"[`{name}`](#{kind}-{name})"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
