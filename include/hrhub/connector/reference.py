"""The plugin contract as a page of documentation: ``python -m hrhub.connector.reference``."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, zip_longest
from typing import Any

import hrhub.connector as contract
from hrhub.connector.contract import API_VERSION
from hrhub.http import auth, budget, paging, problems

_INTRODUCTION = f"""\
# Contract

Generated from the docstrings of `hrhub.connector` by
`python -m hrhub.connector.reference > docs/contract.md`; a test keeps it current. This is version
{API_VERSION} of the contract. The [vendor guide](vendor-guide.md) shows how to use it, and
[connectors](connectors.md) explains it.

A field without a default must be given. What this page does not name is no part of the contract and
may change with any version.
"""

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Connector": ("Connector", "ConnectorConfig", "setting", "Checked", "VendorAnswer"),
    "Streams": (
        "Stream",
        "HttpStream",
        "Everything",
        "ModifiedSince",
        "TimeWindow",
        "Page",
        "page_of",
        "with_rows",
        "JsonRecords",
        "CsvRecords",
        "XmlRecords",
        "RecordFormat",
        "Mode",
        "Deletes",
        "Completeness",
    ),
    "Orders": (
        "OrderService",
        "OrderRequest",
        "OrderState",
        "OrderStatus",
        "OrderKind",
        "Package",
    ),
    "Write-backs": ("Sink", "Write", "Planned", "Written", "WriteStatus", "Delivery"),
    "Events": ("EventReceiver", "Received", "Pushed", "Event", "Ask", "Fetched", "Reply"),
    "Sessions": ("Session", "open_session"),
}
_HTTP: Mapping[str, tuple[object, ...]] = {
    "Authorisation (`hrhub.http.auth`)": tuple(
        getattr(auth, name)
        for name in auth.__all__
        if name not in ("Auth", "Channel", "Secret", "reveal")
    ),
    "Paging (`hrhub.http.paging`)": (
        paging.SinglePage,
        paging.PageNumber,
        paging.Offset,
        paging.CursorParam,
        paging.ScrollId,
        paging.NextLink,
        paging.ODataSkipToken,
        paging.SearchPosition,
    ),
    "Error codes and rates (`hrhub.http.problems`, `hrhub.http.budget`)": (
        problems.JsonCode,
        budget.Rate,
    ),
}
_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields|Example)s?:+\s*$", re.M)
_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?([\w]+)`")


def page() -> str:
    """Return the page."""
    lines = [_INTRODUCTION]
    for heading, names in _GROUPS.items():
        lines += [f"## {heading}\n", *_things(getattr(contract, name) for name in names)]
    for heading, things in _HTTP.items():
        lines += [f"## {heading}\n", *_things(things, methods=False)]
    return "\n".join(lines).rstrip() + "\n"


def undocumented() -> set[str]:
    """Return public names of the contract that the page leaves out: type aliases and constants."""
    return set(contract.__all__) - {name for names in _GROUPS.values() for name in names}


def _things(things: Iterable[Any], *, methods: bool = True) -> Iterator[str]:
    for thing in things:
        yield f"### {thing.__name__}\n"
        if inspect.isfunction(thing):
            yield f"`{thing.__name__}{_signature(thing)}`\n"
        words, parts = _parsed(inspect.getdoc(thing) or "")
        yield f"{words}\n"
        args = ((f"`{name}`", meaning) for name, meaning in parts.get("Args", {}).items())
        if inspect.isfunction(thing):
            yield from _table(("Argument", "Meaning"), args)
            yield from _listed(list(_raised(parts, "")))
        elif issubclass(thing, enum.Enum):
            docs = _member_docs(thing)
            yield from _table(
                ("Value", "Meaning"), ((f"`{m.value}`", docs.get(m.name, "")) for m in thing)
            )
        else:
            if "__init__" in vars(thing) and "Args" in parts:
                yield from _table(("Argument", "Meaning"), args)
            else:
                yield from _fields(thing, parts.get("Attributes", {}))
            if methods:
                yield from _listed(list(_methods(thing)))


def _fields(kind: type, told: Mapping[str, str]) -> Iterator[str]:
    """Describe the fields of a class: those of a dataclass, or of a pydantic model."""
    told = _inherited(kind) | dict(told)
    if dataclasses.is_dataclass(kind):
        rows = [
            (f"`{f.name}`", _type(f.type), _default(f), told.get(f.name, ""))
            for f in dataclasses.fields(kind)
            if f.init
        ]
        yield from _table(("Field", "Type", "Default", "Meaning"), rows)
    elif hasattr(kind, "model_fields"):
        rows = [
            (f"`{name}`", _type(kind.__annotations__[name]), _shown(info.default), info.description)
            for name, info in kind.model_fields.items()
        ]
        yield from _table(("Setting", "Type", "Default", "Meaning"), rows)


def _inherited(kind: type) -> dict[str, str]:
    """Return what the bases say about their fields."""
    told: dict[str, str] = {}
    for base in reversed(kind.__mro__[1:-1]):
        if base.__doc__ and base.__module__.startswith("hrhub."):
            told |= _parsed(inspect.getdoc(base) or "")[1].get("Attributes", {})
    return told


def _methods(kind: type) -> Iterator[str]:
    """Describe the methods that an author overrides or calls."""
    for name, method in vars(kind).items():
        if name.startswith("_") or not inspect.isfunction(method) or not method.__doc__:
            continue
        words, parts = _parsed(inspect.getdoc(method) or "")
        yield f"* **`{name}{_signature(method)}`** {' '.join(words.split())}"
        yield from _raised(parts, "  ")


def _raised(parts: Mapping[str, Mapping[str, str]], indent: str) -> Iterator[str]:
    for error, when in parts.get("Raises", {}).items():
        yield f"{indent}* `{error}`: {when}"


def _listed(lines: list[str]) -> list[str]:
    return [*lines, ""] if lines else []


def _parsed(doc: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Split a docstring into its words and its sections: heading -> name -> meaning."""
    heads = list(_SECTION.finditer(doc))
    words = doc[: heads[0].start()] if heads else doc
    words = re.split(r"^Example::", words, flags=re.M)[0]
    parts: dict[str, dict[str, str]] = {}
    for head, following in zip_longest(heads, heads[1:]):
        body = textwrap.dedent(doc[head.end() : following.start() if following else len(doc)])
        body = re.split(r"^Example::", body, flags=re.M)[0]
        found = re.findall(r"^(\*{0,2}\w[\w.]*): (.*(?:\n(?:[ \t]+.*)?)*)", body, re.M)
        parts[head[1]] = {name: _plain(text) for name, text in found}
    return _plain(words, lines=True), parts


