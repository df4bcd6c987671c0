"""What a broken variant is: a small change to the good connector, and who must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hrhub.conformance.kit import collect
from hrhub.conformance.subject import Subject
from hrhub.connector import Connector, Stream
from tests.conformance.reference.connector import CHANGES, CONTACTS, EMPLOYEES, ORDERS, PUNCHES

Break = Callable[[Subject, Path], Subject]


@dataclass(frozen=True)
class Variant:
    """One way to be broken.

    ``only`` names the themes that are run on it; none for all.
    """

    name: str
    caught_by: frozenset[str]
    make: Break
    only: tuple[str, ...] = ()


BESIDE_STREAMS = ("spec", "check", "discover", "orders", "sinks", "events", "secrecy", "code")
"""Themes that see more than streams: what is broken beside the streams cannot show elsewhere."""

STREAMS = tuple(
    sorted({c.id.partition(".")[0] for c in collect()} - {"orders", "sinks", "events", "check"})
)
"""Themes that see streams."""


def variant(name: str, *caught_by: str) -> Callable[[Break], Variant]:
    """Declare a variant by a function that breaks the good subject."""
    return lambda make: Variant(name, frozenset(caught_by), make)


def with_connector(subject: Subject, **changes: Any) -> Subject:
    """Return the subject with a changed connector."""
    return replace(subject, connector=replace(subject.connector, **changes))


def with_employees(subject: Subject, stream: Stream) -> Subject:
    """Return the subject with another employees stream."""
    return with_connector(subject, streams=(stream, PUNCHES))


def like(kind: type[Any], original: Any, **changes: Any) -> Any:
    """Return an object of a derived class with the original's fields."""
    return kind(**{**vars(original), **changes})


def with_mapping(subject: Subject, tmp: Path, stream: str, change: Callable[[str], str]) -> Subject:
    """Return the subject with one mapping changed."""
    folder = tmp / "mappings"
    (folder / "acme").mkdir(parents=True)
    for path in (subject.mappings / "acme").iterdir():
        text = path.read_text()
        (folder / "acme" / path.name).write_text(change(text) if path.stem == stream else text)
    return replace(subject, mappings=folder)


__all__ = [
    "BESIDE_STREAMS",
    "CHANGES",
    "CONTACTS",
    "EMPLOYEES",
    "ORDERS",
    "PUNCHES",
    "STREAMS",
    "Connector",
    "Variant",
    "like",
    "variant",
    "with_connector",
    "with_employees",
    "with_mapping",
]
