"""Streams that lose, double, change or hoard records, and readings that end in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from hrhub.conformance.subject import Subject
from hrhub.connector import (
    Cursor,
    Everything,
    HttpStream,
    JsonRecords,
    Mode,
    ModifiedSince,
    Page,
    Session,
    open_session,
    page_of,
)
from hrhub.errors import HrHubError, RowRejected, Throttled, Transient, VendorError
from hrhub.http.paging import PageRequest
from tests.conformance.broken.variant import (
    EMPLOYEES,
    PUNCHES,
    STREAMS,
    Variant,
    like,
    variant,
    with_connector,
    with_employees,
    with_mapping,
)


def _stream(kind: type[HttpStream], **changes: Any) -> HttpStream:
    made: HttpStream = like(kind, EMPLOYEES, **changes)
    return made


class Swallowing(HttpStream):
    """Takes any error of the vendor for the end."""

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        try:
            yield from super().read(session, cursor)
        except VendorError:
            return


@variant(
    "errors taken for the end",
    "paging.loops",
    "faults.throttled",
    "faults.server_error",
    "faults.html",
)
def swallowing(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, _stream(Swallowing))


class HastyOnce(HttpStream):
    """Asks as if asking again did harm, so that nothing is tried twice."""

    def ask(self, session: Session, request: PageRequest) -> Any:
        return session.http.request(
            "POST",
            request.path,
            params=request.params,
            headers={"X-HTTP-Method-Override": "GET"},
            expect=self.expect,
        )


@variant(
    "reading by POST that is not declared repeatable",
    "faults.throttled",
    "faults.busy_code",
    "faults.server_error",
    "faults.timeout",
    "faults.half_body",
    "budget.kept",
)
def never_again(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, _stream(HastyOnce))


@variant("any body is taken", "faults.html")
def any_body(good: Subject, tmp: Path) -> Subject:
    class Trusting(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                yield replace(page, body=page.body if page.body[:1] == b"{" else b'{"data":[]}')

    return with_employees(good, _stream(Trusting, expect="any"))


@variant("the last page is left out", "records.counted", "paging.ends", "hub.twice")
def short(good: Subject, tmp: Path) -> Subject:
    class Short(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            pages = list(super().read(session, cursor))
            kept = pages[:-1] or pages
            yield from kept[:-1]
            yield replace(kept[-1], cursor=pages[-1].cursor)

    return with_employees(good, _stream(Short))


@variant("a wrong total", "paging.ends")
def wrong_total(good: Subject, tmp: Path) -> Subject:
    class Miscounting(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                yield replace(page, total=(page.total or 0) + 1)

    return with_employees(good, _stream(Miscounting))


@variant("a whole stream gathered before the first page", "paging.ends")
def gathering(good: Subject, tmp: Path) -> Subject:
    class Gathering(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            yield from list(super().read(session, cursor))

    return with_employees(good, _stream(Gathering))


@variant("pages without a guard against circles", "paging.loops")
def unguarded(good: Subject, tmp: Path) -> Subject:
    class Unguarded(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            number = 1
            while True:
                answer = session.http.get(self.path, params={"page": number, "size": 12})
                yield page_of(answer)
                if len(self.records.split(answer.body)) < 12:
                    return
                number += 1

    return with_connector(good, streams=(_full(Unguarded), PUNCHES))


def _full(kind: type[HttpStream], **changes: Any) -> HttpStream:
    return _stream(kind, mode=Mode.FULL, **changes)


@variant("a key that names no field", "records.keys", "records.counted")
def no_key(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, key=("number",)))


@variant("a key that others share", "records.keys", "records.counted")
def shared_key(good: Subject, tmp: Path) -> Subject:
    return with_connector(good, streams=(EMPLOYEES, replace(PUNCHES, key=("no",))))


class Ticking(JsonRecords):
    """Adds a count to every post, so that no two readings are equal."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.ticks = 0

    def split(self, body: bytes) -> Any:
        self.ticks += 1
        note = b'"note": "n%d"' % self.ticks
        return [bytes(raw).replace(b'"note": "-"', note) for raw in super().split(body)]


