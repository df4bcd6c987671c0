"""How the sandbox company recruits, in the words of a SuccessFactors tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.successfactors.sandbox.tables import day_ms, instant_ms
from hrhub.sandbox.hiring import Application, Opening, hiring
from hrhub.sandbox.records import WorldPerson
from hrhub.sandbox.world import World

PICKLISTS: dict[str, tuple[str, ...]] = {
    "requisitionStatus": ("OPEN", "FILLED", "CANCELLED", "ONHOLD"),
    "degree": ("A", "B", "M", "D"),
}
_STAGES = {
    "new": ("New Application", "Open"),
    "screening": ("Screening", "Open"),
    "interview": ("Interviewing", "Open"),
    "offer": ("Offer Extended", "Open"),
    "hired": ("Hired", "Closed"),
    "rejected": ("Not Selected", "Disqualified"),
    "withdrawn": ("Withdrawn By Candidate", "Withdraw"),
}
"""Stage -> name of the applicant status, and the state that follows from it."""
_STATUS_ID = {stage: 500 + place for place, stage in enumerate(_STAGES)}
_FIRST_CANDIDATE, _FIRST_REQUISITION, _FIRST_APPLICATION = 3000, 1200, 51000

Add = Callable[[str, Mapping[str, Any], datetime | int], None]
Option = Mapping[tuple[str, str], str]


class RecruitingRows:
    """Write openings, candidates and applications down as rows.

    Args:
        add: Takes an entity's name, values, and the time of the last change.
        option: Ids of picklist options by list and code.
    """

    def __init__(self, world: World, add: Add, option: Option) -> None:
        self._world, self._add, self._option = world, add, option
        self._moves = 0

    def write(self) -> None:
        """Write everything."""
        found = hiring(self._world)
        for stage, (name, _) in _STAGES.items():
            status = {"appStatusId": _STATUS_ID[stage], "appStatusName": name}
            self._add("JobApplicationStatus", status, 0)
        for opening in found.openings:
            self._opening(opening)
        for person in found.applicants:
            self._candidate(person)
        for application in found.applications:
            self._application(application)

    def _opening(self, opening: Opening) -> None:
        number = _FIRST_REQUISITION + opening.number
        filled = opening.headcount if opening.status == "filled" else 0
        self._add(
            "JobRequisition",
            {
                "jobReqId": number,
                "internalStatus": "Closed" if opening.closed_on else "Approved",
                "legalEntity_obj_code": opening.company_code,
                "department_obj_code": opening.department_code,
                "location_obj_code": opening.location,
                "positionNumber": opening.position_code,
                "country": "CN",
                "currency": "CNY",
                "numberOpenings": opening.headcount,
                "openingsFilled": filled,
                "createdDateTime": day_ms(opening.opened_on),
                "closedDateTime": opening.closed_on and day_ms(opening.closed_on),
                "statusOption": self._option["requisitionStatus", opening.status.upper()],
            },
            opening.modified_at,
        )
        self._add(
            "JobRequisitionLocale",
            {
                "jobReqLocalId": number,
                "jobReqId": number,
                "locale": "zh_CN",
                "jobTitle": opening.title,
                "externalTitle": opening.title,
            },
            0,
        )

    def _candidate(self, person: WorldPerson) -> None:
        number = _candidate_id(person)
        spell = person.spells[-1]
        at_work = spell.employed_on(self._world.as_of)
        modified = instant_ms(person.modified_at)
        self._add(
            "Candidate",
            {
                "candidateId": number,
                "firstName": person.given_name or None,
                "lastName": person.family_name,
                "primaryEmail": person.personal_email,
                "contactEmail": person.personal_email,
                "cellPhone": person.mobile,
                "country": "CN",
                "candidateLocale": "zh_CN",
                "currentTitle": spell.jobs[-1].job_title if at_work else None,
                "externalCandidate": not at_work,
                "usersSysId": spell.user_id if at_work else None,
                "creationDateTime": modified,
            },
            modified,
        )
        first_day = person.spells[0].hire_date
        self._add(
            "CandidateBackground_Education",
            {
                "backgroundElementId": 2 * number,
                "candidateId": number,
                "bgOrderPos": 1,
                "school": "华东示范大学",
                "startDate": day_ms(first_day - timedelta(days=3000)),
                "endDate": day_ms(first_day - timedelta(days=1550)),
                "degreeOption": self._option["degree", PICKLISTS["degree"][number % 3]],
            },
            modified,
        )
        self._add(
            "CandidateBackground_OutsideWorkExperience",
            {
                "backgroundElementId": 2 * number + 1,
                "candidateId": number,
                "bgOrderPos": 1,
                "employer": "华东示范贸易有限公司",
                "startTitle": "专员",
                "startDate": day_ms(first_day - timedelta(days=1500)),
                "endDate": day_ms(first_day - timedelta(days=20)),
            },
            modified,
        )

    def _application(self, made: Application) -> None:
        number = _FIRST_APPLICATION + made.number
        last = made.moves[-1]
        self._add(
            "JobApplication",
            {
                "applicationId": number,
                "candidateId": _candidate_id(made.person),
                "jobReqId": _FIRST_REQUISITION + made.opening.number,
                "appStatusSetItemId": _STATUS_ID[made.stage],
                "status": _STAGES[made.stage][1],
                "source": "Corporate Site",
                "country": "CN",
                "firstName": made.person.given_name or None,
                "lastName": made.person.family_name,
                "contactEmail": made.person.personal_email,
                "cellPhone": made.person.mobile,
                "startDate": made.starts_on and day_ms(made.starts_on),
                "hireDate": day_ms(made.starts_on)
                if made.starts_on and made.stage == "hired"
                else None,
                "snapShotDate": instant_ms(made.moves[0].at),
                "hiredOn": instant_ms(last.at) if made.stage == "hired" else None,
            },
            last.at,
        )
        for move in made.moves:
            self._moves += 1
            self._add(
                "JobApplicationStatusAuditTrail",
                {
                    "revNumber": 90_000 + self._moves,
                    "revType": "1",
                    "createdBy": "recruiter",
                    "applicationId": number,
                    "statusId": _STATUS_ID[move.stage],
                    "createdDateTime": instant_ms(move.at),
                },
                move.at,
            )
        if met := made.interview:
            self._add(
                "JobApplicationInterview",
                {
                    "applicationInterviewId": number,
                    "applicationId": number,
                    "startDate": instant_ms(met[0]),
                    "endDate": instant_ms(met[1]),
                    "status": "COMPLETED" if met[1] <= self._world.now else "SCHEDULED",
                },
                0,
            )
        if offered := made.offered_at:
            self._add(
                "JobOffer",
                {
                    "offerApprovalId": number,
                    "applicationId": number,
                    "version": 1,
                    "internalStatus": "APPROVED" if made.stage == "hired" else "PENDING",
                    "jobCode": None,
                    "currency": "CNY",
                    "location_obj_code": made.opening.location,
                    "createdDate": instant_ms(offered),
                    "lastModifiedDate": instant_ms(last.at),
                },
                last.at,
            )


def _candidate_id(person: WorldPerson) -> int:
    return _FIRST_CANDIDATE + int(person.person_id[1:])
