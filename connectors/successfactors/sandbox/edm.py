"""What entity types of the simulated tenant are put together from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

STRING, DATE, STAMP = "Edm.String", "Edm.DateTime", "Edm.DateTimeOffset"
INT64, INT32, DECIMAL, DOUBLE = "Edm.Int64", "Edm.Int32", "Edm.Decimal", "Edm.Double"
BOOLEAN = "Edm.Boolean"


@dataclass(frozen=True, slots=True)
class Prop:
    """One property of an entity type.

    Attributes:
        picklist: Name of its list of codes.
        hidden: Our own book-keeping for navigations that the vendor shows as links only.
    """

    name: str
    type: str = STRING
    max_length: int | None = None
    picklist: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Nav:
    """One navigation: rows of ``target`` whose fields equal ours, pairwise as in ``on``."""

    name: str
    target: str
    on: tuple[tuple[str, str], ...]
    many: bool = False


@dataclass(frozen=True)
class EntityType:
    """One entity type and its set, which carry the same name.

    ``dates`` names the first and last day of a slice, for effective-dated types.
    """

    name: str
    label: str
    key: tuple[str, ...]
    props: tuple[Prop, ...]
    navs: tuple[Nav, ...] = ()
    dates: tuple[str, str] | None = None

    @cached_property
    def prop(self) -> dict[str, Prop]:
        """Properties by name."""
        return {p.name: p for p in self.props}

    @cached_property
    def nav(self) -> dict[str, Nav]:
        """Navigations by name."""
        return {n.name: n for n in self.navs}

    @cached_property
    def series(self) -> tuple[str, ...]:
        """Key fields without the date and the order inside a day: what slices have in common."""
        apart = {*(self.dates or ()), "seqNumber"}
        return tuple(k for k in self.key if k not in apart)


def strings(*names: str, size: int = 32) -> tuple[Prop, ...]:
    """Return properties that hold texts."""
    return tuple(Prop(n, STRING, size) for n in names)


def days(*names: str) -> tuple[Prop, ...]:
    """Return properties that hold calendar days."""
    return tuple(Prop(n, DATE) for n in names)


def pick(name: str, picklist: str) -> Prop:
    """Return a property that holds the id of a picklist's option."""
    return Prop(name, STRING, 32, picklist)


def option(name: str, field: str) -> Nav:
    """Return the navigation from such a property to its option."""
    return Nav(name, "PicklistOption", ((field, "id"),))


def same(*names: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of fields that carry one name on both sides."""
    return tuple((n, n) for n in names)


STAMPS = (Prop("createdDateTime", STAMP), Prop("lastModifiedDateTime", STAMP))


def visible(kind: EntityType) -> tuple[Prop, ...]:
    """Return the properties that the vendor shows."""
    return tuple(p for p in kind.props if not p.hidden)