@variant("records that differ from reading to reading", "records.stable", "hub.twice")
def changing(good: Subject, tmp: Path) -> Subject:
    stream = replace(EMPLOYEES, records=Ticking("data"), mode=Mode.FULL, cursor=Everything())
    return with_mapping(
        with_employees(good, stream),
        tmp,
        "employees",
        lambda t: t.replace("  status:", "  job_title: note\n  status:"),
    )


@dataclass(frozen=True, slots=True)
class StrictlyAfter(ModifiedSince):
    """Asks for what changed after the cursor, the second of the cursor left out."""

    def windows(self, cursor: Cursor, now: datetime, zone: Any) -> Iterator[Any]:
        return ModifiedSince(
            self.name, lookback_s=-1, safety_lag_s=0, time_format=self.time_format
        ).windows(cursor, now, zone)


@variant("changes asked for strictly after the cursor", "cursor.boundary")
def exclusive(good: Subject, tmp: Path) -> Subject:
    rule = StrictlyAfter("changedSince", lookback_s=0, safety_lag_s=0)
    return with_employees(good, replace(EMPLOYEES, cursor=rule))


@variant("a cursor that runs ahead of the vendor", "cursor.boundary")
def ahead(good: Subject, tmp: Path) -> Subject:
    rule = ModifiedSince("changedSince", lookback_s=0, safety_lag_s=-86_400 * 900)
    return with_employees(good, replace(EMPLOYEES, cursor=rule))


