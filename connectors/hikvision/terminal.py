"""The terminal: who it is, how late its clock is, its users, its punches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.hikvision.settings import HikvisionConfig
from hrhub.connector import Cursor, HttpStream, JsonRecords, Page, Session, TimeWindow
from hrhub.connector.rest import Window
from hrhub.errors import ConfigError, ContractChanged, HrHubError
from hrhub.http.answer import Answer
from hrhub.http.xml import parse_xml

JSON = {"format": "json"}
_WINDOW_DAYS = 7


@dataclass(frozen=True, slots=True)
class Terminal:
    """What a terminal says of itself.

    Attributes:
        serial: Serial number, which tells it from others.
        model: Model and firmware, for people.
        drift_s: How many seconds its clock is ahead of ours.
    """

    serial: str
    model: str
    drift_s: int


def ask_terminal(session: Session) -> Terminal:
    """Ask a terminal who it is and what time it has.

    Raises:
        ContractChanged: ``hikvision.clock_wrong``: further off than the connection allows;
            ``vendor.records_missing``: it does not say.
    """
    config = session.config
    assert isinstance(config, HikvisionConfig)
    info = _fields(session.http.get("/ISAPI/System/deviceInfo", expect="xml"))
    clock = _fields(session.http.get("/ISAPI/System/time", expect="xml"))
    serial = info.get("serialNumber", "")
    if not serial:
        raise ContractChanged("vendor.records_missing", path="DeviceInfo.serialNumber")
    try:
        told = datetime.fromisoformat(clock.get("localTime", ""))
    except ValueError:
        raise ContractChanged("vendor.records_missing", path="Time.localTime") from None
    if told.tzinfo is None:
        told = told.replace(tzinfo=ZoneInfo(config.timezone))
    drift_s = round((told - session.clock.now().astimezone(UTC)).total_seconds())
    if abs(drift_s) > config.most_drift_s:
        raise ContractChanged("hikvision.clock_wrong", vendor="Hikvision", seconds=drift_s)
    words = (info.get("model"), info.get("firmwareVersion"))
    return Terminal(serial, " ".join(word for word in words if word), drift_s)


class Rows(JsonRecords):
    """Rows of a search, with the terminal's serial number and zone beside them.

    Whose row it is stands under ``person``; old firmware names that ``employeeNo``, leaves out
    serial numbers, and gives a single row without a list around it. The address of a picture may
    carry the terminal's password and is dropped.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, optional=True)

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a row."""
        row = super().decode(raw, meta)
        row.pop("pictureURL", None)
        row.pop("password", None)
        if "time" in row:
            row["time"] = _with_offset(row["time"], str(meta["zone"]))
        number = row.get("employeeNoString") or row.get("employeeNo")
        return {**meta, "person": None if number in (None, "") else str(number), **row}


@dataclass(frozen=True, kw_only=True)
class Search(HttpStream):
    """A search on the terminal."""

    method: str = "POST"

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages that know whose they are."""
        try:
            terminal = ask_terminal(session)
            expected = getattr(session.config, "push_serial", "")
            if expected not in ("", terminal.serial):
                raise ConfigError("hikvision.other_terminal", vendor="Hikvision")
            meta = {"device": terminal.serial, "zone": session.config.timezone}
            for page in self._pages(session, cursor):
                yield replace(page, meta=meta)
        except HrHubError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _pages(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        yield from super().read(session, cursor)


@dataclass(frozen=True, slots=True)
class PunchWindows:
    """Search week by week, and in each for every kind of event that is a punch.

    Attributes:
        rule: The weeks.
        pairs: Major and minor codes of the events.
    """

    rule: TimeWindow
    pairs: Sequence[tuple[int, int]]

    def windows(self, cursor: Cursor, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
        """Yield a window per week and kind; the cursor moves with the last kind."""
        for window in self.rule.windows(cursor, now, zone):
            for place, (major, minor) in enumerate(self.pairs, start=1):
                kinds = {"AcsEventCond.major": major, "AcsEventCond.minor": minor}
                reached = window.cursor if place == len(self.pairs) else None
                yield Window({**window.values, **kinds}, reached)

    def after(self, first: Answer, started: datetime) -> Cursor:
        """Return None: the window itself is the cursor."""
        return None


@dataclass(frozen=True, kw_only=True)
class Punches(Search):
    """Events that are punches."""

    def _pages(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        config = session.config
        assert isinstance(config, HikvisionConfig)
        weeks = TimeWindow(
            "AcsEventCond.startTime",
            "AcsEventCond.endTime",
            days=_WINDOW_DAYS,
            since=datetime.combine(config.history_from, time(), ZoneInfo(config.timezone)),
            time_format="iso",
            lookback_s=int(timedelta(minutes=config.lookback_min).total_seconds()),
            safety_lag_s=0,
        )
        asked = replace(self, cursor=PunchWindows(weeks, config.pairs()))
        yield from HttpStream.read(asked, session, cursor)


def _with_offset(text: Any, zone: str) -> Any:
    """Write a time that lacks its offset with it: firmware leaves it out here and not there."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    return text if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone)).isoformat(timespec="seconds")


def _fields(answer: Answer) -> dict[str, str]:
    """Return the children of an answer's root by local name; namespaces differ by firmware."""
    root = parse_xml(answer.body)
    return {str(e.tag).rpartition("}")[2]: (e.text or "").strip() for e in root}
