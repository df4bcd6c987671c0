"""Character sets of vendors' texts: declared, decoded strictly, never guessed."""

from __future__ import annotations

import codecs

from hrhub.errors import ContractChanged

_GB = "gb18030"
"""GB 18030 holds GBK and GB 2312 (GB 18030-2022 §3): the subsets are declared, it is meant."""

CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-16-be": "utf-16-be",
    "gb18030": _GB,
    "gbk": _GB,
    "x-gbk": _GB,
    "cp936": _GB,
    "gb2312": _GB,
    "big5": "big5hkscs",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
}
"""Names that may be declared, in lower case, and the decoder of each."""

_MARKS = (
    (codecs.BOM_UTF8, frozenset({"utf-8"})),
    (b"\x84\x31\x95\x33", frozenset({_GB})),
    (codecs.BOM_UTF16_LE, frozenset({"utf-16", "utf-16-le"})),
    (codecs.BOM_UTF16_BE, frozenset({"utf-16", "utf-16-be"})),
)
_MARKED = frozenset({"utf-8-sig", "utf-16"})
"""Names that promise a byte order mark."""


def codec_of(charset: str, body: bytes) -> tuple[str, int]:
    """Return the decoder of a declared character set, and how many bytes of a mark to skip.

    A mark of the declared character set is skipped. ``utf-8-sig`` and ``utf-16`` promise one.

    Raises:
        ContractChanged: ``vendor.body_refused``: rule ``charset`` for a name that is not in
            :data:`CODECS`, rule ``bom`` for the mark of another character set, or none where
            one was promised.
    """
    name = charset.lower()
    codec = CODECS.get(name)
    if codec is None:
        raise ContractChanged("vendor.body_refused", rule="charset")
    for mark, bearers in _MARKS:
        if body.startswith(mark):
            if codec not in bearers:
                raise ContractChanged("vendor.body_refused", rule="bom")
            # The decoder of utf-16 reads the byte order from the mark itself.
            return codec, 0 if codec == "utf-16" else len(mark)
    if name in _MARKED and body:
        raise ContractChanged("vendor.body_refused", rule="bom")
    return codec, 0


def decode(body: bytes, charset: str) -> str:
    """Decode a whole text, without its byte order mark.

    Raises:
        ContractChanged: As for :func:`codec_of`; rule ``charset`` with the ``line`` in which bytes
            stand that are no text of the declared character set.
    """
    codec, skipped = codec_of(charset, body)
    try:
        return body[skipped:].decode(codec)
    except UnicodeDecodeError as error:
        sound = body[skipped : skipped + error.start].decode(codec, "replace")
        raise ContractChanged(
            "vendor.body_refused", rule="charset", line=sound.count("\n") + 1
        ) from None
