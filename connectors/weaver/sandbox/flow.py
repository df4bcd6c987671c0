"""Requests of workflows, simulated: their lists, and what was done with each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.weaver.sandbox.rows import Directory, Row, local
from hrhub.sandbox.world import World

_PEOPLE = 24
_FIRST = 447_000
_ZONE = ZoneInfo("Asia/Shanghai")
_WORKFLOWS = {"231": "请假申请", "232": "加班申请", "233": "用印申请", "234": "离职申请"}
_MADE, _DECIDED, _END = ("501", "创建"), ("502", "上级审批"), ("503", "归档")


class Flow:
    """The requests of an installation.

    Attributes:
        rows: Requests, the latest first, as lists show them; ``log`` has what was done with each,
            the latest first.
    """

    def __init__(self, world: World, directory: Directory) -> None:
        self._now = world.now
        self._entry = itertools.count(5_382_852)
        self._names = {row["id"]: row["lastname"] for row in directory.people}
        self.rows: list[Row] = []
        morning = datetime.combine(world.as_of, time(9), _ZONE)
        for place, (creator, boss) in enumerate(_working(world, directory)):
            workflow = list(_WORKFLOWS)[place % len(_WORKFLOWS)]
            at = morning - timedelta(days=place % 40, minutes=place)
            request = self.start(creator, workflow, _WORKFLOWS[workflow], at)
            if place % 5 == 1:
                self._act(request, _DECIDED, boss, "退回", at + timedelta(minutes=5), "请补充\n")
                self._go(request, _MADE)
                self._act(request, _MADE, creator, "提交", at + timedelta(minutes=9), "")
                self._go(request, _DECIDED)
            if place % 5 > 1:
                self._act(request, _DECIDED, boss, "批准", at + timedelta(minutes=15), "同意\n")
                self._go(request, _END)
        self.rows.sort(key=lambda request: str(request["lastOperateTime"]), reverse=True)

    def start(self, creator: str, workflow: str, name: str, at: datetime | None = None) -> Row:
        """Let somebody hand in a request, which then waits for the superior."""
        at = at or self._now
        info = {"workflowId": workflow, "workflowName": name, "formId": f"-{workflow}"}
        number = str(_FIRST + len(self.rows))
        request: Row = {
            "requestId": number,
            "requestName": f"{name}-{number}",
            "requestLevel": "0",
            "creatorId": creator,
            "creatorName": self._names.get(creator, ""),
            "createTime": local(at),
            "workflowBaseInfo": {**info, "workflowTypeId": "21", "workflowTypeName": "人事"},
            "sysName": "",
            "log": [],
        }
        self.rows.insert(0, request)
        self._act(request, _MADE, creator, "提交", at, "")
        self._go(request, _DECIDED)
        return request

    def decide(self, number: str, who: str) -> None:
        """Let somebody approve a request, which is then archived."""
        self.remark(number, who, "批准")
        self._go(self._find(number), _END)

    def remark(self, number: str, who: str, kind: str = "批注") -> None:
        """Let somebody write into the log of a request."""
        self._act(self._find(number), _DECIDED, who, kind, self._now, "知悉")

    def listed(self, asked: Row, page: int, size: int) -> list[Row]:
        """Return a page of the requests that fit: open or archived, last touched on such days."""
        rows = [row for row in self.rows if _fits(row, asked)]
        return [_shown(row) for row in rows[(page - 1) * size : page * size]]

    def entries(self, number: str, before: int, size: int) -> list[Row]:
        """Return entries of a log, the latest first, numbered below ``before`` unless it is 0."""
        log = self._find(number)["log"]
        return [e for e in log if not before or int(e["id"]) < before][:size]

    def steps(self) -> int:
        """Count what was done and what is waited for."""
        return sum(len(row["log"]) + (not _archived(row)) for row in self.rows)

    def _find(self, number: str) -> Row:
        return next(row for row in self.rows if row["requestId"] == number)

    def _act(
        self, request: Row, node: tuple[str, str], who: str, kind: str, at: datetime, remark: str
    ) -> None:
        day, hour = local(at).split(" ")
        entry = {
            "id": str(next(self._entry)),
            "nodeId": node[0],
            "nodeName": node[1],
            "operateDate": day,
            "operateTime": hour,
            "operateType": kind,
            "operatorDept": "",
            "operatorId": who,
            "operatorName": self._names.get(who, ""),
            "receivedPersons": "",
            "remark": remark,
            "annexDocHtmls": "",
            "signDocHtmls": "",
            "signWorkFlowHtmls": "",
        }
        request["log"].insert(0, entry)
        request |= {
            "lastOperateTime": local(at),
            "lastOperatorId": who,
            "lastOperatorName": entry["operatorName"],
            "receiveTime": local(at),
        }

    def _go(self, request: Row, node: tuple[str, str]) -> None:
        request |= {"currentNodeId": node[0], "currentNodeName": node[1], "status": node[1]}


def _working(world: World, directory: Directory) -> Iterator[tuple[str, str]]:
    """Yield people with their superiors; not those whose own record the hub refuses.

    Who decides was settled when somebody began; later changes leave requests as they are.
    """
    ids = {row["workcode"]: str(row["id"]) for row in directory.people}
    faulty = {spell.user_id for person in world.people if person.faulty for spell in person.spells}
    pairs = ((s.user_id, s.jobs[0].manager_user_id) for _, s in world.employed)
    staff = ((ids[own], ids[boss]) for own, boss in pairs if boss and not {own, boss} & faulty)
    return itertools.islice(staff, _PEOPLE)


def _archived(row: Row) -> bool:
    return bool(row["currentNodeId"] == _END[0])


def _fits(row: Row, asked: Row) -> bool:
    if asked.get("archivestatus") != ("1" if _archived(row) else "2"):
        return False
    if asked.get("operatedateselect") != "6":
        return True
    day = str(row["lastOperateTime"])[:10]
    return bool(asked["operatedatefrom"] <= day <= asked["operatedateto"])


def _shown(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "log"}
