"""What a personal value or a secret looks like: one closed list for scrubbing and scanning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

_ID_18 = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_ID_15 = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{14}(?![0-9A-Za-z])")
_MOBILE = re.compile(
    r"(?<![0-9])(?:\+?86[- ]?|0086[- ]?)?(1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4})(?![0-9])"
)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}")
_BEARER = re.compile(r"\b(?:Bearer|Basic) [A-Za-z0-9._~+/=-]{12,}")
_ACCESS_KEY = re.compile(
    r"\b(?:AKIA[0-9A-Z]{16}|LTAI[0-9A-Za-z]{12,26}|sk_live_[0-9A-Za-z]{16,}|gh[pousr]_[0-9A-Za-z]{30,})\b"
)

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_character(first_17: str) -> str:
    """Return the last character of a resident id (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(w * int(c) for w, c in zip(_WEIGHTS, first_17, strict=True)) % 11]


def is_resident_id(text: str) -> bool:
    """Tell whether a text is a resident id: 18 characters or 15 digits with a day of birth.

    One with a wrong check character counts: it is a typing error away from somebody's.
    """
    if len(text) == 18:
        return _born(text[6:14])
    return len(text) == 15 and _born("19" + text[6:12])


def is_checked(text: str) -> bool:
    """Tell whether the check character of a resident id of 18 characters is right."""
    return len(text) == 18 and check_character(text[:17]) == text[17].upper()


def _born(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= born.year <= 2100


def _resident_ids(text: str) -> Iterator[str]:
    for pattern in (_ID_18, _ID_15):
        yield from (m.group() for m in pattern.finditer(text) if is_resident_id(m.group()))


def _all(*patterns: re.Pattern[str]) -> Callable[[str], Iterator[str]]:
    def found(text: str) -> Iterator[str]:
        for pattern in patterns:
            yield from (match.group() for match in pattern.finditer(text))

    return found


DETECTORS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "resident_id": _resident_ids,
    "mobile": _all(_MOBILE),
    "mail": _all(_MAIL),
    "private_key": _all(_PEM),
    "token": _all(_JWT, _BEARER),
    "access_key": _all(_ACCESS_KEY),
}
"""Name -> finds all such values in a text."""


def kind_of(text: str) -> str | None:
    """Return the name of the detector that takes a whole text, or None."""
    for name, find in DETECTORS.items():
        if any(found == text for found in find(text)):
            return name
    return None


def holds_any(text: str) -> bool:
    """Tell whether any detector finds something in a text."""
    return any(True for find in DETECTORS.values() for _ in find(text))
