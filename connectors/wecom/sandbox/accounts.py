"""Members that contact sync writes into the simulated directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from connectors.wecom.sandbox.refusal import Refusal
from connectors.wecom.sandbox.rows import Row

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@.-]{0,63}")
_MOBILE = re.compile(r"1\d{10}|\+\d{6,15}")
_ACTIVE, _DISABLED, _FRESH = 1, 2, 4
_OWN_FIELDS = ("工号", "入职日期", "主页")
_KEPT = ("name", "position", "gender", "email")


def create(members: list[Row], departments: Sequence[Row], body: Row) -> Row:
    """Add a member, not activated."""
    user_id = str(body.get("userid", ""))
    if not _ID.fullmatch(user_id):
        raise Refusal(40003, "invalid userid")
    if _found(members, user_id) is not None:
        raise Refusal(60102, "userid existed")
    if not body.get("name"):
        raise Refusal(60112, "invalid name")
    if not body.get("department"):
        raise Refusal(60127, "missing department")
    if not body.get("mobile") and not body.get("email"):
        raise Refusal(60129, "missing mobile or email")
    member: Row = {
        # User ids know no case; answers need not keep the one they came in.
        "userid": user_id.lower(),
        "mobile": "",
        "biz_mail": "",
        "direct_leader": [],
        "telephone": "",
        "extattr": {"attrs": []},
        "status": _FRESH,
        **dict.fromkeys(_KEPT, ""),
    }
    _put(members, departments, member, body)
    members.append(member)
    return {"errmsg": "created"}


def update(members: list[Row], departments: Sequence[Row], body: Row) -> Row:
    """Change a member; what is not named stays."""
    member = _found(members, str(body.get("userid", "")))
    if member is None:
        raise Refusal(60111, "userid not found")
    if member["status"] == _ACTIVE:
        # Members who use it change their number themselves: it is ignored without a word.
        body = {name: value for name, value in body.items() if name != "mobile"}
    _put(members, departments, member, body)
    return {"errmsg": "updated"}


def _put(members: list[Row], departments: Sequence[Row], member: Row, body: Row) -> None:
    """Check everything, then write it."""
    others = [m for m in members if m["userid"] != member["userid"]]
    changed: Row = {name: body[name] for name in _KEPT if name in body}
    if mobile := str(body.get("mobile", "")).replace(" ", "").removeprefix("+86"):
        if not _MOBILE.fullmatch(mobile):
            raise Refusal(60103, "invalid mobile")
        if any(m["mobile"] == mobile for m in others):
            raise Refusal(60104, "mobile existed")
        changed["mobile"] = mobile
    if body.get("email") and any(m["email"] == body["email"] for m in others):
        raise Refusal(60106, "email existed")
    if "department" in body:
        places = body["department"]
        if set(places) - {d["id"] for d in departments}:
            raise Refusal(60123, "invalid department")
        changed |= {
            "department": places,
            "main_department": body.get("main_department", places[0]),
            "order": [0] * len(places),
            "is_leader_in_dept": [0] * len(places),
        }
    if "extattr" in body:
        # Fields that nobody made in the console are ignored.
        known = [a for a in body["extattr"]["attrs"] if a["name"] in _OWN_FIELDS]
        changed["extattr"] = {"attrs": known}
    if "enable" in body:
        changed["status"] = _status(member, body["enable"])
    member |= changed


def _status(member: Row, enable: Any) -> int:
    if enable == 0:
        return _DISABLED
    was: int = member["status"]
    return _FRESH if was == _DISABLED else was


def _found(members: Sequence[Row], user_id: str) -> Row | None:
    return next((m for m in members if m["userid"] == user_id.lower()), None)
