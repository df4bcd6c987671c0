"""Assessments in Beisen's words, as assumed: activities, people who take them, reports."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.beisen.sandbox.rows import Row

_ACTIVITIES = (
    ("A2026001", "校招职业性格", "PQ-5", "职业性格问卷"),
    ("A2026002", "管理岗认知能力", "COG-2", "认知能力测验"),
)
_SCALES = {
    "PQ-5": (
        ("E", "外向性", None, "sten", 10),
        ("E1", "社交", "E", "sten", 10),
        ("C", "尽责性", None, "T", 80),
    ),
    "COG-2": (("V", "言语推理", None, "percentile", 99), ("N", "数字推理", None, "percentile", 99)),
}
_READY, _EXPIRED = 3, 4


class Assessing:
    """Activities and who was added to them.

    Attributes:
        testees: By their id.
        calls: What each call returns as its data.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self._idle = options.get("people") == "idle"
        self._numbers = itertools.count(1)
        self.testees: dict[str, Row] = {}
        self.calls: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "Activity/GetList": self._activities,
            "Activity/AddTestee": self._add,
            "Testee/GetStatus": self._status,
            "Report/GetByTesteeId": self._report,
        }

    def advance(self) -> None:
        """Let a day pass: people begin, finish, and their report is made; or nobody begins."""
        for testee in self.testees.values():
            if testee["status"] < _READY:
                testee["status"] = _EXPIRED if self._idle else testee["status"] + 1

    def _activities(self, given: Mapping[str, Any]) -> Sequence[Row]:
        return [
            {
                "activityId": code,
                "activityName": name,
                "products": [{"productCode": product, "productName": title, "language": "zh-CN"}],
                "status": 1,
            }
            for code, name, product, title in _ACTIVITIES
        ]

    def _add(self, given: Mapping[str, Any]) -> Sequence[Row]:
        """Add people; one external id given twice is two people."""
        products = {code: product for code, _, product, _ in _ACTIVITIES}
        product = products[str(given["activityId"])]
        out = []
        for person in given["testees"]:
            key = person["externalId"]
            if len(str(person.get("mobile"))) != 11 or not person.get("name"):
                out.append({"externalId": key, "code": 417, "message": "手机号格式错误"})
                continue
            number = f"T{next(self._numbers):08d}"
            self.testees[number] = {
                "testeeId": number,
                "externalId": key,
                "status": 0,
                "product": product,
                "testUrl": f"https://test.beisen.example/{number}",
            }
            told = {n: self.testees[number][n] for n in ("testeeId", "externalId", "testUrl")}
            out.append({**told, "expireTime": "2026-12-31 23:59:59", "code": 200, "message": ""})
        return out

    def _status(self, given: Mapping[str, Any]) -> Sequence[Row]:
        wanted, keys = given.get("testeeIds") or (), given.get("externalIds") or ()
        names = ("testeeId", "externalId", "status", "testUrl")
        return [
            {n: testee[n] for n in names}
            for number, testee in self.testees.items()
            if number in wanted or testee["externalId"] in keys
        ]

    def _report(self, given: Mapping[str, Any]) -> Row:
        testee = self.testees[str(given["testeeId"])]
        if testee["status"] != _READY:
            raise KeyError("report")
        rng = random.Random(testee["testeeId"])
        scales = [
            {
                "code": code,
                "name": name,
                "parentCode": parent,
                "score": rng.randint(1, top),
                "scoreType": kind,
                "level": None,
            }
            for code, name, parent, kind, top in _SCALES[testee["product"]]
        ]
        return {
            "testeeId": testee["testeeId"],
            "productCode": testee["product"],
            "normName": "2025 中国企业员工",
            "finishTime": "2026-11-20 15:30:00",
            "duration": 1820,
            "validity": {"answerConsistency": 0.93, "socialDesirability": 41, "level": "正常"},
            "overall": {"score": rng.randint(30, 90), "level": "中上"},
            "dimensions": scales,
            "reportUrl": f"https://report.beisen.example/{testee['testeeId']}",
        }
