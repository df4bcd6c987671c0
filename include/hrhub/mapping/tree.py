"""YAML text as a tree of marked nodes: small, without aliases, tags or surprises of YAML 1.1.

Plain scalars read as JSON would read them, so ``no`` stays a word, ``12:30`` a text and
``2026-01-02`` a text; every scalar also keeps its own spelling, so that a code ``01`` stays ``01``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

DEPTH_LIMIT = 40
NODE_LIMIT = 20_000

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: its spelling and what it stands for."""

    mark: Mark
    text: str
    value: str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with text keys; ``keys`` keeps where each key stands."""

    mark: Mark
    entries: dict[str, Node]
    keys: dict[str, Scalar]


Node = Scalar | Listing | Table


class TreeError(Exception):
    """The text is no acceptable YAML; carries where and why."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


@dataclass(slots=True)
class _Open:
    """A list or table whose end has not been seen."""

    mark: Mark
    is_table: bool
    nodes: list[Node] = field(default_factory=list)


def parse(source: str) -> Node:
    """Read one YAML document.

    Raises:
        TreeError: It is not YAML, is too large or deep, repeats a key, or uses aliases or tags.
    """
    try:
        return _build(yaml.parse(source, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
        raise TreeError(mark, f"not YAML: {error.problem or 'cannot be read'}") from None
    except yaml.YAMLError:
        raise TreeError(
            Mark(1, 1), "not YAML: it holds characters that YAML does not allow"
        ) from None


def _build(events: Iterator[Any]) -> Node:
    stack: list[_Open] = []
    documents: list[Node] = []
    count = 0
    for event in events:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        node: Node | None = None
        if isinstance(event, yaml.AliasEvent):
            raise TreeError(mark, "aliases are not part of the language")
        if isinstance(event, yaml.NodeEvent):
            count += 1
            if count > NODE_LIMIT or len(stack) > DEPTH_LIMIT:
                raise TreeError(mark, "too large or too deeply nested")
            if event.anchor or getattr(event, "tag", None):
                raise TreeError(mark, "anchors and tags are not part of the language")
        if isinstance(event, yaml.DocumentStartEvent) and documents:
            raise TreeError(mark, "one document per file")
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(mark, event.value, _value(event.value, plain=event.implicit[0]))
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(mark, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            node = _close(stack.pop())
        if node is not None:
            (stack[-1].nodes if stack else documents).append(node)
    if not documents:
        raise TreeError(Mark(1, 1), "the file is empty")
    return documents[0]


def _close(opened: _Open) -> Node:
    if not opened.is_table:
        return Listing(opened.mark, tuple(opened.nodes))
    entries: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    for key, value in zip(opened.nodes[::2], opened.nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise TreeError(key.mark, "a key must be a single word")
        if key.text in entries:
            raise TreeError(key.mark, f'key "{key.text}" is given twice')
        entries[key.text] = value
        keys[key.text] = key
    return Table(opened.mark, entries, keys)


def _value(text: str, *, plain: bool) -> str | int | Decimal | bool | None:
    if not plain:
        return text
    match text:
        case "" | "~" | "null":
            return None
        case "true":
            return True
        case "false":
            return False
    if len(text) <= 40 and (found := _JSON_NUMBER.fullmatch(text)):
        return Decimal(text) if found[1] else int(text)
    return text


def plain(node: Node) -> Any:
    """Return a node as the decoder of a vendor's record would: dicts, lists and scalars."""
    match node:
        case Scalar():
            return node.value
        case Listing():
            return [plain(item) for item in node.items]
        case Table():
            return {name: plain(value) for name, value in node.entries.items()}


def spelled(node: Node) -> Any:
    """Return a node with scalars as spelled and their type told apart, for a content hash."""
    match node:
        case Scalar():
            return [type(node.value).__name__, node.text]
        case Listing():
            return {"list": [spelled(item) for item in node.items]}
        case Table():
            return {"table": {name: spelled(value) for name, value in node.entries.items()}}
