"""Callbacks: signed, repeated, in any order; they are hints, and the report is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.assessment.dialect import at
from connectors.assessment.orders import dialect_of
from connectors.assessment.settings import AssessmentConfig
from connectors.assessment.signing import proved_at
from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received, Reply
from hrhub.errors import AuthError, RowRejected


@dataclass(frozen=True, kw_only=True)
class Callback(EventReceiver):
    """An order moved, or its report is there or was revised."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check the signature over the raw bytes, then the time stamp that it covers."""
        assert isinstance(config, AssessmentConfig)
        vendor = dialect_of(config).vendor
        signed = proved_at(config, received.headers, received.path, received.body)
        if signed is None:
            raise AuthError("event.refused", vendor=vendor, rule="signature")
        self.refuse_stale(signed, now, vendor)

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the one event of a callback."""
        assert isinstance(config, AssessmentConfig)
        try:
            body: Mapping[str, Any] = msgspec.json.decode(received.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "assessment.event") from None
        names = dialect_of(config).callback
        id_, kind, when, order = (at(body, name) for name in names)
        if not all(isinstance(one, str) and one for one in (id_, kind, order)):
            raise RowRejected("parse", names[3], "assessment.event")
        return [
            Event(id=id_, type=kind, at=_moment(when, config, names[2]), order=order, keys=(order,))
        ]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Return what ends the platform's tries."""
        assert isinstance(config, AssessmentConfig)
        body = dialect_of(config).acknowledged
        return Reply(body=body, content_type="application/json") if body else Reply()


def _moment(said: Any, config: AssessmentConfig, name: str) -> datetime | None:
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        raise RowRejected("date", name, "iso") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(config.timezone))
