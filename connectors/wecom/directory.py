"""The directory: members, department by department, and the way to a member's user id.

There is no list of all members that an application of today may read, no paging and no "changed
since": every department is asked for its direct members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from hrhub.connector import Cursor, JsonRecords, Page, Session, Stream, page_of
from hrhub.errors import ContractChanged, VendorError
from hrhub.http.answer import Answer


class _Placed(msgspec.Struct):
    userid: str
    department: list[int] = []


class _Members(msgspec.Struct):
    userlist: list[_Placed]


class _RawMembers(msgspec.Struct):
    userlist: list[msgspec.Raw]


class _Unit(msgspec.Struct):
    id: int


class _Units(msgspec.Struct):
    department_id: list[_Unit]


class DepartmentRecords(JsonRecords):
    """Departments, with the one above under ``above``; the root says 0 and has none."""

    def __init__(self) -> None:
        super().__init__("department")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a department and put the one above beside it."""
        unit = super().decode(raw, meta)
        return {"above": unit.get("parentid") or None, **unit}


class MemberRecords(JsonRecords):
    """Members, with the tenant's own fields by name under ``own``.

    WeCom has no field for the work number; tenants add one, and it comes in a list of
    ``{type, name, text: {value}}`` in no fixed order, which no path could name.
    """

    def __init__(self) -> None:
        super().__init__("userlist")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a member and put its own fields beside it."""
        member = super().decode(raw, meta)
        return {"own": own_fields(member), **member}


def own_fields(member: Mapping[str, Any]) -> dict[str, str]:
    """Return the tenant's own text fields of a member, by name."""
    extra = member.get("extattr")
    rows = extra.get("attrs") if isinstance(extra, dict) else None
    found: dict[str, str] = {}
    for row in rows if isinstance(rows, list) else ():
        text = row.get("text") if isinstance(row, dict) else None
        value = text.get("value") if isinstance(text, dict) else None
        if isinstance(value, str) and isinstance(row.get("name"), str):
            found[row["name"]] = value
    return found


@dataclass(frozen=True, kw_only=True)
class Members(Stream):
    """Members of all departments that the application may see."""

    records: JsonRecords = field(default_factory=MemberRecords)

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield one page per department; who belongs to several is in the first one only.

        Raises:
            ContractChanged: ``wecom.nobody_visible``: not one member was shown. Everybody would
                count as gone otherwise, when only the visible range was emptied.
        """
        seen: set[str] = set()
        try:
            for answer in members(session, "/user/list"):
                page = _without(page_of(answer), seen)
                if page is not None:
                    yield page
            if not seen:
                raise ContractChanged("wecom.nobody_visible", vendor="WeCom")
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise


def _without(page: Page, seen: set[str]) -> Page | None:
    """Return a page less the members seen before, None if nobody is left; note who is new.

    The records that stay are the bytes that came.
    """
    rows = msgspec.json.decode(page.body, type=_RawMembers).userlist
    fresh = []
    for raw in rows:
        user_id = msgspec.json.decode(raw, type=_Placed).userid
        if user_id not in seen:
            seen.add(user_id)
            fresh.append(raw)
    if len(fresh) == len(rows):
        return page
    body = msgspec.json.encode({"userlist": fresh})
    return replace(page, body=body) if fresh else None


def department_ids(session: Session) -> list[int]:
    """Return the ids of the departments that the application may see."""
    answer = session.http.get("/department/simplelist")
    return [unit.id for unit in _read(answer, _Units, "department_id").department_id]


def members(session: Session, path: str) -> Iterator[Answer]:
    """Yield the answers for the departments that have direct members.

    Raises:
        ContractChanged: ``vendor.page_loop``: the answer for one department holds members of
            others only. Equal answers alone prove nothing: two departments may share their one
            member.
    """
    for id_ in department_ids(session):
        answer = session.http.get(path, params={"department_id": id_})
        rows = _read(answer, _Members, "userlist").userlist
        if any(row.department and id_ not in row.department for row in rows):
            raise ContractChanged("vendor.page_loop", rule="department")
        if rows:
            yield answer


def user_ids(session: Session) -> list[str]:
    """Return the user ids of all visible members, sorted, each once."""
    found = {
        row.userid
        for answer in members(session, "/user/simplelist")
        for row in _read(answer, _Members, "userlist").userlist
    }
    return sorted(found)


def user_ids_by_work_no(session: Session, field_name: str) -> dict[str, str]:
    """Return work number -> user id; numbers that two members carry are left out."""
    found: dict[str, set[str]] = {}
    for answer in members(session, "/user/list"):
        for member in answer.json()["userlist"]:
            if number := own_fields(member).get(field_name):
                found.setdefault(number, set()).add(member["userid"])
    return {number: ids.copy().pop() for number, ids in found.items() if len(ids) == 1}


def _read(answer: Answer, shape: Any, path: str) -> Any:
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.ValidationError:
        raise ContractChanged("vendor.records_missing", path=path) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ContractChanged("vendor.page_broken", bytes=len(answer.body)) from None
