"""What recruiting says of an application besides its phase: resume, interviews, offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.beisen.recruiting import ROOT, Applied
from hrhub.connector import JsonRecords

_SEE_ORIGINAL = -32767
"""A number that Beisen could not read; the words stand in the field with ``Og`` before it."""

_UNTIL_NOW = ("至今", "9999-12-31")
_PRECISIONS = {4: "year", 7: "month", 10: "day"}
_MODULES = ("WorkExperience", "EducationExperience")


class Resumes(JsonRecords):
    """Resumes; of each job and school the days, and how precisely they are known.

    A month is written as its first day, with ``month`` as its precision. What is still going on has
    no end. Numbers that Beisen could not read are replaced by the words they came from.
    """

    def __init__(self) -> None:
        super().__init__("data")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode the modules of a profile."""
        row = super().decode(raw, meta)
        modules = row.get("modules")
        made: dict[str, Any] = {"applicantId": row.get("applicantId")}
        for name in _MODULES:
            items = modules.get(name) if isinstance(modules, dict) else None
            if isinstance(items, list):
                made[name] = [_dated(i) if isinstance(i, dict) else i for i in items]
        return made


def _dated(item: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        name: item.get(f"Og{name}") if value == _SEE_ORIGINAL else value
        for name, value in item.items()
    }
    now = said.get("EndDate") in _UNTIL_NOW
    if now:
        said["EndDate"] = None
    made: dict[str, Any] = {"IsCurrent": now}
    for name in ("StartDate", "EndDate"):
        text = str(said.get(name) or "").partition(" ")[0].replace("/", "-").replace(".", "-")
        precision = _PRECISIONS.get(len(text)) if text[:4].isdigit() else None
        made[f"{name}Precision"] = precision
        # What has another form stays as it is: the mapping refuses it.
        if precision in ("year", "month"):
            made[name] = f"{text}-01-01"[:10]
    return {**said, **made}


resumes = Applied(
    name="resumes",
    title="Resumes",
    feed="resume",
    key=("applicantId",),
    records=Resumes(),
    path=f"{ROOT}/Applicant/GetPersonProfileList",
    id_name="applicantId",
    ids_name="applicantIds",
    after=("applicants",),
)
interviews = Applied(
    name="interviews",
    title="Interviews",
    feed="interview",
    key=("interviewId",),
    records=JsonRecords("data"),
    path=f"{ROOT}/Interview/GetInterviewListByApplyIds",
    after=("applications",),
)
offers = Applied(
    name="offers",
    title="Offers",
    feed="offer",
    key=("offerId",),
    records=JsonRecords("data"),
    path=f"{ROOT}/RecruitOnBoarding/GetOfferInfos",
    after=("applications", "positions"),
)
