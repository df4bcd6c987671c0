"""Recruiting: openings, candidates with resumes, applications and their moves, talks, offers."""

from __future__ import annotations

from connectors.successfactors.odata import MODIFIED, ODataStream, under
from hrhub.connector import JsonRecords, Mode

_ROWS = JsonRecords("d.results")
_WORK, _SCHOOL = "outsideWorkExperience", "education"

requisitions = ODataStream(
    name="requisitions",
    title="Job requisitions",
    feed="requisition",
    key=("jobReqId",),
    records=_ROWS,
    after=("departments", "positions"),
    entity="JobRequisition",
    keys=frozenset({"jobReqId"}),
    fields=("jobReqId", MODIFIED, "jobReqLocale/jobTitle"),
    optional=(
        *("status/externalCode", "internalStatus", "jobReqLocale/externalTitle"),
        *("department_obj_code", "location_obj_code", "positionNumber"),
        *("numberOpenings", "createdDateTime", "closedDateTime"),
    ),
    frozen=True,
)
candidates = ODataStream(
    name="candidates",
    title="Candidates",
    feed="candidate",
    key=("candidateId",),
    records=_ROWS,
    # Who is known as an employee is known by documents, which candidates do not show.
    after=("people",),
    entity="Candidate",
    keys=frozenset({"candidateId"}),
    fields=("candidateId", "firstName", "lastName", MODIFIED),
    optional=("primaryEmail", "contactEmail", "cellPhone", "currentTitle"),
    frozen=True,
)
resumes = ODataStream(
    name="resumes",
    title="Resumes",
    feed="resume",
    key=("candidateId",),
    records=_ROWS,
    after=("candidates",),
    entity="Candidate",
    keys=frozenset({"candidateId"}),
    fields=("candidateId", MODIFIED),
    optional=(
        *under(_WORK, "bgOrderPos", "employer", "startTitle", "startDate", "endDate"),
        *under(_SCHOOL, "bgOrderPos", "school", "startDate", "endDate", "degree/externalCode"),
    ),
    watched=(f"{_WORK}/{MODIFIED}", f"{_SCHOOL}/{MODIFIED}"),
    frozen=True,
)
applications = ODataStream(
    name="applications",
    title="Job applications",
    feed="application",
    key=("applicationId",),
    records=_ROWS,
    after=("requisitions", "candidates"),
    entity="JobApplication",
    keys=frozenset({"applicationId"}),
    fields=(
        *("applicationId", "candidateId", "jobReqId", MODIFIED),
        "jobAppStatus/appStatusName",
    ),
    optional=("status", "snapShotDate", "hiredOn"),
    frozen=True,
)
application_events = ODataStream(
    name="application_events",
    title="Moves of applications",
    feed="application_event",
    key=("revNumber",),
    records=_ROWS,
    after=("applications",),
    entity="JobApplicationStatusAuditTrail",
    keys=frozenset({"revNumber"}),
    fields=(
        *("revNumber", "createdDateTime", MODIFIED),
        *("jobApplication/applicationId", "jobAppStatus/appStatusName"),
    ),
    optional=("createdBy",),
    frozen=True,
)
interviews = ODataStream(
    name="interviews",
    title="Interviews",
    feed="interview",
    key=("applicationInterviewId",),
    records=_ROWS,
    # The set has no time of change.
    mode=Mode.FULL,
    after=("applications",),
    entity="JobApplicationInterview",
    keys=frozenset({"applicationInterviewId"}),
    fields=("applicationInterviewId", "applicationId", "startDate"),
    optional=("endDate", "status"),
    frozen=True,
)
offers = ODataStream(
    name="offers",
    title="Job offers",
    feed="offer",
    key=("offerApprovalId",),
    records=_ROWS,
    after=("applications",),
    entity="JobOffer",
    keys=frozenset({"offerApprovalId"}),
    fields=("offerApprovalId", "applicationId", "lastModifiedDate"),
    optional=("internalStatus", "location_obj_code"),
    stamp="lastModifiedDate",
    frozen=True,
)

STREAMS = (
    requisitions,
    candidates,
    resumes,
    applications,
    application_events,
    interviews,
    offers,
)
