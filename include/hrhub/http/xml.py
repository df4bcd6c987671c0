"""The one way XML of others is parsed: text decoded strictly, no DTD, no entities, no network."""

from __future__ import annotations

import re

from lxml import etree

from hrhub.errors import ContractChanged

_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_DOCTYPE = re.compile(r"<!DOCTYPE|<!ENTITY", re.IGNORECASE)
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "gb18030": "gb18030"}
_KNOWN = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", **_SUPERSETS}


def decode_text(body: bytes, charset: str) -> str:
    """Decode strictly; the subsets of GB18030 that are declared everywhere are read as it.

    Raises:
        ContractChanged: ``vendor.body_refused``: not text in that character set.
    """
    try:
        return body.decode(_SUPERSETS.get(charset.lower(), charset))
    except (UnicodeDecodeError, LookupError):
        raise ContractChanged("vendor.body_refused", rule="charset") from None


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
    if charset is None:
        named = _ENCODING.match(body[:200])
        charset = _KNOWN.get(named.group(1).decode("ascii").lower() if named else "utf-8")
        if charset is None:
            raise ContractChanged("vendor.body_refused", rule="charset")
    text = _DECLARATION.sub("", decode_text(body, charset), count=1).removeprefix("\ufeff")
    if _DOCTYPE.search(text):
        raise ContractChanged("vendor.body_refused", rule="doctype")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        # The parser quotes what it could not read.
        raise ContractChanged("vendor.page_broken", bytes=len(body)) from None


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)
