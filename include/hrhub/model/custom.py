"""Custom fields: what a tenant adds to entities of the model, known by ``ext.<name>``.

They have a type and a privacy class like every field. Personal and sensitive ones are further keys
of the row's sealed group, open ones lie together in its column ``ext``; no table changes for them.
Between mapping and store their values are JSON, as sealed groups give them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hrhub.model.entities import ENTITIES
from hrhub.model.feeds import FEEDS
from hrhub.model.types import Feed, FeedField, Field, Kind, Privacy

PREFIX = "ext."
COLUMN = "ext"
"""Column of the open ones: a JSON object by name."""

KINDS = tuple(kind for kind in Kind if kind is not Kind.REF)
"""Types that a custom field may have; a reference would need a column of its own."""

_BY_SHORTCUT = frozenset({"person_contact", "person_identifier"})
"""Entities that a flat record fills through single fields; their own fields go with their lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """One custom field of one entity.

    Attributes:
        entity: The entity it belongs to.
        name: Its name there.
        kind: Type of its values.
        privacy: Privacy class.
        codes: What closes a field of kind code.
        title: What people read: language -> text.
    """

    entity: str
    name: str
    kind: Kind = Kind.TEXT
    privacy: Privacy = Privacy.SENSITIVE
    codes: tuple[str, ...] = ()
    title: Mapping[str, str] | None = None

    @property
    def path(self) -> str:
        """Entity and name, as people write them."""
        return f"{self.entity}.{self.name}"

    @property
    def key(self) -> str:
        """The name under which a record and a row carry its value."""
        return PREFIX + self.name

    @property
    def field(self) -> Field:
        """The field as mappings and masks know it."""
        titles = self.title or {}
        return Field(
            name=self.key,
            kind=self.kind,
            privacy=self.privacy,
            codes=self.codes,
            doc=titles.get("en") or titles.get("zh") or "custom field",
        )


class CustomFields:
    """The custom fields of one tenant."""

    def __init__(self, fields: Iterable[CustomField] = ()) -> None:
        self.by_path: Mapping[str, CustomField] = {f.path: f for f in fields}
        self._of: dict[str, dict[str, Field]] = {}
        for custom in self.by_path.values():
            self._of.setdefault(custom.entity, {})[custom.key] = custom.field

    def of(self, entity: str) -> Mapping[str, Field]:
        """Return an entity's custom fields by key."""
        return self._of.get(entity, {})

    def keys(self, entity: str, privacy: Privacy | None = None) -> tuple[str, ...]:
        """Return the keys of an entity's custom fields, of one class if it is named."""
        fields = self._of.get(entity)
        if not fields:
            return ()
        return tuple(k for k, f in fields.items() if privacy in (None, f.privacy))

    def extend(self, feed: Feed) -> Feed:
        """Return a feed with the custom fields of the entities that it fills."""
        own = tuple(
            FeedField(key, field, target=f"{entity}.{key}")
            for entity in filled_by(feed.name)
            for key, field in self.of(entity).items()
        )
        children = {name: self._child(child) for name, child in feed.children.items()}
        if not own and children == feed.children:
            return feed
        return replace(feed, fields=(*feed.fields, *own), children=children)

    def _child(self, child: Feed) -> Feed:
        own = tuple(
            FeedField(key, field, target=f"{child.entity}.{key}")
            for key, field in self.of(child.entity).items()
        )
        return replace(child, fields=(*child.fields, *own)) if own else child


NO_CUSTOM_FIELDS = CustomFields()


@cache
def filled_by(feed: str) -> tuple[str, ...]:
    """Return the entities that a feed's own fields fill, its lists left out."""
    targets = (f.target for f in FEEDS[feed].fields if f.target and not f.reference)
    entities = dict.fromkeys(target.partition(".")[0] for target in targets)
    return tuple(entity for entity in entities if entity not in _BY_SHORTCUT)


def clash(one: CustomField, other: CustomField) -> str | None:
    """Return a feed that fills both fields under one name: a mapping could not tell them apart."""
    if one.name != other.name or one.entity == other.entity:
        return None
    both = {one.entity, other.entity}
    return next((feed for feed in FEEDS if both <= set(filled_by(feed))), None)


@cache
def extensible() -> tuple[str, ...]:
    """Return the entities that custom fields can be added to: those that some mapping fills."""
    found = {entity for feed in FEEDS for entity in filled_by(feed)}
    found |= {child.entity for feed in FEEDS.values() for child in feed.children.values()}
    return tuple(name for name in ENTITIES if name in found)


def classes_of(entity: str) -> tuple[Privacy, ...]:
    """Return the classes that custom fields of an entity may have.

    Rows that belong to nobody's key hold open values only.
    """
    return (Privacy.OPEN,) if ENTITIES[entity].subject is None else tuple(Privacy)


def nested(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any] | None:
    """Return what the column ``ext`` holds of a row's open custom values; None for nothing."""
    found = {key.removeprefix(PREFIX): values[key] for key in keys if values.get(key) is not None}
    return found or None


def flattened(values: dict[str, Any]) -> dict[str, Any]:
    """Return a row's values with those of its column ``ext`` under their keys."""
    held = values.pop(COLUMN, None)
    return values | {PREFIX + name: value for name, value in held.items()} if held else values
