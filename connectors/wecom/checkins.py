"""Check-ins (打卡): windows of at most 30 days, for at most 100 people at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.wecom.directory import user_ids
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, JsonRecords, Page, Session, Stream, TimeWindow, page_of
from hrhub.connector.rest import Window
from hrhub.errors import ContractChanged, VendorError
from hrhub.http.answer import Answer

_SPAN_DAYS = 30
"""Longest window of one call ("获取打卡记录数据")."""
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
class Checkins(Stream):
    """Check-ins of all visible members, window by window."""

    records: JsonRecords = field(default_factory=CheckinRecords)

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield a page per window and group of people; the cursor with a window's last.

        Empty answers are all alike, which the hub takes for a circle after a few. They are left
        out, but for one at the end that carries the cursor on.
        """
        config = session.config
        assert isinstance(config, WecomConfig)
        zone = ZoneInfo(config.timezone)
        rule = TimeWindow(
            "starttime",
            "endtime",
            days=_SPAN_DAYS,
            since=datetime.combine(config.history_from, time(), zone),
            time_format="epoch_s",
            lookback_s=int(timedelta(days=config.lookback_days).total_seconds()),
        )
        try:
            people = user_ids(session)
            if not people:
                raise ContractChanged("wecom.nobody_visible", vendor="WeCom")
            size = config.page_size
            groups = [people[i : i + size] for i in range(0, len(people), size)]
            yield from _pages(session, rule.windows(cursor, session.clock.now(), zone), groups)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise


def _pages(
    session: Session, windows: Iterator[Window], groups: Sequence[Sequence[str]]
) -> Iterator[Page]:
    empty: Page | None = None
    for window in windows:
        waiting: Answer | None = None
        for group in groups:
            answer, rows = _ask(session, window.values, group)
            empty = page_of(answer, cursor=window.cursor)
            if rows:
                if waiting is not None:
                    yield page_of(waiting)
                waiting = answer
        if waiting is not None:
            yield page_of(waiting, cursor=window.cursor)
            empty = None
    if empty is not None:
        yield empty


def _ask(
    session: Session, window: Mapping[str, str | int], group: Sequence[str]
) -> tuple[Answer, bool]:
    body = {"opencheckindatatype": _ALL, **window, "useridlist": list(group)}
    # Reading by POST changes nothing at the vendor.
    answer = session.http.post("/checkin/getcheckindata", json=body, idempotent=True)
    try:
        rows = msgspec.json.decode(answer.body, type=_Rows).checkindata
    except msgspec.ValidationError:
        raise ContractChanged("vendor.records_missing", path="checkindata") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ContractChanged("vendor.page_broken", bytes=len(answer.body)) from None
    # Replies may change the case of user ids ("成员管理").
    asked = {id_.lower() for id_ in group}
    if any(row.userid and row.userid.lower() not in asked for row in rows):
        raise ContractChanged("vendor.page_loop", rule="people")
    return answer, bool(rows)
