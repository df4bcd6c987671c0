"""Read a real vendor once, scrub what it answered, and refuse to hand on what is not clean."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, get_origin
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from hrhub.connector import Connector, ConnectorConfig, JsonRecords, Session, Stream
from hrhub.connector.config import secrets_of
from hrhub.errors import ConfigError, Refused, RowRejected
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.client import Observer
from hrhub.mapping import Mapped, compile_mapping
from hrhub.mapping import Mapping as Plan
from hrhub.recording.exchange import Exchange, Recording
from hrhub.recording.fakes import Fakes
from hrhub.recording.scan import Finding, scan
from hrhub.recording.scrub import Scrubber, kept_paths

KEPT_HEADERS = frozenset(
    {"content-type", "date", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"}
)
"""Headers of answers that say nothing about people; others are dropped."""

_SCHEMA = "$metadata"
"""Last part of the path of OData's own description of its tables: it holds no record."""

_OF_THE_PLACE = frozenset(
    {"allow_networks", "ca_bundle", "client_cert", "client_key", "proxy", "proxy_login"}
)
"""Settings that belong to the network of whoever records."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is recorded of one stream.

    Attributes:
        pages: Pages at most.
        bytes: Bytes of answers after which no further page is asked for.
    """

    pages: int = 3
    bytes: int = 2_000_000


@dataclass(frozen=True, slots=True)
class _Raw:
    """One exchange as it was, credentials and persons in it: it never leaves this module."""

    method: str
    url: str
    sent: bytes | None
    answer: Answer

    def __repr__(self) -> str:
        return f"_Raw({self.method}, {len(self.answer.body)} bytes)"