def _plain(text: str, *, lines: bool = False) -> str:
    text = _ROLE.sub(r"`\1`", text).replace("``", "`").strip()
    return text if lines else " ".join(text.split())


def _signature(function: Any) -> str:
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    text = text.replace("= Ellipsis", "= ...")
    return re.sub(r"\(self(?:, )?", "(", re.sub(r"\bhrhub(?:\.\w+)*\.", "", text))


def _type(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return f"`{text}`".replace("|", "\\|")


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return _shown(field.default)
    if field.default_factory is dataclasses.MISSING:
        return ""
    made = field.default_factory()
    return "empty" if not made and made is not None else f"`{type(made).__name__}()`"


def _shown(value: object) -> str:
    if isinstance(value, enum.Enum):
        return f"`{type(value).__name__}.{value.name}`"
    return "empty" if value in ("", ()) else f"`{value}`"


def _member_docs(kind: type) -> dict[str, str]:
    """Return the texts that stand below the members of an enumeration."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    docs = {}
    for member, text in pairwise(body):
        if (
            isinstance(member, ast.Assign)
            and isinstance(member.targets[0], ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            docs[member.targets[0].id] = _plain(str(text.value.value))
    return docs


def _table(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    cells = [[str(cell or "") for cell in row] for row in rows]
    if not cells:
        return
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in cells:
        yield "| " + " | ".join(row) + " |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
