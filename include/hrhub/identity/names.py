"""Names of people, compared: the same, nearly the same, in another script, or different."""

from __future__ import annotations

import re
from enum import StrEnum

from hrhub.crypto.normalise import name as normalised

_DECORATION = re.compile(r"\s*[(\[【<].*$")
"""What directories append: ``张伟(研发)``. Full-width brackets are narrow after NFKC."""
_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FILL = re.compile(r"[\s·•・]+")


class Likeness(StrEnum):
    """How two names compare; ``unknown`` is a Han name beside a latin one."""

    SAME = "same"
    NEAR = "near"
    UNKNOWN = "unknown"
    DIFFERENT = "different"


def comparable(name: str) -> str:
    """Return the form in which names are compared: no decoration, no gaps, one case."""
    known = normalised(name) or ""
    return _FILL.sub("", _DECORATION.sub("", known)) or _FILL.sub("", known)


def likeness(one: frozenset[str], other: frozenset[str]) -> Likeness:
    """Compare two sets of comparable names by their best pair; no name at all is unknown."""
    if one & other:
        return Likeness.SAME
    if not one or not other:
        return Likeness.UNKNOWN
    found = {_pair(a, b) for a in one for b in other}
    for answer in (Likeness.NEAR, Likeness.UNKNOWN):
        if answer in found:
            return answer
    return Likeness.DIFFERENT


def _pair(a: str, b: str) -> Likeness:
    han = bool(_HAN.search(a)), bool(_HAN.search(b))
    if han[0] != han[1]:
        return Likeness.UNKNOWN
    if han[0]:
        return Likeness.NEAR if a[0] == b[0] and _one_apart(a, b) else Likeness.DIFFERENT
    if sorted(a) == sorted(b):  # family and given name changed places
        return Likeness.NEAR
    return Likeness.NEAR if len(a) > 5 and _one_apart(a, b) else Likeness.DIFFERENT


def _one_apart(a: str, b: str) -> bool:
    """Tell whether one sign more, less or other makes the names equal."""
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    return a[start:] == b[start + 1 :] or a[start + 1 :] == b[start + 1 :]
