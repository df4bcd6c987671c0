"""What a person sees of verifications, and decides on them: masked, written down, revocable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from hrhub.crypto import audit_linker
from hrhub.errors import ConfigError
from hrhub.model.entities.verification import DISCREPANCY_STATES, RESOLUTIONS
from hrhub.model.masking import STARS
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.desk import desk
from hrhub.pipeline.verification.running import (
    DISCREPANCY,
    OPEN,
    VERIFICATION,
    facts_hash,
    rewrite,
)
from hrhub.pipeline.writes import StoredRow, shape, stored
from hrhub.store import audit, bulk

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

_ORDER = {"high": 0, "medium": 1, "low": 2, "info": 3}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; ``claimed`` and ``recorded`` are masked unless they were revealed."""

    id: str
    code: str
    severity: str
    delta_months: int | None
    claimed: Mapping[str, Any] = field(repr=False)
    recorded: Mapping[str, Any] = field(repr=False)
    record_refs: Sequence[str]
    state: str
    resolution: str | None
    decided_by: str | None
    decided_at: datetime | None
    outdated: bool
    note: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """One person's verification; the verdict is the rules' proposal, not a decision."""

    id: str
    person_id: str
    ruleset: str
    coverage: str
    status: str
    verdict: str
    score: str
    updated_at: datetime
    differences: Sequence[Difference]

    @property
    def undecided(self) -> int:
        """How many differences wait for a person, those with new facts included."""
        return sum(d.state in (OPEN, "asked", "explained") or d.outdated for d in self.differences)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a decision changed."""

    id: str
    verification_id: str
    before: str
    state: str


def verifications(hub: Hub, *, undecided: bool = True, limit: int = 20) -> list[Verification]:
    """Return verifications, masked, the one that was changed last first."""
    table = shape(VERIFICATION).table
    query = (
        select(table.c.id)
        .where(table.c.tenant == hub.settings.tenant, table.c.removed_at.is_(None))
        .order_by(table.c.updated_at.desc(), table.c.id)
    )
    found: list[Verification] = []
    with hub.store.read() as tx, desk(hub, tx) as batch:
        ids = [row_id for (row_id,) in tx.execute(query)]
        for start in range(0, len(ids), limit):
            some = _read(batch, ids[start : start + limit], reveal=False)
            found += [v for v in some if v.undecided or not undecided]
            if len(found) >= limit:
                break
    return found[:limit]


def verification(
    hub: Hub, verification_id: str, *, actor: str, reveal: bool = False, reason: str | None = None
) -> Verification:
    """Return one verification, after noting who looks at it, and why if it is revealed.

    Raises:
        ConfigError: There is none (``verification.unknown``).
    """
    wanted = _uid(verification_id, "verification.unknown")
    with hub.store.write() as tx:
        with desk(hub, tx) as batch:
            found = _read(batch, [wanted], reveal=reveal)
        if not found:
            raise ConfigError("verification.unknown", id=wanted)
        audit.append(
            tx,
            audit_linker(hub.keys),
            hub.settings.tenant,
            at=batch.now,
            actor=actor,
            action="verification.reveal" if reveal else "verification.show",
            object_=VERIFICATION,
            rows=[wanted, found[0].person_id],
            reason=reason,
        )
    return found[0]


def decide(
    hub: Hub,
    difference_id: str,
    state: str,
    *,
    resolution: str | None,
    actor: str,
    note: str | None = None,
) -> Ruling:
    """Note what a person decides on a difference; ``open`` takes a decision back.

    Raises:
        ConfigError: There is no such difference (``verification.unknown``), or state and reason are
            not of the lists (``verification.decision``).
    """
    wanted = _uid(difference_id, "verification.unknown")
    if state not in DISCREPANCY_STATES or (state != OPEN and resolution not in RESOLUTIONS):
        raise ConfigError(
            "verification.decision",
            states=", ".join(DISCREPANCY_STATES),
            reasons=", ".join(RESOLUTIONS),
        )
    with hub.store.write() as tx:
        with desk(hub, tx) as batch:
            row = stored(batch, DISCREPANCY, [wanted]).get(wanted)
            if row is None or not _living(tx, hub.settings.tenant, wanted):
                raise ConfigError("verification.unknown", id=wanted)
            before = row.values.get("state", OPEN)
            rewrite(batch, DISCREPANCY, row, _decided(batch, row, state, resolution, actor, note))
            batch.writes.flush(tx, new_keys=False)
        audit.append(
            tx,
            audit_linker(hub.keys),
            hub.settings.tenant,
            at=batch.now,
            actor=actor,
            action="verification.decide",
            object_=DISCREPANCY,
            rows=[wanted],
            reason=resolution,
            before=before,
            state=state,
        )
    return Ruling(wanted, row.values["verification_id"], before, state)


def _decided(
    batch: Batch,
    row: StoredRow,
    state: str,
    resolution: str | None,
    actor: str,
    note: str | None,
) -> dict[str, Any]:
    told = ("resolution", "decided_by", "decided_on", "resolved_at", "resolution_note", "outdated")
    values = {n: v for n, v in row.values.items() if n not in told and v is not None}
    values["state"] = state
    if state == OPEN:
        return values
    return values | {
        "resolution": resolution,
        "decided_by": actor,
        "decided_on": facts_hash(row.values),
        "resolved_at": batch.now,
        **({"resolution_note": note} if note else {}),
    }


def _living(tx: Any, tenant: str, row_id: str) -> bool:
    where = {"tenant": tenant, "removed_at": None}
    return bool(bulk.fetch_by(tx, shape(DISCREPANCY).table, "id", [row_id], ("id",), where))


def _read(batch: Batch, ids: Sequence[str], *, reveal: bool) -> list[Verification]:
    where = {"tenant": batch.sync.tenant, "removed_at": None}
    table = shape(VERIFICATION).table
    times: dict[str, datetime] = dict(
        bulk.fetch_by(batch.tx, table, "id", ids, ("id", "updated_at"), where)
    )
    heads = stored(batch, VERIFICATION, list(times))
    rows = bulk.fetch_by(
        batch.tx, shape(DISCREPANCY).table, "verification_id", list(heads), ("id",), where
    )
    of: dict[str, list[Difference]] = {row_id: [] for row_id in heads}
    for row in stored(batch, DISCREPANCY, [row_id for (row_id,) in rows]).values():
        of[row.values["verification_id"]].append(_difference(row, reveal))
    return [
        Verification(
            id=row_id,
            person_id=heads[row_id].values["person_id"],
            ruleset=heads[row_id].values["ruleset_version"],
            coverage=f"{heads[row_id].values['coverage']:.2f}",
            status=heads[row_id].values["status"],
            verdict=heads[row_id].values["verdict"],
            score=f"{heads[row_id].values['score']:.2f}",
            updated_at=times[row_id],
            differences=sorted(of[row_id], key=lambda d: (_ORDER[d.severity], d.code, d.id)),
        )
        for row_id in ids
        if row_id in heads
    ]


def _difference(row: StoredRow, reveal: bool) -> Difference:
    values = row.values
    claimed, recorded = values.get("claimed") or {}, values.get("recorded") or {}
    note = values.get("resolution_note")
    return Difference(
        id=row.id,
        code=values["code"],
        severity=values["severity"],
        delta_months=values.get("delta_months"),
        claimed=claimed if reveal else dict.fromkeys(claimed, STARS),
        recorded=recorded if reveal else dict.fromkeys(recorded, STARS),
        record_refs=values.get("record_refs") or (),
        state=values.get("state", OPEN),
        resolution=values.get("resolution"),
        decided_by=values.get("decided_by"),
        decided_at=values.get("resolved_at"),
        outdated=bool(values.get("outdated")),
        note=note if reveal else note and STARS,
    )


def _uid(text: str, code: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ConfigError(code, id=text[:36]) from None