def record(
    connector: Connector,
    session: Session,
    streams: Sequence[str],
    *,
    plans: Mapping[str, Plan],
    today: date,
    bounds: Bounds | None = None,
    keep: Collection[str] = (),
    fakes: Fakes | None = None,
) -> list[Recording]:
    """Record streams; references between them still fit afterwards.

    Args:
        connector: The connector.
        session: An open session with the real vendor.
        streams: Names of the streams.
        plans: Mappings by stream; they show which fields are harmless.
        today: Day of the recording, and that on which the mappings are tried.
        bounds: How much is read.
        keep: Further dotted paths whose values stay.
        fakes: Gives out fakes; a new one if None.

    Raises:
        ConfigError: A stream is unknown, or cannot be recorded (no HTTP, or no JSON).
        Refused: ``recording.unclean``: the scanner still finds something; nothing is returned.
        VendorError: The vendor could not be read.
    """
    fakes = fakes or Fakes()
    bounds = bounds or Bounds()
    settings = _settings(session.config, fakes)
    checked = _check(connector, session)
    taken = [_read(session, connector.stream(n), plans.get(n), bounds) for n in streams]
    # A token serves all streams, but only the exchange that brought it shows it.
    tokens = _tokens([*checked, *(raw for one in taken for raw in one.raws)])
    scrubbers = {
        one.stream.name: _scrubber(session, one, frozenset(keep), fakes, tokens) for one in taken
    }
    for one in taken:
        _see(connector, one, scrubbers[one.stream.name], checked)
    recordings = [
        _scrubbed(
            connector,
            session,
            replace(one, raws=[*checked, *one.raws]),
            scrubbers[one.stream.name],
            settings,
            today,
        )
        for one in taken
    ]
    for recording in recordings:
        _demand_clean(recording, scrubbers)
    return recordings


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was read of one stream: its exchanges, the bodies of its pages, whether that was all."""

    stream: Stream
    plan: Plan | None
    raws: list[_Raw]
    pages: list[bytes]
    complete: bool

    def __repr__(self) -> str:
        return f"_Taken({self.stream.name}, {len(self.raws)} exchanges)"


def _check(connector: Connector, session: Session) -> list[_Raw]:
    """Check the connection; return what was exchanged, or nothing where no HTTP is spoken."""
    if not session.http.base_url:
        return []
    raws: list[_Raw] = []
    session.http.observer = _observer(raws)
    try:
        connector.check(session)
    finally:
        session.http.observer = None
    return raws


def _observer(raws: list[_Raw]) -> Observer:
    def observe(outgoing: Outgoing, url: str, answer: Answer) -> None:
        raws.append(_Raw(outgoing.method, url, outgoing.body, answer))

    return observe


def _read(session: Session, stream: Stream, plan: Plan | None, bounds: Bounds) -> _Taken:
    """Read a stream within bounds."""
    if not session.http.base_url:
        raise ConfigError("recording.unsupported", stream=stream.name, rule="http")
    if not isinstance(stream.records, JsonRecords):
        raise ConfigError("recording.unsupported", stream=stream.name, rule="json")
    raws: list[_Raw] = []
    session.http.observer = _observer(raws)
    pages: list[bytes] = []
    reading = stream.read(session, None)
    try:
        for page in reading:
            pages.append(page.body)
            if len(pages) >= bounds.pages or sum(map(len, pages)) >= bounds.bytes:
                return _Taken(stream, plan, raws, pages, complete=page.cursor is not None)
        return _Taken(stream, plan, raws, pages, complete=True)
    finally:
        session.http.observer = None
        if hasattr(reading, "close"):
            reading.close()


def _scrubber(
    session: Session, taken: _Taken, keep: frozenset[str], fakes: Fakes, tokens: set[str]
) -> Scrubber:
    assert isinstance(taken.stream.records, JsonRecords)
    parts = urlsplit(session.http.base_url)
    return Scrubber(
        fakes,
        records=taken.stream.records.path,
        keep=kept_paths(taken.plan) | keep,
        secrets=[*secrets_of(session.config), *tokens],
        origin=f"{parts.scheme}://{parts.netloc}",
    )


def _tokens(raws: Sequence[_Raw]) -> set[str]:
    """Return tokens that the vendor gave out: texts named so at the top of an answer."""
    found = set()
    for raw in raws:
        try:
            body = json.loads(raw.answer.body)
        except ValueError:
            continue
        for table in (body, body.get("data")) if isinstance(body, dict) else ():
            if isinstance(table, dict):
                found |= {
                    value
                    for name, value in table.items()
                    if "token" in name.lower()
                    and isinstance(value, str)
                    and len(value) >= 8
                    # A paging token is data: it is replaced by a fake like any other text.
                    and not any(word in name.lower() for word in ("page", "next", "cursor", "sync"))
                }
    return found


def _see(connector: Connector, taken: _Taken, scrubber: Scrubber, checked: Sequence[_Raw]) -> None:
    for raw in (*checked, *taken.raws):
        if _is_schema(raw):
            scrubber.kept.add(raw.answer.text())
            continue
        try:
            scrubber.see(raw.answer.text("utf-8"))
        except ValueError:
            raise ConfigError(
                "recording.unsupported",
                connector=connector.name,
                stream=taken.stream.name,
                rule="json",
            ) from None


def _scrubbed(
    connector: Connector,
    session: Session,
    taken: _Taken,
    scrubber: Scrubber,
    settings: Mapping[str, Any],
    today: date,
) -> Recording:
    stream = taken.stream
    exchanges, bodies = [], []
    for raw in taken.raws:
        exchange = _exchange(scrubber, raw, str(getattr(stream, "path", "")))
        exchanges.append(exchange)
        if raw.answer.body in taken.pages:
            bodies.append(exchange.body.encode())
    pulled, rejected = _counts(stream, bodies, taken.plan, today, session.config.timezone)
    return Recording(
        connector=connector.name,
        stream=stream.name,
        recorded_on=today.isoformat(),
        complete=taken.complete,
        pulled=pulled,
        rejected=rejected,
        settings=settings,
        exchanges=tuple(exchanges),
    )


def _exchange(scrubber: Scrubber, raw: _Raw, declared: str) -> Exchange:
    parts = urlsplit(raw.url)
    sent = None
    if raw.sent and raw.sent[:1] in (b"{", b"["):
        sent = json.loads(scrubber.body(raw.sent.decode()))
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    params = scrubber.params(given)
    return Exchange(
        method=raw.method,
        path=scrubber.path(parts.path, declared),
        params=params,
        dropped=sorted(set(given) - set(params)),
        sent=sent,
        status=raw.answer.status,
        headers={n: v for n, v in raw.answer.headers.items() if n in KEPT_HEADERS},
        # A schema stays as it is; the scanner reads it like everything else.
        body=raw.answer.text() if _is_schema(raw) else scrubber.body(raw.answer.text("utf-8")),
    )


def _is_schema(raw: _Raw) -> bool:
    return urlsplit(raw.url).path.endswith(_SCHEMA)


def _counts(
    stream: Stream, bodies: Sequence[bytes], plan: Plan | None, today: date, zone: str
) -> tuple[int, int]:
    """Return how many records of the hub the scrubbed pages hold, and how many are refused."""
    raws = [raw for body in bodies for raw in stream.records.split(body)]
    docs: list[tuple[str, dict[str, Any] | None]] = []
    for number, raw in enumerate(raws):
        key = stream.records.group_key(raw) if stream.grouped else str(number)
        try:
            docs.append((key, stream.records.decode(raw, {"timezone": zone})))
        except RowRejected:
            docs.append((key, None))
    series = [[doc for _, doc in group] for _, group in groupby(docs, key=lambda pair: pair[0])]
    if plan is None:
        return len(series), 0
    compiled = compile_mapping(plan, today=today, zone=zone)
    refused = 0
    for rows in series:
        whole = [row for row in rows if row is not None]
        mapped = compiled.map(whole)
        refused += len(whole) < len(rows) or any(not isinstance(m, Mapped) for m in mapped)
    return len(series), refused


def _settings(config: ConnectorConfig, fakes: Fakes) -> dict[str, Any]:
    """Return the settings that shape requests; secrets, places and names of persons left out."""
    found: dict[str, Any] = {}
    dumped = config.model_dump(mode="json")
    for name, info in type(config).model_fields.items():
        value, extra = getattr(config, name), info.json_schema_extra
        slot = extra.get("slot") if isinstance(extra, dict) else None
        if isinstance(value, SecretStr) or name in _OF_THE_PLACE or slot in ("host", "port"):
            continue
        choice = name == "timezone" or get_origin(info.annotation) is not None
        if isinstance(value, str) and value not in ("", info.default) and not choice:
            fakes.see(value)
            found[name] = fakes.of(value)
        else:
            found[name] = dumped[name]
    return found


def _demand_clean(recording: Recording, scrubbers: Mapping[str, Scrubber]) -> None:
    """Scan a recording as it would be written.

    Raises:
        Refused: With places and kinds of what was found, never the values.
    """
    kept: set[str] = set().union(*(s.kept for s in scrubbers.values()))
    scrubber = scrubbers[recording.stream]
    stays = "\n".join(kept)
    known = [v for v in scrubber.known() if v not in stays]
    allowed = scrubber.fakes.issued
    findings: list[Finding] = []
    bare = replace(recording, exchanges=())
    findings += scan("head", bare.text(), known=known, allowed=allowed)
    for number, exchange in enumerate(recording.exchanges, 1):
        lines = [f"{exchange.method} {exchange.path}", json.dumps(dict(exchange.params))]
        lines += [json.dumps(exchange.sent), json.dumps(dict(exchange.headers))]
        findings += scan(f"request {number}", "\n".join(lines), known=known, allowed=allowed)
        findings += scan(f"answer {number}", exchange.body, known=known, allowed=allowed)
    if findings:
        raise Refused(
            "recording.unclean",
            connector=recording.connector,
            stream=recording.stream,
            count=len(findings),
            found="; ".join(f"{f.place}: {f.kind} ({f.disguise})" for f in findings[:10]),
        )
