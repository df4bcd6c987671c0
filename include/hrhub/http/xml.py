"""The one way XML of others is parsed: text decoded strictly, no DTD, no entities, no network."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from hrhub.errors import ContractChanged
from hrhub.http.charsets import decode

_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_DOCTYPE = re.compile(r"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
_UNNAMED = "utf-8"
_SELF_DECLARED = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "gb2312", "gbk", "cp936", "gb18030"}
)
"""Character sets that a document's own declaration may choose; others must be declared by us."""

Path = Sequence[tuple[str | None, str]]
"""Steps from the root element on: namespace (None for any) and local name."""

_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
    "encoding": "utf-8",
}


def parse_xml(body: bytes, charset: str | None = None) -> etree._Element:
    """Parse a document and return its root.

    The bytes are decoded here and reach the parser as UTF-8, so that a document type cannot hide
    behind another encoding.

    Args:
        body: The document.
        charset: Its character set; if None, UTF-8 or the GB one that its declaration names.

    Raises:
        ContractChanged: ``vendor.body_refused`` for a document type, an entity declaration or
            bytes of another character set; ``vendor.page_broken`` for what is not XML.
    """
    try:
        return etree.fromstring(_safe(body, charset), etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError):
        # The parser quotes what it could not read.
        raise ContractChanged("vendor.page_broken", bytes=len(body)) from None


def iterate(
    body: bytes, path: Path, charset: str | None = None, *, required: int | None = None
) -> Iterator[etree._Element]:
    """Yield the elements at a path, each parsed whole and forgotten when the next is asked for.

    Args:
        body: The document.
        path: Names from the root on; the last one is that of the elements.
        charset: As for :func:`parse_xml`.
        required: How many steps of the path must be there; all but the last if None.

    Raises:
        ContractChanged: As for :func:`parse_xml`, and ``vendor.records_missing`` when a required
            step is not there.
    """
    source = io.BytesIO(_safe(body, charset))
    depth, along, reached = 0, 0, 0
    try:
        for event, element in etree.iterparse(source, events=("start", "end"), **_OPTIONS):
            if event == "start":
                if along == depth and depth < len(path) and _named(element, path[depth]):
                    along += 1
                    reached = max(reached, along)
                depth += 1
                continue
            depth -= 1
            if depth >= len(path):
                continue
            if along > depth:
                along = depth
                if depth == len(path) - 1:
                    yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError):
        raise ContractChanged("vendor.page_broken", bytes=len(body)) from None
    if reached < (len(path) - 1 if required is None else required):
        raise ContractChanged("vendor.records_missing", path=".".join(n for _, n in path))


def find_xml(body: bytes, path: str) -> str | None:
    """Return the text of the first element at a dotted path of local names, the root's first.

    None if there is none, or if the body is not XML.
    """
    return next((element.text for element in _at(body, path)), None)


def count_xml(body: bytes, path: str) -> int:
    """Return how many elements stand at a dotted path of local names, the root's first."""
    return sum(1 for _ in _at(body, path))


def _at(body: bytes, path: str) -> Iterator[etree._Element]:
    with contextlib.suppress(ContractChanged):
        yield from iterate(body, [(None, name) for name in path.split(".")])


def write_xml(document: Mapping[str, Any]) -> bytes:
    """Write nested mappings as a document: keys are elements, ``@name`` attributes.

    Lists repeat their element; None is an empty one; ``#text`` is text beside attributes.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(document, lines)
    return "".join(lines).encode("utf-8")


def _write(content: Mapping[str, Any], out: list[str]) -> None:
    for name, value in content.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            inner = one if isinstance(one, Mapping) else {"#text": one}
            marks = "".join(
                f" {key[1:]}={quoteattr(str(text))}"
                for key, text in inner.items()
                if key[:1] == "@"
            )
            out.append(f"<{name}{marks}>")
            if inner.get("#text") is not None:
                out.append(escape(str(inner["#text"])))
            _write({k: v for k, v in inner.items() if k[:1] not in "@#"}, out)
            out.append(f"</{name}>")


def _safe(body: bytes, charset: str | None) -> bytes:
    """Return a document as UTF-8 without its declaration, if it brings nothing to be resolved."""
    if charset is None:
        named = _ENCODING.match(body[:200])
        charset = named.group(1).decode("ascii").lower() if named else _UNNAMED
        if charset not in _SELF_DECLARED:
            raise ContractChanged("vendor.body_refused", rule="charset")
    text = _DECLARATION.sub("", decode(body, charset), count=1)
    if _DOCTYPE.search(text):
        raise ContractChanged("vendor.body_refused", rule="doctype")
    return text.encode("utf-8")


def _named(element: etree._Element, step: tuple[str | None, str]) -> bool:
    name, (namespace, local) = etree.QName(element), step
    return name.localname == local and namespace in (None, name.namespace)


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)
