"""REST streams by declaration: path, parameters, paging and how to ask for what changed.

Most vendors need no code beyond this. Where one does, :meth:`HttpStream.request`,
:meth:`HttpStream.ask` and :meth:`HttpStream.next_cursor` are the places to put it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from hrhub.connector.stream import Completeness, Cursor, Page, Session, Stream
from hrhub.errors import ContractChanged, VendorError
from hrhub.http.lookup import find
from hrhub.http.paging import LoopGuard, PageRequest, Paging, SinglePage, Value, repeats

if TYPE_CHECKING:
    from hrhub.http.answer import Answer, Expect


@dataclass(frozen=True, slots=True)
class Window:
    """One walk over pages.

    Attributes:
        values: Parameters that ask for this window.
        cursor: What to store once the window was read, or None if its first answer decides.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    cursor: Cursor = None


class CursorRule(Protocol):
    """How a stream asks for what changed since a cursor."""

    def windows(self, cursor: Cursor, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
        """Yield the windows to read, in order."""
        ...

    def after(self, first: Answer, started: datetime) -> Cursor:
        """Return the cursor that a window's first answer stands for; None to keep the stored."""
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """Read all, every time; there is no cursor."""

    def windows(self, cursor: Cursor, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
        """Yield one window without limits."""
        yield Window()

    def after(self, first: Answer, started: datetime) -> Cursor:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class ModifiedSince:
    """Ask for what changed at or after a time; there is no upper bound.

    The cursor is the vendor's clock at the first answer, so that what changes while we read is
    read again rather than missed.

    Attributes:
        name: Parameter, for example ``updated_after`` or ``$filter``.
        template: Its value; ``{since}`` is replaced by the time. Alone, an epoch stays a number.
        time_format: How the time is written (strftime), or ``iso`` (with the zone's offset),
            ``epoch_s`` or ``epoch_ms``.
        lookback_s: How far before the cursor to ask again: late commits, clock differences.
        safety_lag_s: How much earlier than the vendor's clock the new cursor is set.
        clock_header: Header with the vendor's clock; ``Date`` if it has no better one.
    """

    name: str
    template: str = "{since}"
    time_format: str = "%Y-%m-%dT%H:%M:%SZ"
    lookback_s: int = 900
    safety_lag_s: int = 60
    clock_header: str = "date"

    def windows(self, cursor: Cursor, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
        """Yield one window; without a cursor it has no lower bound."""
        if cursor is None:
            yield Window()
            return
        since = read_cursor(cursor) - timedelta(seconds=self.lookback_s)
        value = write_time(since, self.time_format, zone)
        if self.template != "{since}":
            value = self.template.replace("{since}", str(value))
        yield Window({self.name: value})

    def after(self, first: Answer, started: datetime) -> Cursor:
        """Return the vendor's clock, or ours at the start if it tells none, less the lag."""
        clock = _header_time(first, self.clock_header) or started
        return write_cursor(clock - timedelta(seconds=self.safety_lag_s))


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Ask for windows of time, for vendors that demand both ends and limit the span.

    The cursor moves with every window read, so that a long first load can be resumed.

    Attributes:
        start_name: Parameter of the lower end.
        end_name: Parameter of the upper end.
        days: Longest span the vendor takes.
        since: Where the first load begins.
        time_format: As for :class:`ModifiedSince`; written in the connection's time zone.
        lookback_s: How far before the cursor to ask again.
        safety_lag_s: How far before now the last window ends.
    """

    start_name: str
    end_name: str
    days: int
    since: datetime = datetime(2015, 1, 1, tzinfo=UTC)
    time_format: str = "%Y-%m-%d %H:%M:%S"
    lookback_s: int = 900
    safety_lag_s: int = 60

    def windows(self, cursor: Cursor, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
        """Yield windows from the cursor to now, none longer than ``days``."""
        # Formats end at the second: a rest below it would be read as past and never asked again.
        end = (now - timedelta(seconds=self.safety_lag_s)).replace(microsecond=0)
        start = self.since
        if cursor is not None:
            start = read_cursor(cursor) - timedelta(seconds=self.lookback_s)
        while start < end:
            until = min(start + timedelta(days=self.days), end)
            values = {
                self.start_name: write_time(start, self.time_format, zone),
                self.end_name: write_time(until, self.time_format, zone),
            }
            yield Window(values, write_cursor(until))
            start = until

    def after(self, first: Answer, started: datetime) -> Cursor:
        """Return None: the window itself is the cursor."""
        return None


@dataclass(frozen=True, kw_only=True)
class HttpStream(Stream):
    """A stream that is read over HTTP.

    Attributes:
        path: Path below the connection's address.
        params: Query parameters of every first request.
        method: HTTP method.
        json: JSON body, for vendors that read by POST; windows and pages are put into it.
        xml: The same as XML: its one key is the root element.
        pages: How to walk from page to page.
        cursor: How to ask for what changed.
        total: Dotted path to the number of records of the whole reading, if the vendor tells.
        expect: What bodies must be.
    """

    path: str
    params: Mapping[str, Value] = field(default_factory=dict)
    method: str = "GET"
    json: Mapping[str, Any] | None = None
    xml: Mapping[str, Any] | None = None
    pages: Paging = field(default_factory=SinglePage)
    cursor: CursorRule = field(default_factory=Everything)
    total: str = ""
    expect: Expect = "json"

    def request(self, session: Session) -> PageRequest:
        """Return the request that windows and paging complete; override to use the settings."""
        return PageRequest(self.path, self.params, self.method, self.json, self.xml)

    def next_cursor(self, session: Session, first: Answer, started: datetime) -> Cursor:
        """Return the cursor that a reading's first answer stands for."""
        return self.cursor.after(first, started)

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages window by window; a window's cursor comes with its last page only.

        A run that breaks off between keeps the old cursor and reads the window again.
        """
        started = session.clock.now()
        zone = ZoneInfo(session.config.timezone)
        try:
            for window in self.cursor.windows(cursor, started, zone):
                yield from self._read_window(session, window, started)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _read_window(self, session: Session, window: Window, started: datetime) -> Iterator[Page]:
        guard = LoopGuard(repeats=repeats(self.pages))
        request: PageRequest | None = self.pages.first(self.request(session).put(window.values))
        reached = window.cursor
        first = True
        while request is not None:
            guard.sent(request)
            answer = self.ask(session, request)
            guard.came(answer)
            if first and reached is None:
                reached = self.next_cursor(session, answer, started)
            first = False
            # The next address is known before the page is handed on: whoever pulls in a thread
            # has the next request under way while this page is worked on.
            request = self.pages.following(request, answer)
            yield page_of(
                answer,
                cursor=reached if request is None else None,
                total=_total(answer, self.total),
            )

    def ask(self, session: Session, request: PageRequest) -> Answer:
        """Send one request; override where a vendor wants it in another form."""
        headers, data = request.headers, None
        if request.xml is not None:
            from hrhub.http.xml import write_xml

            headers, data = {"Content-Type": "application/xml", **headers}, write_xml(request.xml)
        return session.http.request(
            request.method,
            request.path,
            params=request.params,
            headers=headers,
            json=request.json,
            data=data,
            # Reading by POST changes nothing at the vendor.
            idempotent=True,
            expect=self.expect,
        )


def page_of(
    answer: Answer,
    *,
    cursor: Cursor = None,
    meta: Mapping[str, str | int] | None = None,
    total: int | None = None,
) -> Page:
    """Make a page of an answer."""
    return Page(
        body=answer.body,
        cursor=cursor,
        meta=meta or {},
        total=total,
        completeness=Completeness.PROVED if answer.proved else Completeness.CLAIMED,
    )


def with_rows(windows: Iterable[Iterable[tuple[Page, bool]]]) -> Iterator[Page]:
    """Yield the pages that hold rows, and each window's cursor with the last of them.

    For streams that read windows of their own. Pages without rows are all alike, which the hub
    takes for a circle after a few: they are left out, but for one at the end that carries the
    cursor on.

    Args:
        windows: Their pages in order, each with the cursor that holds once its window has been
            read, and whether it holds rows.
    """
    empty: Page | None = None
    for pages in windows:
        held: Page | None = None
        reached: Cursor = None
        for page, filled in pages:
            reached = page.cursor
            if not filled:
                empty = page
                continue
            if held is not None:
                yield replace(held, cursor=None)
            held = page
        if held is not None:
            yield replace(held, cursor=reached)
            empty = None
    if empty is not None:
        yield empty


def write_time(moment: datetime, time_format: str, zone: ZoneInfo) -> Value:
    """Write a time as a vendor wants it; formats that end in ``Z`` are in UTC."""
    if time_format == "iso":
        return moment.astimezone(zone).isoformat(timespec="seconds")
    if time_format == "epoch_s":
        return int(moment.timestamp())
    if time_format == "epoch_ms":
        return int(moment.timestamp() * 1000)
    return moment.astimezone(UTC if time_format.endswith("Z") else zone).strftime(time_format)


def write_cursor(moment: datetime) -> str:
    """Return a time as a cursor: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def read_cursor(cursor: Cursor) -> datetime:
    """Return the time of a cursor that :func:`write_cursor` made.

    Raises:
        ContractChanged: ``cursor.unreadable``: it has another form.
    """
    try:
        moment = datetime.fromisoformat(cursor)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise ContractChanged("cursor.unreadable") from None


def _header_time(answer: Answer, name: str) -> datetime | None:
    if name.lower() == "date":
        return answer.server_date
    try:
        return read_cursor(answer.headers.get(name, ""))
    except ContractChanged:
        return answer.server_date


def _total(answer: Answer, path: str) -> int | None:
    if not path:
        return None
    try:
        return int(str(find(answer.body, path)))
    except ValueError:
        return None
