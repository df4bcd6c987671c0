"""Dates and timestamps as vendors write them: strict calendar, explicit zones, remembered results.

Formats are ``strptime`` patterns of a closed set of directives, read without the process's locale,
or one of the names below. A day that no calendar has (30 February) is a reject, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from hrhub.mapping.convert import ABSENT, Reject, refuse

NAMED_FORMATS = ("iso", "odata", "epoch_s", "epoch_ms")
"""ISO 8601 · OData v2 ``/Date(ms)/`` and ``/Date(ms+offset)/`` (ms count from 1970 in UTC; the
offset only says how to show it) · seconds or milliseconds since 1970."""

DEFAULT_FORMATS = ("iso", "odata")
"""Both are unmistakable, so a rule need not name them."""

_FIRST_YEAR = 1800
_MEMO_LIMIT = 50_000
_TEXT_LIMIT = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT = time()
_NOTHING = timedelta()
_LIKE_ISO = {"%Y-%m-%d": 10, "%Y-%m-%d %H:%M:%S": 19, "%Y-%m-%dT%H:%M:%S": 19}
"""Patterns that the standard library's ISO reader knows, and the length of their texts."""
_LAST_MS = 253_402_300_799_999

_ISO = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:[Tt ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r" ?(?P<z>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_ODATA = re.compile(r"/Date\((-?[0-9]{1,15})([+-][0-9]{1,4})?\)/")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TWO_DIGITS = frozenset("mdHIMS")
_NUMERIC = frozenset(f"%{letter}" for letter in "YymdHIMSf")
_PATTERNS = {
    "Y": "(?P<Y>[0-9]{4})",
    "y": "(?P<y>[0-9]{2})",
    "b": "(?P<b>[A-Za-z]{3})",
    "f": "(?P<f>[0-9]{1,9})",
    "p": "(?P<p>[AaPp][Mm]|上午|下午)",
    "z": "(?P<z>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)",
}
DIRECTIVES = "Y y m b d H I p M S f z"
"""The directives that a pattern may use, each after a percent sign; ``%b`` is English."""


@dataclass(slots=True)
class Stamp:
    """What was written: a day, a time within it, and how far east of UTC, if it said so.

    An ``instant`` is a count of time since 1970, which names no local day by itself; a
    ``calendar`` day is the same day in every zone.
    """

    day: date
    since_midnight: timedelta
    offset: timedelta | None = None
    nature: Literal["written", "instant", "calendar"] = "written"

    def at(self, zone: tzinfo | None) -> datetime:
        """Return the instant in UTC.

        A local time that occurs twice is the earlier one (fold 0). 24:00 is the next midnight.

        Raises:
            Reject: It has no offset and no zone is known, or it is beyond the calendar.
        """
        try:
            local = datetime.combine(self.day, _MIDNIGHT) + self.since_midnight
            if self.offset is not None:
                return (local - self.offset).replace(tzinfo=UTC)
            if zone is None:
                raise Reject("date", "date.zone")
            return local.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            raise Reject("range", "date.range") from None

    def on(self, zone: tzinfo | None) -> date:
        """Return the calendar day: as written, or in the zone where only an instant is known."""
        if self.offset is None or self.nature == "calendar":
            return self.day
        if zone is None and self.nature == "written":
            return self.day
        if zone is None:
            raise Reject("date", "date.zone")
        try:
            return self.at(zone).astimezone(zone).date()
        except OverflowError:
            raise Reject("range", "date.range") from None


class _Impossible(Exception):
    """The text has the format's form, but no calendar or clock has such a moment."""


Parser = Callable[[str], "Stamp | None"]


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text in "Zz":
        return timedelta()
    sign, hours, minutes = _OFFSET.fullmatch(text).groups()  # type: ignore[union-attr]
    value = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if value > timedelta(hours=18):
        raise _Impossible
    return -value if sign == "-" else value


def _stamp(found: re.Match[str]) -> Stamp:
    parts = found.groupdict()
    try:
        if parts.get("Y"):
            year = int(parts["Y"])
        else:
            short = int(parts["y"])
            year = short + (1900 if short >= 69 else 2000)
        month = _MONTHS.index(parts["b"].lower()) + 1 if parts.get("b") else int(parts["m"])
        day = date(year, month, int(parts["d"]))
    except ValueError:
        raise _Impossible from None
    hour = int(parts.get("H") or 0)
    if twelve := parts.get("I"):
        hour = int(twelve)
        if not 1 <= hour <= 12:
            raise _Impossible
        hour = hour % 12 + (12 if parts["p"].lower() in ("pm", "下午") else 0)
    minute, second = int(parts.get("M") or 0), int(parts.get("S") or 0)
    micro = int(((parts.get("f") or "") + "000000")[:6])
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or micro)):
        raise _Impossible
    within = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    return Stamp(day, within, _offset(parts.get("z")))


