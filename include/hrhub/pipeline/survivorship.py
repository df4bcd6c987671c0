"""Which source's value survives, where several tell of the same row.

What every source tells is kept apart, sealed, as a contribution; the row is worked out from all of
them, so the order in which sources come never matters. A policy file orders the sources, for all
fields or for one; a person's own correction beats every source until it is released.

A null means "has no value" and leaves room for a lower source, but for a part of a name beside the
other part; a field that a source does not speak of says nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hrhub.mapping.policies import read_policy
from hrhub.mapping.shapes import ShapeReader
from hrhub.mapping.tree import Node
from hrhub.model import ENTITIES, NO_CUSTOM_FIELDS, CustomFields
from hrhub.store.syncs import MANUAL

POLICY_FILE = "survivorship.yaml"
_PARTS = {"person": ("family_name", "given_name")}
"""Fields that are parts of one value."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source record tells of a row.

    Attributes:
        link_id: Its source link.
        source: Its connector; ``manual`` for a correction by hand.
        version: The vendor's change time of the record, sortable; may be empty.
        tie: Decides when nothing else does; the same in every run.
        values: What it tells, nulls included.
    """

    link_id: str
    source: str
    version: str
    tie: bytes
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A row worked out from its contributions.

    ``origins`` names the link behind each value that has one.
    """

    values: dict[str, Any] = field(repr=False)
    origins: dict[str, str]


class Policy:
    """Order of sources, best first; sources not named come after all that are.

    Args:
        default: Order for all fields.
        fields: Order for single ones, by ``entity.field``.
    """

    def __init__(
        self, default: Sequence[str] = (), fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._default = tuple(default)
        self._fields = {path: tuple(order) for path, order in (fields or {}).items()}

    def rank(self, entity: str, name: str, source: str) -> int:
        """Return the place of a source for a field; lower is better."""
        if source == MANUAL:
            return -1
        order = self._fields.get(f"{entity}.{name}", self._default)
        return order.index(source) if source in order else len(order)

    def survive(self, entity: str, contributions: Sequence[Contribution]) -> Survivor:
        """Work a row out: per field the best source that has a value; of equals the newest."""
        names = dict.fromkeys(name for c in contributions for name in c.values)
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for name in names:
            tellers = [c for c in contributions if name in c.values]
            told = [c for c in tellers if _speaks(c, entity, name)]
            if not told:
                values[name] = None
                continue
            best = min(self.rank(entity, name, c.source) for c in told)
            equals = [c for c in told if self.rank(entity, name, c.source) == best]
            winner = max(equals, key=lambda c: (c.version, c.tie))
            values[name] = winner.values[name]
            if values[name] is not None:
                origins[name] = winner.link_id
        return Survivor(values, origins)


def _speaks(contribution: Contribution, entity: str, name: str) -> bool:
    """Tell whether a source says what a field holds, be it nothing.

    A name in parts that lacks one of them lacks it on purpose: the part of another source, perhaps
    in another script, would make a name that nobody has.
    """
    values = contribution.values
    if values[name] is not None:
        return True
    parts = _PARTS.get(entity, ())
    return name in parts and any(values.get(part) is not None for part in parts)


def load_policy(folder: Path, custom: CustomFields = NO_CUSTOM_FIELDS) -> Policy:
    """Read ``survivorship.yaml``; without the file all sources are equal and the newest wins.

    ::

        default: [successfactors, weaver, wecom]
        fields:
          person.latin_name: [wecom, successfactors]
          employee.ext.badge_no: [wecom]

    Raises:
        MappingError: The file is wrong; the problems name line and column and suggest.
    """

    def read(reader: ShapeReader, tree: Node) -> Policy:
        root = reader.table(tree, "the policy", ("default", "fields"))
        default: tuple[str, ...] = ()
        fields: dict[str, tuple[str, ...]] = {}
        if "default" in root.entries:
            default = reader.texts(root.entries["default"], "the order of sources")
        if "fields" in root.entries:
            known = _paths(custom)
            named = reader.table(root.entries["fields"], "fields", known)
            for name, order in named.entries.items():
                fields[name] = reader.texts(order, "the order of sources")
        return Policy(default, fields)

    return read_policy(folder / POLICY_FILE, read, Policy())


def _paths(custom: CustomFields) -> list[str]:
    """Return the fields that sources can differ about."""
    return [
        f"{entity.name}.{f.name}"
        for entity in ENTITIES.values()
        if not entity.history and not entity.fact
        for f in (*entity.fields, *custom.of(entity.name).values())
        if f.ref is None
    ]
