"""Callbacks: signed over time, nonce and body; repeated for a day, in any order."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from connectors.ai_interview.settings import AiInterviewConfig
from connectors.ai_interview.words import VENDOR
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received, Reply
from hrhub.errors import AuthError, RowRejected


class _Data(msgspec.Struct):
    invitationId: str | None = None
    outCandidateId: str | None = None


class _Body(msgspec.Struct):
    eventId: str
    eventType: str
    data: _Data
    occurredAt: str | None = None


def signature(secret: str, stamp: str, nonce: str, body: bytes) -> str:
    """Return what a callback is signed with: HMAC-SHA256 in lower-case hexadecimal."""
    text = f"{stamp}.{nonce}.".encode() + body
    return hmac.new(secret.encode(), text, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Callback(EventReceiver):
    """An invitation moved, a result is there or was corrected, a person was erased.

    A result that comes along is not taken from here: the hub reads it, because it may be cut short
    and because a later one may have come before it.
    """

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check the signature over the raw bytes, then the time stamp that it covers."""
        assert isinstance(config, AiInterviewConfig)
        stamp, nonce = received.headers.get("x-timestamp", ""), received.headers.get("x-nonce", "")
        secret = config.callback_secret.get_secret_value()
        wanted = signature(secret, stamp, nonce, received.body)
        given = received.headers.get("x-signature", "")
        if not secret or not hmac.compare_digest(given.encode(), wanted.encode()):
            raise AuthError("event.refused", vendor=VENDOR, rule="signature")
        try:
            at = datetime.fromtimestamp(int(stamp) / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            raise AuthError("event.refused", vendor=VENDOR, rule="time") from None
        self.refuse_stale(at, now, VENDOR)

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a callback."""
        try:
            body = msgspec.json.decode(received.body, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "ai_interview.event") from None
        at = None
        if body.occurredAt:
            try:
                at = datetime.fromisoformat(body.occurredAt)
            except ValueError:
                raise RowRejected("date", "occurredAt", "iso") from None
        about = body.data.invitationId or body.data.outCandidateId
        return [
            Event(
                id=body.eventId,
                type=body.eventType,
                at=at if at and at.tzinfo else None,
                order=body.data.invitationId,
                keys=(about,) if about else (),
            )
        ]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what ends the platform's tries."""
        return Reply(body=b'{"code":0}', content_type="application/json")
