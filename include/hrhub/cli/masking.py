"""Show records without showing people: values by privacy class, unknown ones by type and length.

A vendor's field counts as open only where the mapping puts it into open fields and nowhere else.
A field that the mapping does not name is treated as sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hrhub.mapping.plan import Mapping as Plan
from hrhub.mapping.plan import Path, Rule
from hrhub.model import Feed, Privacy

_SHOWN = 60
_ITEM = "[]"
Steps = tuple[str, ...]


def masked(value: object, privacy: Privacy) -> str:
    """Return an open value as text, and of any other only its class, type and length."""
    if value is None:
        return "null"
    if privacy is Privacy.OPEN:
        text = str(value)
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    size = f", {len(str(value))} characters" if isinstance(value, str) else ""
    return f"‹{privacy}: {_kind(value)}{size}›"


def mapped_lines(
    feed: Feed, values: Mapping[str, Any], children: Mapping[str, list[dict[str, Any]]]
) -> Iterator[tuple[str, str]]:
    """Yield (canonical field, masked value) of a mapped record."""
    for name, value in values.items():
        yield name, masked(value, feed.by_name[name].field.privacy)
    for child, rows in children.items():
        of = feed.children[child]
        if not rows:
            yield f"{child}{_ITEM}", "none"
        for number, row in enumerate(rows):
            for name, value in row.items():
                yield f"{child}[{number}].{name}", masked(value, of.by_name[name].field.privacy)


def raw_lines(record: Mapping[str, Any], plan: Plan | None) -> Iterator[tuple[str, str]]:
    """Yield (vendor's path, masked value) of a raw record."""
    classes = _classes(plan) if plan else {}
    for steps, label, value in _leaves(record, (), ""):
        yield label, masked(value, classes.get(steps, Privacy.SENSITIVE))


def _classes(plan: Plan) -> dict[Steps, Privacy]:
    """Return the strictest class that each of the vendor's fields feeds."""
    order = (Privacy.OPEN, Privacy.PERSONAL, Privacy.SENSITIVE)
    found: dict[Steps, Privacy] = {}

    def note(rule: Rule, base: Steps) -> None:
        for path in rule.vendor_paths:
            steps = base + _steps(path)
            privacy = rule.target.field.privacy
            found[steps] = max(found.get(steps, Privacy.OPEN), privacy, key=order.index)

    for rule in plan.rules:
        note(rule, ())
    for block in plan.blocks:
        base = (*_steps(block.source), _ITEM) if block.source else ()
        for rule in block.rules:
            note(rule, base)
    for path in plan.key:  # a vendor's key is somebody's number more often than not
        found[_steps(path)] = max(
            found.get(_steps(path), Privacy.OPEN), Privacy.PERSONAL, key=order.index
        )
    return found


def _steps(path: Path) -> Steps:
    return tuple(_ITEM if isinstance(step, int) else step for step in path.steps)


def _leaves(value: object, steps: Steps, label: str) -> Iterator[tuple[Steps, str, object]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*steps, str(name)), f"{label}.{name}" if label else name)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*steps, _ITEM), f"{label}[{number}]")
    else:
        yield steps, label, value


def _kind(value: object) -> str:
    names = {str: "text", bool: "yes or no", int: "number", dict: "empty", list: "empty"}
    return names.get(type(value), "number" if hasattr(value, "as_tuple") else type(value).__name__)
