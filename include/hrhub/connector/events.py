"""Events: what a vendor reports to us by itself. They are hints; the data is read by us.

Some vendors push the records themselves (a terminal its punches, a platform its results). Those
pages are landed and loaded like pages that were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hrhub.connector.config import ConnectorConfig
from hrhub.connector.sinks import Write, WriteStatus
from hrhub.connector.stream import Page, Session
from hrhub.errors import AuthError

LARGEST_BYTES = 1 << 20
"""How large a report may be unless its receiver says otherwise."""

_AHEAD = timedelta(minutes=5)
"""How far a vendor's clock may be before ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it reached the inbox: raw bytes, nothing parsed.

    Attributes:
        path: Below the receiver's address; the whole path where its prefix is mounted.
        headers: By name, in lower case however they came.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        lower = {name.lower(): value for name, value in self.headers.items()}
        object.__setattr__(self, "headers", lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened at the vendor.

    Attributes:
        id: The vendor's id of the event, or a keyed hash of body and time where it has none.
        type: The vendor's word for it.
        at: When it happened, if said.
        stream: Stream to read for it, if one; not for records that came with it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Records that came with a report: a page of a stream, as the stream's format splits it.

    The page says nothing about what it does not hold, and moves no cursor.
    """

    stream: str
    page: Page = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A device that asks whether there is something for it to do.

    Attributes:
        sink: Name of the fetched sink.
        subject: Which device, as the ``subject`` of its writes names it.
        most: How many writes it takes at a time.
    """

    sink: str
    subject: str
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a device says became of a write that it came for.

    Attributes:
        subject: Which device says it; what it says of another one's writes counts for nothing.
        number: The number of the write.
        code: Code of the message catalogue for a refusal.
        vendor_code: The device's own code.
    """

    subject: str
    number: int
    status: WriteStatus
    code: str | None = None
    vendor_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class EventReceiver:
    """A vendor's way to report.

    Attributes:
        name: Name inside the connector: lower case, unique, stable; part of the callback address.
        signed: Whether reports prove their origin. Unsigned ones are accepted as hints only, from
            networks that the connection names.
        stale_after_s: How old a genuine report may be: an hour, or as long as the vendor repeats.
        prefix: First part of the path, like ``/iclock``, for devices that call fixed paths; ``/``
            for those that call the root. Who runs the inbox names the one connection that answers.
        largest_bytes: A longer body is refused unread.
        listens: Whether the vendor also tells on a line that we hold open (``listen``).
    """

    name: str
    title: str
    signed: bool = True
    stale_after_s: int = 3600
    prefix: str = ""
    largest_bytes: int = LARGEST_BYTES
    listens: bool = False

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check signature and age over the raw bytes, in constant time.

        Raises:
            AuthError: It is not from this vendor, or too old (``event.refused``).
        """
        raise NotImplementedError

    def refuse_stale(self, at: datetime | None, now: datetime, vendor: str) -> None:
        """Refuse a report of another time; to be called once its signature is checked.

        Args:
            at: When the vendor signed it, if it says so.
            now: The time.
            vendor: Name of the vendor, for people.

        Raises:
            AuthError: ``event.refused``: it tells no time, is older than ``stale_after_s``, or is
                more than five minutes ahead.
        """
        if at is None or not -_AHEAD <= now - at <= timedelta(seconds=self.stale_after_s):
            raise AuthError("event.refused", vendor=vendor, rule="age")

    def challenge(self, config: ConnectorConfig, received: Received) -> Reply | None:
        """Answer the vendor's test of our address; None when the request is not one."""
        return None

    def listen(self, session: Session, longest_s: float) -> Iterator[Received]:
        """Open a line to the vendor and yield what it tells, as if it had been posted.

        It ends when the time is over or the vendor hangs up; whoever listens opens it anew. What is
        yielded is not verified: the line is the proof. Signs of life are yielded as well.

        Raises:
            HrHubError: The line is refused, silent or cut.
        """
        raise NotImplementedError

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the events of a verified request, decrypted where needed; it is pure.

        A request that tells nothing (a device that only says it is there) has none; it is answered
        and not kept.

        Raises:
            RowRejected: It cannot be read; it is kept as it came.
        """
        raise NotImplementedError

    def keepable(self, config: ConnectorConfig, received: Received) -> Received:
        """Return the request without what must not be kept, such as fingerprints and passwords.

        It is pure, never raises, and changes neither the events nor the pages of the request.
        """
        return received

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the records that a request carries; asked once it is stored, not before.

        Raises:
            RowRejected: They cannot be read; the request is kept as it came.
        """
        return ()

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what this vendor wants to hear once its events are stored."""
        return Reply()

    def ask(self, config: ConnectorConfig, received: Received) -> Ask | None:
        """Tell which device asks for its writes; None when the request is not that."""
        return None

    def hand_out(
        self, config: ConnectorConfig, received: Received, writes: Sequence[Write]
    ) -> Reply:
        """Return the answer to ``ask``; there may be no writes.

        Raises:
            RowRejected: A write cannot be put into the device's words; none of them counts as
                handed out, and that one is refused if it is the only one.
        """
        raise NotImplementedError

    def fetched(self, config: ConnectorConfig, received: Received) -> Sequence[Fetched]:
        """Return what a device says became of writes that it came for."""
        return ()
