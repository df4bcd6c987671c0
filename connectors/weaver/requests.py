"""Requests of workflows (流程): what was done with each, and whether it waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from connectors.weaver.settings import WeaverConfig
from hrhub.connector import Cursor, JsonRecords, Page, Session, Stream, with_rows
from hrhub.errors import ContractChanged, VendorError

Row = dict[str, Any]
Days = Mapping[str, str]
"""``from`` and ``to``: days on which the last thing was done with a request, both included."""

PAGE, ENTRIES = 50, 100
_SPAN, _LOOKBACK = timedelta(days=30), timedelta(days=1)
_SERVICE = "/api/workflow/paService"


class Road(Protocol):
    """An interface that gives requests and their logs."""

    def listed(self, days: Days, *, archived: bool, page: int) -> list[Row]:
        """Return a page of requests, ``PAGE`` at most; pages count from 1."""
        ...

    def entries(self, request: Row, before: str) -> list[Row]:
        """Return the latest entries of a request's log, ``ENTRIES`` at most.

        Args:
            request: The request.
            before: Only entries with a number below this; all if empty.
        """
        ...


@dataclass(frozen=True, slots=True)
class ByRest:
    """The open platform of E9, in the name of the connection's OA user."""

    session: Session
    user_id: str

    def listed(self, days: Days, *, archived: bool, page: int) -> list[Row]:
        """Return a page of requests."""
        conditions = {
            "archivestatus": "1" if archived else "2",
            # Days of one's own choice.
            "operatedateselect": "6",
            "operatedatefrom": days["from"],
            "operatedateto": days["to"],
        }
        wanted = msgspec.json.encode(conditions).decode()
        form = {"conditions": wanted, "pageNo": str(page), "pageSize": str(PAGE)}
        return self._rows("getAllWorkflowRequestList", form)

    def entries(self, request: Row, before: str) -> list[Row]:
        """Return entries of a log."""
        form = {
            "requestId": str(request["requestId"]),
            "workflowId": str(workflow_of(request).get("workflowId", "")),
            "userId": self.user_id,
            "pageSize": str(ENTRIES),
            **({"endId": before} if before else {}),
        }
        return self._rows("getWorkflowRequestLogs", form)

    def _rows(self, name: str, form: Mapping[str, str]) -> list[Row]:
        # Reading by POST changes nothing at the vendor.
        answer = self.session.http.post(f"{_SERVICE}/{name}", data=dict(form), idempotent=True)
        try:
            return msgspec.json.decode(answer.body, type=list[Row])
        except msgspec.ValidationError:
            raise ContractChanged("vendor.records_missing", path=name) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ContractChanged("vendor.page_broken", bytes=len(answer.body)) from None


class StepRecords(JsonRecords):
    """One record for every entry of a request's log, in order, and one for what it waits for.

    The one that waits has the place of the entry that will follow, which then takes its place.
    What happens at the node where a request was made is the applicant's own doing: it decides
    nothing.
    """

    def __init__(self) -> None:
        super().__init__("requests")

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page into steps."""
        return [
            msgspec.json.encode(step)
            for raw in super().split(body)
            for step in _steps(super(StepRecords, self).decode(raw, {}))
        ]


@dataclass(frozen=True, kw_only=True)
class Requests(Stream):
    """All requests that the OA user may see, by the day of the last thing done with them."""

    records: JsonRecords = field(default_factory=StepRecords)

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages of whole requests, the last day of a span with its last page."""
        config = session.config
        assert isinstance(config, WeaverConfig)
        today = session.clock.now().astimezone(ZoneInfo(config.timezone)).date()
        road = ByRest(session, config.user_id)
        try:
            yield from with_rows(
                _pages(road, days, config.workflows)
                for days in _spans(cursor, config.requests_from, today)
            )
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise


def _pages(road: Road, days: Days, workflows: Sequence[str]) -> Iterator[tuple[Page, bool]]:
    for requests in chain(_whole(road, days, workflows), [[]]):
        body = msgspec.json.encode({"requests": requests})
        yield Page(body=body, cursor=days["to"]), bool(requests)


