"""The checked plan of a mapping: what the compiler, the explanation and the cases work from."""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date
from pathlib import Path as File
from typing import Any, Final

from hrhub.model import Feed, FeedField
from hrhub.model.custom import PREFIX

LANGUAGE: Final = 1
"""Version of the language and of what conversions mean; part of every mapping's version."""

_STEP = re.compile(r'\[([0-9]{1,4})\]|\["([^"\\]{1,200})"\]|(\.)?([^.\[\]"\s][^.\[\]"]*)')


@dataclass(frozen=True, slots=True)
class Path:
    """A way into a record: names and list indexes. No steps means the record or item itself."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """Read ``a.b[0]["c.d"]``; a single dot is the record itself.

        Raises:
            ValueError: It is not a path.
        """
        if text == ".":
            return cls(text, ())
        steps: list[str | int] = []
        position = 0
        while position < len(text):
            found = _STEP.match(text, position)
            if not found or len(steps) == 20:
                raise ValueError(text)
            index, quoted, dot, name = found.groups()
            if name is not None and (dot is not None) is not (position > 0):
                raise ValueError(text)
            steps.append(int(index) if index is not None else quoted or name.rstrip())
            position = found.end()
        if not steps or isinstance(steps[0], int):
            raise ValueError(text)
        return cls(text, tuple(steps))


@dataclass(frozen=True, slots=True)
class Const:
    """The same canonical value for every record; as a part of ``concat`` or ``first``, a text."""

    value: object


Part = Path | Const


@dataclass(frozen=True, slots=True)
class Concat:
    """Parts joined to one text."""

    parts: tuple[Part, ...]
    between: str = ""


@dataclass(frozen=True, slots=True)
class First:
    """The first part that is neither absent nor null."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """One piece of a text, counted from 0, or from the end by -1."""

    path: Path
    by: str
    part: int


Source = Path | Const | Concat | First | Split


@dataclass(frozen=True, slots=True)
class Codes:
    """A closed translation; ``rejects`` refuses a code outside the table, else ``default``."""

    table: Table[str, object]
    rejects: bool = True
    default: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one canonical field gets its value.

    Attributes:
        target: The feed's field.
        source: Where the value comes from.
        empty: Texts that the vendor writes for "nothing".
        codes: Translation of codes.
        formats: Date formats, in order.
        zone: IANA zone or offset of naive times, or the path of one in the record.
        unit: Name of a unit change.
        clean: Name of a cleaner.
        line: Line of the file.
    """

    target: FeedField
    source: Source
    empty: tuple[str, ...] = ()
    codes: Codes | None = None
    formats: tuple[str, ...] = ()
    zone: str | Path | None = None
    unit: str | None = None
    clean: str | None = None
    line: int = 0

    @property
    def vendor_paths(self) -> tuple[Path, ...]:
        """The paths that the value is taken from."""
        match self.source:
            case Path():
                return (self.source,)
            case Concat() | First():
                return tuple(p for p in self.source.parts if isinstance(p, Path))
            case Split():
                return (self.source.path,)
            case _:
                return ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What an item must hold at a path to be taken; absent, null and blank are one."""

    path: Path
    values: tuple[str, ...]
    null: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """How one child list is filled: from a list in the record, or from the record itself."""

    child: Feed
    source: Path | None
    where: tuple[Condition, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One golden case: a vendor record and what must become of it.

    ``expected`` is the whole mapped record in plain values, children under their names;
    ``rejects`` holds ``reason`` and, if given, ``field`` and ``rule``.
    """

    name: str
    line: int
    given: dict[str, Any]
    expected: dict[str, Any] | None = None
    rejects: dict[str, str] | None = None
    key: tuple[str, ...] | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One checked mapping.

    Attributes:
        stream: ``connector.stream``.
        feed: The feed it fills.
        key: Where the parts of a record's key are.
        rules: One per mapped field.
        blocks: Child lists.
        cases: Golden cases.
        version: 12 hex digits over what is mapped and how; comments and cases do not count.
        path: The file.
    """

    stream: str
    feed: Feed
    key: tuple[Path, ...]
    rules: tuple[Rule, ...]
    blocks: tuple[Block, ...]
    cases: tuple[Case, ...]
    version: str
    path: File

    @property
    def paths(self) -> frozenset[tuple[str | int, ...]]:
        """The steps of every path into a record; a list that fills children counts whole."""
        inside = [block for block in self.blocks if block.source is None]
        rules = (*self.rules, *(rule for block in inside for rule in block.rules))
        found = [*self.key]
        found += (path for rule in rules for path in rule.vendor_paths)
        found += (rule.zone for rule in rules if isinstance(rule.zone, Path))
        found += (wanted.path for block in inside for wanted in block.where)
        found += (block.source for block in self.blocks if block.source is not None)
        return frozenset(path.steps for path in found)

    @property
    def custom_keys(self) -> tuple[str, ...]:
        """The keys of the custom fields it fills, those in lists included."""
        rules = (*self.rules, *(rule for block in self.blocks for rule in block.rules))
        names = (rule.target.name for rule in rules)
        return tuple(dict.fromkeys(name for name in names if name.startswith(PREFIX)))


UNITS: Table[str, tuple[int, int]] = {
    "h->min": (60, 1),
    "h->s": (3600, 1),
    "min->h": (1, 60),
    "min->s": (60, 1),
    "s->min": (1, 60),
    "s->h": (1, 3600),
    "ms->s": (1, 1000),
    "d->h": (24, 1),
    "percent->ratio": (1, 100),
    "ratio->percent": (100, 1),
    "fen->yuan": (1, 100),
    "yuan->fen": (100, 1),
    "wan->yuan": (10_000, 1),
    "thousand->one": (1000, 1),
}
"""Unit changes and their ratios."""
