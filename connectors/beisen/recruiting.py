"""Recruiting: jobs, and applications with their applicants by what was modified in a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.beisen.settings import BeisenConfig
from connectors.beisen.windows import LAG, LONGEST_DAYS, rows_of
from hrhub.connector import (
    Cursor,
    HttpStream,
    JsonRecords,
    Mode,
    Page,
    Session,
    Stream,
    TimeWindow,
    page_of,
    with_rows,
)
from hrhub.connector.rest import Window, write_cursor
from hrhub.errors import ContractChanged, VendorError
from hrhub.http.paging import LoopGuard, PageNumber, PageRequest

ROOT = "/RecruitV6/api/v1"
_LIST = f"{ROOT}/Apply/GetApplyListByModifiedTime"
_AT_ONCE = 100


class Applications(JsonRecords):
    """Applications; ``standing`` is the phase, or that the application was deleted."""

    def __init__(self) -> None:
        super().__init__("data")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode an application."""
        row = super().decode(raw, meta)
        return {"standing": "deleted" if row.get("isDeleted") else row.get("phaseName"), **row}


class Profiles(JsonRecords):
    """Profiles, which come as pairs of name and value: ``profile`` has them by name.

    What people read (``text``) goes before the code behind it; masked values are left out.
    """

    def __init__(self) -> None:
        super().__init__("data")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a profile."""
        row = super().decode(raw, meta)
        pairs = row.pop("fieldValues", None)
        profile: dict[str, Any] = {}
        for pair in pairs if isinstance(pairs, list) else ():
            if not (isinstance(pair, dict) and isinstance(pair.get("name"), str)):
                continue
            value = pair.get("text") or pair.get("value")
            if "*" not in str(value):
                profile[pair["name"]] = value
        return {**row, "profile": profile}


@dataclass(frozen=True, kw_only=True)
class Applied(Stream):
    """What belongs to the applications that were modified.

    Attributes:
        path: Where details are asked for.
        id_name: Name of their id in the list of applications.
        ids_name: Name of the list of ids in the request.
    """

    path: str
    id_name: str = "applyId"
    ids_name: str = "applyIds"

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages of details, window by window; the cursor with a window's last page.

        A window without applications moves nothing: it is asked for again with the next one.
        """
        config = session.config
        assert isinstance(config, BeisenConfig)
        zone, now = ZoneInfo(config.timezone), session.clock.now()
        rule = TimeWindow(
            "startTime",
            "endTime",
            days=LONGEST_DAYS,
            since=datetime.combine(config.history_from, time(), zone),
        )
        windows = list(rule.windows(cursor, now, zone))
        guard = LoopGuard(repeats=True)
        steps = (self._window(session, w, now, guard, last=w is windows[-1]) for w in windows)
        try:
            yield from with_rows(steps)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _window(
        self, session: Session, window: Window, now: datetime, guard: LoopGuard, *, last: bool
    ) -> Iterator[tuple[Page, bool]]:
        ids, clock = _modified(session, window.values, self.id_name)
        reached = write_cursor(min(clock or now, now) - LAG) if last else window.cursor
        for start in range(0, len(ids), _AT_ONCE):
            body = {self.ids_name: ids[start : start + _AT_ONCE]}
            answer = session.http.post(self.path, json=body, idempotent=True)
            rows = rows_of(answer)
            if rows:
                guard.came(answer)
            yield page_of(answer, cursor=reached), rows > 0


def _modified(
    session: Session, window: Mapping[str, Any], id_name: str
) -> tuple[list[str], datetime | None]:
    """Return the ids behind the applications of a window, each once, and the vendor's clock.

    Raises:
        ContractChanged: ``vendor.records_missing``: a batch holds no list or no id;
            ``vendor.page_loop``: batches lead in circles.
    """
    guard = LoopGuard()
    ids: dict[str, None] = {}
    batch, clock = "", None
    while True:
        request = PageRequest(_LIST, method="POST", json={**window, "batchId": batch})
        guard.sent(request)
        answer = session.http.post(_LIST, json=dict(request.json or {}), idempotent=True)
        clock = clock or answer.server_date
        said = answer.json()
        data = said.get("data") if isinstance(said, dict) else None
        items = data.get("items") if isinstance(data, dict) else None
        if not (isinstance(items, list) and isinstance(data, dict)):
            raise ContractChanged("vendor.records_missing", path="data.items")
        for item in items:
            if not (isinstance(item, dict) and item.get(id_name)):
                raise ContractChanged("vendor.key_missing", path="data.items")
            ids[str(item[id_name])] = None
        batch = str(data.get("nextBatchId") or "")
        if data.get("isLastBatch") or not batch:
            return list(ids), clock


jobs = HttpStream(
    name="jobs",
    title="Jobs",
    feed="requisition",
    key=("jobId",),
    path=f"{ROOT}/Job/GetJobList",
    method="POST",
    json={},
    records=JsonRecords("data"),
    pages=PageNumber(name="pageIndex", size=100, size_name="pageSize", records="data"),
    mode=Mode.FULL,
    after=("organizations",),
)
applicants = Applied(
    name="applicants",
    title="Applicants",
    feed="candidate",
    key=("applicantId",),
    records=Profiles(),
    path=f"{ROOT}/Applicant/GetPersonProfileList",
    id_name="applicantId",
    ids_name="applicantIds",
)
applications = Applied(
    name="applications",
    title="Applications",
    feed="application",
    key=("applyId",),
    records=Applications(),
    path=f"{ROOT}/Apply/GetApplyListByApplyId",
    after=("jobs", "applicants"),
)
