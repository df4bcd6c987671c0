"""Events that a terminal tells: posted to us (HTTP host), or on a line held open (alertStream).

Firmware posts JSON, XML or a form with a picture, whatever it was told, names the part differently,
and may leave out its type. Names differ from those of a search: they are put into its words here,
so that a punch that was searched, posted and streamed is one punch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from connectors.hikvision.settings import HikvisionConfig
from connectors.hikvision.terminal import ask_terminal
from hrhub.connector import (
    ConnectorConfig,
    Event,
    EventReceiver,
    Page,
    Pushed,
    Received,
    Session,
)
from hrhub.errors import AuthError, ConfigError, ContractChanged, RowRejected
from hrhub.http.xml import parse_xml

LARGEST_POST = 4 << 20
"""A post may carry a photo, which is dropped."""

_EVENT = "AccessControllerEvent"
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)
_PICTURE = re.compile(rb'(pictureURL"?\s*[:>]\s*"?)[^"<]*', re.IGNORECASE)
_NUMBERS = ("majorEventType", "subEventType", "serialNo")
_KEPT = (
    *_NUMBERS,
    "employeeNoString",
    "employeeNo",
    "name",
    "cardReaderNo",
    "doorNo",
    "userType",
    "currentVerifyMode",
    "attendanceStatus",
)
"""What is read of an event; addresses of pictures may hold the terminal's password."""


_STREAM = "/ISAPI/Event/notification/alertStream"


@dataclass(frozen=True, kw_only=True)
class Posts(EventReceiver):
    """One event per post or part of the stream; signs of life tell nothing and are answered.

    Attributes:
        silence_s: Signs of life come every 10 to 30 seconds; after this many without one the line
            is dead.
    """

    silence_s: float = 60.0

    def listen(self, session: Session, longest_s: float) -> Iterator[Received]:
        """Hold the terminal's stream of events; photos are dropped.

        On connecting a terminal may tell its old events again, of months.

        Raises:
            ConfigError: The connection does not name this terminal.
            HrHubError: The line is refused, silent or cut.
        """
        terminal = ask_terminal(session)
        if terminal.serial != _serial(session.config):
            raise ConfigError("hikvision.other_terminal", vendor="Hikvision")
        for part in session.http.hold(
            _STREAM,
            longest_s=longest_s,
            silence_s=self.silence_s,
            part_bytes=self.largest_bytes,
        ):
            kind = part.headers.get("content-type", "")
            if not kind.lower().startswith("image/"):
                yield Received(
                    method="GET", path=_STREAM, headers={"content-type": kind}, body=part.body
                )

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Take posts only where the connection names the terminal; nothing is signed."""
        assert isinstance(config, HikvisionConfig)
        if not config.push_serial:
            raise AuthError("event.refused", vendor="Hikvision", rule="serial")

    def keepable(self, config: ConnectorConfig, received: Received) -> Received:
        """Leave out pictures, and what is not read of an event."""
        try:
            event = _event(received)
        except RowRejected:
            text = next(_texts(received), b"")
            return replace(received, body=_PICTURE.sub(rb"\1", text))
        return replace(received, body=msgspec.json.encode(event))

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the punch of a post; what is posted again is the same event.

        Raises:
            RowRejected: It is neither JSON nor XML, or holds an event without its time.
        """
        row = _punch(config, received)
        if row is None:
            return ()
        told = (row.get(name) for name in ("time", "major", "minor", "serialNo", "person"))
        mark = sha256("\n".join(str(value) for value in (_serial(config), *told)).encode())
        return [Event(id=mark.hexdigest(), type="punch")]

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the punch as a search would have found it."""
        row = _punch(config, received)
        if row is None:
            return ()
        body = msgspec.json.encode({"AcsEvent": {"InfoList": [row]}})
        meta = {"device": _serial(config), "zone": config.timezone}
        return [Pushed(stream="punches", page=Page(body=body, meta=meta))]


def _serial(config: ConnectorConfig) -> str:
    assert isinstance(config, HikvisionConfig)
    return config.push_serial


def _punch(config: ConnectorConfig, received: Received) -> dict[str, Any] | None:
    """Return a punch in the words of a search; None for doors, refusals and signs of life."""
    assert isinstance(config, HikvisionConfig)
    event = _event(received)
    inner = event.get(_EVENT)
    if inner is None:
        return None
    pair = (inner.get("majorEventType"), inner.get("subEventType"))
    person = inner.get("employeeNoString") or inner.get("employeeNo")
    if pair not in config.pairs() or person in (None, ""):
        return None
    if not event.get("dateTime"):
        raise RowRejected("required", "dateTime", "hikvision.event")
    rest = {name: value for name, value in inner.items() if name not in _NUMBERS[:2]}
    said = {"major": pair[0], "minor": pair[1], "time": event["dateTime"], "person": str(person)}
    return {**said, **rest}


def _event(received: Received) -> dict[str, Any]:
    """Return what is read of a post: its time, and the event where it is one of a door."""
    text = next(_texts(received), b"")
    event = _of_xml(text) if text.startswith(b"<") else _of_json(text)
    inner = event.get(_EVENT)
    if not isinstance(inner, Mapping):
        return {}
    kept = {name: inner[name] for name in _KEPT if inner.get(name) is not None}
    numbers = {name: _number(kept[name]) for name in _NUMBERS if name in kept}
    return {"dateTime": event.get("dateTime"), _EVENT: kept | numbers}


def _texts(received: Received) -> Iterator[bytes]:
    """Yield the bodies that may be an event: the post's own, or those of a form's parts."""
    body = received.body.strip()
    if body[:1] in (b"{", b"<"):
        yield body
        return
    found = _BOUNDARY.search(received.headers.get("content-type", ""))
    for part in body.split(b"--" + found[1].encode()) if found else ():
        _, _, content = part.partition(b"\r\n\r\n")
        content = content.strip()
        if content[:1] in (b"{", b"<"):
            yield content


def _of_json(text: bytes) -> dict[str, Any]:
    try:
        event = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RowRejected("parse", "", "hikvision.event") from None
    if not isinstance(event, dict):
        raise RowRejected("parse", "", "hikvision.event")
    return event


def _of_xml(text: bytes) -> dict[str, Any]:
    try:
        root = parse_xml(text)
    except ContractChanged:
        raise RowRejected("parse", "", "hikvision.event") from None
    event: dict[str, Any] = {}
    for element in root:
        name = _local(element)
        children = {_local(child): (child.text or "").strip() for child in element}
        event[name] = children if name == _EVENT else (element.text or "").strip()
    return event


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
