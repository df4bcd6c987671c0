"""What a dialect is made of: calls, names of fields, words. A platform is declared, not coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hrhub.connector import OrderStatus
from hrhub.http.paging import Paging, SinglePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call.

    ``{id}``, ``{key}`` and so on stand for values, in path, query and body. What a body has no
    value for is left out.

    Attributes:
        rows: Dotted path to the list of records, or to the one record, in answers.
        key_header: Header that carries the hub's key, for platforms that remember it.
    """

    path: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    rows: str = ""
    pages: Paging = field(default_factory=SinglePage)
    key_header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNames:
    """Names of fields of an order."""

    id: str
    key: str
    invite: str
    status: str = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageNames:
    """Names of fields of what can be ordered; ``parts`` lists what it holds, by ``part``."""

    code: str
    title: str
    active: str
    parts: str
    part: str
    price_fen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleNames:
    """Names of fields of one scale; names that are empty do not exist."""

    code: str = "code"
    name: str = "name"
    parent: str = ""
    seq: str = ""
    raw: str = ""
    score: str = "score"
    kind: str = "scale"
    percentile: str = ""
    level: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNames:
    """Where a report holds what; dotted paths.

    Attributes:
        instruments: List of instruments, each with a norm group; empty: the report is of one.
        code: Name of the instrument, in the instrument or the report.
        scales: List of scales.
        scale: Names of their fields.
        validity: List of validity scales.
        valid: Names of their fields.
        flags: Where words of validity are: in every validity scale, or (dotted) in the report.
        doubts: List of remarks by the invigilation; any makes the result suspect.
    """

    revision: str
    taken_at: str
    instruments: str
    code: str
    version: str
    norm: str
    norm_code: str
    scales: str
    scale: ScaleNames
    validity: str
    valid: ScaleNames
    flags: str
    doubts: str = ""
    overall_kind: str = "scale"
    level: str = "level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A family of platforms.

    Attributes:
        doubtful: Status words that make a finished result ``suspect`` or ``invalid``.
        person_codes: Error codes by which the platform refuses the person's data.
        duplicate_codes: Error codes for a key that is there already.
        closed_codes: Error codes for an order that can no longer be cancelled.
        open_words: Status words of orders that may be cancelled.
        callback: Names of the fields of callbacks: id, type, time, order.
        acknowledged: What ends the platform's tries.
    """

    name: str
    vendor: str
    catalog: Ask
    place: Ask
    find: Ask
    status: Ask
    result: Ask
    cancel: Ask
    order: OrderNames
    package: PackageNames
    report: ReportNames
    statuses: Mapping[str, OrderStatus]
    doubtful: Mapping[str, str]
    open_words: Sequence[str]
    person_codes: Sequence[str]
    duplicate_codes: Sequence[str]
    closed_codes: Sequence[str]
    times: str
    callback: tuple[str, str, str, str]
    acknowledged: bytes = b""


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a template with ``{name}`` replaced by values.

    A value that stands alone keeps its type; if it is None, the entry that holds it disappears.
    """
    if isinstance(template, Mapping):
        made = {name: filled(part, values) for name, part in template.items()}
        return {name: part for name, part in made.items() if part is not None}
    if isinstance(template, list | tuple):
        return [part for t in template if (part := filled(t, values)) is not None]
    if not isinstance(template, str) or "{" not in template:
        return template
    if template[1:-1] in values:
        return values[template[1:-1]]
    return template.format_map(values)


def at(said: Any, path: str) -> Any:
    """Return what stands at a dotted path; None where a step is missing."""
    for name in path.split(".") if path else ():
        said = said.get(name) if isinstance(said, Mapping) else None
    return said
