"""Webhooks of Checkr: signed with the API key, repeated for a day until somebody listens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from connectors.checkr.settings import CheckrConfig
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received
from hrhub.errors import AuthError, RowRejected


@dataclass(frozen=True, kw_only=True)
class Webhook(EventReceiver):
    """Reports of candidates, invitations and reports."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check the signature over the raw bytes, then the age that the signed body tells.

        The signature covers no time of its own; ``created_at`` is part of the body and thereby
        signed. The same body is sent again for 24 hours, so that is how old it may be.
        """
        assert isinstance(config, CheckrConfig)
        key = config.api_key.get_secret_value().encode()
        wanted = hmac.new(key, received.body, hashlib.sha256).hexdigest()
        given = received.headers.get("x-checkr-signature", "")
        # An account without a key gets a sentence in this header: that is no signature either.
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise AuthError("event.refused", vendor="Checkr", rule="signature")
        try:
            at = _moment(_read(received)["created_at"])
        except (RowRejected, KeyError, TypeError):
            raise AuthError("event.refused", vendor="Checkr", rule="time") from None
        self.refuse_stale(at, now, "Checkr")

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a request."""
        body = _read(received)
        data = body.get("data")
        thing = data.get("object") if isinstance(data, dict) else None
        kind, id_ = body.get("type"), body.get("id")
        if not (isinstance(kind, str) and isinstance(id_, str) and isinstance(thing, dict)):
            raise RowRejected("parse", "data.object", "checkr.event")
        subject = kind.partition(".")[0]
        thing_id = thing.get("id")
        return [
            Event(
                id=id_,
                type=kind,
                at=_moment(body.get("created_at")),
                stream="candidates" if subject == "candidate" else None,
                order=_order_of(subject, thing),
                keys=(thing_id,) if isinstance(thing_id, str) else (),
            )
        ]


def _order_of(subject: str, thing: Mapping[str, Any]) -> str | None:
    """Return a name of the order that an event is about: all that a report tells may be its own id.

    An order is known by the ids of its invitation, its candidate and its report.
    """
    name = {"invitation": "id", "report": "candidate_id"}.get(subject)
    found = thing.get(name) or thing.get("id") if name else None
    return found if isinstance(found, str) else None


def _read(received: Received) -> Mapping[str, Any]:
    try:
        body = msgspec.json.decode(received.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RowRejected("parse", "", "json") from None
    if not isinstance(body, dict):
        raise RowRejected("parse", "", "checkr.event")
    return body


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None
