"""The canonical model as a page of documentation: ``python -m hrhub.model.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from hrhub.model import MODULES, Entity, Feed, FeedField, Field
from hrhub.model.entities import GROUPS as ENTITY_GROUPS
from hrhub.model.feeds import GROUPS as FEED_GROUPS
from hrhub.model.masking import rule_of

_INTRODUCTION = """\
# Canonical model

Generated from `hrhub.model` by `python -m hrhub.model.reference > docs/model.md`; a test keeps it
current. Change the model, not this page. As JSON Schema: `python -m hrhub.model.schema`.

* **Entities** are what the store holds, one table each. **Feeds** are flat records of the kind
  vendors send; a [mapping](mappings.md) targets a feed, and the hub splits it into entities.
* **Class** decides the storage ([why and how](security.md#privacy-classes)): `open` is a plain
  column, `personal` and `sensitive` values are sealed. A field that nobody classified is sensitive.
* **Mask** is what people see who may not read the class: `name` the first character, `contact`
  three first and two last digits or first character and domain, `number` three first characters and
  the last, `hidden` nothing.
* **Index** names the normaliser under which a sealed value can be looked up by equality.
* Every row also carries the hub's own columns: `id`, `tenant`, `link_id` (the vendor record behind
  it), `content` (keyed hash), `row_version`, `row_seal` (where rows are sealed) and times.
* What the model has no field for is a [custom field](mappings.md#custom-fields), `ext.<name>`: open
  ones lie in the row's column `ext`, the others in its sealed groups.
* A `…_file` field holds the name of an encrypted object, its `…_sha256` the hash of the content.
  Templates of faces and fingers and photos of punches have no field: they are never stored.
"""
_KINDS = {"ref": "reference"}


def page() -> str:
    """Return the page."""
    return "\n".join([_INTRODUCTION, *_entities(), *_feeds(), *_modules()])


def _entities() -> Iterator[str]:
    yield "## Entities\n"
    yield from _table(
        ("Group", "Entities"),
        (
            (title, ", ".join(_link(e.name, "entity") for e in group))
            for title, group in ENTITY_GROUPS.items()
        ),
    )
    for title, group in ENTITY_GROUPS.items():
        yield f"### Entities: {title}\n"
        for entity in group:
            yield from _entity(entity)


def _entity(entity: Entity) -> Iterator[str]:
    yield f"#### Entity {entity.name}\n"
    yield f"{entity.doc} {_owner(entity)}\n"
    if entity.history:
        yield (
            "Effective-dated: rows are slices of a series (`series_id`, `valid_from`, "
            "`valid_to`, `seq`)\nand are superseded, never changed. `valid_to` in the store is "
            "the first day after the slice.\n"
        )
    if entity.fact:
        yield "A fact: written once.\n"
    if entity.unique:
        names = ", ".join(f"`{name}`" for name in entity.unique)
        yield f"No two rows of a tenant share {names}.\n"
    yield from _table(
        ("Field", "Type", "Class", "Mask", "Required", "Index", "Notes"),
        (
            (
                f"`{f.name}`",
                _type(f),
                f.privacy.value,
                rule_of(f).value,
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
        ("Feed", "Group", "A record stands for", "Lists", "What it is"),
        (
            (
                _link(f.name, "feed"),
                title,
                _link(f.entity, "entity"),
                ", ".join(f"`{name}`" for name in f.children),
                f.doc,
            )
            for title, group in FEED_GROUPS.items()
            for f in group
        ),
    )
    for group in FEED_GROUPS.values():
        for feed in group:
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


def _modules() -> Iterator[str]:
    yield "## Optional modules\n"
    yield (
        "Off until `HRHUB_MODULES` names them (`HRHUB_MODULES=pay,bank`). Their tables exist;\n"
        "mappings to their feeds are refused while they are off.\n"
    )
    yield from _table(
        ("Module", "Entities"),
        (
            (f"`{name}`", ", ".join(_link(e, "entity") for e in entities))
            for name, entities in MODULES.items()
        ),
    )


def _lands(field: FeedField) -> str:
    if field.reference:
        return f"`{field.target}`, a reference to {field.reference}"
    return f"`{field.target}`" if field.target else "steers the apply step"


def _owner(entity: Entity) -> str:
    """Say whose key seals the rows, and how the person is found."""
    if entity.subject == "id":
        return "Sealed with the person's own key."
    if entity.subject == "subject_id":
        ways = " or ".join(f"`{way}`" for way in (entity.via, entity.or_via) if way)
        return f"Sealed with the key of the person behind {ways}."
    if entity.subject:
        return f"Sealed with the key of `{entity.subject}`."
    return "Nothing is sealed."


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
