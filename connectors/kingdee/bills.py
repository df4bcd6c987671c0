"""Queries of forms: rows come as arrays in the order in which their fields were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from connectors.kingdee.signing import service
from hrhub.connector import HttpStream, JsonRecords, ModifiedSince, Session
from hrhub.errors import ContractChanged, RowRejected
from hrhub.http.answer import Answer
from hrhub.http.paging import Offset, PageRequest, Paging

QUERY = service("DynamicFormService.ExecuteBillQuery")
_PAGES = Offset(name="data.StartRow", size=2000, size_name="data.Limit")
_ROW = msgspec.json.Decoder(list[Any], float_hook=Decimal)


class _Status(msgspec.Struct):
    IsSuccess: bool = True
    MsgCode: int | str | None = None
    ErrorCode: int | str | None = None


class _Holder(msgspec.Struct):
    ResponseStatus: _Status | None = None


class _Refusal(msgspec.Struct):
    Result: _Holder | None = None
    ResponseStatus: _Status | None = None


_ONE = msgspec.json.Decoder(_Refusal)
_NESTED = msgspec.json.Decoder(list[list[_Refusal]])

REFUSED = "refused"
"""Stands for a refusal without a number of its own."""

SYSTEM_CODES = ("1", "4", "8", "9")
"""Refusals of a call as such: no session, form, parameter or field unknown."""


def code_of(answer: Answer) -> str | None:
    """Return the number of a refusal, which comes with status 200 in one of three places.

    A refused document is not an error of the call: who writes reads what was wrong with it.
    """
    head = answer.body[:3].lstrip()
    try:
        if head.startswith(b"[[{"):
            found = _NESTED.decode(answer.body)[0][0]
        elif head.startswith(b"{"):
            found = _ONE.decode(answer.body)
        else:
            return None
    except (msgspec.DecodeError, IndexError):
        return None
    status = found.ResponseStatus or (found.Result.ResponseStatus if found.Result else None)
    if status is None or status.IsSuccess:
        return None
    code = str(status.MsgCode or status.ErrorCode or REFUSED)
    return code if head.startswith(b"[[{") or code in SYSTEM_CODES else None


class Rows(JsonRecords):
    """Rows of a query; ``FDept.FNumber`` becomes a value within a value.

    Args:
        fields: Field keys, in the order in which they are asked for.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__("")
        self.fields = tuple(fields)
        self._places = [tuple(name.split(".")) for name in self.fields]

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page into rows.

        Raises:
            ContractChanged: It is no list, or a refusal in the form of one.
        """
        rows = super().split(body)
        if rows and bytes(rows[0])[:2] == b"[{":
            raise ContractChanged("vendor.records_missing", path="")
        return rows

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a row and name its values."""
        try:
            values = _ROW.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "json") from None
        if len(values) != len(self._places):
            raise RowRejected("parse", "", "columns")
        row: dict[str, Any] = {}
        for place, value in zip(self._places, values, strict=True):
            inner = row
            for name in place[:-1]:
                inner = inner.setdefault(name, {})
            inner[place[-1]] = value
        return row


@dataclass(frozen=True, kw_only=True)
class Bill(HttpStream):
    """Rows of one form.

    Attributes:
        form: Its id.
        order: What rows are ordered by: a key that only grows, so that new rows come last.
        where: Condition that always holds.
    """

    path: str = QUERY
    method: str = "POST"
    pages: Paging = _PAGES
    form: str
    order: str
    where: str = ""

    def request(self, session: Session) -> PageRequest:
        """Return the query of the form."""
        assert isinstance(self.records, Rows)
        data = {
            "FormId": self.form,
            "FieldKeys": ",".join(self.records.fields),
            "FilterString": self.where,
            "OrderString": f"{self.order} ASC",
            "TopRowCount": 0,
        }
        return PageRequest(self.path, method=self.method, json={"data": data})


def changed(where: str = "") -> ModifiedSince:
    """Ask for rows that hold a condition and changed since; times are the server's local ones."""
    since = "FModifyDate>='{since}'"
    template = f"({where}) and {since}" if where else since
    return ModifiedSince("data.FilterString", template, "%Y-%m-%d %H:%M:%S")