def _by_pattern(pattern: re.Pattern[str]) -> Parser:
    def parse(text: str) -> Stamp | None:
        found = pattern.fullmatch(text)
        return _stamp(found) if found else None

    return parse


def _since_1970(ms: int, nature: Literal["written", "instant", "calendar"]) -> Stamp:
    if abs(ms) > _LAST_MS:
        raise _Impossible
    try:
        moment = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        raise _Impossible from None
    day = moment.date()
    return Stamp(day, moment - datetime.combine(day, _MIDNIGHT, UTC), timedelta(), nature)


def _plain_iso(otherwise: Parser, written: str = "") -> Parser:
    """Read the two commonest forms fast; all others, and all doubts, go to the full reader."""
    accepted = {len("2026-01-31"), len("2026-01-31 09:00:00")}
    if written:
        accepted = {_LIKE_ISO[written]}
    between = written[8:9] or "T "

    def parse(text: str) -> Stamp | None:
        size = len(text)
        if size in accepted and text[4] == text[7] == "-":
            try:
                if size == 10:
                    return Stamp(date.fromisoformat(text), _NOTHING)
                if text[10] in between and text[13] == text[16] == ":":
                    at = datetime.fromisoformat(text)
                    within = timedelta(0, at.second + 60 * at.minute + 3600 * at.hour)
                    return Stamp(at.date(), within)
            except ValueError:
                pass
        return otherwise(text)

    return parse


def _odata(text: str) -> Stamp | None:
    found = _ODATA.fullmatch(text)
    if not found:
        return None
    return _since_1970(int(found[1]), "written" if found[2] else "calendar")


def _epoch(unit_ms: int) -> Parser:
    def parse(text: str) -> Stamp | None:
        if not _INTEGER.fullmatch(text):
            return None
        return _since_1970(int(text) * unit_ms, "instant")

    return parse


def parser(written: str) -> Parser:
    """Return the reader of one format.

    Raises:
        ValueError: It uses an unknown directive or does not name a whole day; the text says which.
    """
    match written:
        case "iso":
            return _plain_iso(_by_pattern(_ISO))
        case "odata":
            return _odata
        case "epoch_s":
            return _epoch(1000)
        case "epoch_ms":
            return _epoch(1)
    by_pattern = _by_pattern(re.compile(_regex(written)))
    return _plain_iso(by_pattern, written) if written in _LIKE_ISO else by_pattern


def _regex(written: str) -> str:
    """Translate a pattern; neighbours without a separator need all their digits."""
    tokens = re.findall(r"%.?|[^%]+", written, re.DOTALL)
    out, used = [], set[str]()
    for i, token in enumerate(tokens):
        if token == "%%":
            out.append("%")
        elif not token.startswith("%"):
            out.append(re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(token)))
        else:
            letter = token[1:]
            if letter in used:
                raise ValueError(f"{token} twice")
            used.add(letter)
            neighbours = (*tokens[i + 1 : i + 2], *tokens[max(i - 1, 0) : i])
            glued = any(t in _NUMERIC for t in neighbours)
            if letter and letter in _TWO_DIGITS:
                out.append(f"(?P<{letter}>[0-9]{{{'2' if glued else '1,2'}}})")
            elif letter in _PATTERNS:
                out.append(_PATTERNS[letter])
            else:
                known = " ".join(f"%{d}" for d in DIRECTIVES.split())
                raise ValueError(f"unknown directive {token}; known are {known}")
    if not (used & {"Y", "y"} and used & {"m", "b"} and "d" in used):
        raise ValueError(
            "a year, a month and a day are needed, or one of the names " + ", ".join(NAMED_FORMATS)
        )
    if len(used & {"Y", "y"}) > 1 or len(used & {"m", "b"}) > 1 or {"H", "I"} <= used:
        raise ValueError("a year, month or hour is given twice")
    if ("I" in used) is not ("p" in used):
        raise ValueError("%I and %p need each other")
    return "".join(out)


