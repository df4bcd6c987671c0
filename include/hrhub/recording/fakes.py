"""Fakes: made-up values of the same shape as real ones, the same for the same value.

They follow from a key that is thrown away with the object, so nobody can go back. No two values
share a fake, and no fake is a value that was seen. Check characters are right where they were.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hrhub.ambient import random_bytes
from hrhub.recording.patterns import check_character, is_checked, kind_of

_HAN = (
    "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥乾坤坎离震艮巽兑春夏秋冬东南西北金木"
    "水火土日月星云雨雪风梅兰竹菊松柏桃李杏石山河江湖海溪泉林森花草鸟鱼虫龙虎鹤鹿琴棋"
    "书画诗酒茶灯船桥亭楼"
)
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_TRIES = 200

_DAY = re.compile(
    r"([12][0-9]{3})([-/.年]?)(0?[1-9]|1[0-2])([-/.月]?)(0?[1-9]|[12][0-9]|3[01])(日?)"
)
_MOMENT = re.compile(r"([12][0-9]{3})-([01][0-9])-([0-3][0-9])([T ][0-2][0-9]:[0-5][0-9].{0,24})")
_NEVER = re.compile(
    r"9999[-/.]?12[-/.]?31(?:[T ].{0,24})?|0000-00-00.{0,16}|/Date\(2534\d{11}.{0,6}\)/"
)
"""How vendors write a day that never comes; it is nobody's."""

_ODATA = re.compile(r"/Date\((-?[0-9]{1,15})([+-][0-9]{4})?\)/")