def _spans(cursor: Cursor, first: date, today: date) -> Iterator[Days]:
    """Yield spans of days, none asked for twice; a reading goes back to the day before the last.

    Raises:
        ContractChanged: ``cursor.unreadable``.
    """
    try:
        start = date.fromisoformat(cursor) - _LOOKBACK if cursor else first
    except (TypeError, ValueError):
        raise ContractChanged("cursor.unreadable") from None
    while start <= today:
        end = min(start + _SPAN, today)
        yield {"from": start.isoformat(), "to": end.isoformat()}
        start = end + timedelta(days=1)


def workflow_of(request: Row) -> Mapping[str, Any]:
    """Return the workflow that a request belongs to; empty if it does not say."""
    found = request.get("workflowBaseInfo")
    return found if isinstance(found, dict) else {}


def _whole(road: Road, days: Days, workflows: Sequence[str]) -> Iterator[list[Row]]:
    """Yield pages of requests with their logs: the open ones, then the archived ones.

    One that is archived between the two questions comes twice, its later state last.

    Raises:
        ContractChanged: ``vendor.page_loop``: a page comes again, or a log for another request.
    """
    last: list[Row] = []
    for archived in (False, True):
        page, seen = 1, set[str]()
        while True:
            listed = road.listed(days, archived=archived, page=page)
            numbers = {str(row.get("requestId")) for row in listed}
            # What is handed in meanwhile moves rows to the next page, but not a full page of them.
            if listed and (listed == last or (len(listed) == PAGE and numbers <= seen)):
                raise ContractChanged("vendor.page_loop", rule="repeated")
            last = listed
            seen |= numbers
            wanted = [
                row
                for row in listed
                if not workflows or str(workflow_of(row).get("workflowId")) in workflows
            ]
            if wanted:
                logs = [_log(road, row) for row in wanted]
                # Entries do not say which request they belong to, and have numbers of their own.
                entries = [number for log in logs for number in log]
                if len(set(entries)) < len(entries):
                    raise ContractChanged("vendor.page_loop", rule="request")
                yield [
                    {"request": row, "log": [log[n] for n in sorted(log)], "open": not archived}
                    for row, log in zip(wanted, logs, strict=True)
                ]
            if len(listed) < PAGE:
                break
            page += 1


def _log(road: Road, request: Row) -> dict[int, Row]:
    """Return the whole log of a request by number of entry."""
    if not request.get("requestId"):
        raise ContractChanged("vendor.records_missing", path="requestId")
    found: dict[int, Row] = {}
    before = ""
    while True:
        entries = road.entries(request, before)
        numbered = {_number(entry): entry for entry in entries}
        if numbered.keys() & found.keys():
            raise ContractChanged("vendor.page_loop", rule="repeated")
        found |= numbered
        if len(entries) < ENTRIES:
            return found
        before = str(min(numbered))


def _number(entry: Row) -> int:
    try:
        return int(entry["id"])
    except (KeyError, TypeError, ValueError):
        raise ContractChanged("vendor.records_missing", path="id") from None


def _steps(whole: Row) -> Iterator[Row]:
    request, log = whole["request"], whole["log"]
    about = {
        "requestId": str(request["requestId"]),
        "creatorId": _text(request.get("creatorId")),
        "workflow": workflow_of(request).get("workflowName"),
    }
    made_at = log[0].get("nodeId") if log else None
    for seq, entry in enumerate(log, start=1):
        own = entry.get("nodeId") == made_at
        day, hour = entry.get("operateDate"), entry.get("operateTime")
        yield {
            **about,
            "seq": seq,
            "node": entry.get("nodeName"),
            "operatorId": _text(entry.get("operatorId")),
            "decision": None if own else entry.get("operateType"),
            "operated": f"{day} {hour}" if day and hour else None,
            "remark": str(entry.get("remark") or "").strip() or None,
        }
    if whole["open"]:
        nothing = dict.fromkeys(("operatorId", "decision", "operated", "remark"))
        yield {**about, "seq": len(log) + 1, "node": request.get("currentNodeName"), **nothing}


def _text(number: Any) -> str | None:
    return None if number in (None, "") else str(number)
