"""Compare the columns of a file with those a mapping reads, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hrhub.errors import ConfigError
from hrhub.mapping import Mapping
from hrhub.mapping.plan import Path, Rule
from hrhub.mapping.shapes import hint


@dataclass(frozen=True, slots=True)
class Heading:
    """What the comparison found: columns of the file that the mapping does not read."""

    unread: tuple[str, ...] = ()


def check_heading(names: Sequence[str], mapping: Mapping, *, partial: bool = False) -> Heading:
    """Check the columns of a file.

    Args:
        names: The columns.
        mapping: The mapping.
        partial: Columns may be left out, as in JSON; only what every record needs must be there.

    Raises:
        ConfigError: ``import.heading`` with every problem and a suggestion for each.
    """
    problems = []
    for at, name in enumerate(names, 1):
        if not name.strip():
            problems.append(f"column {at} has no name")
    for name, many in Counter(names).items():
        if many > 1 and name.strip():
            problems.append(f'column "{name}" stands there {many} times')
    wanted = dict.fromkeys(needed_columns(mapping) if partial else read_columns(mapping))
    read = set(read_columns(mapping))
    unread = [n for n in names if n not in read]
    for name in wanted:
        if name not in names:
            problems.append(f'no column "{name}"{hint(name, unread or list(names))}')
    if problems:
        raise ConfigError("import.heading", path=str(mapping.path), problems=problems)
    return Heading(tuple(dict.fromkeys(unread)))


def read_columns(mapping: Mapping) -> Iterator[str]:
    """Yield the columns that a mapping reads."""
    yield from _tops(mapping.key)
    yield from _of_rules(mapping.rules)
    for block in mapping.blocks:
        if block.source is not None and block.source.steps:
            yield from _tops((block.source,))
        else:
            yield from _tops([c.path for c in block.where])
            yield from _of_rules(block.rules)


def needed_columns(mapping: Mapping) -> Iterator[str]:
    """Yield the columns without which no record of the mapping can be stored."""
    yield from _tops(mapping.key)
    for rule in mapping.rules:
        if rule.target.field.required and isinstance(rule.source, Path):
            yield from _tops((rule.source,))


def _of_rules(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        yield from _tops(rule.vendor_paths)
        if isinstance(rule.zone, Path):
            yield from _tops((rule.zone,))


def _tops(paths: Sequence[Path]) -> Iterator[str]:
    yield from (str(path.steps[0]) for path in paths if path.steps)
