"""The vendor's ``$filter`` and ``$orderby``: parsed against the schema, compiled to closures.

Standard OData 2 comparisons and functions, plus the vendor's ``in`` and ``like``, and navigation
paths of any depth (true when any row on the path fits).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.successfactors.sandbox.edm import (
    BOOLEAN,
    DATE,
    STAMP,
    STRING,
    EntityType,
    Nav,
    Prop,
    visible,
)
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.tables import Row, Tables, instant_ms

Test = Callable[[Row], bool]
Values = Callable[[Row], list[Any]]


class BadRequest(Exception):
    """The query is wrong; ``code`` is the vendor's."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.status = status


def unknown_property(kind: EntityType, name: str) -> BadRequest:
    """Say that a set has no such property."""
    return BadRequest(
        "COE_PROPERTY_NOT_FOUND", f"[COE0021]Invalid property names: {kind.name}/{name}."
    )


_TOKEN = re.compile(
    r"\s*(?:(?P<literal>(?:datetimeoffset|datetime|time|guid)?'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[LlMmDdFf]?)|(?P<name>[A-Za-z_][\w/]*)|(?P<sign>[(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "substringof": lambda value, part: part in value,
    "startswith": lambda value, part: value.startswith(part),
    "endswith": lambda value, part: value.endswith(part),
}


def resolve(kind: EntityType, path: str) -> tuple[tuple[Nav, ...], Prop]:
    """Find a property at the end of a path of navigations.

    Raises:
        BadRequest: COE_PROPERTY_NOT_FOUND.
    """
    *steps, last = path.split("/")
    navs = []
    for step in steps:
        nav = kind.nav.get(step)
        if nav is None:
            raise unknown_property(kind, step)
        navs.append(nav)
        kind = TYPES[nav.target]
    prop = kind.prop.get(last)
    if prop is None or prop not in visible(kind):
        raise unknown_property(kind, last)
    return tuple(navs), prop


def compile_filter(text: str, kind: EntityType, tables: Tables) -> Test:
    """Compile a ``$filter``.

    Raises:
        BadRequest: It cannot be parsed or names what is not there.
    """
    return _Parser(text, kind, tables).whole()


