"""JSON decoders that make objects of what is asked for only; the rest is passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, TypedDict

import msgspec

Steps = tuple[str | int, ...]
"""A way into a record: names, and places in lists."""


def decoder(paths: Collection[Steps]) -> msgspec.json.Decoder[dict[str, Any]]:
    """Return a decoder of objects that hold what is at the end of some paths.

    It gives plain dictionaries, smaller ones: names that no path takes are left out, those that are
    not there stay absent. Lists are given whole. What is passed over must be JSON all the same. A
    path that leads into something other than an object is a ``msgspec.ValidationError``: such a
    record has to be decoded whole.
    """
    return msgspec.json.Decoder(_shape(_tree(paths)), float_hook=Decimal)


_Tree = dict[str, "_Tree | None"]
"""Name -> what is taken below it; None for all of it."""


def _tree(paths: Collection[Steps]) -> _Tree | None:
    """Return paths by their first names; None where all is wanted.

    That is where a path ends, and where msgspec (0.22) would miss a name: it finds the keys of a
    TypedDict by their ASCII letters.
    """
    below: dict[str, list[Steps]] = {}
    for path in paths:
        name = path[0] if path else 0
        if not isinstance(name, str) or not name.isascii():
            return None
        below.setdefault(name, []).append(path[1:])
    return {name: _tree(rest) for name, rest in below.items()}


def _shape(tree: Mapping[str, Any] | None) -> Any:
    if tree is None:
        return dict[str, Any]
    fields = {name: Any if inner is None else _shape(inner) | None for name, inner in tree.items()}
    return TypedDict("Narrowed", fields, total=False)  # type: ignore[operator]
