"""Generated employees, as a vendor sends them: nested JSON of about 1.9 KB each.

A record fills all 34 flat columns of the ``employee`` feed and two child lists, and carries as
much again that no mapping asks for, as vendors' records do.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from hrhub.sandbox import names, national_ids

CHANGED_EVERY = 100
"""One record in so many differs in the second reading."""
UNITS = 200
POSITIONS = 400

_EDITS = ("mobile", "grade", "unit", "marital_status")
_encode = msgspec.json.Encoder().encode


def work_no(index: int) -> str:
    """Return the work number of the employee at a place in the list."""
    return f"E{index + 100_000:07d}"


def employees(count: int, moment: str = "before") -> Iterator[bytes]:
    """Yield raw records, the same every time.

    ``after`` one in a hundred is edited, in one way or another; ``moved`` everybody has another
    family status, contract and post.
    """
    rng = random.Random(1)
    taken: set[str] = set()
    for index in range(count):
        record = _employee(rng, index, taken)
        if moment == "after" and index % CHANGED_EVERY == 7:
            _edit(record, index)
        elif moment == "moved":
            _move(record)
        yield _encode(record)


def _employee(rng: random.Random, index: int, taken: set[str]) -> dict[str, Any]:
    gender: names.Gender = "male" if rng.random() < 0.5 else "female"
    name = names.draw(rng, gender)
    born = date(1966, 1, 1) + timedelta(days=rng.randrange(14_000))
    hired = date(2005, 1, 3) + timedelta(days=rng.randrange(7_700))
    since = hired + timedelta(days=rng.randrange(200))
    number, key = work_no(index), f"6{index:09d}"
    unit, post = rng.randrange(UNITS), rng.randrange(POSITIONS)
    left = rng.random() < 0.08
    return {
        "userId": key,
        "jobNumber": number,
        "modifiedTime": f"2026-11-{rng.randrange(1, 20):02d}T{rng.randrange(24):02d}:15:00Z",
        "basic": {
            "name": name.family + name.given,
            "familyName": name.family,
            "givenName": name.given,
            "englishName": name.latin,
            "gender": 1 if gender == "male" else 2,
            "birthday": born.isoformat(),
            "nationality": "CHN",
            "maritalStatus": rng.choice(("married", "single")),
            "ethnicity": "汉族",
            "politicalStatus": "群众",
            "householdType": rng.choice(("城镇", "农村")),
        },
        "employment": {
            "status": 8 if left else 3,
            "companyCode": f"C{rng.randrange(20):02d}",
            "entryDate": hired.isoformat(),
            "firstEntryDate": hired.isoformat(),
            "workStartDate": (hired - timedelta(days=rng.randrange(3_000))).isoformat(),
            "leaveDate": "2026-10-31" if left else None,
            "lastWorkDate": "2026-10-30" if left else None,
            "probationEndDate": (hired + timedelta(days=180)).isoformat(),
            "contract": {
                "type": rng.choice(("fixed", "open")),
                "begin": hired.isoformat(),
                "end": (hired + timedelta(days=1_095)).isoformat(),
                "no": f"HT-{hired.year}-{index:06d}",
            },
        },
        "post": {
            "kind": "primary",
            "deptCode": f"D{unit:04d}",
            "deptName": f"第{unit}事业部华东区域交付中心",
            "positionCode": f"P{post:04d}",
            "jobCode": f"J{post % 60:03d}",
            "jobTitle": rng.choice(("高级工程师", "工程师", "产品经理", "销售顾问", "运营专员")),
            "grade": f"G{rng.randrange(1, 15):02d}",
            "leader": {"userId": f"6{index // 9:09d}", "name": "-"},
            "workPlace": rng.choice(("上海", "北京", "深圳", "成都", "武汉")),
            "costCenter": f"CC{unit:05d}",
            "fte": 1 if rng.random() < 0.97 else 0.5,
            "employType": rng.choice(("FT", "FT", "FT", "PT", "IN")),
            "event": rng.choice(("hire", "transfer", "promotion")),
            "eventReason": "annual",
            "effectiveDate": since.isoformat(),
        },
        "contacts": [
            {
                "type": "mobile",
                "scope": "personal",
                "primary": True,
                "value": f"13{index:09d}",
            },
            {
                "type": "email",
                "scope": "work",
                "primary": True,
                "value": f"{name.mail_part}{index}@example.com",
            },
        ],
        "identifiers": [
            {
                "type": "ID",
                "no": national_ids.draw(rng, born, gender == "male", taken),
                "issuer": "上海市公安局徐汇分局",
                "from": "2016-05-01",
                "to": "2036-05-01",
            }
        ],
        "education": [
            {
                "school": rng.choice(("某某理工大学", "某某师范大学", "某某科技学院")),
                "major": "计算机科学与技术",
                "degree": "本科",
                "begin": "2008-09-01",
                "end": "2012-06-30",
            }
        ],
        "bank": {
            "name": "某某银行上海分行",
            "account": "-",
            "province": "上海市",
            "city": "上海市",
        },
        "custom": {
            f"ext{n:02d}": rng.choice(("是", "否", "未填写", "2026-01-01", "A", "B", "待确认"))
            for n in range(12)
        },
        "remark": "系统同步数据,请勿手工修改。" * 4,
    }


def _edit(record: dict[str, Any], index: int) -> None:
    record["modifiedTime"] = "2026-11-23T10:00:00Z"
    kind = _EDITS[index // CHANGED_EVERY % len(_EDITS)]
    if kind == "mobile":
        record["contacts"][0]["value"] = f"15{index:09d}"
    elif kind == "grade":
        record["post"] |= {"grade": "G15", "effectiveDate": "2026-11-23"}
    elif kind == "unit":
        record["post"] |= {"deptCode": "D0000", "effectiveDate": "2026-11-23"}
    else:
        record["basic"]["maritalStatus"] = "divorced"


def _move(record: dict[str, Any]) -> None:
    record["modifiedTime"] = "2026-11-24T10:00:00Z"
    record["basic"]["maritalStatus"] = "widowed"
    record["employment"]["contract"]["end"] = "2039-12-31"
    record["post"] |= {"grade": "G20", "effectiveDate": "2026-11-24"}


def units() -> Iterator[bytes]:
    """Yield the organisational units that employees work in."""
    for index in range(UNITS):
        yield _encode(
            {
                "code": f"D{index:04d}",
                "name": f"第{index}事业部",
                "parent": f"D{index // 8:04d}" if index else None,
                "begin": "2001-01-01",
            }
        )


def positions() -> Iterator[bytes]:
    """Yield the positions that employees hold."""
    for index in range(POSITIONS):
        yield _encode(
            {
                "code": f"P{index:04d}",
                "title": f"岗位{index}",
                "unit": f"D{index % UNITS:04d}",
                "begin": "2001-01-01",
            }
        )
