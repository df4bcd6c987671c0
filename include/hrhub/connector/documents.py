"""Records in XML: elements at a path, whatever the document's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hrhub.connector.rows import decode_row, series_key
from hrhub.errors import PluginError
from hrhub.http.charsets import CODECS

if TYPE_CHECKING:
    from lxml.etree import _Element

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_encode = msgspec.json.Encoder().encode


class XmlRecords:
    """Records in an XML body: the elements at a path, such as ``Report.Employees.Employee``.

    A record becomes a dictionary: child elements by local name, attributes as ``@name``. An element
    that has only text is that text, an empty one is empty text, ``xsi:nil`` is None. Text beside
    attributes or elements is ``#text``. Children of one name become a list, as do those that
    ``lists`` names even when there is one.

    Args:
        path: Names of the elements from the root on; the last one is that of the records. Without
            prefix a name is found in any namespace.
        namespaces: Prefix in the path -> namespace, where it must be a certain one.
        lists: Dotted paths inside a record whose elements are always a list.
        charset: The character set, or None for that of the document's declaration, if it is UTF-8
            or one of GB 18030's.
        optional: Whether a document without the element around the records means that there are
            none. The paging or a total should then prove it.
        group_by: Names of the children that make up a series' key, for grouped streams.

    Raises:
        PluginError: ``plugin.invalid``: the declaration contradicts itself.
    """

    def __init__(
        self,
        path: str,
        *,
        namespaces: Mapping[str, str] | None = None,
        lists: Sequence[str] = (),
        charset: str | None = None,
        optional: bool = False,
        group_by: Sequence[str] = (),
    ) -> None:
        spaces = namespaces or {}
        steps = [step.rpartition(":")[::2] for step in path.split(".")]
        for rule, kept in (
            ("xml_path_named", all(name for _, name in steps)),
            ("xml_prefix_known", all(not prefix or prefix in spaces for prefix, _ in steps)),
            ("xml_charset_known", charset is None or charset.lower() in CODECS),
        ):
            if not kept:
                raise PluginError("plugin.invalid", connector="-", rule=rule)
        self.path = path
        self.charset = charset
        self._steps = [(spaces.get(prefix), name) for prefix, name in steps]
        self._lists = frozenset(lists)
        self._optional = optional
        self._group_by = tuple(group_by)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a document into its records; of the tree no more than one record is held at a time.

        Raises:
            ContractChanged: ``vendor.page_broken``, ``vendor.records_missing`` or
                ``vendor.body_refused``.
        """
        from hrhub.http.xml import iterate

        out: list[bytes | memoryview] = []
        required = len(self._steps) - (2 if self._optional else 1)
        for element in iterate(body, self._steps, self.charset, required=required):
            value = self._value(element, "")
            out.append(_encode(value if isinstance(value, dict) else {"#text": value}))
        return out

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one record."""
        return decode_row(raw)

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return the series' key; a record without it is a series of its own."""
        return series_key(raw, self._group_by)

    def _value(self, element: _Element, place: str) -> Any:
        """Return what an element holds; ``place`` is its path inside the record."""
        marks = {f"@{_local(str(name))}": text for name, text in element.items() if name != _NIL}
        text = element.text or ""
        if not len(element):
            if not marks:
                return None if element.get(_NIL) in ("true", "1") else text
            return {**marks, "#text": text}
        found: dict[str, Any] = dict(marks)
        several: set[str] = set()
        loose = text + "".join(child.tail or "" for child in element)
        for child in element:
            name = _local(str(child.tag))
            inside = f"{place}.{name}" if place else name
            value = self._value(child, inside)
            if name in several:
                found[name].append(value)
            elif name in found:
                found[name] = [found[name], value]
                several.add(name)
            elif inside in self._lists:
                found[name] = [value]
                several.add(name)
            else:
                found[name] = value
        if loose.strip():
            found["#text"] = loose
        return found


def _local(name: str) -> str:
    return name.rpartition("}")[2]
