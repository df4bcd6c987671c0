"""Normalisers: bring values that mean the same into the same text, for comparison only.

They are named and versioned. Changing one makes every index entry written with it unmatched, so
a change is a new version next to the old one. None means that the value has no comparable form:
it gets no index entry, because all such values would look equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import mul
from unicodedata import normalize

from hrhub.errors import ConfigError

_NOT_DIGIT = re.compile(r"[^0-9]")
_PHONE = re.compile(r"(\+|00)?([0-9 ().\-/\u2010\u2013\u2014]+)")
_CN_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_CN_ID = re.compile(r"[0-9]{17}[0-9X]")
_CN_ID_15 = re.compile(r"[0-9]{15}")
_CN_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CN_ID_ZEROS = ord("0") * sum(_CN_ID_WEIGHTS)
_CN_ID_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Normaliser:
    """A named, versioned way to normalise."""

    name: str
    version: int
    of: Callable[[str], str | None]


def email(value: str) -> str | None:
    """Normalise an e-mail address: NFKC, trim, casefold."""
    return _nfkc(value).strip().casefold() or None


def phone(value: str) -> str | None:
    """Normalise a telephone number to E.164 digits without the plus sign.

    A number without a country code is Chinese if it is a mobile number or starts with the trunk
    prefix 0; any other is kept as its digits. Values with letters (extensions) have no form.
    """
    text = _nfkc(value).strip()
    if text[:1] == "+" and text.isascii() and text[1:].isdigit():
        digits = text[1:]
        if digits.startswith("860"):
            digits = "86" + digits[3:]
        return digits if 5 <= len(digits) <= 15 else None
    found = _PHONE.fullmatch(text)
    if found is None:
        return None
    prefix, rest = found.groups()
    if prefix:
        rest = rest.replace("(0)", "")
    digits = _NOT_DIGIT.sub("", rest)
    if prefix:
        if digits.startswith("860"):
            digits = "86" + digits[3:]
    elif _CN_MOBILE.fullmatch(digits):
        digits = "86" + digits
    elif digits.startswith("0") and 10 <= len(digits) <= 12:
        digits = "86" + digits[1:]
    return digits if 5 <= len(digits) <= 15 else None


def cn_id(value: str) -> str | None:
    """Normalise a Chinese resident id number to 18 characters (GB 11643-1999).

    Numbers of 15 digits, issued before 1999, get the century and the check character. A wrong
    check character has no form.
    """
    text = _nfkc(value).strip().upper()
    if _CN_ID_15.fullmatch(text):
        text = text[:6] + "19" + text[6:]
        return text + cn_id_check(text)
    if _CN_ID.fullmatch(text) and text[17] == cn_id_check(text[:17]):
        return text
    return None


def cn_id_check(first_17: str) -> str:
    """Return the check character of the first 17 digits (ISO 7064 MOD 11-2)."""
    total = sum(map(mul, first_17.encode(), _CN_ID_WEIGHTS)) - _CN_ID_ZEROS
    return _CN_ID_CHECKS[total % 11]


def document(value: str) -> str | None:
    """Normalise the number of another identity document: NFKC, upper case, no spaces or hyphens."""
    text = "".join(normalize("NFKC", value).upper().split())
    return text.replace("-", "") or None


def name(value: str) -> str | None:
    """Normalise a person's name: NFKC, casefold, spaces inside collapsed to one."""
    return " ".join(normalize("NFKC", value).casefold().split()) or None


def code(value: str) -> str | None:
    """Normalise a code such as an employee number: NFKC, trim."""
    return _nfkc(value).strip() or None


def _nfkc(value: str) -> str:
    """Normalise by NFKC; ASCII is what it stays."""
    return value if value.isascii() else normalize("NFKC", value)


NORMALISERS = {
    n.name: n
    for n in (
        Normaliser("email", 1, email),
        Normaliser("phone", 1, phone),
        Normaliser("cn_id", 1, cn_id),
        Normaliser("document", 1, document),
        Normaliser("name", 1, name),
        Normaliser("code", 1, code),
    )
}

_BY_KIND: dict[tuple[str, str | None], str | None] = {
    ("contact", "mobile"): "phone",
    ("contact", "phone"): "phone",
    ("contact", "email"): "email",
    ("contact", "wechat"): "code",
    ("contact", "address"): None,
    ("cn_id", "cn_resident_id"): "cn_id",
}


def normaliser(name: str) -> Normaliser:
    """Return a normaliser by name.

    Raises:
        ConfigError: There is none of this name (``index.normaliser``).
    """
    found = NORMALISERS.get(name)
    if found is None:
        raise ConfigError("index.normaliser", normaliser=name)
    return found


def normaliser_for(declared: str, kind: str | None = None) -> str | None:
    """Return the normaliser's name for a field whose form depends on the row's kind.

    The model declares ``contact`` for contact values and ``cn_id`` for document numbers; the kind
    of contact or document decides. None: values of this kind are not indexed.
    """
    if (declared, kind) in _BY_KIND:
        return _BY_KIND[declared, kind]
    if declared == "cn_id" and kind is not None:
        return "document"
    return normaliser(declared).name