class _Parser:
    """Recursive descent: or, and, not, then a comparison, a function or a bracket."""

    def __init__(self, text: str, kind: EntityType, tables: Tables) -> None:
        self._kind = kind
        self._tables = tables
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise _unreadable()
            self._tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self._at = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at != len(self._tokens):
            raise _unreadable()
        return test

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, kind: str | None = None, text: str | None = None) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _unreadable()
        token = self._tokens[self._at]
        if (kind and token[0] != kind) or (text and token[1] != text):
            raise _unreadable()
        self._at += 1
        return token

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek() == "or":
            self._take()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(t(row) for t in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._peek() == "and":
            self._take()
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda row: all(t(row) for t in tests)

    def _single(self) -> Test:
        if self._peek() == "not":
            self._take()
            inner = self._single()
            return lambda row: not inner(row)
        if self._peek() == "(":
            self._take()
            test = self._either()
            self._take("sign", ")")
            return test
        if self._peek() in _TEXT:
            return self._text_function()
        values, prop = self._operand()
        _, word = self._take("name")
        if word == "in":
            wanted = frozenset(self._list(prop))
            return lambda row: any(v in wanted for v in values(row))
        if word == "like":
            pattern = re.escape(self._literal(prop)).replace("%", ".*")
            like = re.compile(pattern, re.DOTALL)
            return lambda row: any(v is not None and like.fullmatch(v) for v in values(row))
        compare = _COMPARE.get(word)
        if compare is None:
            raise _unreadable()
        right = self._literal(prop)
        if right is None or word in ("eq", "ne"):
            return lambda row: any(compare(v, right) for v in values(row))
        return lambda row: any(v is not None and compare(v, right) for v in values(row))

    def _text_function(self) -> Test:
        _, word = self._take("name")
        self._take("sign", "(")
        if word == "substringof":
            part = _text(self._take("literal")[1])
            self._take("sign", ",")
            values, _ = self._operand()
        else:
            values, _ = self._operand()
            self._take("sign", ",")
            part = _text(self._take("literal")[1])
        self._take("sign", ")")
        if self._peek() == "eq":
            self._take()
            self._take("name", "true")
        fits = _TEXT[word]
        return lambda row: any(v is not None and fits(v, part) for v in values(row))

    def _operand(self) -> tuple[Values, Prop]:
        _, word = self._take("name")
        if word == "tolower":
            self._take("sign", "(")
            inner, prop = self._operand()
            self._take("sign", ")")
            return lambda row: [v.lower() if v else v for v in inner(row)], prop
        navs, prop = resolve(self._kind, word)
        return _values(self._tables, self._kind, navs, prop.name), prop

    def _list(self, prop: Prop) -> list[Any]:
        bracket = self._peek() == "("
        if bracket:
            self._take()
        found = [self._literal(prop)]
        while self._peek() == ",":
            self._take()
            found.append(self._literal(prop))
        if bracket:
            self._take("sign", ")")
        return found

    def _literal(self, prop: Prop) -> Any:
        kind, text = self._take()
        if kind == "name":
            if text == "null":
                return None
            if prop.type == BOOLEAN and text in ("true", "false"):
                return text == "true"
            raise _bad_value(prop)
        if prop.type in (DATE, STAMP):
            return _instant(text, prop)
        if prop.type == STRING:
            if kind != "literal" or not text.startswith("'"):
                raise _bad_value(prop)
            return _text(text)
        try:
            return Decimal(text.strip("'").rstrip("LlMmDdFf"))
        except ArithmeticError:
            raise _bad_value(prop) from None


def _values(tables: Tables, kind: EntityType, navs: tuple[Nav, ...], name: str) -> Values:
    if not navs:
        if name == "lastModifiedDateTime" and kind.dates:
            # KBA 2920680: the filter is tested against every slice of the key, not against the
            # slice that is returned.
            return lambda row: [r.values[name] for r in tables.slices(row)]
        return lambda row: [row.values[name]]

    def through(row: Row) -> list[Any]:
        rows = [row]
        for nav in navs:
            rows = [found for r in rows for found in tables.follow(r, nav)]
        return [r.values[name] for r in rows]

    return through


def order(text: str, kind: EntityType, rows: list[Row]) -> list[Row]:
    """Sort rows by an ``$orderby`` over own properties; nulls come first.

    Raises:
        BadRequest: COE_PROPERTY_NOT_FOUND or an unknown direction.
    """
    out = list(rows)
    for part in reversed(text.split(",")):
        name, _, direction = part.strip().partition(" ")
        if direction.strip() not in ("", "asc", "desc"):
            raise _unreadable()
        navs, prop = resolve(kind, name)
        if navs:
            raise unknown_property(kind, name)

        def place(row: Row, name: str = prop.name) -> tuple[bool, Any]:
            value = row.values[name]
            return value is not None, value

        out.sort(key=place, reverse=direction.strip() == "desc")
    return out


def _text(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def _instant(literal: str, prop: Prop) -> int:
    """Read the three forms that a real tenant was seen to accept."""
    text = literal[literal.find("'") + 1 : -1] if "'" in literal else ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _bad_value(prop) from None
    return instant_ms(at if at.tzinfo else at.replace(tzinfo=UTC))


def _unreadable() -> BadRequest:
    return BadRequest("COE_GENERAL_BAD_REQUEST", "[COE0005]The query cannot be parsed.")


def _bad_value(prop: Prop) -> BadRequest:
    return BadRequest("COE_BAD_PROPERTY_VALUE", f"[COE0022]Invalid value for property {prop.name}.")
