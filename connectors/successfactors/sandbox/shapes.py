"""What of an entity is shown: ``$select`` and ``$expand``, rendered as JSON or as Atom."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from connectors.successfactors.sandbox.edm import (
    BOOLEAN,
    DATE,
    DECIMAL,
    DOUBLE,
    INT64,
    STAMP,
    STRING,
    EntityType,
    Prop,
    visible,
)
from connectors.successfactors.sandbox.filters import BadRequest, unknown_property
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.tables import Row, Tables


@dataclass(slots=True)
class Shape:
    """What to show of one entity type, navigations included."""

    kind: EntityType
    props: tuple[Prop, ...]
    deferred: tuple[str, ...]
    expanded: dict[str, Shape] = field(default_factory=dict)


def shape(kind: EntityType, select: str, expand: str) -> Shape:
    """Read ``$select`` and ``$expand``.

    Raises:
        BadRequest: COE_PROPERTY_NOT_FOUND, or a selected navigation is not expanded.
    """
    selected = [tuple(p.strip().split("/")) for p in select.split(",") if p.strip()]
    expanded = [tuple(p.strip().split("/")) for p in expand.split(",") if p.strip()]
    return _shape(kind, selected, expanded)


def _shape(
    kind: EntityType, selected: Sequence[tuple[str, ...]], expanded: Sequence[tuple[str, ...]]
) -> Shape:
    known = {("*",), *((p.name,) for p in visible(kind))}
    for path in (*selected, *expanded):
        if path[0] not in kind.nav and path not in known:
            raise unknown_property(kind, path[0])
    opened = {path[0] for path in expanded}
    if not opened <= set(kind.nav):
        raise unknown_property(kind, min(opened - set(kind.nav)))
    for path in selected:
        if len(path) > 1 and path[0] not in opened:
            raise BadRequest(
                "COE_GENERAL_BAD_REQUEST", f"[COE0023]{path[0]} is selected but not expanded."
            )
    names = {path[0] for path in selected}
    everything = not selected or ("*",) in selected
    shown = Shape(
        kind,
        tuple(p for p in visible(kind) if everything or p.name in names),
        tuple(n for n in kind.nav if n not in opened and (everything or n in names)),
    )
    for name in kind.nav:
        if name in opened:
            shown.expanded[name] = _shape(
                TYPES[kind.nav[name].target],
                [p[1:] for p in selected if p[0] == name and len(p) > 1],
                [p[1:] for p in expanded if p[0] == name and len(p) > 1],
            )
    return shown


def _date(ms: int) -> str:
    return f"/Date({ms})/"


def _stamp(ms: int) -> str:
    return f"/Date({ms}+0000)/"


_JSON: dict[str, Callable[[int], str]] = {
    DATE: _date,
    STAMP: _stamp,
    INT64: str,
    DECIMAL: str,
    DOUBLE: str,
}


def clock_text(ms: int) -> str:
    """Return milliseconds as date and time without zone; years up to 9999."""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms):%Y-%m-%dT%H:%M:%S}"


def uri(root: str, row: Row) -> str:
    """Return the address of a row: key fields in alphabetical order."""
    parts = []
    for name in sorted(row.kind.key):
        kind, value = row.kind.prop[name].type, row.values[name]
        if kind == STRING:
            literal = "'" + quote(value.replace("'", "''")) + "'"
        elif kind == DATE:
            literal = f"datetime'{clock_text(value)}'"
        else:
            literal = f"{value}L"
        parts.append(literal if len(row.kind.key) == 1 else f"{name}={literal}")
    return f"{root}/{row.kind.name}({','.join(parts)})"


class Renderer:
    """Turn rows into the vendor's forms; counts what it rendered, expanded rows too."""

    def __init__(self, tables: Tables, root: str, day: int) -> None:
        self._tables = tables
        self._root = root
        self._day = day
        self.count = 0

    def entity(self, row: Row, shown: Shape) -> dict[str, Any]:
        """Return one row as the vendor's JSON value."""
        self.count += 1
        address = uri(self._root, row)
        values = row.values
        out: dict[str, Any] = {"__metadata": {"uri": address, "type": f"SFOData.{row.kind.name}"}}
        for prop in shown.props:
            value = values[prop.name]
            if value is not None and prop.type in _JSON:
                value = _JSON[prop.type](value)
            out[prop.name] = value
        for name in shown.deferred:
            out[name] = {"__deferred": {"uri": f"{address}/{name}"}}
        for name, inner in shown.expanded.items():
            nav = row.kind.nav[name]
            found = [self.entity(r, inner) for r in self._tables.follow_on(row, nav, self._day)]
            if nav.many:
                out[name] = {"results": found}
            else:
                out[name] = found[0] if found else None
        return out

    def json_feed(self, rows: Sequence[Row], shown: Shape, extra: dict[str, str]) -> bytes:
        """Return a collection as JSON."""
        body = {"d": {"results": [self.entity(r, shown) for r in rows], **extra}}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def atom_entry(self, row: Row, shown: Shape, names: str = "") -> str:
        """Return one row as an Atom entry."""
        self.count += 1
        address = escape(uri(self._root, row))
        links, fields = [], []
        for name in (*shown.deferred, *shown.expanded):
            nav = row.kind.nav[name]
            inline = ""
            if name in shown.expanded:
                rows = self._tables.follow_on(row, nav, self._day)
                inner = "".join(self.atom_entry(r, shown.expanded[name]) for r in rows)
                inline = f"<m:inline>{f'<feed>{inner}</feed>' if nav.many else inner}</m:inline>"
            form = "feed" if nav.many else "entry"
            links.append(
                '<link rel="http://schemas.microsoft.com/ado/2007/08/dataservices/related/'
                f'{name}" type="application/atom+xml;type={form}" title="{name}"'
                f' href="{address}/{name}">{inline}</link>'
            )
        for prop in shown.props:
            value = row.values[prop.name]
            kind = "" if prop.type == STRING else f' m:type="{prop.type}"'
            if value is None:
                fields.append(f'<d:{prop.name}{kind} m:null="true"/>')
                continue
            if prop.type == DATE:
                value = clock_text(value)
            elif prop.type == STAMP:
                value = clock_text(value) + "Z"
            elif prop.type == BOOLEAN:
                value = str(value).lower()
            fields.append(f"<d:{prop.name}{kind}>{escape(str(value))}</d:{prop.name}>")
        return (
            f"<entry{names}><id>{address}</id><title/>"
            f"<author><name/></author>{''.join(links)}"
            f'<category term="SFOData.{row.kind.name}"'
            ' scheme="http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"/>'
            f'<content type="application/xml"><m:properties>{"".join(fields)}</m:properties>'
            "</content></entry>"
        )

    def atom_feed(self, rows: Sequence[Row], shown: Shape, extra: dict[str, str]) -> bytes:
        """Return a collection as an Atom feed."""
        address = f"{self._root}/{shown.kind.name}"
        entries = "".join(self.atom_entry(r, shown) for r in rows)
        count = f"<m:count>{extra['__count']}</m:count>" if "__count" in extra else ""
        onward = (
            f'<link rel="next" href={quoteattr(extra["__next"])}/>' if "__next" in extra else ""
        )
        return (
            f'{_XML}<feed{_NAMES}><title type="text">{shown.kind.name}</title>'
            f"<id>{address}</id>{count}{entries}{onward}</feed>"
        ).encode()

    def single(self, row: Row, shown: Shape, *, as_json: bool) -> bytes:
        """Return one row as a document."""
        if not as_json:
            return f"{_XML}{self.atom_entry(row, shown, _NAMES)}".encode()
        return json.dumps({"d": self.entity(row, shown)}, ensure_ascii=False).encode()


_XML = '<?xml version="1.0" encoding="utf-8"?>'
_NAMES = (
    ' xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
    ' xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
)
