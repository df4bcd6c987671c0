"""From the rows of one person to what is compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hrhub.pipeline.batch import Batch
from hrhub.pipeline.verification.employers import Employer
from hrhub.pipeline.verification.facts import Claim, Confirmation, Facts, Month, number_of
from hrhub.pipeline.writes import StoredRow, shape, stored
from hrhub.store import bulk

_OLDEST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts about a person, and the rows that they come from."""

    facts: Facts
    resume_id: str | None
    order_ids: tuple[str, ...]


def gather(batch: Batch, member_ids: Collection[str]) -> Gathered:
    """Read the newest resume of a person and all records about their work.

    Raises:
        KeysUnavailable: The person was erased (``keys.subject_missing``).
    """
    resumes = rows_about(batch, "resume", member_ids)
    resume = max(resumes, key=_age, default=None)
    claims = rows_about(batch, "resume_job", member_ids)
    months = rows_about(batch, "social_security_month", member_ids)
    latest = max((_moment(m) for m in months), default=_OLDEST)
    known = batch.now if latest == _OLDEST else latest
    asked = [number_of(m.values["asked_from"]) for m in months if m.values.get("asked_from")]
    items = rows_about(batch, "background_item", member_ids)
    facts = Facts(
        claims=_claims(c for c in claims if resume and c.values["resume_id"] == resume.id),
        months=_months(months),
        since=min(asked, default=None),
        until=number_of(known.date()) - 1,
        confirmations=[
            Confirmation(i.id, Employer(str(i.values["source_desc"])))
            for i in items
            if i.values.get("kind") == "employment"
            and i.values.get("verdict") == "match"
            and i.values.get("source_desc")
        ],
    )
    orders = sorted({m.values["order_id"] for m in months})
    return Gathered(facts, resume.id if resume else None, tuple(orders))


def rows_about(batch: Batch, entity: str, member_ids: Collection[str]) -> list[StoredRow]:
    """Return the living rows of an entity about a person, in order of their ids."""
    form = shape(entity)
    found = bulk.fetch_by(
        batch.tx,
        form.table,
        form.subject or "subject_id",
        member_ids,
        ("id",),
        {"tenant": batch.sync.tenant, "removed_at": None},
    )
    rows = stored(batch, entity, [row_id for (row_id,) in found])
    return [rows[row_id] for row_id in sorted(rows)]


def _claims(rows: Iterable[StoredRow]) -> list[Claim]:
    """Return the jobs of a resume; one without employer or beginning claims nothing to compare."""
    return [
        _claim(row, row.values)
        for row in rows
        if row.values.get("employer_name") and row.values.get("start_date")
    ]


def _claim(row: StoredRow, values: Mapping[str, Any]) -> Claim:
    first = number_of(values["start_date"])
    slack_first = 11 if values.get("start_precision") == "year" else 0
    last, slack_last = None, 0
    if values.get("end_date") and not values.get("is_current"):
        last = number_of(values["end_date"])
        slack_last = 11 if values.get("end_precision") == "year" else 0
    return Claim(
        id=row.id,
        employer=Employer(values["employer_name"], values.get("employer_uscc")),
        first=first - first % 12 if slack_first else first,
        last=last - last % 12 + 11 if last is not None and slack_last else last,
        slack_first=slack_first,
        slack_last=slack_last,
        city=values.get("city"),
        pay=values.get("claimed_pay"),
    )


def _months(rows: Sequence[StoredRow]) -> list[Month]:
    """Return months, each once: of several queries the newest speaks."""
    newest: dict[tuple[Any, ...], StoredRow] = {}
    for row in rows:
        values = row.values
        payer = values.get("payer_uscc") or values.get("payer_name")
        key = (values["month"], payer, values["scheme"], values.get("region_code"))
        before = newest.get(key)
        if before is None or (_moment(row), row.id) > (_moment(before), before.id):
            newest[key] = row
    return [_month(row) for row in newest.values()]


def _month(row: StoredRow) -> Month:
    values = row.values
    return Month(
        id=row.id,
        number=number_of(values["month"]),
        payer=Employer(values.get("payer_name") or "", values.get("payer_uscc")),
        state=values.get("state") or "paid",
        scheme=values["scheme"],
        region=values.get("region_code"),
        base=values.get("base"),
    )


def _moment(row: StoredRow) -> datetime:
    found: datetime | None = row.values.get("queried_at")
    return found or _OLDEST


def _age(row: StoredRow) -> tuple[datetime, int, str]:
    values = row.values
    return values.get("parsed_at") or _OLDEST, values.get("version") or 0, row.id
