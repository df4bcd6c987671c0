"""Named cleaners: bring a text to its canonical form, or say why it is none.

A mapping may name one (``clean: mobile``); the model names others (``Field.check``), and those
run whatever the mapping says. Every cleaner maps a value to canonical text (a date for
``birth_date``), maps null and blank to None, and raises :class:`~hrhub.mapping.convert.Reject`.
All are idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from operator import mul
from types import MappingProxyType
from typing import Any

from hrhub.mapping.convert import Reject, check_text, refuse, sound
from hrhub.mapping.convert import text as as_text

WORKING_AGE_YEARS = 16
"""Employing anybody younger is forbidden (Labour Law of China, Art. 15)."""

FIRST_BIRTH_YEAR = 1900
_NAME_LIMIT = 200
_EMAIL_LIMIT = 254
_LOCAL_PART_LIMIT = 64

_WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))
_ZERO_SUM = ord("0") * sum(_WEIGHTS)
_CHECK_DIGITS = "10X98765432"

_ID_18 = re.compile(r"[1-9][0-9]{16}[0-9X]")
_ID_15 = re.compile(r"[1-9][0-9]{14}")
_CN_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_FILL = re.compile(r"[\s().\-‐-―]+")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*")
_ZERO_WIDTH = re.compile("[\u00ad\u200b\u2060\ufeff]+")
_JOINERS = "\u200c\u200d"
_HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_GAP = re.compile(f"(?<=[{_HAN}])[ \u3000]+(?=[{_HAN}])")

Cleaner = Callable[[object], Any]


def text(value: object) -> str | None:
    """Trim, compose (NFC), end lines with a line feed; refuse other control characters."""
    known = as_text(value)
    if known is None:
        return None
    check_text(known)
    known = unicodedata.normalize("NFC", known.replace("\r\n", "\n").replace("\r", "\n").strip())
    if not known.isprintable() and any(
        unicodedata.category(c) == "Cc" and c not in "\n\t" for c in known
    ):
        raise Reject("encoding", "text.control")
    return known or None


def name(value: object) -> str | None:
    """Bring a name to NFKC, trim it, drop zero-width fill; refuse control and bidi characters.

    Private-use and unassigned code points pass: registers use them for rare Chinese characters.
    Joiners pass: some scripts need them.
    """
    known = value if value.__class__ is str else as_text(value)
    if known is None:
        return None
    assert isinstance(known, str)
    known = known.strip()
    if not unicodedata.is_normalized("NFKC", known):
        check_text(known)
        known = unicodedata.normalize("NFKC", known).strip()
    if not known.isprintable():
        check_text(known)
        known = _ZERO_WIDTH.sub("", known).strip()
        if any(
            unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} and c not in _JOINERS for c in known
        ):
            raise Reject("encoding", "name.control")
    if len(known) > _NAME_LIMIT:
        refuse(known, "range", "name.length")
    return known or None


def cn_name(value: object) -> str | None:
    """Clean a name and close gaps between Chinese characters; gaps beside Latin ones stay."""
    known = name(value)
    return _HAN_GAP.sub("", known) if known else known


def mobile(value: object) -> str | None:
    """Return a mobile number in E.164: Chinese ones get +86, others must carry their prefix."""
    known = value if value.__class__ is str else as_text(value)
    if not known:
        return None
    assert isinstance(known, str)
    if len(known) == 11 and known.isascii() and known.isdigit() and "13" <= known[:2] <= "19":
        return "+86" + known
    number = _phone(known)
    if not number:
        return None
    if chinese := _CN_MOBILE.fullmatch(number):
        return "+86" + chinese[1]
    international = "+" + number[2:] if number.startswith("00") else number
    if not _E164.fullmatch(international) or international.startswith("+86"):
        refuse(known, "type", "mobile")
    return international


def cn_mobile(value: object) -> str | None:
    """Return a mobile number of mainland China in E.164; refuse any other."""
    number = mobile(value)
    if number is not None and not number.startswith("+86"):
        raise Reject("type", "cn_mobile")
    return number


def _phone(value: str) -> str:
    """Drop fill characters and full-width forms of a telephone number."""
    check_text(value)
    if len(value) > 64:
        raise Reject("type", "mobile")
    return _PHONE_FILL.sub("", unicodedata.normalize("NFKC", value))


def email(value: object) -> str | None:
    """Return a mail address in NFKC, trimmed and lower-cased; a plus tag stays."""
    known = value if value.__class__ is str else as_text(value)
    if not known:
        return None
    assert isinstance(known, str)
    if len(known) > 2 * _EMAIL_LIMIT or not sound(known):
        refuse(known, "type", "email")
    if not known.isascii():
        known = unicodedata.normalize("NFKC", known)
    known = known.strip().lower()
    if not known:
        return None
    if (
        len(known) > _EMAIL_LIMIT
        or not _EMAIL.fullmatch(known)
        or known.index("@") > _LOCAL_PART_LIMIT
        or ".." in known
        or known.startswith(".")
    ):
        refuse(known, "type", "email")
    return unicodedata.normalize("NFKC", known) if not known.isascii() else known


def check_digit(first_17: str) -> str:
    """Return the 18th character of a resident id (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK_DIGITS[(sum(map(mul, _WEIGHTS, first_17.encode())) - _ZERO_SUM) % 11]


def cn_resident_id_cleaner(today: date) -> Cleaner:
    """Return the cleaner of resident ids: 18 digits with their checksum; 15 digits are upgraded.

    Refuses ``type`` for another form, ``date`` for a day of birth that no calendar has, ``range``
    for a wrong check digit or a birth after today, ``policy`` for a person under 16.
    """
    on_birth = birth_date_cleaner(today, "cn_resident_id")
    known_births: dict[str, bool] = {}

    def check_birth(digits: str) -> None:
        try:
            born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            raise Reject("date", "cn_resident_id.birth_date") from None
        on_birth(born)
        if len(known_births) > 50_000:
            known_births.clear()
        known_births[digits] = True

    def cn_resident_id(value: object) -> str | None:
        number = value if value.__class__ is str else as_text(value)
        if not number:
            return None
        assert isinstance(number, str)
        if not _ID_18.fullmatch(number):
            check_text(number)
            if len(number) > 64:
                raise Reject("type", "cn_resident_id.form")
            number = "".join(unicodedata.normalize("NFKC", number).split()).upper()
            if not number:
                return None
            if _ID_15.fullmatch(number):
                number = f"{number[:6]}19{number[6:]}"
                number += check_digit(number)
            elif not _ID_18.fullmatch(number):
                raise Reject("type", "cn_resident_id.form")
        if number[17] != check_digit(number[:17]):
            raise Reject("range", "cn_resident_id.checksum")
        if number[6:14] not in known_births:
            check_birth(number[6:14])
        return number

    return cn_resident_id


def birth_date_cleaner(today: date, rule: str = "birth_date") -> Callable[[date], date]:
    """Return the check of birth dates: from 1900 on, not after today, at least 16 years ago."""
    try:
        youngest = today.replace(year=today.year - WORKING_AGE_YEARS)
    except ValueError:
        # 29 February, sixteen years after a year without one
        youngest = date(today.year - WORKING_AGE_YEARS, 2, 28)

    def birth_date(value: date) -> date:
        if value.year < FIRST_BIRTH_YEAR or value > today:
            raise Reject("range", f"{rule}.range")
        if value > youngest:
            raise Reject("policy", f"{rule}.under_{WORKING_AGE_YEARS}")
        return value

    return birth_date


TEXT_CLEANERS: Mapping[str, str] = MappingProxyType(
    {
        "cn_mobile": "mobile number of mainland China, as +86 and 11 digits",
        "cn_name": "name; gaps between Chinese characters are closed",
        "cn_resident_id": "resident id of 18 digits, checksum verified; 15 digits are upgraded",
        "email": "mail address, lower-cased",
        "mobile": "mobile number in E.164; Chinese numbers need no prefix",
        "name": "name in NFKC, trimmed",
        "text": "text in NFC, trimmed, without control characters",
    }
)
"""What a mapping may write after ``clean:``, and what it does."""


def text_cleaners(today: date) -> dict[str, Cleaner]:
    """Return the cleaners of text by name, for the day that ages are counted on."""
    return {
        "cn_mobile": cn_mobile,
        "cn_name": cn_name,
        "cn_resident_id": cn_resident_id_cleaner(today),
        "email": email,
        "mobile": mobile,
        "name": name,
        "text": text,
    }