class Fakes:
    """Give out fakes.

    Args:
        key: What they follow from; random if not given, as it should be outside of tests.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or random_bytes(32)
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()
        self._seen: set[str] = set()
        self._seen_signs: set[str] = set()
        self._in_records: set[str] = set()
        self._days = 40 + int.from_bytes(self._bytes("days", 2)) % 360

    def __repr__(self) -> str:
        return f"Fakes({len(self._given)} given)"

    @property
    def issued(self) -> frozenset[str]:
        """All fakes given out."""
        return frozenset(self._taken)

    @property
    def replaced(self) -> frozenset[str]:
        """All values that were replaced: personal, never to be shown or stored."""
        return frozenset(self._given)

    def see(self, value: str, *, in_record: bool = True) -> None:
        """Note a value that no fake may be, before the first fake is asked for."""
        self._seen.add(value)
        if in_record:
            self._in_records.add(value)
        self._seen_signs.update(sign for sign in value if ord(sign) > 0x2E7F)

    def was_seen(self, value: str) -> bool:
        """Tell whether a value was noted in a record, where persons are."""
        return value in self._in_records

    def of(self, value: str) -> str:
        """Return the fake of a value: same length, same kind of signs in the same places.

        A mail address of a domain shorter than nine letters becomes longer: its fake ends in
        ``.example``, which belongs to nobody (RFC 2606).
        """
        if not value.strip() or _NEVER.fullmatch(value):
            return value
        known = self._given.get(value)
        if known is None:
            known = self._given[value] = self._new(value)
            self._taken.add(known)
        return known

    def _new(self, value: str) -> str:
        make = self._maker(value)
        fake = value
        for attempt in range(_TRIES):
            fake = make(value, attempt)
            if fake not in self._taken and fake not in self._seen and fake != value:
                break
        return fake

    def _maker(self, value: str) -> Callable[[str, int], str]:
        kind = kind_of(value)
        if kind == "resident_id":
            return self._resident_id
        if kind == "mobile":
            return self._mobile
        if kind == "mail":
            return self._mail
        if _ODATA.fullmatch(value) or _MOMENT.fullmatch(value) or self._is_day(value):
            return self._moved
        return self._shape

    def _bytes(self, what: str, count: int) -> bytes:
        digest = b""
        while len(digest) < count:
            text = f"{len(digest)}\x1f{what}".encode("utf-8", "surrogatepass")
            digest += hmac.new(self._key, text, hashlib.sha256).digest()
        return digest[:count]

    def _shape(self, value: str, attempt: int) -> str:
        """Replace sign by sign; blanks and punctuation stay."""
        draws = self._bytes(f"shape\x1f{attempt}\x1f{value}", 2 * len(value))
        free = [sign for sign in _HAN if sign not in self._seen_signs] or list(_HAN)
        signs = []
        for place, sign in enumerate(value):
            draw = int.from_bytes(draws[2 * place : 2 * place + 2])
            if sign.isascii() and sign.isdigit():
                # A first digit that is not 0 stays so: lengths of numbers are kept.
                digits = _DIGITS[1:] if place == 0 and sign != "0" else _DIGITS
                signs.append(digits[draw % len(digits)])
            elif sign.isascii() and sign.isalpha():
                letter = _LATIN[draw % 26]
                signs.append(letter.upper() if sign.isupper() else letter)
            elif sign.isalnum():
                signs.append(free[draw % len(free)])
            else:
                signs.append(sign)
        return "".join(signs)

    def _resident_id(self, value: str, attempt: int) -> str:
        draws = self._bytes(f"id\x1f{attempt}\x1f{value}", 12)
        region = ("110101", "310104", "440305", "510104", "330106")[draws[0] % 5]
        born = date(1960, 1, 1) + timedelta(days=int.from_bytes(draws[1:4]) % 14_000)
        number = int.from_bytes(draws[4:8]) % 1000
        if len(value) == 15:
            return f"{region}{born:%y%m%d}{number:03d}"
        first = f"{region}{born:%Y%m%d}{number:03d}"
        last = check_character(first)
        if not is_checked(value):
            last = "10X98765432"["10X98765432".index(last) - 1]
        return first + (last.lower() if value[-1] == "x" else last)

    def _mobile(self, value: str, attempt: int) -> str:
        digits = [i for i, sign in enumerate(value) if sign.isdigit()][-11:]
        draws = self._bytes(f"mobile\x1f{attempt}\x1f{value}", len(digits))
        signs = list(value)
        for place, (at, draw) in enumerate(zip(digits, draws, strict=True)):
            if place:
                signs[at] = "3456789"[draw % 7] if place == 1 else _DIGITS[draw % 10]
        return "".join(signs)

    def _mail(self, value: str, attempt: int) -> str:
        local, _, domain = value.partition("@")
        letters = max(1, len(domain) - len(".example"))
        host = self._shape("a" * letters, attempt)
        return f"{self._shape(local, attempt)}@{host}.example"

    def _moved(self, value: str, attempt: int) -> str:
        """Move a day; all days move alike, so that order and distance stay."""
        days = timedelta(days=-(self._days + attempt))
        if odata := _ODATA.fullmatch(value):
            moved = int(odata[1]) + int(days.total_seconds()) * 1000
            return f"/Date({moved}{odata[2] or ''})/"
        if moment := _MOMENT.fullmatch(value):
            day = self._day(moment[1], moment[2], moment[3])
            return f"{day + days:%Y-%m-%d}{moment[4]}" if day else self._shape(value, attempt)
        parts = _DAY.fullmatch(value)
        day = self._day(parts[1], parts[3], parts[5]) if parts else None
        if parts is None or day is None:
            return self._shape(value, attempt)
        moved_to = day + days
        month = f"{moved_to.month:0{len(parts[3])}d}"
        return (
            f"{moved_to.year}{parts[2]}{month}{parts[4]}{moved_to.day:0{len(parts[5])}d}{parts[6]}"
        )

    def _is_day(self, value: str) -> bool:
        parts = _DAY.fullmatch(value)
        if parts is None or (not parts[2] and len(value) != 8):
            return False
        return self._day(parts[1], parts[3], parts[5]) is not None

    @staticmethod
    def _day(year: str, month: str, day: str) -> date | None:
        try:
            found = datetime(int(year), int(month), int(day), tzinfo=UTC).date()
        except ValueError:
            return None
        return found if 1900 <= found.year <= 2100 else None
