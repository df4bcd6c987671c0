"""What feeds are put together from."""

from __future__ import annotations

from hrhub.model.types import Entity, FeedField, Field, Kind, Privacy


def take(entity: Entity, *names: str) -> tuple[FeedField, ...]:
    """Offer fields of an entity under their own names."""
    return tuple(FeedField(n, entity.by_name[n], target=f"{entity.name}.{n}") for n in names)


def ref(
    name: str, entity: Entity, column: str, doc: str, *, required: bool | None = None
) -> FeedField:
    """Offer a reference of an entity, to be given as the id that the vendor uses for its target.

    It is required where the column is, or where it is said to be: such a record makes no sense
    without its target.
    """
    field = entity.by_name[column]
    needed = field.required if required is None else required
    return FeedField(
        name,
        Field(name=name, privacy=Privacy.PERSONAL, required=needed, doc=doc),
        target=f"{entity.name}.{column}",
        reference=field.ref,
    )


def steer(name: str, kind: Kind, doc: str, *, required: bool = False) -> FeedField:
    """Offer a field that steers apply and is not stored under its own name."""
    return FeedField(
        name, Field(name=name, kind=kind, privacy=Privacy.OPEN, required=required, doc=doc)
    )


SLICE = (
    steer("valid_from", Kind.DATE, "first day on which the slice holds", required=True),
    steer("valid_to", Kind.DATE, "last day on which the slice holds; empty or 9999-12-31: open"),
    steer("seq", Kind.INTEGER, "order of several changes on one day"),
)
"""When a record holds, in feeds of sources that keep history."""

MODIFIED = steer(
    "modified_at", Kind.TIMESTAMP, "when the vendor last changed the record; orders versions of it"
)