@variant("a cursor that goes back", "cursor.moves")
def backwards(good: Subject, tmp: Path) -> Subject:
    class Backwards(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                early = "2020-01-01T00:00:00.000+00:00"
                stands = page.cursor is None or cursor is None
                yield page if stands else replace(page, cursor=early)

    return with_employees(good, _stream(Backwards))


@variant("a cursor that is no JSON", "cursor.moves", "cursor.boundary", "hub.twice")
def odd_cursor(good: Subject, tmp: Path) -> Subject:
    class Odd(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                yield page if page.cursor is None else replace(page, cursor={page.cursor})

    return with_employees(good, _stream(Odd))


@variant("no cursor although changes are asked for", "cursor.moves")
def no_cursor(good: Subject, tmp: Path) -> Subject:
    class Forgetful(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                yield replace(page, cursor=None)

    return with_employees(good, _stream(Forgetful))


@variant("a cursor with the first page already", "cursor.resume")
def early_cursor(good: Subject, tmp: Path) -> Subject:
    class Early(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                yield replace(page, cursor="2026-11-20T09:00:00.000+00:00")

    return with_employees(good, _stream(Early))


class Hoarding(JsonRecords):
    """Keeps every record it ever decoded."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.kept: list[Any] = []

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        doc = super().decode(raw, meta)
        self.kept.append(dict(doc))
        return doc


@variant("a format that keeps all records", "memory.bounded")
def hoarding(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, records=Hoarding("data")))


class Parsing(JsonRecords):
    """Parses times itself, and is not prepared for odd ones."""

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        doc = super().decode(raw, meta)
        if "hired" in doc:
            doc["hired"] = datetime.fromisoformat(doc["hired"]).date().isoformat()
        return doc


@variant("times parsed by hand", "time.odd")
def parsing(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, records=Parsing("data")))


class Cutting(JsonRecords):
    """Drops the zeros that numbers begin with."""

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        doc = super().decode(raw, meta)
        if isinstance(doc.get("id"), str):
            doc["id"] = doc["id"].lstrip("0")
        return doc


@variant("leading zeros dropped", "text.kept", "hub.twice")
def cutting(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, records=Cutting("data")))


class Squeezing(JsonRecords):
    """Squeezes names through an old character set."""

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        doc = super().decode(raw, meta)
        if isinstance(doc.get("name"), str):
            doc["name"] = doc["name"].encode("gb2312", "replace").decode("gb2312")
        return doc


@variant("rare characters replaced", "text.kept")
def squeezing(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, records=Squeezing("data")))


class Quoting(JsonRecords):
    """Quotes what it cannot decode."""

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        try:
            return super().decode(raw, meta)
        except RowRejected:
            raise RowRejected("parse", "", f"json in {bytes(raw)!r}") from None


@variant("an error that quotes the record", "secrecy.quiet")
def quoting(good: Subject, tmp: Path) -> Subject:
    return with_employees(good, replace(EMPLOYEES, records=Quoting("data")))


@variant("a log line with the page", "secrecy.quiet")
def logging_pages(good: Subject, tmp: Path) -> Subject:
    import logging

    class Logging(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            for page in super().read(session, cursor):
                logging.getLogger("acme").debug("page %s", page.body.decode())
                yield page

    return with_employees(good, _stream(Logging))


@variant("a printed secret", "secrecy.quiet")
def printing(good: Subject, tmp: Path) -> Subject:
    class Printing(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            print(session.config.client_secret.get_secret_value())  # type: ignore[attr-defined]
            yield from super().read(session, cursor)

    return with_employees(good, _stream(Printing))


@variant("a client of its own beside the budget", "budget.kept")
def spending(good: Subject, tmp: Path) -> Subject:
    free = replace(good.connector, rate=None)

    class Spending(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            own = open_session(free, session.config, clock=session.clock)
            yield from super().read(replace(session, http=own.http), cursor)

    return with_employees(good, _stream(Spending))


@variant("state in the stream", "code.threads")
def shared_state(good: Subject, tmp: Path) -> Subject:
    class Shared(HttpStream):
        place: ClassVar[dict[str, int]] = {}

        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            self.place["page"] = 0
            for number, page in enumerate(super().read(session, cursor)):
                if self.place["page"] != number:
                    continue
                self.place["page"] += 1
                yield page

    return with_employees(good, _stream(Shared))


@variant("a token that is not renewed", "token.refreshed")
def no_renewal(good: Subject, tmp: Path) -> Subject:
    from hrhub.http.auth import ClientCredentials
    from tests.conformance.reference.connector import auth

    class Stubborn(ClientCredentials):
        def refresh(self, answer: Any, channel: Any) -> bool:
            return False

    def stubborn(config: Any) -> Any:
        made = auth(config)
        assert isinstance(made, ClientCredentials)
        return Stubborn(made.token_url, made.client_id, made.client_secret)

    return with_connector(good, auth=stubborn)


@variant("refused credentials tried for ever", "token.refused")
def hammering(good: Subject, tmp: Path) -> Subject:
    from hrhub.errors import AuthError

    class Hammering(HttpStream):
        def ask(self, session: Session, request: PageRequest) -> Any:
            for _ in range(5):
                try:
                    return super().ask(session, request)
                except AuthError as error:
                    kept: HrHubError = error
            raise kept

    return with_employees(good, _stream(Hammering))


@variant("a long wait cut short", "faults.throttled")
def impatient(good: Subject, tmp: Path) -> Subject:
    class Impatient(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            try:
                yield from super().read(session, cursor)
            except Throttled:
                raise Transient("vendor.server_error") from None

    return with_employees(good, _stream(Impatient))


@variant("busy taken for the end", "faults.busy_code", "budget.kept")
def busy_is_the_end(good: Subject, tmp: Path) -> Subject:
    class Ending(HttpStream):
        def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
            own = open_session(
                replace(good.connector, code_of=None, rate=None),
                session.config,
                clock=session.clock,
            )
            for page in super().read(replace(session, http=own.http), cursor):
                busy = b'"code":50001' in page.body
                yield replace(page, body=b'{"data":[]}') if busy else page
                if busy:
                    return

    return with_employees(good, _stream(Ending))


@variant("leavers left out", "records.counted", "records.leavers", "hub.twice")
def no_leavers(good: Subject, tmp: Path) -> Subject:
    class Present(JsonRecords):
        def split(self, body: bytes) -> Any:
            return [raw for raw in super().split(body) if b'"left": null' in bytes(raw)]

    return with_employees(good, replace(EMPLOYEES, records=Present("data"), total=""))


VARIANTS: tuple[Variant, ...] = tuple(
    replace(v, only=STREAMS) for v in list(globals().values()) if isinstance(v, Variant)
)
