"""Fields of a vendor that a mapping leaves out, as declarations of custom fields to begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hrhub.mapping.plan import Mapping as Plan
from hrhub.mapping.plan import Path
from hrhub.model import FEEDS, CustomField, Kind

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_PLAIN = re.compile(r"[^.\[\]\"\s][^.\[\]\"]*")
_MOST_NAME = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vendor's field that no rule takes: its path, as a mapping writes it, and what it may be."""

    path: str
    field: CustomField


def candidates(
    feed: str, mapping: Plan | None, docs: Sequence[Mapping[str, Any]]
) -> tuple[str, list[Candidate]]:
    """Return the entity that a feed stands for, and the fields of records that are not mapped.

    Types are guessed from the values of all records; classes stay sensitive. Values of lists are
    told as one field of type json.

    Args:
        feed: The stream's feed, used where there is no mapping.
        mapping: The mapping, if there is one.
        docs: Decoded records.
    """
    entity = mapping.feed.entity if mapping else FEEDS[feed].entity
    taken = _taken(mapping) if mapping else set()
    values: dict[tuple[str, ...], list[Any]] = {}
    for doc in docs:
        for steps, value in _leaves(doc, ()):
            values.setdefault(steps, []).append(value)
    names: set[str] = set()
    found = []
    for steps, told in values.items():
        if any(steps[:depth] in taken for depth in range(1, len(steps) + 1)):
            continue
        name = _name(steps, names)
        names.add(name)
        field = CustomField(entity=entity, name=name, kind=_kind(told))
        found.append(Candidate(_spelled(steps), field))
    return entity, found


def declaration(entity: str, found: Sequence[Candidate]) -> str:
    """Return the lines that declare candidates in ``custom_fields.yaml``."""
    lines = [f"{entity}:"]
    for one in found:
        kind = one.field.kind.value
        lines.append(f"  {one.field.name}: {{type: {kind}, class: sensitive}}  # {one.path}")
    return "\n".join(lines)


def _taken(mapping: Plan) -> set[tuple[str, ...]]:
    """Return what the mapping takes; of a list that it goes through, all of it."""
    paths: list[Path] = [*mapping.key]
    paths += [path for rule in mapping.rules for path in rule.vendor_paths]
    paths += [rule.zone for rule in mapping.rules if isinstance(rule.zone, Path)]
    for block in mapping.blocks:
        if block.source is not None:
            paths.append(block.source)
            continue
        paths += [path for rule in block.rules for path in rule.vendor_paths]
        paths += [condition.path for condition in block.where]
    return {_names_of(path) for path in paths}


def _names_of(path: Path) -> tuple[str, ...]:
    """Return the names that a path goes through before it enters a list."""
    names: list[str] = []
    for step in path.steps:
        if isinstance(step, int):
            break
        names.append(step)
    return tuple(names)


def _leaves(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*steps, str(name)))
    elif steps:
        yield steps, value


def _kind(values: Sequence[Any]) -> Kind:
    told = [value for value in values if value not in (None, "")]
    types = {type(value) for value in told}
    if not told or types & {dict, list}:
        return Kind.JSON if types & {dict, list} else Kind.TEXT
    if types == {bool}:
        return Kind.BOOLEAN
    if types == {int}:
        return Kind.INTEGER
    if types <= {int, Decimal, float}:
        return Kind.DECIMAL
    if types == {str} and all(map(_is_day, told)):
        return Kind.DATE
    if types == {str} and all(map(_is_moment, told)):
        return Kind.TIMESTAMP
    return Kind.TEXT


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def _name(steps: Sequence[str], used: set[str]) -> str:
    """Return a name that is not used yet, from the vendor's own where that has latin letters."""
    for depth in range(1, len(steps) + 1):
        words = (_OTHER.sub("_", _CAPITALS.sub("_", s).lower()).strip("_") for s in steps[-depth:])
        name = "_".join(word for word in words if word)[:_MOST_NAME].rstrip("_")
        if name and name[0].isalpha() and name not in used:
            return name
    number = len(used) + 1
    while f"field_{number}" in used:
        number += 1
    return f"field_{number}"


def _spelled(steps: Sequence[str]) -> str:
    if all(_PLAIN.fullmatch(step) for step in steps):
        return ".".join(steps)
    return "".join(f'["{step}"]' for step in steps)
