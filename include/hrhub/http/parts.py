"""Parts of a multipart answer that has no end, read as they come (RFC 2046 §5.1).

Terminals and cameras tell events this way: one answer stays open, and every event is a part of it.
Parts are read by their length, because a photo may hold what looks like an event; where a part
tells none, the next boundary ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message

from hrhub.errors import ContractChanged, Transient
from hrhub.http.answer import Headers

_LARGEST_HEAD = 16_384
_BREAK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part, whole.

    Attributes:
        headers: Its headers.
        body: Its bytes.
    """

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a content type names.

    Raises:
        ContractChanged: It is not multipart, or names none (``vendor.page_broken``).
    """
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary:
        raise ContractChanged("vendor.page_broken", bytes=0)
    return boundary.encode("latin-1", "replace")


def read_parts(read: Callable[[], bytes], boundary: bytes, largest_bytes: int) -> Iterator[Part]:
    """Yield parts until the closing boundary.

    Args:
        read: Returns the next bytes, as many as there are; none at the end.
        boundary: What stands between the parts.
        largest_bytes: How large a part may be.

    Raises:
        Transient: ``vendor.page_cut``: the bytes end before the closing boundary.
        ContractChanged: ``vendor.page_broken``: what came is not parts; ``vendor.body_refused``:
            a part is too large.
    """
    return _Reader(read, b"--" + boundary, largest_bytes).parts()


class _Reader:
    def __init__(self, read: Callable[[], bytes], edge: bytes, largest_bytes: int) -> None:
        self._read = read
        self._edge = edge
        self._largest = largest_bytes
        self._held = bytearray()

    def parts(self) -> Iterator[Part]:
        while self._next():
            head = self._until(_BREAK, _LARGEST_HEAD)
            headers = _headers(head)
            length = headers.get("content-length", "").strip()
            if not length:
                body = self._until(re.compile(rb"\r?\n(?=" + re.escape(self._edge) + rb")"))
            elif length.isascii() and length.isdigit():
                body = self._exactly(int(length))
            else:
                raise self._broken()
            yield Part(headers, body)

    def _next(self) -> bool:
        """Go behind the next boundary; return False behind the last one."""
        while True:
            # Empty lines stand between a part and its boundary, and before the first.
            while self._held.startswith((b"\r", b"\n")):
                del self._held[:1]
            if len(self._held) >= len(self._edge) + 2:
                break
            self._more()
        if not self._held.startswith(self._edge):
            raise self._broken()
        del self._held[: len(self._edge)]
        if self._held.startswith(b"--"):
            return False
        if self._held.startswith(b"\n"):
            return True
        if not self._held.startswith(b"\r\n"):
            raise self._broken()
        del self._held[:1]
        return True

    def _exactly(self, count: int) -> bytes:
        if count > self._largest:
            raise ContractChanged("vendor.body_refused", rule="part_bytes")
        while len(self._held) < count:
            self._more()
        return self._cut(count, count)

    def _until(self, end: re.Pattern[bytes], largest: int | None = None) -> bytes:
        """Take what stands before an end, and drop the end."""
        limit = self._largest if largest is None else largest
        looked = 0
        while True:
            found = end.search(self._held, looked)
            if found is not None and found.start() <= limit:
                return self._cut(found.start(), found.end())
            if len(self._held) > limit:
                raise ContractChanged("vendor.body_refused", rule="part_bytes")
            looked = max(0, len(self._held) - len(self._edge) - 4)
            self._more()

    def _cut(self, count: int, behind: int) -> bytes:
        taken = bytes(self._held[:count])
        del self._held[:behind]
        return taken

    def _more(self) -> None:
        data = self._read()
        if not data:
            raise Transient("vendor.page_cut")
        self._held += data

    def _broken(self) -> ContractChanged:
        return ContractChanged("vendor.page_broken", bytes=len(self._held))


def _headers(head: bytes) -> Headers:
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines())
    return Headers({name.strip(): value.strip() for name, colon, value in lines if colon})
