"""People: person, contacts, identity documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hrhub.ambient import new_ids
from hrhub.mapping import Mapped
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.feeds.children import known_children, write_children
from hrhub.pipeline.matching import matching_of
from hrhub.pipeline.merging import Manner, Told, write_told
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import shape, stored

SHORTCUTS: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "national_id": ("person_identifier", {"kind": "cn_resident_id"}, "number"),
    "mobile": ("person_contact", {"kind": "mobile", "use": "personal"}, "value"),
    "work_email": ("person_contact", {"kind": "email", "use": "work"}, "value"),
    "personal_email": ("person_contact", {"kind": "email", "use": "personal"}, "value"),
}
"""Flat feed field -> child entity, its fixed values, the field it fills."""
_CHILD_FEEDS = {"contact": "person_contact", "identifier": "person_identifier"}
_SINGLE = {"merge_state": "single"}
_PERSON = Manner("person", (*shape("person").personal, *shape("person").sensitive))


@dataclass(slots=True)
class PersonItem:
    """A record that speaks of a person, who may still have to be found.

    ``new_id`` is the person's id if nobody is found.
    """

    unit: Unit
    link_id: str
    person_id: str | None
    is_new: bool = True
    new_id: str = ""
    children: Sequence[tuple[str, dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self.children = list(children_of(self.unit.rows[0]))


def apply_persons(batch: Batch) -> None:
    """Write the person feed."""
    link_ids = new_ids(len(batch.new))
    items = [PersonItem(u, i, None) for u, i in zip(batch.new, link_ids, strict=True)]
    items += [PersonItem(u, link.id, link.entity_id, is_new=False) for u, link in batch.changed]
    for item, person_id in write_people(batch, items):
        if item.is_new:
            batch.writes.link_unit(item.link_id, "person", person_id, item.unit)


def write_people(batch: Batch, items: Sequence[PersonItem]) -> list[tuple[PersonItem, str]]:
    """Write the person part of records; return those that could be placed, with their person.

    Who a record is about is for ``hrhub.identity`` to say, whatever the source.
    """
    fresh = _identify(batch, items)
    placed = [(i, i.person_id) for i in items if i.person_id is not None]
    known = stored(batch, "person", list({p for _, p in placed if p not in fresh}))
    existing = known_children(
        batch,
        [(entity, "person_id") for entity in _CHILD_FEEDS.values()],
        {item.link_id: person_id for item, person_id in placed if not item.is_new},
    )
    write_told(
        batch,
        _PERSON,
        [Told(p, item.unit, item.link_id, item.unit.values) for item, p in placed],
        known,
        fixed=dict.fromkeys(fresh, _SINGLE),
        subjects={person_id: person_id for _, person_id in placed},
    )
    for item, person_id in placed:
        write_children(
            batch,
            item.children,
            _told(item.unit.rows[0]),
            existing.get(item.link_id, {}),
            parent={"person_id": person_id},
            link_id=item.link_id,
            subject=person_id,
        )
    return placed


def _identify(batch: Batch, items: Sequence[PersonItem]) -> set[str]:
    """Give every new item its person; return the ids of people who are new."""
    unknown = [i for i in items if i.person_id is None]
    for item, new_id in zip(unknown, new_ids(len(unknown)), strict=True):
        item.new_id = new_id
    fresh: list[str] = []
    for item, person_id in zip(unknown, matching_of(batch).place(unknown), strict=True):
        item.person_id = person_id or item.new_id
        if person_id is None:
            fresh.append(item.new_id)
    batch.subjects.create(fresh)
    return set(fresh)


def children_of(row: Mapped) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the child rows of a record, from its lists and from its flat fields."""
    for name, (entity, fixed, target) in SHORTCUTS.items():
        value = row.values.get(name)
        if value is not None:
            yield entity, {**fixed, target: value}
    for name, entity in _CHILD_FEEDS.items():
        for child in row.children.get(name, ()):
            yield entity, child


def _told(row: Mapped) -> set[str]:
    """Return the child entities that the record speaks of, even to say that there are none."""
    told = {SHORTCUTS[name][0] for name in SHORTCUTS.keys() & row.values.keys()}
    return told | {_CHILD_FEEDS[name] for name in _CHILD_FEEDS.keys() & row.children.keys()}
