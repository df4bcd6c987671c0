"""The entity types of recruiting that the simulated tenant offers.

Names, keys and types are those of published metadata files; what leads to picklists and statuses is
a navigation only, as in this part of the product.
"""

from __future__ import annotations

from connectors.successfactors.sandbox.edm import (
    BOOLEAN,
    DECIMAL,
    INT64,
    STAMP,
    STAMPS,
    STRING,
    EntityType,
    Nav,
    Prop,
    days,
    option,
    same,
    strings,
)


def _id(name: str) -> Prop:
    return Prop(name, INT64)


JOB_REQUISITION = EntityType(
    "JobRequisition",
    "Job Requisition",
    ("jobReqId",),
    (
        _id("jobReqId"),
        *strings("internalStatus"),
        *strings("legalEntity_obj_code", "department_obj_code", "location_obj_code", size=128),
        *strings("positionNumber", "jobCode", "country", "currency", size=128),
        Prop("numberOpenings", DECIMAL),
        _id("openingsFilled"),
        Prop("closedDateTime", STAMP),
        Prop("statusOption", STRING, hidden=True),
        *STAMPS,
    ),
    (
        option("status", "statusOption"),
        Nav("jobReqLocale", "JobRequisitionLocale", same("jobReqId"), many=True),
        Nav("jobApplications", "JobApplication", same("jobReqId"), many=True),
    ),
)
JOB_REQUISITION_LOCALE = EntityType(
    "JobRequisitionLocale",
    "Job Requisition Locale",
    ("jobReqLocalId",),
    (
        _id("jobReqLocalId"),
        _id("jobReqId"),
        *strings("locale"),
        *strings("jobTitle", "externalTitle", size=255),
    ),
)
CANDIDATE = EntityType(
    "Candidate",
    "Candidate",
    ("candidateId",),
    (
        _id("candidateId"),
        *strings("firstName", "lastName", "middleName", "currentTitle", size=128),
        *strings("primaryEmail", "contactEmail", "cellPhone", "country", size=255),
        *strings("candidateLocale", "usersSysId", size=100),
        Prop("externalCandidate", BOOLEAN),
        Prop("creationDateTime", STAMP),
        Prop("lastModifiedDateTime", STAMP),
    ),
    (
        Nav("education", "CandidateBackground_Education", same("candidateId"), many=True),
        Nav(
            "outsideWorkExperience",
            "CandidateBackground_OutsideWorkExperience",
            same("candidateId"),
            many=True,
        ),
    ),
)
_BACKGROUND = (_id("backgroundElementId"), _id("candidateId"), _id("bgOrderPos"))
EDUCATION = EntityType(
    "CandidateBackground_Education",
    "Education",
    ("backgroundElementId",),
    (
        *_BACKGROUND,
        *strings("school", size=255),
        *days("startDate", "endDate"),
        Prop("degreeOption", STRING, hidden=True),
        Prop("lastModifiedDateTime", STAMP),
    ),
    (option("degree", "degreeOption"),),
)
OUTSIDE_WORK = EntityType(
    "CandidateBackground_OutsideWorkExperience",
    "Work Experience outside the Company",
    ("backgroundElementId",),
    (
        *_BACKGROUND,
        *strings("employer", "startTitle", size=255),
        *days("startDate", "endDate"),
        Prop("lastModifiedDateTime", STAMP),
    ),
)
JOB_APPLICATION = EntityType(
    "JobApplication",
    "Job Application",
    ("applicationId",),
    (
        _id("applicationId"),
        _id("candidateId"),
        _id("jobReqId"),
        _id("appStatusSetItemId"),
        *strings("status", "source", "country"),
        *strings("firstName", "lastName", "contactEmail", "cellPhone", size=255),
        *days("startDate", "hireDate"),
        Prop("snapShotDate", STAMP),
        Prop("hiredOn", STAMP),
        Prop("lastModifiedDateTime", STAMP),
    ),
    (
        Nav("jobAppStatus", "JobApplicationStatus", (("appStatusSetItemId", "appStatusId"),)),
        Nav("candidate", "Candidate", same("candidateId")),
        Nav("jobRequisition", "JobRequisition", same("jobReqId")),
    ),
)
JOB_APPLICATION_STATUS = EntityType(
    "JobApplicationStatus",
    "Applicant Status",
    ("appStatusId",),
    (_id("appStatusId"), *strings("appStatusName", size=128)),
)
AUDIT_TRAIL = EntityType(
    "JobApplicationStatusAuditTrail",
    "Applicant Status Audit Trail",
    ("revNumber",),
    (
        _id("revNumber"),
        *strings("revType", "createdBy", "statusComments", size=128),
        Prop("applicationId", INT64, hidden=True),
        Prop("statusId", INT64, hidden=True),
        *STAMPS,
    ),
    (
        Nav("jobApplication", "JobApplication", same("applicationId")),
        Nav("jobAppStatus", "JobApplicationStatus", (("statusId", "appStatusId"),)),
    ),
)
JOB_APPLICATION_INTERVIEW = EntityType(
    "JobApplicationInterview",
    "Interview",
    ("applicationInterviewId",),
    (
        _id("applicationInterviewId"),
        _id("applicationId"),
        Prop("startDate", STAMP),
        Prop("endDate", STAMP),
        *strings("status", "source", "templateType", size=100),
        *strings("notes", size=4000),
    ),
)
JOB_OFFER = EntityType(
    "JobOffer",
    "Job Offer",
    ("offerApprovalId",),
    (
        _id("offerApprovalId"),
        _id("applicationId"),
        _id("version"),
        *strings("internalStatus", "jobCode", "currency", "location_obj_code", size=128),
        Prop("createdDate", STAMP),
        Prop("lastModifiedDate", STAMP),
    ),
)

RECRUITING = (
    JOB_REQUISITION,
    JOB_REQUISITION_LOCALE,
    CANDIDATE,
    EDUCATION,
    OUTSIDE_WORK,
    JOB_APPLICATION,
    JOB_APPLICATION_STATUS,
    AUDIT_TRAIL,
    JOB_APPLICATION_INTERVIEW,
    JOB_OFFER,
)