@lru_cache(maxsize=1024)
def zone_of(value: str) -> tzinfo:
    """Return a zone by IANA name or by offset such as ``+08:00``.

    Raises:
        ValueError: There is no such zone.
    """
    if value in {"Z", "UTC"}:
        return UTC
    if found := _OFFSET.fullmatch(value):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return _fixed(-minutes if found[1] == "-" else minutes)
    if not _ZONE_NAME.fullmatch(value):
        raise ValueError("zone")
    try:
        return ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        raise ValueError("zone") from None


def _fixed(minutes: int) -> tzinfo:
    if abs(minutes) > 18 * 60:
        raise ValueError("zone")
    return timezone(timedelta(minutes=minutes))


def read_zone(value: object) -> tzinfo:
    """Return the zone that a record itself names: IANA name, offset, or minutes east of UTC."""
    try:
        if isinstance(value, str) and len(value) <= _TEXT_LIMIT:
            return zone_of(value.strip())
        if isinstance(value, int) and not isinstance(value, bool):
            return _fixed(value)
    except ValueError:
        pass
    return refuse(value, "date", "date.zone")


_NO_ZONE: Final = object()


class DateReader:
    """Read dates or timestamps of one rule; what was read once is remembered.

    Args:
        formats: Formats, tried in order.
        zone: Zone of moments that carry none.
        check: What every date must pass.
    """

    __slots__ = ("_check", "_parsers", "_zone", "memo")

    def __init__(
        self,
        formats: Iterable[str] = DEFAULT_FORMATS,
        zone: tzinfo | None = None,
        check: Callable[[date], date] | None = None,
    ) -> None:
        self._parsers = [parser(f) for f in formats]
        self._zone = zone
        self._check = check
        self.memo: dict[Any, Any] = {}

    def _read(self, value: object) -> Stamp | None:
        """Return what was written, None for a null.

        Raises:
            Reject: ``date`` for another format or a day no calendar has, ``type``, ``range``.
        """
        if value is None:
            return None
        if isinstance(value, datetime):
            day = value.date()
            within = value.replace(tzinfo=None) - datetime.combine(day, _MIDNIGHT)
            return Stamp(day, within, value.utcoffset())
        if isinstance(value, date):
            return Stamp(value, timedelta())
        if isinstance(value, Decimal) and value.is_finite() and -3 < value.adjusted() < 18:
            value = int(value) if value == int(value) else value
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64:
            value = str(value)
        if not isinstance(value, str):
            raise Reject("type", "date")
        written = value.strip()
        if not written:
            return None
        impossible = False
        if len(written) <= _TEXT_LIMIT:
            for parse in self._parsers:
                try:
                    stamp = parse(written)
                except _Impossible:
                    impossible = True
                    continue
                if stamp is not None:
                    if stamp.day.year < _FIRST_YEAR:
                        raise Reject("range", "date.year")
                    return stamp
        return refuse(value, "date", "date.calendar" if impossible else "date.format")

    def _remember(self, key: object, value: Any) -> Any:
        if key.__class__ is not str and key.__class__ is not int:
            return value
        if len(self.memo) >= _MEMO_LIMIT:
            self.memo.clear()
        self.memo[key] = value
        return value

    def date(self, value: object, zone: object = _NO_ZONE) -> date | None:
        """Return a day; ``zone`` is the zone that the record names, if the rule reads one."""
        stamp = self._read(value)
        if stamp is None:
            return None
        day = stamp.on(self._zone_for(stamp, zone))
        if self._check is not None:
            day = self._check(day)
        return self._remember(value, day) if zone is _NO_ZONE else day

    def timestamp(self, value: object, zone: object = _NO_ZONE) -> datetime | None:
        """Return an instant in UTC."""
        stamp = self._read(value)
        if stamp is None:
            return None
        at = stamp.at(self._zone_for(stamp, zone))
        return self._remember(value, at) if zone is _NO_ZONE else at

    def _zone_for(self, stamp: Stamp, zone: object) -> tzinfo | None:
        if zone is _NO_ZONE:
            return self._zone
        if zone is None or zone is ABSENT or zone == "":
            return self._zone
        return read_zone(zone)
