"""The scanner: look for personal values and secrets in every disguise before anything is written.

It knows nothing of how scrubbing works. It reads the text as it is, and again with percent
escapes, JSON escapes and base64 undone, each inside the others.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from hrhub.recording.patterns import DETECTORS

_DEPTH = 4
_BASE64 = (re.compile(r"[A-Za-z0-9+/]{12,}={0,2}"), re.compile(r"[A-Za-z0-9_-]{12,}={0,2}"))
"""Runs of either alphabet; the second finds one between the slashes of a path as well."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be in a recording; says where and what, never the value.

    Attributes:
        place: Part of the recording.
        kind: Name of the detector, or ``known`` for a value that was replaced elsewhere.
        disguise: How it was written, outermost first, for example ``percent > base64``.
    """

    place: str
    kind: str
    disguise: str


def scan(
    place: str, text: str, *, known: Collection[str] = (), allowed: Collection[str] = ()
) -> list[Finding]:
    """Find personal values and secrets in a text.

    Args:
        place: Named in findings.
        text: What would be written.
        known: Values that must not occur at all: secrets, and values that fakes stand for.
        allowed: Fakes, which look like what is looked for.
    """
    fakes = "\n".join(allowed)
    hard = [value for value in known if len(value) >= (_KNOWN_LENGTH if value.isascii() else 2)]
    findings = []
    for view, disguise in _views(text):
        for kind, find in DETECTORS.items():
            if any(value not in fakes for value in find(view)):
                findings.append(Finding(place, kind, disguise))
        if any(_holds(view, value) for value in hard):
            findings.append(Finding(place, "known", disguise))
    return sorted(set(findings), key=lambda f: (f.place, f.kind, f.disguise))


_KNOWN_LENGTH = 6
"""Shorter known values in Latin letters or digits occur by chance in anything long."""


def _holds(view: str, value: str) -> bool:
    """Tell whether a value stands in a text; letters or digits only as a word."""
    at = view.find(value)
    while at >= 0:
        end = at + len(value)
        if not value.isascii():
            return True
        before, after = view[at - 1 : at], view[end : end + 1]
        if not (before.isascii() and before.isalnum()) and not (
            after.isascii() and after.isalnum()
        ):
            return True
        at = view.find(value, at + 1)
    return False


def _views(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text in every reading, each once, with the name of the disguise."""
    waiting = [(text, "plain", 0)]
    seen = set()
    while waiting:
        view, disguise, depth = waiting.pop()
        if view in seen:
            continue
        seen.add(view)
        yield view, disguise
        if depth == _DEPTH:
            continue
        for name, other in _undone(view):
            path = name if disguise == "plain" else f"{disguise} > {name}"
            waiting.append((other, path, depth + 1))


def _undone(view: str) -> Iterator[tuple[str, str]]:
    if "%" in view:
        yield "percent", unquote_plus(view, errors="replace")
    if "\\" in view:
        yield "json", _ESCAPE.sub(_unescaped, view)
    for run in {run for pattern in _BASE64 for run in pattern.findall(view)}:
        if (inner := _from_base64(run)) is not None:
            yield "base64", inner


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _SHORT.get(match[2], match[2])


def _from_base64(run: str) -> str | None:
    """Decode a run of base64, either alphabet, padded or not; None if it holds no text."""
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        text = data.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if text and all(sign.isprintable() or sign in "\r\n\t" for sign in text) else None
