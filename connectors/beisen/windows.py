"""Objects of organisation and employees: windows of time, each scrolled through within seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.beisen.settings import BeisenConfig
from connectors.beisen.words import RULE
from hrhub.connector import (
    Cursor,
    JsonRecords,
    Page,
    Session,
    Stream,
    TimeWindow,
    page_of,
    with_rows,
)
from hrhub.connector.rest import Window, write_cursor, write_time
from hrhub.errors import ContractChanged, HrHubError, Transient, VendorError
from hrhub.http.answer import Answer
from hrhub.http.lookup import count, find_text
from hrhub.http.paging import LoopGuard

_LIST = "data"
_TIMES = "%Y-%m-%dT%H:%M:%S"
LONGEST_DAYS = 90
_TRIES = 3
_LONGEST_PAUSE_S = 60.0
LAG = timedelta(seconds=60)
_KINDS = {"business": 2, "row": 1}
_IDENTITY_CARD = "1"
_MAY_BE_MASKED = ("mobilePhone", "iDNumber", "email", "workEmail")


class _Row(msgspec.Struct):
    isCurrentRecord: bool | None = None


class CurrentRows(JsonRecords):
    """Rows as they stand today: those of the past and the future are left out.

    ``standing`` is what a row says of itself, or that it was deleted; ``above`` and ``head`` are
    the unit above and the person in charge, which Beisen numbers 0 where there is none.
    """

    def __init__(self) -> None:
        super().__init__(_LIST)
        self._current = msgspec.json.Decoder(_Row)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page into rows."""
        return [row for row in super().split(body) if self._stands(row)]

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a row."""
        row = super().decode(raw, meta)
        return {
            "standing": _standing(row, row.get("status")),
            "above": row.get("pOIdOrgAdmin") or None,
            "head": row.get("personInCharge") or None,
            **row,
        }

    def _stands(self, raw: bytes | memoryview) -> bool:
        try:
            return self._current.decode(raw).isCurrentRecord is not False
        except (msgspec.DecodeError, UnicodeDecodeError):
            # What cannot be read is refused when it is decoded.
            return True


class EmployeeRows(JsonRecords):
    """Employees with the record in force; numbers that Beisen masked are left out.

    A masked value (``138****0001``) is no value: absent, the field stays as another source said.
    ``residentId`` is the number of an identity card, not of another document.
    """

    def __init__(self) -> None:
        super().__init__(_LIST)

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a row."""
        row = super().decode(raw, meta)
        said, record = row.get("employeeInfo"), row.get("recordInfo")
        info = dict(said) if isinstance(said, dict) else {}
        record = record if isinstance(record, dict) else {}
        for name in _MAY_BE_MASKED:
            if "*" in str(info.get(name)):
                del info[name]
        made = {
            "userID": info.get("userID"),
            "jobNumber": record.get("jobNumber"),
            "standing": _standing(info, record.get("employeeStatus")),
            "unit": record.get("oIdDepartment") or None,
            "manager": record.get("pOIdEmpAdmin") or None,
        }
        if str(info.get("iDType")) == _IDENTITY_CARD and "iDNumber" in info:
            made["residentId"] = info["iDNumber"]
        return {**made, **row, "employeeInfo": info}


@dataclass(frozen=True, kw_only=True)
class TimeWindowStream(Stream):
    """Rows of one object that changed, window by window.

    Attributes:
        path: Where it is asked for.
        walks: Every window is asked for once with each of these.
        people: Whether rows are people.
    """

    path: str
    walks: tuple[Mapping[str, Any], ...] = field(default=({},))
    people: bool = False

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages of the windows from the cursor on; the cursor with a window's last page.

        The last window stands for the vendor's clock, not ours. Pages without rows are left out,
        but for one at the end that carries the cursor on.
        """
        config = session.config
        assert isinstance(config, BeisenConfig)
        zone = ZoneInfo(config.timezone)
        now = session.clock.now()
        rule = TimeWindow(
            "startTime",
            "stopTime",
            days=LONGEST_DAYS,
            since=datetime.combine(config.history_from, time(), zone),
            time_format=_TIMES,
            lookback_s=int(timedelta(days=config.lookback_days).total_seconds()),
        )
        windows = list(rule.windows(cursor, now, zone))
        steps = (self._window(session, w, now, last=w is windows[-1]) for w in windows)
        try:
            yield from with_rows(steps)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _window(
        self, session: Session, window: Window, now: datetime, *, last: bool
    ) -> Iterator[tuple[Page, bool]]:
        config = session.config
        assert isinstance(config, BeisenConfig)
        reached = window.cursor
        for walk in self.walks:
            body = {**self._body(config), **walk, **window.values}
            for answer in scroll(session, self.path, body):
                if last:
                    reached = write_cursor(min(answer.server_date or now, now) - LAG)
                yield page_of(answer, cursor=reached), rows_of(answer) > 0

    def changed(self, session: Session, since: timedelta) -> int:
        """Return how many rows changed lately, of one page at most."""
        config = session.config
        assert isinstance(config, BeisenConfig)
        zone, now = ZoneInfo(config.timezone), session.clock.now()
        span = {
            "startTime": write_time(now - since, _TIMES, zone),
            "stopTime": write_time(now, _TIMES, zone),
            "scrollId": "",
        }
        body = {**self._body(config), **self.walks[0], **span}
        answer = session.http.post(self.path, json=body, idempotent=True)
        return rows_of(answer)

    def _body(self, config: BeisenConfig) -> dict[str, Any]:
        body: dict[str, Any] = {
            "timeWindowQueryType": _KINDS[config.changes_by],
            "capacity": config.page_size,
            "isWithDeleted": True,
        }
        if not self.people:
            return {**body, "withDisabled": True}
        # One main post each: concurrent ones would be the same person again.
        return {**body, "employType": list(config.employ_types), "serviceType": [0]}


def scroll(session: Session, path: str, body: Mapping[str, Any]) -> Iterator[Answer]:
    """Yield the answers of one window, the last without rows.

    An id is good for ten seconds, and moves on when it is used: a page whose answer was lost cannot
    be asked for again. Then the window is read anew after a pause, and its rows come twice.

    Raises:
        Transient: ``beisen.scroll_lost``: that did not help.
    """
    guard = LoopGuard(repeats=True)
    for again in range(_TRIES):
        token = ""
        try:
            while True:
                said = {**body, "scrollId": token}
                answer = session.http.post(path, json=said, idempotent=not token)
                rows = rows_of(answer)
                if rows:
                    guard.came(answer)
                yield answer
                if not rows:
                    return
                following = find_text(answer.body, "scrollId")
                if not following:
                    raise ContractChanged("vendor.records_missing", path="scrollId")
                token = following
        except VendorError as error:
            wait_s = max(error.retry_after_s or 0.0, 2.0**again)
            if not (token and _lost(error)) or wait_s > _LONGEST_PAUSE_S:
                raise
            session.clock.sleep(wait_s)
    raise Transient("beisen.scroll_lost")


def _lost(error: HrHubError) -> bool:
    """Tell whether a failure in the middle means that the place in the list is lost."""
    return error.retryable or error.context.get("vendor_code") == RULE


def _standing(row: Mapping[str, Any], status: Any) -> Any:
    return "deleted" if row.get("stdIsDeleted") else status


def rows_of(answer: Answer) -> int:
    """Return how many rows an answer holds.

    Raises:
        ContractChanged: ``vendor.records_missing``: it has no list.
    """
    rows = count(answer.body, _LIST)
    if rows is None:
        raise ContractChanged("vendor.records_missing", path=_LIST)
    return rows
