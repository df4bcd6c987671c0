"""Recruiting in Beisen's words: jobs, and people of the company who once applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.beisen.sandbox import hiring
from connectors.beisen.sandbox.rows import BEGAN, Row, changed, guid
from hrhub.sandbox.records import WorldPerson
from hrhub.sandbox.world import World

_JOBS = 12
_APPLIED_EVERY = 2
_BATCH = 10
_MOST_IDS = 100
_PHASES = ("初筛", "测评", "面试", "录用", "已入职", "淘汰")


class Recruiting:
    """Jobs, applications and profiles.

    Attributes:
        calls: What each call returns as its data.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.people = world.people[::_APPLIED_EVERY]
        self.jobs = [self._job(n) for n in range(min(_JOBS, len(world.positions)))]
        self.applications = [self._application(n, p) for n, p in enumerate(self.people)]
        self.profiles = {
            self._applicant(p): {
                **_profile(p, self._applicant(p)),
                "modules": hiring.modules(p, number),
            }
            for number, p in enumerate(self.people)
        }
        self.interviews = [hiring.interview(a, n) for n, a in self._in(("面试", "录用", "已入职"))]
        self.offers = [hiring.offer(a, n) for n, a in self._in(("录用", "已入职"))]
        self.calls: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "Job/GetJobList": self._job_list,
            "Apply/GetApplyListByModifiedTime": self._modified,
            "Apply/GetApplyListByApplyId": self._by_id,
            "Applicant/GetPersonProfileList": self._profile_list,
            "Interview/GetInterviewListByApplyIds": lambda g: _of(self.interviews, g),
            "RecruitOnBoarding/GetOfferInfos": lambda given: _of(self.offers, given),
        }

    def _in(self, phases: Sequence[str]) -> Sequence[tuple[int, Row]]:
        return [(n, a) for n, a in enumerate(self.applications) if a["phaseName"] in phases]

    def refused(self, of: Sequence[Row]) -> int:
        """Return how many records belong to the application of somebody who is refused."""
        bad = {guid(f"apply{p.person_id}") for p in self.people if p.faulty}
        return sum(row["applyId"] in bad for row in of)

    def _job_list(self, given: Mapping[str, Any]) -> Sequence[Row]:
        page, size = int(given.get("pageIndex", 1)), int(given.get("pageSize", 20))
        return self.jobs[(page - 1) * size : page * size]

    def _modified(self, given: Mapping[str, Any]) -> Row:
        first, last = (str(given[n]).replace(" ", "T") for n in ("startTime", "endTime"))
        found = [a for a in self.applications if first <= a["_at"] <= last]
        start = int(given.get("batchId") or 0)
        part = found[start : start + _BATCH]
        last_batch = start + _BATCH >= len(found)
        names = ("applyId", "applicantId", "jobId")
        return {
            "items": [{n: a[n] for n in names} for a in part],
            "nextBatchId": "" if last_batch else str(start + _BATCH),
            "isLastBatch": last_batch,
        }

    def _by_id(self, given: Mapping[str, Any]) -> Sequence[Row]:
        wanted = _ids(given, "applyIds")
        found = [a for a in self.applications if a["applyId"] in wanted]
        return [{n: v for n, v in a.items() if n != "_at"} for a in found]

    def _profile_list(self, given: Mapping[str, Any]) -> Sequence[Row]:
        return [self.profiles[i] for i in _ids(given, "applicantIds") if i in self.profiles]

    def _job(self, number: int) -> Row:
        position = self._world.positions[number]
        now = position.slices[-1]
        return {
            "jobId": guid(f"job{position.code}"),
            "jobIntId": 7000 + number,
            "jobCode": f"ZW{number:05d}",
            "jobTitle": now.title,
            # Zero stands for "several".
            "headCount": number % 3,
            "orgId": None,
            "isDeleted": number % 7 == 6,
            "modifiedDate": changed(now.modified_at).replace("T", " "),
        }

    def _application(self, number: int, person: WorldPerson) -> Row:
        at = changed(person.modified_at)
        return {
            "applyId": guid(f"apply{person.person_id}"),
            "applicantId": self._applicant(person),
            "jobId": self.jobs[number % len(self.jobs)]["jobId"],
            "jobName": self.jobs[number % len(self.jobs)]["jobTitle"],
            "phaseName": _PHASES[number % len(_PHASES)],
            "statusName": "已处理",
            "channelName": "官网",
            "applyDate": f"{BEGAN.isoformat()} 10:00:00",
            "modifiedTime": at.replace("T", " "),
            "isDeleted": number % 11 == 10,
            "_at": at,
        }

    def _applicant(self, person: WorldPerson) -> str:
        return guid(f"applicant{person.person_id}")


def _profile(person: WorldPerson, applicant: str) -> Row:
    said = {
        "Name": (person.display_name, None),
        "Mobile": (person.mobile, None),
        "Email": (person.personal_email, None),
        "Gender": ("0", "男") if person.gender == "male" else ("1", "女"),
        "Birthday": (person.birth_date.isoformat(), None),
        "IDNumber": (person.national_id, None),
        "EducationLevel": ("5", "本科"),
        "School": ("测试大学", None),
    }
    pairs = [
        {"name": name, "value": value, "text": text, "downloadUrl": None}
        for name, (value, text) in said.items()
    ]
    return {"applicantId": applicant, "fieldValues": pairs}


def _of(rows: Sequence[Row], given: Mapping[str, Any]) -> Sequence[Row]:
    wanted = _ids(given, "applyIds")
    return [row for row in rows if row["applyId"] in wanted]


def _ids(given: Mapping[str, Any], name: str) -> Sequence[str]:
    """Return the ids of a request.

    Raises:
        ValueError: They are too many.
    """
    ids = [str(one) for one in given[name]]
    if len(ids) > _MOST_IDS:
        raise ValueError(name)
    return ids
