"""The directory by the HRM interface of E9, or by HrmService: the same rows either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.weaver.settings import WeaverConfig
from hrhub.connector import Cursor, HttpStream, JsonRecords, ModifiedSince, Page, Session, page_of
from hrhub.connector.rest import read_cursor, write_cursor
from hrhub.errors import AuthError, ConfigError, VendorError
from hrhub.http.answer import Answer
from hrhub.http.lookup import count
from hrhub.http.paging import PageNumber, PageRequest, Paging
from hrhub.http.soap import SoapService
from hrhub.http.xml import parse_xml

WSDL = Path(__file__).parent / "wsdl" / "HrmService.wsdl"
SERVICE = "/services/HrmService"
NAMESPACE = "urn:namespace-of-the-installation"
SECONDARY = "1"

_LIST = "data.dataList"
_NONE = (None, "", "0", 0)
PAGES = PageNumber(name="curpage", size=200, size_name="pagesize", records=_LIST)


class _Account(msgspec.Struct):
    accounttype: str | int | None = None


class Rows(JsonRecords):
    """Rows of the HRM interface, or beans of HrmService under the names of that interface.

    Units get a ``unit`` and the one ``above``: divisions and departments are numbered apart, and
    one number may stand for both.

    Args:
        bean: Local name of a bean.
        names: Name in a bean -> name in a row, where they differ.
        people: Whether rows are accounts. Secondary accounts are the same people again, with an
            empty or repeated work number, and are left out.
    """

    def __init__(self, bean: str, names: Mapping[str, str], *, people: bool = False) -> None:
        super().__init__(_LIST)
        self._bean = bean
        self._names = names
        self._people = people

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page into rows."""
        if body[:200].lstrip().startswith(b"<"):
            return self._beans(body)
        rows = super().split(body)
        if not self._people:
            return rows
        return [row for row in rows if not _is_secondary(row)]

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a row."""
        row = super().decode(raw, meta)
        # The interface hands out the hash of the password; it is nobody's business.
        row.pop("password", None)
        if self._bean == "SubCompanyBean":
            above = _division(row.get("supsubcomid"))
            row = {"unit": _division(row.get("id")), "above": above, **row}
        elif self._bean == "DepartmentBean":
            above = row.get("supdepid")
            inside = above if above not in _NONE else _division(row.get("subcompanyid1"))
            row = {"unit": row.get("id"), "above": inside, **row}
        return row

    def _beans(self, body: bytes) -> list[bytes]:
        rows = []
        for bean in parse_xml(body).iter(f"{{*}}{self._bean}"):
            row = {}
            for value in bean:
                name = str(value.tag).rpartition("}")[2]
                row[self._names.get(name, name)] = value.text
            if not self._people or str(row.get("accounttype") or "0") != SECONDARY:
                rows.append(msgspec.json.encode(row))
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveThenCancelled(PageNumber):
    """Walk over the live units, then over the cancelled ones, which come only when asked for.

    Whether they then come alone or with the live ones is not said. So that an answer to the second
    question is never taken for a repetition of the first, its pages are one row shorter.
    """

    def following(self, request: PageRequest, answer: Answer) -> PageRequest | None:
        """Ask for the next page of the same kind, or for the first of the cancelled."""
        following = PageNumber.following(self, request, answer)
        if following is None and request.value("canceled") is None:
            shorter = {self.name: self.start, self.size_name: self.size - 1}
            return request.put({**shorter, "canceled": "1"})
        return following

    def _ends(self, answer: Answer, read_before: int) -> bool:
        return (count(answer.body, self.records) or 0) < self.size - 1


@dataclass(frozen=True, kw_only=True)
class Directory(HttpStream):
    """One kind of row of the directory.

    Attributes:
        operation: Operation of HrmService that gives the same.
        arguments: How many arguments it takes.
        since: Whether its last argument is a day of change.
    """

    method: str = "POST"
    pages: Paging = PAGES
    json: Mapping[str, Any] | None = field(default_factory=dict)
    operation: str
    arguments: int
    since: bool = False

    def ask(self, session: Session, request: PageRequest) -> Answer:
        """Send the question as JSON text in a form field, which is how the interface wants it."""
        text = msgspec.json.encode(request.json).decode()
        return session.http.post(request.path, data={"params": text}, idempotent=True)

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages, or the one answer of HrmService.

        Raises:
            AuthError: ``weaver.address_unlisted``: the OA does not know our address. It would
                answer with an empty list, and everybody would count as gone.
        """
        config = session.config
        assert isinstance(config, WeaverConfig)
        if config.directory == "rest":
            yield from super().read(session, cursor)
            return
        try:
            yield self._from_soap(session, config, cursor)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _from_soap(self, session: Session, config: WeaverConfig, cursor: Cursor) -> Page:
        started = session.clock.now()
        service = hrm_service(session, config)
        values = dict.fromkeys((f"in{n}" for n in range(1, self.arguments)), "")
        if self.since and cursor is not None:
            day = (read_cursor(cursor) - timedelta(days=1)).astimezone(ZoneInfo(config.timezone))
            values[f"in{self.arguments - 1}"] = day.date().isoformat()
        answer = service.read(self.operation, in0=config.own_address, **values)
        return page_of(answer, cursor=write_cursor(started) if self.since else None)


UNITS = LiveThenCancelled(name="curpage", size=200, size_name="pagesize", records=_LIST)


def hrm_service(session: Session, config: WeaverConfig) -> SoapService:
    """Return HrmService, after it has said that it knows us.

    Raises:
        AuthError: ``weaver.address_unlisted``.
        ConfigError: ``weaver.address_missing``: the connection does not name our address.
    """
    if not config.own_address:
        raise ConfigError("weaver.address_missing", vendor="Weaver")
    namespace = config.soap_namespace or f"{session.http.base_url}{SERVICE}"
    service = SoapService(session.http, WSDL, path=SERVICE, fill={NAMESPACE: namespace})
    if str(service.call("checkInvokeClient", idempotent=True) or "") != "1":
        raise AuthError("weaver.address_unlisted", vendor="Weaver")
    return service


def changed() -> ModifiedSince:
    """Ask for people that changed since, in the server's local time; ten minutes are read again."""
    return ModifiedSince("modified", time_format="%Y-%m-%d %H:%M:%S", lookback_s=600)


def _division(number: Any) -> str | None:
    return None if number in _NONE else f"S{number}"


def _is_secondary(row: bytes | memoryview) -> bool:
    try:
        return str(msgspec.json.decode(row, type=_Account).accounttype or "0") == SECONDARY
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False  # it is refused where it is decoded
