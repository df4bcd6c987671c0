"""Scrub what a vendor sent: every value becomes a fake unless a mapping says that it is open.

Structure, lengths and the spelling of numbers stay. What is not known to be harmless is replaced:
the rule names what is kept, never what is dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from hrhub.mapping import Mapping as Plan
from hrhub.mapping.plan import Rule
from hrhub.model import Kind, Privacy
from hrhub.recording.exchange import ORIGIN
from hrhub.recording.fakes import Fakes
from hrhub.recording.patterns import holds_any

_SAFE_WORDS = frozenset(
    {"0", "1", "true", "false", "True", "False", "ok", "OK", "success", "Y", "N", "yes", "no"}
)
"""What flags and result codes outside of records are spelled with."""

_LARGEST_COUNT = 10**6
_STATIC = re.compile(r"[A-Za-z_$][A-Za-z_$.-]{0,40}|v[0-9]{1,3}")
_PLAIN_PARAM = re.compile(r"[A-Za-z_$][A-Za-z_$,./ ()*-]{0,200}|[0-9]{1,6}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,3}")
"""Page numbers, sizes and offsets; as short as that, a number tells nobody from another."""

_TIME_PARAM = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9].{0,30}")
_OPEN_REFERENCES = frozenset({"org_unit", "position", "requisition"})
"""Entities whose codes are open (ARCHITECTURE: org, job and location codes)."""


class _Number(str):
    """A number as the vendor spelled it."""

    __slots__ = ()


class Scrubber:
    """Scrub the exchanges of one connection.

    Args:
        fakes: Gives out fakes; shared by all streams, so that references still fit.
        records: Dotted path to the list of records in a body.
        keep: Dotted paths inside a record whose values stay, list indexes left out.
        secrets: Values that must not occur at all.
        origin: The vendor's address; links to it are led to the replay.
    """

    def __init__(
        self,
        fakes: Fakes,
        *,
        records: str = "",
        keep: Collection[str] = (),
        secrets: Collection[str] = (),
        origin: str = "",
    ) -> None:
        self.fakes = fakes
        self.kept: set[str] = set()
        self._records = records
        self._keep = frozenset(keep)
        self._secrets = tuple(value for value in secrets if value)
        self._origin = origin.rstrip("/")

    def see(self, body: str) -> None:
        """Note the values of a body, before anything is scrubbed.

        Raises:
            ValueError: It is not JSON.
        """
        for value, in_record in _values(_parsed(body), "", self._records):
            self.fakes.see(value, in_record=in_record)

    def body(self, body: str) -> str:
        """Return a body with fakes in it.

        Raises:
            ValueError: It is not JSON.
        """
        return _written(self._outer(_parsed(body), ""))

    def path(self, path: str, declared: str = "") -> str:
        """Return a path whose ids are fakes; what the connector declares stays."""
        known = set(declared.split("/"))
        return "/".join(
            part if part in known or self._is_static(part) else self.fakes.of(part)
            for part in path.split("/")
        )

    def params(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return query parameters without credentials, their personal values replaced."""
        return {
            name: self._param(value)
            for name, value in params.items()
            if not any(secret in value for secret in self._secrets)
        }

    def known(self) -> list[str]:
        """Return what must not be found in the result: secrets, and values that fakes stand for.

        Values that also stand somewhere where they may stay do not count.
        """
        stays = "\n".join(self.kept)
        return [*self._secrets, *(v for v in self.fakes.replaced if v not in stays)]

    def _is_static(self, part: str) -> bool:
        static = not part or bool(_STATIC.fullmatch(part) and not self.fakes.was_seen(part))
        if static:
            self.kept.add(part)
        return static

    def _param(self, value: str) -> str:
        if _COUNT.fullmatch(value):
            return value
        harmless = _PLAIN_PARAM.fullmatch(value) or _TIME_PARAM.fullmatch(value)
        return self.fakes.of(value) if not harmless or self.fakes.was_seen(value) else value

    def _outer(self, value: Any, path: str) -> Any:
        """Scrub what is around the records."""
        if isinstance(value, list) and path == self._records:
            return [self._inner(item, "") for item in value]
        if isinstance(value, dict):
            return {
                self._name(name): self._outer(item, f"{path}.{name}" if path else name)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._outer(item, path) for item in value]
        if isinstance(value, _Number):
            short = value.lstrip("-").isdigit() and abs(int(value)) < _LARGEST_COUNT
            return value if short else self._number(value)
        if isinstance(value, str) and value not in _SAFE_WORDS:
            return self._text(value)
        return value

    def _inner(self, value: Any, path: str) -> Any:
        """Scrub a record or a part of it."""
        if isinstance(value, dict):
            return {
                self._name(name): self._inner(item, f"{path}.{name}" if path else name)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._inner(item, path) for item in value]
        if not isinstance(value, str):
            return value
        if path in self._keep and not self._is_tainted(value):
            self.kept.add(value)
            return value
        return self._number(value) if isinstance(value, _Number) else self._text(value)

    def _is_tainted(self, value: str) -> bool:
        return holds_any(value) or any(secret in value for secret in self._secrets)

    def _name(self, name: str) -> str:
        """Return a field's name; one that is itself a value, as in tables by id, is replaced."""
        if holds_any(name) or sum(sign.isdigit() for sign in name) >= 6:
            return self.fakes.of(name)
        self.kept.add(name)
        return name

    def _number(self, value: _Number) -> _Number:
        sign = "-" if value.startswith("-") else ""
        return _Number(sign + self._digits(value.removeprefix("-")))

    def _digits(self, value: str) -> str:
        mantissa, mark, exponent = value.partition("e" if "e" in value else "E")
        return self.fakes.of(mantissa) + mark + exponent

    def _text(self, value: str) -> str:
        if self._origin and value.startswith(f"{self._origin}/"):
            return self._link(value)
        if value[:1] in ("{", "["):
            try:
                inner = _parsed(value)
            except ValueError:
                return self.fakes.of(value)
            return _written(self._inner(inner, ""))
        return self.fakes.of(value)

    def _link(self, link: str) -> str:
        parts = urlsplit(link)
        query = urlencode(self.params(dict(parse_qsl(parts.query, keep_blank_values=True))))
        return f"{ORIGIN}{self.path(parts.path)}{'?' if query else ''}{query}"


