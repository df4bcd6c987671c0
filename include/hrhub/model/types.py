"""The vocabulary in which the canonical model is written: fields, entities, feeds.

The model is data. Tables, mapping targets, masking, documentation and sealing are derived from
it; nothing else in the project says which class a field has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Privacy(StrEnum):
    """Privacy class of a field: decides where and how its value is stored.

    ``open`` values are plain columns. All ``personal`` values of a row share one envelope, all
    ``sensitive`` ones another (PIPL Art. 28 and house policy). An unclassified field is sensitive.
    """

    OPEN = "open"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


class Kind(StrEnum):
    """Type of a field's value, after mapping.

    In Python: str, str, date, datetime (UTC), Decimal, int, bool, JSON value, str (a row id).
    """

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    TIMESTAMP = "timestamp"
    DECIMAL = "decimal"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "json"
    REF = "ref"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One canonical field.

    ``codes`` closes a CODE field. ``check`` names a validator of ``hrhub.mapping.clean`` that
    every value must pass whatever the mapping says. ``index`` names the normaliser under which the
    value gets an equality blind index. ``ref`` names the entity a REF points to.
    """

    name: str
    kind: Kind = Kind.TEXT
    privacy: Privacy = Privacy.SENSITIVE
    required: bool = False
    codes: tuple[str, ...] = ()
    check: str | None = None
    index: str | None = None
    ref: str | None = None
    doc: str = ""


@dataclass(frozen=True)
class Entity:
    """One canonical entity: a table.

    ``subject`` names the column that holds the person whose data key seals the row: ``id`` for the
    person itself, a reference to a person, or ``subject_id``, which every other entity with
    personal values gets. None: the entity holds no personal value.
    ``via`` names the reference that leads to the person where ``subject`` does not: the next entity
    knows its person, or has a ``via`` of its own. None: the entity is about no person.
    ``or_via`` names a second reference that leads there too: every row has at least one of the two.
    ``history`` marks effective-dated entities: rows are slices of a series and are superseded,
    never updated. ``fact`` marks entities whose rows are written once.
    ``unique`` names open fields whose values no two rows of a tenant share.
    """

    name: str
    fields: tuple[Field, ...]
    subject: str | None = None
    via: str | None = None
    or_via: str | None = None
    history: bool = False
    fact: bool = False
    unique: tuple[str, ...] = ()
    doc: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by name."""
        return {f.name: f for f in self.fields}

    def of(self, privacy: Privacy) -> tuple[Field, ...]:
        """Return the fields of one class, in declared order."""
        return tuple(f for f in self.fields if f.privacy is privacy)


@dataclass(frozen=True, slots=True)
class FeedField:
    """One field of a feed.

    ``target`` is ``entity.field`` where the value lands, or None for a field that steers apply.
    A ``reference`` field holds the source id of another record of the same connection, of the
    entity it names; its target is the REF field that is filled with that record's row.
    """

    name: str
    field: Field
    target: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Feed:
    """A flat record of the kind vendors send; apply splits it into entities.

    ``entity`` is what one record of the feed stands for (what its source link points to).
    ``children`` are lists inside the record, each a feed of its own.
    ``one_of`` names references of which a record needs one, where either leads to its person.
    """

    name: str
    entity: str
    fields: tuple[FeedField, ...]
    children: Mapping[str, Feed] = field(default_factory=dict)
    doc: str = ""
    one_of: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, FeedField]:
        """Fields by name."""
        return {f.name: f for f in self.fields}
