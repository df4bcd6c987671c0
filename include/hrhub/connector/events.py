"""Events: what a vendor reports to us by itself. They are hints; the data is read by us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hrhub.connector.config import ConnectorConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it reached the inbox: raw bytes, nothing parsed."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened at the vendor.

    Attributes:
        id: The vendor's id of the event, or a keyed hash of body and time where it has none.
        type: The vendor's word for it.
        at: When it happened, if said.
        stream: Stream to read for it, if one.
        order: Vendor id of the order it is about, if one; may be personal.
        keys: The vendor's ids of the records it is about; may be personal.
    """

    id: str
    type: str
    at: datetime | None = None
    stream: str | None = None
    order: str | None = field(default=None, repr=False)
    keys: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the vendor is answered after its events were stored."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class EventReceiver:
    """A vendor's way to report.

    Attributes:
        name: Name inside the connector: lower case, unique, stable; part of the callback address.
        signed: Whether reports prove their origin. Unsigned ones are accepted as hints only, from
            networks that the connection names.
        stale_after_s: How old a genuine report may be: an hour, or as long as the vendor repeats.
    """

    name: str
    title: str
    signed: bool = True
    stale_after_s: int = 3600

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check signature and age over the raw bytes, in constant time.

        Raises:
            AuthError: It is not from this vendor, or too old (``event.refused``).
        """
        raise NotImplementedError

    def challenge(self, config: ConnectorConfig, received: Received) -> Reply | None:
        """Answer the vendor's test of our address; None when the request is not one."""
        return None

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the events of a verified request, decrypted where needed.

        Raises:
            RowRejected: It cannot be read; it is kept as it came.
        """
        raise NotImplementedError

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what this vendor wants to hear once its events are stored."""
        return Reply()
