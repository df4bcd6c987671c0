"""Callbacks: the same envelope as answers, sealed and signed by the platform."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from connectors.social_security.envelope import Envelopes, Refused
from connectors.social_security.gateway import VENDOR
from connectors.social_security.settings import SocialSecurityConfig
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received, Reply
from hrhub.errors import AuthError, RowRejected


@dataclass(frozen=True, kw_only=True)
class Callback(EventReceiver):
    """An authorisation changed, or a result is ready."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Open the envelope, which checks the signature, then the time that it covers."""
        assert isinstance(config, SocialSecurityConfig)
        try:
            envelope, _ = Envelopes(config).open(received.body)
        except Refused as refused:
            raise AuthError("event.refused", vendor=VENDOR, rule=str(refused)) from None
        at = moment_of(envelope["timestamp"], config.timezone)
        self.refuse_stale(at, now, VENDOR)

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a callback.

        A ready result names its query only; an authorisation names the order.
        """
        assert isinstance(config, SocialSecurityConfig)
        try:
            envelope, plain = Envelopes(config).open(received.body)
        except Refused as refused:
            raise RowRejected("parse", "", f"social_security.{refused}") from None
        data = msgspec.json.decode(plain)
        kind, auth_no, task_no = (data.get(name) for name in ("event", "authNo", "taskNo"))
        if not isinstance(kind, str) or not isinstance(auth_no or task_no, str):
            raise RowRejected("parse", "event", "social_security.event")
        return [
            Event(
                id=_id_of(envelope.get("transNo"), plain),
                type=kind,
                at=moment_of(envelope["timestamp"], config.timezone),
                order=auth_no if isinstance(auth_no, str) else None,
                keys=tuple(key for key in (auth_no, task_no) if isinstance(key, str)),
            )
        ]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what ends the platform's tries."""
        return Reply(body=b'{"code":0}', content_type="application/json")


def moment_of(stamp: str, zone: str) -> datetime | None:
    """Read a time stamp of an envelope: milliseconds, or digits of local time."""
    try:
        if len(stamp) == 13:
            return datetime.fromtimestamp(int(stamp) / 1000, UTC)
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OverflowError, OSError):
        return None


def _id_of(trans_no: object, plain: bytes) -> str:
    if isinstance(trans_no, str) and trans_no:
        return trans_no
    return hashlib.sha256(plain).hexdigest()[:40]
