"""The dialects: an international one (SHL class) and a Chinese one (Talebase class), as assumed."""

from __future__ import annotations

from connectors.assessment.dialect import (
    Ask,
    Dialect,
    OrderNames,
    PackageNames,
    ReportNames,
    ScaleNames,
)
from hrhub.connector import OrderStatus
from hrhub.http.paging import CursorParam, PageNumber

_BY_CURSOR = CursorParam("next_cursor", "cursor", extra={"limit": 100})
_BY_NUMBER = PageNumber(
    name="pageNo", size_name="pageSize", size=100, records="data.list", total="data.total"
)

SHL = Dialect(
    name="shl",
    vendor="assessment platform",
    catalog=Ask(path="/packages", params={"language": "{language}"}, rows="data", pages=_BY_CURSOR),
    place=Ask(
        method="POST",
        path="/orders",
        key_header="Idempotency-Key",
        body={
            "external_id": "{key}",
            "package_id": "{package}",
            "norm_id": "{norm}",
            "language": "{language}",
            "candidate": {"external_id": "{key}", "display_name": "{name}", "email": "{email}"},
            "callback_url": "{callback}",
            "expires_in_days": "{days}",
            "notify_candidate": False,
        },
    ),
    find=Ask(path="/orders", params={"updated_since": "{since}"}, rows="data", pages=_BY_CURSOR),
    status=Ask(path="/orders/{id}"),
    result=Ask(path="/orders/{id}/results"),
    cancel=Ask(method="POST", path="/orders/{id}/cancel", body={}),
    order=OrderNames(id="order_id", key="external_id", invite="invite_url"),
    package=PackageNames(
        code="package_id", title="name", active="active", parts="instruments", part="code"
    ),
    report=ReportNames(
        revision="revision",
        taken_at="taken_at",
        instruments="instruments",
        code="code",
        version="version",
        norm="norm",
        norm_code="id",
        scales="scales",
        scale=ScaleNames(
            parent="parent_code",
            seq="order",
            raw="raw",
            percentile="percentile",
            level="band",
            text="narrative",
        ),
        validity="validity",
        valid=ScaleNames(level="flag"),
        flags="flag",
        doubts="proctoring.flags",
        level="band",
    ),
    statuses={
        "open": OrderStatus.PLACED,
        "sent": OrderStatus.AWAITING_SUBJECT,
        "started": OrderStatus.IN_PROGRESS,
        # Taken, and being scored.
        "completed": OrderStatus.IN_PROGRESS,
        "scored": OrderStatus.COMPLETED,
        "complete_review": OrderStatus.COMPLETED,
        "retest_recommended": OrderStatus.COMPLETED,
        "expired": OrderStatus.EXPIRED,
        "cancelled": OrderStatus.CANCELLED,
        "failed": OrderStatus.FAILED,
        "rejected": OrderStatus.FAILED,
    },
    doubtful={"complete_review": "suspect", "retest_recommended": "suspect"},
    open_words=("open", "sent"),
    person_codes=("validation",),
    duplicate_codes=("idempotency-conflict",),
    closed_codes=("not-cancellable",),
    times="%Y-%m-%dT%H:%M:%SZ",
    callback=("id", "type", "created", "data.order_id"),
)

TALEBASE = Dialect(
    name="talebase",
    vendor="assessment platform",
    catalog=Ask(path="/products", rows="data.list", pages=_BY_NUMBER),
    place=Ask(
        method="POST",
        path="/orders",
        rows="data.subjects",
        body={
            "requestId": "{key}",
            "productCode": "{package}",
            "normCode": "{norm}",
            "expireDays": "{days}",
            "notify": {"sms": False, "email": False},
            "callbackUrl": "{callback}",
            "subjects": [{"externalId": "{key}", "name": "{name}", "email": "{email}"}],
        },
    ),
    find=Ask(
        path="/testees/updated",
        params={"from": "{since}", "to": "{until}"},
        rows="data.list",
        pages=_BY_NUMBER,
    ),
    status=Ask(method="POST", path="/testees/status", body={"testeeIds": ["{id}"]}, rows="data"),
    result=Ask(path="/testees/{id}/report", params={"format": "json"}, rows="data"),
    cancel=Ask(method="POST", path="/testees/{id}/cancel", body={"reason": "withdrawn"}),
    order=OrderNames(id="testeeId", key="externalId", invite="testUrl"),
    package=PackageNames(
        code="productCode",
        title="productName",
        active="enabled",
        parts="norms",
        part="normName",
        price_fen="priceFen",
    ),
    report=ReportNames(
        revision="reportVersion",
        taken_at="finishedAt",
        instruments="",
        code="productCode",
        version="productVersion",
        norm="norm",
        norm_code="code",
        scales="dimensions",
        scale=ScaleNames(
            parent="parentCode",
            seq="order",
            raw="rawScore",
            kind="scaleKind",
            percentile="percentile",
            level="level",
            text="comment",
        ),
        validity="validity.indices",
        valid=ScaleNames(kind="scaleKind"),
        flags="validity.level",
        overall_kind="scaleKind",
    ),
    statuses={
        "CREATED": OrderStatus.AWAITING_SUBJECT,
        "OPENED": OrderStatus.IN_PROGRESS,
        "IN_PROGRESS": OrderStatus.IN_PROGRESS,
        "FINISHED": OrderStatus.IN_PROGRESS,
        "REPORTED": OrderStatus.COMPLETED,
        # Answered, and not to be interpreted.
        "INVALID": OrderStatus.COMPLETED,
        "EXPIRED": OrderStatus.EXPIRED,
        "CANCELLED": OrderStatus.CANCELLED,
    },
    doubtful={"INVALID": "invalid"},
    open_words=("CREATED", "OPENED"),
    person_codes=("42201",),
    duplicate_codes=("40901",),
    closed_codes=("40902",),
    times="%Y-%m-%d %H:%M:%S",
    callback=("eventId", "event", "occurredAt", "data.testeeId"),
    acknowledged=b'{"code":0}',
)

DIALECTS = {d.name: d for d in (SHL, TALEBASE)}
