"""One read of the simulated OData service: options, dates, order, pages."""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, unquote

from connectors.successfactors.sandbox.edm import DATE, INT64, EntityType
from connectors.successfactors.sandbox.filters import BadRequest, compile_filter, order
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.shapes import Renderer, Shape, shape
from connectors.successfactors.sandbox.tables import Row, Tables, day_ms, instant_ms

PAGE_CAP = 1000
_NEVER = day_ms(date(9999, 12, 31))
_EVER = day_ms(date(1900, 1, 1))
_OPTIONS = {
    "$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$format", "$inlinecount",
    "$skiptoken", "customPageSize", "paging", "asOfDate", "fromDate", "toDate",
}  # fmt: skip
_KEPT = 64


@dataclass(slots=True)
class Frozen:
    """A key list kept between pages (``paging=snapshot``) or a database cursor."""

    rows: list[Row]
    session: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The body of a read and the counts that its headers carry."""

    body: bytes
    rows: int
    recursive: int
    as_json: bool = True
    content_type: str = ""


class Service:
    """Answers reads over one set of tables."""

    def __init__(self, tables: Tables, root: str, link_root: str) -> None:
        self.tables = tables
        self._root = root
        self._link_root = link_root
        self._frozen: OrderedDict[str, Frozen] = OrderedDict()
        self._results: OrderedDict[tuple[str, ...], list[Row]] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def entity_type(self, name: str) -> EntityType:
        """Return a type by the name of its set.

        Raises:
            BadRequest: COE_ENTITY_NOT_FOUND.
        """
        if name not in TYPES:
            raise BadRequest(
                "COE_ENTITY_NOT_FOUND", f"[COE0007]invalid entity (or function) name: {name} "
            )
        return TYPES[name]

    def collection(
        self, name: str, options: Mapping[str, str], session: str, *, as_json: bool
    ) -> Answered:
        """Answer a read of a set."""
        kind = self.entity_type(name)
        shown = self._shape(kind, options)
        paging = options.get("paging", "")
        if paging not in ("", "snapshot", "cursor"):
            raise _bad("Unknown value of paging.")
        by_client = "$top" in options or "$skip" in options
        if paging == "cursor" and (by_client or "$orderby" in options):
            raise _bad("paging=cursor cannot be combined with $orderby, $top or $skip.")
        token, at = _read_token(options.get("$skiptoken"))
        rows = self._thawed(token, session) if token else self._rows(kind, options)
        extra: dict[str, str] = {}
        if options.get("$inlinecount") == "allpages":
            extra["__count"] = str(len(rows))
        if by_client:
            skip = _number(options, "$skip", 0)
            page = rows[skip : skip + min(_number(options, "$top", PAGE_CAP), PAGE_CAP)]
        else:
            size = _number(options, "customPageSize", PAGE_CAP)
            if not 1 <= size <= PAGE_CAP:
                raise _bad("customPageSize must be between 1 and 1000.")
            page = rows[at : at + size]
            if at + size < len(rows):
                if paging:
                    token = self._freeze(rows, session, token)
                extra["__next"] = self._next(name, options, token, at + size, size)
        renderer = Renderer(self.tables, self._root, self._day(options))
        make = renderer.json_feed if as_json else renderer.atom_feed
        return Answered(make(page, shown, extra), len(page), renderer.count, as_json)

    def count(self, name: str, options: Mapping[str, str]) -> Answered:
        """Answer ``/$count``."""
        rows = self._rows(self.entity_type(name), options)
        return Answered(str(len(rows)).encode(), 0, 0, content_type="text/plain;charset=utf-8")

    def single(
        self, name: str, key: str, onward: str, options: Mapping[str, str], *, as_json: bool
    ) -> Answered:
        """Answer a read by key, or of one navigation of the row with that key."""
        kind = self.entity_type(name)
        row = self.tables.get(name, _key(kind, key))
        if row is None:
            raise BadRequest("NotFoundException", f"{name} with the given key not found.", 404)
        renderer = Renderer(self.tables, self._root, self._day(options))
        if not onward:
            shown = self._shape(kind, options)
            return Answered(
                renderer.single(row, shown, as_json=as_json), 1, renderer.count, as_json
            )
        nav = kind.nav.get(onward)
        if nav is None:
            raise BadRequest("COE_PROPERTY_NOT_FOUND", f"[COE0021]{name} has no {onward}.")
        found = self.tables.follow_on(row, nav, self._day(options))
        shown = self._shape(TYPES[nav.target], options)
        if nav.many:
            make = renderer.json_feed if as_json else renderer.atom_feed
            return Answered(make(found, shown, {}), len(found), renderer.count, as_json)
        if not found:
            raise BadRequest("NotFoundException", f"{onward} is empty.", 404)
        return Answered(
            renderer.single(found[0], shown, as_json=as_json), 1, renderer.count, as_json
        )

    def _shape(self, kind: EntityType, options: Mapping[str, str]) -> Shape:
        for name in options:
            if name.startswith("$") and name not in _OPTIONS:
                raise _bad(f"Unknown option {name}.")
        return shape(kind, options.get("$select", ""), options.get("$expand", ""))

    def _day(self, options: Mapping[str, str]) -> int:
        return _day(options, "asOfDate", self.tables.today_ms)

    def _rows(self, kind: EntityType, options: Mapping[str, str]) -> list[Row]:
        ranged = "fromDate" in options or "toDate" in options
        if ranged and "asOfDate" in options:
            raise _bad("asOfDate cannot be used together with fromDate or toDate.")
        asked = (
            kind.name,
            *(
                options.get(o, "")
                for o in ("$filter", "$orderby", "asOfDate", "fromDate", "toDate")
            ),
        )
        with self._lock:
            if asked in self._results:
                self._results.move_to_end(asked)
                return self._results[asked]
        if ranged:
            first, last = _day(options, "fromDate", _EVER), _day(options, "toDate", _NEVER)
            rows = self.tables.overlapping(kind.name, first, last)
        else:
            rows = self.tables.all_on(kind.name, self._day(options))
        if "$filter" in options:
            test = compile_filter(options["$filter"], kind, self.tables)
            rows = [row for row in rows if test(row)]
        if "$orderby" in options:
            rows = order(options["$orderby"], kind, rows)
        with self._lock:
            self._results[asked] = rows
            if len(self._results) > _KEPT:
                self._results.popitem(last=False)
        return rows

    def _freeze(self, rows: list[Row], session: str, token: str) -> str:
        """Keep a list under a new name: the vendor's token changes with every page."""
        with self._lock:
            self._frozen.pop(token, None)
            name = f"s{next(self._numbers)}"
            self._frozen[name] = Frozen(rows, session)
            if len(self._frozen) > _KEPT:
                self._frozen.popitem(last=False)
        return name

    def _thawed(self, token: str, session: str) -> list[Row]:
        with self._lock:
            frozen = self._frozen.get(token)
        # KBA 3308165: a snapshot belongs to the session whose cookie the first answer set.
        if frozen is None or frozen.session != session:
            raise _bad("The skiptoken is invalid or has expired.")
        return frozen.rows

    def _next(
        self, name: str, options: Mapping[str, str], token: str, start: int, size: int
    ) -> str:
        window: dict[str, Any] = {"startRow": start, "endRow": start + size}
        if token:
            window["snapshot"] = token
        packed = base64.b64encode(json.dumps(window).encode()).decode()
        kept = [f"{k}={quote(v)}" for k, v in options.items() if k != "$skiptoken"]
        query = "&".join([*kept, f"$skiptoken={quote(packed)}"])
        return f"{self._link_root}/{name}?{query}"


