"""Read single values out of a body, JSON or XML, without decoding the rest of it.

Paths are dotted and the same for both: ``AcsEvent.totalMatches`` is a member of an object, or an
element below the root ``AcsEvent``, whatever its namespace.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec

Scalar = str | int | float | bool | None
_LEAF: Any = str | int | float | bool


@cache
def _decoder(path: str, leaf: Any) -> tuple[msgspec.json.Decoder[Any], int]:
    shape: Any = leaf
    names = path.split(".")
    for depth, name in enumerate(reversed(names)):
        shape = msgspec.defstruct(
            f"Lookup{depth}",
            [("value", shape | msgspec.UnsetType | None, msgspec.UNSET)],
            rename={"value": name},
        )
    return msgspec.json.Decoder(shape), len(names)


_SCALAR = rb'(?:"(?:[^"\\]|\\.)*"|[-+.0-9eE]+|true|false|null)'
_LAST_MEMBERS = re.compile(
    rb'(?:,\s*"(?:[^"\\]|\\.)*"\s*:\s*' + _SCALAR + rb"\s*)+\}\s*\Z", re.DOTALL
)
_TAIL_BYTES = 1_024


def _find(body: bytes, path: str, leaf: Any) -> Any:
    if leaf is _LEAF and "." not in path:
        last = _tail(body)
        if last is not None and (found := _decoded(last, path, leaf)) is not None:
            return found
    return _decoded(body, path, leaf)


def _tail(body: bytes) -> bytes | None:
    """Return the last members of a JSON object that are scalars, as an object of their own.

    A token for the next page often stands behind the records; then they need not be read to find
    it. Cutting anywhere is safe: a comma and a quote that lie inside a text are its end, and what
    follows then cannot be read as members up to the object's end.
    """
    if len(body) <= _TAIL_BYTES:
        return None
    found = _LAST_MEMBERS.search(body, len(body) - _TAIL_BYTES)
    return b"{" + found[0][1:] if found else None


def _decoded(body: bytes, path: str, leaf: Any) -> Any:
    decoder, depth = _decoder(path, leaf)
    try:
        value = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    for _ in range(depth):
        if value is None or value is msgspec.UNSET:
            return None
        value = value.value
    return None if value is msgspec.UNSET else value


def find(body: bytes, path: str) -> Scalar:
    """Return the scalar at a dotted path such as ``data.nextCursor``.

    None if it is not there, is null, is a list or an object, or if the body is neither JSON nor
    XML. What XML holds is always text.
    """
    if _is_xml(body):
        from hrhub.http.xml import find_xml

        return find_xml(body, path)
    value: Scalar = _find(body, path, _LEAF)
    return value


def find_text(body: bytes, path: str) -> str | None:
    """Return the scalar at a dotted path as text; None and empty text are None."""
    value = find(body, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value is not None and value != "" else None


def count(body: bytes, path: str) -> int | None:
    """Return the length of the list at a dotted path (empty: the body itself), undecoded.

    In XML it is the number of elements at the path.
    """
    if _is_xml(body):
        from hrhub.http.xml import count_xml

        return count_xml(body, path)
    if not path:
        try:
            return len(msgspec.json.decode(body, type=list[msgspec.Raw]))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
    items = _find(body, path, list[msgspec.Raw])
    return None if items is None else len(items)


def _is_xml(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