def kept_paths(plan: Plan | None) -> frozenset[str]:
    """Return the vendor paths that a mapping shows to be harmless.

    These are codes of closed tables, and what becomes an open canonical field.
    """
    if plan is None:
        return frozenset()
    found = {path.text for rule in plan.rules if _is_open(rule) for path in rule.vendor_paths}
    for block in plan.blocks:
        base = f"{block.source.text}." if block.source and block.source.steps else ""
        found |= {base + wanted.path.text for wanted in block.where}
        found |= {
            base + path.text for rule in block.rules if _is_open(rule) for path in rule.vendor_paths
        }
    return frozenset(re.sub(r"\[[0-9]+\]", "", text) for text in found)


def _is_open(rule: Rule) -> bool:
    if rule.codes is not None or rule.target.field.kind is Kind.CODE:
        return True
    if rule.target.reference:
        return rule.target.reference in _OPEN_REFERENCES
    return rule.target.field.privacy is Privacy.OPEN


def _parsed(text: str) -> Any:
    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_Number)


def _values(value: Any, path: str | None, records: str) -> Iterator[tuple[str, bool]]:
    """Yield every value, and whether it stands in a record; no path means inside of one."""
    if isinstance(value, dict):
        for name, item in value.items():
            inner = None if path is None else f"{path}.{name}" if path else name
            yield from _values(item, inner, records)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, None if path == records else path, records)
    elif isinstance(value, str):
        yield str(value), path is None


def _written(value: Any) -> str:
    if isinstance(value, dict):
        inner = (f"{json.dumps(n, ensure_ascii=False)}:{_written(v)}" for n, v in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
