"""Callbacks: signed like requests, repeated for a day, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from connectors.background_cn.settings import BackgroundConfig
from connectors.background_cn.signing import VENDOR, is_genuine
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received, Reply
from hrhub.errors import AuthError, RowRejected


class _Body(msgspec.Struct):
    event: str
    eventId: str
    orderNo: str
    occurredAt: str | None = None


@dataclass(frozen=True, kw_only=True)
class Callback(EventReceiver):
    """An order moved, an item is done, a report is ready."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check the signature over the raw bytes, then the time stamp that it covers."""
        assert isinstance(config, BackgroundConfig)
        if not is_genuine(config, received.headers, received.path, received.body):
            raise AuthError("event.refused", vendor=VENDOR, rule="signature")
        try:
            at = datetime.fromtimestamp(int(received.headers["x-timestamp"]) / 1000, UTC)
        except (KeyError, ValueError, OverflowError, OSError):
            raise AuthError("event.refused", vendor=VENDOR, rule="time") from None
        self.refuse_stale(at, now, VENDOR)

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a callback."""
        try:
            body = msgspec.json.decode(received.body, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "background.event") from None
        at = None
        if body.occurredAt:
            try:
                at = datetime.fromisoformat(body.occurredAt)
            except ValueError:
                raise RowRejected("date", "occurredAt", "iso") from None
        return [
            Event(
                id=body.eventId,
                type=body.event,
                at=at if at and at.tzinfo else None,
                order=body.orderNo,
                keys=(body.orderNo,),
            )
        ]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what ends the platform's tries."""
        return Reply(body=b'{"code":"0"}', content_type="application/json")
