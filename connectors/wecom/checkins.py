"""Check-ins (打卡)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.wecom.reports import SPAN_DAYS, PeopleReport, refuse_others, rows_of
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, JsonRecords, Page, Session, TimeWindow
from hrhub.connector.rest import Window

_ALL = 3
"""On duty, off duty and field check-ins."""
_NOT_PUNCHED = "未打卡"
_OF_TIME = "时间异常"


class _Row(msgspec.Struct):
    userid: str = ""
    exception_type: str = ""


class _Rows(msgspec.Struct):
    checkindata: list[_Row]


class CheckinRecords(JsonRecords):
    """Check-ins; rows for a check-in that did not take place (未打卡) are left out.

    ``exception_type`` joins several remarks with ``;``. The first that is not about time goes to
    ``doubt``: it says why place, network or device were not as planned.
    """

    def __init__(self) -> None:
        super().__init__("checkindata")
        self._row = msgspec.json.Decoder(_Row)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a body into check-ins that took place."""
        return [raw for raw in super().split(body) if self._happened(raw)]

    def _happened(self, raw: bytes | memoryview) -> bool:
        try:
            return _NOT_PUNCHED not in self._row.decode(raw).exception_type.split(";")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return True  # decoding it will say what is wrong with it

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a check-in and put the doubt about it beside it."""
        row = super().decode(raw, meta)
        said = row.get("exception_type")
        remarks = said.split(";") if isinstance(said, str) else []
        return {"doubt": next((r for r in remarks if r and r != _OF_TIME), None), **row}


@dataclass(frozen=True, kw_only=True)
class Checkins(PeopleReport):
    """Check-ins of all visible members."""

    path: str = "/checkin/getcheckindata"
    records: JsonRecords = field(default_factory=CheckinRecords)

    def windows(self, session: Session, config: WecomConfig, cursor: Cursor) -> Iterator[Window]:
        """Yield windows up to now; phones without network hand check-ins in late."""
        zone = ZoneInfo(config.timezone)
        rule = TimeWindow(
            "starttime",
            "endtime",
            days=SPAN_DAYS,
            since=datetime.combine(config.history_from, time(), zone),
            time_format="epoch_s",
            lookback_s=int(timedelta(days=config.lookback_days).total_seconds()),
        )
        for window in rule.windows(cursor, session.clock.now(), zone):
            yield replace(window, values={"opencheckindatatype": _ALL, **window.values})

    def taken(self, page: Page, window: Window, asked: set[str]) -> tuple[Page, bool]:
        """Return the page as it came."""
        rows = rows_of(page.body, _Rows, "checkindata")
        refuse_others((row.userid for row in rows), asked)
        return page, bool(rows)
