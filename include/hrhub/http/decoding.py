"""Turn the bytes of the wire into a body, within limits, and refuse what is not whole.

The HTTP library reports neither a gzip stream that stops early nor data behind its end, and it
inflates without limit. So bodies are read raw and decoded here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from hrhub.errors import ContractChanged, Transient
from hrhub.http.answer import Answer, Expect
from hrhub.http.limits import Limits

ACCEPT_ENCODING = "gzip, deflate"
_OUTPUT_STEP = 1 << 20


def decode_body(chunks: Iterable[bytes], coding: str, limits: Limits) -> tuple[bytes, bool]:
    """Read and decode a body.

    Args:
        chunks: The body as it comes over the wire.
        coding: The ``Content-Encoding`` header.
        limits: Sizes that must be kept.

    Returns:
        The decoded body, and whether the coding itself proves by a checksum that it is whole.

    Raises:
        ContractChanged: ``vendor.body_refused``: a limit is broken, more than one or an unknown
            coding, corrupt data, or data behind the end.
        Transient: ``vendor.page_cut``: the coded data stops before its end.
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return _within(chunks, limits), False
    if name not in ("gzip", "x-gzip", "deflate"):
        raise ContractChanged("vendor.body_refused", rule="coding")
    return _inflate(chunks, limits, gzip=name != "deflate")


def _within(chunks: Iterable[bytes], limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limits.wire_bytes:
            raise ContractChanged("vendor.body_refused", rule="wire_bytes")
        parts.append(chunk)
    return b"".join(parts)


def _inflate(chunks: Iterable[bytes], limits: Limits, *, gzip: bool) -> tuple[bytes, bool]:
    wire = 0
    out = bytearray()
    inflater = None
    checked = True
    for chunk in chunks:
        if not chunk:
            continue
        wire += len(chunk)
        if wire > limits.wire_bytes:
            raise ContractChanged("vendor.body_refused", rule="wire_bytes")
        if inflater is None:
            # RFC 9110 means zlib by "deflate", some servers send raw deflate; zlib starts with 8
            # in the low half of its first byte, and that byte is no valid raw start in practice.
            checked = gzip or chunk[0] & 0x0F == 8
            inflater = zlib.decompressobj(31 if gzip else 15 if checked else -15)
        data = chunk
        while data:
            if inflater.eof:
                raise ContractChanged("vendor.body_refused", rule="trailing_data")
            try:
                out += inflater.decompress(data, _OUTPUT_STEP)
            except zlib.error:
                raise ContractChanged("vendor.body_refused", rule="corrupt") from None
            if len(out) > limits.decoded_bytes:
                raise ContractChanged("vendor.body_refused", rule="decoded_bytes")
            if len(out) > limits.ratio_above_bytes and len(out) > limits.ratio * wire:
                raise ContractChanged("vendor.body_refused", rule="ratio")
            data = inflater.unconsumed_tail or inflater.unused_data
    if inflater is not None:
        # What still waits inside is bounded by the window; the end mark decides.
        if not inflater.eof:
            out += inflater.flush()
        if not inflater.eof:
            raise Transient("vendor.page_cut", bytes=wire)
    return bytes(out), inflater is not None and checked


def check_content_type(answer: Answer, expect: Expect) -> None:
    """Refuse a successful answer that is a web page, or not whole for its format.

    The declared type alone does not decide: several vendors send JSON as ``text/html``, and login
    pages come as ``application/json``. What the body begins with does.

    Raises:
        ContractChanged: ``vendor.wrong_content_type``.
        Transient: ``vendor.page_cut``: a format that does not end itself came without proof.
    """
    head = answer.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    page = head[:9].lower() == b"<!doctype" or head[:5].lower() == b"<html"
    wrong = {
        "json": head[:1] == b"<",
        "xml": page or (bool(head) and head[:1] != b"<"),
        "data": page or answer.content_type == "text/html",
        "any": False,
    }[expect]
    if wrong:
        raise ContractChanged(
            "vendor.wrong_content_type", content_type=_safe_type(answer.content_type)
        )
    if expect == "data" and not answer.proved:
        raise Transient("vendor.page_cut", bytes=len(answer.body))


def _safe_type(content_type: str) -> str:
    """Return a media type fit for a message: vendors can put anything into a header."""
    known = content_type.replace("/", "").replace("+", "").replace("-", "").replace(".", "")
    return content_type if known.isalnum() and len(content_type) <= 60 else "unknown"
