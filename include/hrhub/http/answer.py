"""What is sent to a vendor and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

import msgspec

from hrhub.errors import ContractChanged
from hrhub.http.charsets import decode

Expect = Literal["json", "xml", "data", "any"]
"""What a caller expects in a body: ``data`` is any format that does not end itself (CSV, files)."""

_JSON = msgspec.json.Encoder()
_QUERY_SAFE = "/:@!$'()*,"
"""Left readable in queries, as RFC 3986 allows; OData filters are full of them."""


@dataclass(slots=True)
class Outgoing:
    """A request on its way, which an :class:`~hrhub.http.auth.Auth` completes.

    Attributes:
        method: Upper case.
        url: Absolute, without the parameters in ``params``.
        params: Query parameters.
        headers: Header names as they will be sent.
        body: Encoded body, or None.
    """

    method: str
    url: str
    params: dict[str, str] = field(default_factory=dict, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)

    def target(self) -> str:
        """Return the address with its query; a blank becomes ``%20``, which every server reads."""
        if not self.params:
            return self.url
        query = urlencode(self.params, quote_via=quote, safe=_QUERY_SAFE)
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"


def encode_body(json: Any, data: Mapping[str, str] | bytes | None) -> tuple[bytes | None, str]:
    """Return the bytes of a body and their content type (empty when the caller names it)."""
    if json is not None:
        return _JSON.encode(json), "application/json"
    if isinstance(data, Mapping):
        return urlencode(data).encode("ascii"), "application/x-www-form-urlencoded"
    return data, ""


class Headers(Mapping[str, str]):
    """Response headers, found in any case; repeated ones joined by a comma."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {key.lower(): value for key, value in values.items()}

    def __getitem__(self, key: str) -> str:
        return self._values[key.lower()]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({sorted(self._values)})"


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's whole answer.

    Attributes:
        status: HTTP status.
        headers: Response headers.
        body: Body with transfer and content coding removed.
        proved: Whether transport or coding proved that the body is whole (length, last chunk,
            gzip checksum). If not, only its own format can tell.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    proved: bool

    @property
    def content_type(self) -> str:
        """Media type in lower case, without parameters; empty if not given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """Character set the vendor declares, in lower case."""
        message = Message()
        message["content-type"] = self.headers.get("content-type", "")
        return message.get_content_charset()

    @property
    def server_date(self) -> datetime | None:
        """The vendor's clock (``Date`` header) in UTC."""
        return http_date(self.headers.get("date", ""))

    def text(self, charset: str | None = None) -> str:
        """Decode the body strictly as ``charset``, or as declared, or as UTF-8; never guessed.

        Raises:
            ContractChanged: The bytes are not text in that character set.
        """
        return decode(self.body, charset or self.charset or "utf-8")

    def json(self) -> Any:
        """Decode the body as JSON.

        Raises:
            ContractChanged: It is not.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ContractChanged("vendor.page_broken", bytes=len(self.body)) from None


def http_date(text: str) -> datetime | None:
    """Read a date of HTTP (RFC 9110 §5.6.7); None if it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