def _bad(text: str) -> BadRequest:
    return BadRequest("COE_GENERAL_BAD_REQUEST", f"[COE0005]{text}")


def _read_token(packed: str | None) -> tuple[str, int]:
    if packed is None:
        return "", 0
    try:
        window = json.loads(base64.b64decode(packed, validate=True))
        return str(window.get("snapshot", "")), int(window["startRow"])
    except (ValueError, KeyError, TypeError):
        raise _bad("The skiptoken is invalid or has expired.") from None


def _number(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise _bad(f"{name} must be a number.")
    return int(text)


def _day(options: Mapping[str, str], name: str, default: int) -> int:
    if name not in options:
        return default
    try:
        return day_ms(date.fromisoformat(options[name][:10]))
    except ValueError:
        raise _bad(f"{name} must be a date.") from None


_PART = re.compile(r"(?:(\w+)=)?('(?:[^']|'')*'|datetime'[^']*'|-?\d+L?)(?:,|$)")


def _key(kind: EntityType, text: str) -> dict[str, Any]:
    """Read a key predicate: named parts, or one literal for a key of one field."""
    key: dict[str, Any] = {}
    at = 0
    text = unquote(text)
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise _bad("The key cannot be parsed.")
        name, literal = match.group(1) or kind.key[0], match.group(2)
        at = match.end()
        prop = kind.prop.get(name)
        if prop is None:
            raise BadRequest("COE_PROPERTY_NOT_FOUND", f"[COE0021]{kind.name} has no {name}.")
        try:
            if prop.type == DATE:
                value: Any = instant_ms(datetime.fromisoformat(literal[9:-1] + "+00:00"))
            elif prop.type == INT64:
                value = int(literal.rstrip("L"))
            else:
                value = literal[1:-1].replace("''", "'")
        except ValueError:
            raise _bad("The key cannot be parsed.") from None
        key[name] = value
    if set(key) != set(kind.key):
        raise _bad("The key is not complete.")
    return key
