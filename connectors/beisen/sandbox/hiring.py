"""Resumes, interviews and offers in Beisen's words; their shapes are assumed."""

from __future__ import annotations

from connectors.beisen.sandbox.rows import Row, guid
from hrhub.sandbox.records import WorldPerson

_RESULTS = ("通过", "待定", "不通过")


def modules(person: WorldPerson, number: int) -> Row:
    """Return what somebody's resume claims: the job before the company, and a school."""
    hired = person.spells[0].hire_date
    return {
        "WorkExperience": [
            {
                "CompanyName": f"示例科技{number % 7}有限公司",
                "PositionName": "工程师",
                "Department": "研发部",
                "Duty": None,
                # A number that cannot be read, with its words beside it.
                "Salary": -32767,
                "OgSalary": "面议",
                "StartDate": f"{hired.year - 3}-07",
                "EndDate": "至今" if number % 4 == 0 else f"{hired.year}-{hired.month:02d}",
                "LeaveReason": None,
            }
        ],
        "EducationExperience": [
            {
                "SchoolName": "测试大学",
                "Major": "计算机",
                "EducationLevel": "本科",
                "StudyMode": "全日制",
                "StartDate": f"{hired.year - 7}-09",
                "EndDate": f"{hired.year - 3}-06",
            }
        ],
    }


def interview(application: Row, number: int) -> Row:
    """Return a round that was held, or that is to come while the application stands there."""
    held = number % 5 != 0
    result = _RESULTS[number % 3] if held else None
    return {
        "interviewId": guid(f"interview{application['applyId']}"),
        "applyId": application["applyId"],
        "roundNum": 1,
        "interviewType": 1 + number % 3,
        "interviewStatus": 4 if held else 1,
        "startTime": "2026-10-12 10:00:00",
        "endTime": "2026-10-12 11:00:00",
        "interviewerIds": [612000001],
        "score": 60 + number % 40 if held else None,
        "fullScore": 100,
        "result": result,
        "comment": None,
        "evaluations": [
            {"code": "LOGIC", "name": "逻辑思维", "score": 1 + number % 5, "fullScore": 5},
            # Nobody scored it.
            {"code": "COMM", "name": "沟通", "score": None, "fullScore": 5},
        ]
        if held
        else [],
        "failureReasons": [{"reason": "低于标准", "decisive": True}] if result == "不通过" else [],
        "modifiedTime": application["modifiedTime"],
    }


def offer(application: Row, number: int) -> Row:
    """Return an offer: accepted by those who came, sent to the others."""
    came = application["phaseName"] == "已入职"
    return {
        "offerId": guid(f"offer{application['applyId']}"),
        "applyId": application["applyId"],
        "offerStatus": 3 if came else 2,
        "sendTime": "2026-10-20 10:00:00",
        "replyTime": "2026-10-22 18:30:00" if came else "0001-01-01 00:00:00",
        "expectEntryDate": "2026-12-01",
        "oIdDepartment": None,
        "oIdJobPosition": None,
        "place": "上海",
        "salary": 15000 + 500 * (number % 20),
        "currency": "CNY",
        "salaryPeriod": "月",
        "payItems": [],
        "rejectReason": None,
        "modifiedTime": application["modifiedTime"],
    }
