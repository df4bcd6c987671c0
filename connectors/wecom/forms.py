"""Approval forms (审批): numbers by window of submission, then each form by its number.

There is no "modified since". Forms that may still change are remembered in the cursor and asked for
again: open ones, and leave that was approved and is not over, which may be revoked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.wecom.reports import rows_of
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, JsonRecords, Page, Session, Stream, TimeWindow, with_rows
from hrhub.connector.rest import Window
from hrhub.errors import ContractChanged, VendorError

_SPAN_DAYS = 31
_TOO_WIDE = "301112"
_NARROWEST_S = 3600
_OPEN, _APPROVED = 1, 2
LEAVE = "1"
"""Filter ``record_type`` for leave."""


class _Numbers(msgspec.Struct):
    sp_no_list: list[str]
    new_next_cursor: str = ""


class _Detail(msgspec.Struct):
    info: msgspec.Raw


class _Form(msgspec.Struct):
    sp_no: str = ""
    sp_status: int = 0


class _Named(msgspec.Struct):
    info: _Form


@dataclass(frozen=True, kw_only=True)
class Forms(Stream):
    """Forms of all applicants whom the application may see.

    Attributes:
        record_type: Only forms of this kind; all if empty.
    """

    record_type: str = ""
    records: JsonRecords = field(default_factory=lambda: JsonRecords("forms"))

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages of whole forms, those remembered first; the cursor with a window's last."""
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
        until = cursor["until"] if cursor else None
        again: list[str] = list(cursor["watched"]) if cursor else []
        watched: set[str] = set()
        try:
            windows = rule.windows(until, session.clock.now(), zone)
            yield from with_rows(self._window(session, w, again, watched) for w in windows)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _window(
        self, session: Session, window: Window, again: list[str], watched: set[str]
    ) -> Iterator[tuple[Page, bool]]:
        """Yield the forms of a window behind those to ask for again, which are asked for once.

        Those that may still change are put among the ``watched``.
        """
        config = session.config
        assert isinstance(config, WecomConfig)
        now_s = int(session.clock.now().timestamp())
        start, end = (int(window.values[name]) for name in ("starttime", "endtime"))
        fresh = self._numbers(session, config.page_size, start, end)
        numbers = dict.fromkeys([*again, *fresh])
        again.clear()
        forms: list[msgspec.Raw] = []
        for number in numbers:
            if len(forms) == config.page_size:
                yield _page(forms), True
                forms = []
            raw = _form(session, number)
            forms.append(raw)
            watched.discard(number)
            if self._may_change(raw, now_s):
                watched.add(number)
        reached = {"until": window.cursor, "watched": sorted(watched)}
        yield _page(forms, reached), bool(forms)

    def _may_change(self, raw: msgspec.Raw, now_s: int) -> bool:
        try:
            status = msgspec.json.decode(raw, type=_Form).sp_status
            if status == _APPROVED and self.record_type == LEAVE:
                return (absence_of(msgspec.json.decode(raw)).get("new_end") or 0) > now_s
        except (msgspec.DecodeError, TypeError):
            return False  # decoding it will say what is wrong with it
        return status == _OPEN

    def _numbers(self, session: Session, size: int, start: int, end: int) -> list[str]:
        """Return the numbers of forms submitted in a window; halve it where it holds too many."""
        body: dict[str, Any] = {
            # Texts here, numbers everywhere else.
            "starttime": str(start),
            "endtime": str(end),
            "new_cursor": "",
            "size": size,
            "filters": [],
        }
        if self.record_type:
            body["filters"] = [{"key": "record_type", "value": self.record_type}]
        found: list[str] = []
        seen: set[str] = set()
        try:
            # Pages may be short; the last one has no cursor.
            while True:
                answer = session.http.post("/oa/getapprovalinfo", json=body, idempotent=True)
                found += rows_of(answer.body, _Numbers, "sp_no_list")
                following = rows_of(answer.body, _Numbers, "new_next_cursor")
                if not following:
                    return found
                if following in seen:
                    raise ContractChanged("vendor.page_loop", rule="cursor")
                seen.add(following)
                body = {**body, "new_cursor": following}
        except ContractChanged as error:
            if error.context.get("vendor_code") != _TOO_WIDE or end - start < _NARROWEST_S:
                raise
        middle = (start + end) // 2
        return [
            *self._numbers(session, size, start, middle),
            *self._numbers(session, size, middle, end),
        ]


def _form(session: Session, number: str) -> msgspec.Raw:
    """Return a form as it came.

    Raises:
        ContractChanged: ``vendor.page_loop``: it is another form than the one asked for.
    """
    answer = session.http.post("/oa/getapprovaldetail", json={"sp_no": number}, idempotent=True)
    raw: msgspec.Raw = rows_of(answer.body, _Detail, "info")
    if rows_of(answer.body, _Named, "info").sp_no != number:
        raise ContractChanged("vendor.page_loop", rule="number")
    return raw


def _page(forms: list[msgspec.Raw], cursor: Cursor = None) -> Page:
    return Page(body=msgspec.json.encode({"forms": forms}), cursor=cursor)


def controls_of(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the filled-in controls of a form."""
    data = form.get("apply_data")
    contents = data.get("contents") if isinstance(data, dict) else None
    rows = contents if isinstance(contents, list) else []
    return [c for c in rows if isinstance(c, dict) and isinstance(c.get("value"), dict)]


def absence_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return begin, end, duration and kind of day of a form's leave; empty if it is none."""
    for control in controls_of(form):
        if control.get("control") == "Vacation":
            found: Any = control["value"]
            for name in ("vacation", "attendance", "date_range"):
                found = found.get(name) if isinstance(found, dict) else None
            return found if isinstance(found, dict) else {}
    return {}
