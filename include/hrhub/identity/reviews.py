"""What humans are asked about pairs of people, and what they answered: kept, and revocable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select, update

from hrhub.ambient import new_ids
from hrhub.crypto import DataKey
from hrhub.errors import ConfigError
from hrhub.identity.merges import Act
from hrhub.identity.tiers import Decision, Doubt
from hrhub.store import bulk
from hrhub.store.schema import hub_match_review

OPEN, SAME, DIFFERENT, UNSURE = STATES = ("open", "same", "different", "unsure")
_TABLE = hub_match_review
_PLACE = "sealed_evidence"
_JSON_TYPE = 7
_COLUMNS = (
    "id",
    "tenant",
    "left_id",
    "right_id",
    "tier",
    "policy",
    "sealed_evidence",
    "state",
    "run_id",
    "created_at",
)
_READ = ("id", "left_id", "right_id", "tier", "state")


@dataclass(frozen=True, slots=True)
class Review:
    """A question about two people.

    ``agree`` and ``differ`` are kinds of evidence; empty when the people were erased.
    """

    id: str
    left_id: str
    right_id: str
    tier: int
    state: str
    policy: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    agree: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A question as rules see it: the pair, and what was answered."""

    id: str
    left: str
    right: str
    tier: int
    state: str

    def decision(self) -> Decision | None:
        """Return the answer, if it was one."""
        if self.state not in (SAME, DIFFERENT):
            return None
        return Decision(self.left, self.right, self.state == SAME)


def touching(tx: Any, tenant: str, person_ids: Collection[str]) -> list[Standing]:
    """Return the questions about people, decided ones included."""
    found: dict[str, Standing] = {}
    for by in ("left_id", "right_id"):
        rows = bulk.fetch_by(
            tx, _TABLE, by, list(person_ids), select=_READ, where={"tenant": tenant}
        )
        found.update((row[0], Standing(*row)) for row in rows)
    return list(found.values())


def ask(tx: Any, act: Act, keys: Mapping[str, DataKey], doubts: Sequence[Doubt]) -> None:
    """Add questions; their evidence is sealed with the key of the person with the smaller id."""
    rows = []
    for row_id, doubt in zip(new_ids(len(doubts)), doubts, strict=True):
        body = msgspec.json.encode({"agree": doubt.agree, "differ": doubt.differ})
        sealed = keys[doubt.left].seal(
            body,
            entity=_TABLE.name,
            field_path=_PLACE,
            row_uid=row_id,
            type_byte=_JSON_TYPE,
            padded=True,
        )
        rows.append(
            (
                row_id,
                act.tenant,
                doubt.left,
                doubt.right,
                doubt.tier,
                act.policy,
                sealed,
                OPEN,
                act.run_id,
                act.at,
            )
        )
    bulk.insert(tx, _TABLE, _COLUMNS, rows)


def withdraw(tx: Any, review_ids: Collection[str]) -> None:
    """Remove questions that nobody answered and that no longer arise."""
    bulk.delete_by(tx, _TABLE, "id", list(review_ids))


def decide(tx: Any, act: Act, review_id: str, state: str) -> Standing:
    """Note an answer, or take one back with ``open``; return the question as it stood before.

    Raises:
        ConfigError: There is no such question (``match.unknown``).
    """
    c = _TABLE.c
    row = tx.execute(
        select(*(c[n] for n in _READ))
        .where(c.tenant == act.tenant, c.id == review_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise ConfigError("match.unknown", review=review_id)
    answered = state != OPEN
    tx.execute(
        update(_TABLE)
        .where(c.id == review_id)
        .values(
            state=state,
            decided_by=act.actor if answered else None,
            decided_at=act.at if answered else None,
        )
    )
    return Standing(*row)


def counts(tx: Any, tenant: str) -> dict[str, int]:
    """Count questions by state."""
    c = _TABLE.c
    query = select(c.state, func.count()).where(c.tenant == tenant).group_by(c.state)
    return dict.fromkeys(STATES, 0) | {state: int(n) for state, n in tx.execute(query)}


def listed(
    tx: Any,
    tenant: str,
    open_keys: Any,
    *,
    state: str | None = OPEN,
    review_id: str | None = None,
    limit: int = 50,
) -> list[Review]:
    """Return questions, oldest first, or one of them by id.

    Args:
        tx: The transaction.
        tenant: Whose.
        open_keys: ``person ids -> data keys``; opens the evidence.
        state: Only those in a state; None: all.
        review_id: Only this one, in whatever state.
        limit: How many.
    """
    c = _TABLE.c
    query = select(_TABLE).where(c.tenant == tenant)
    if review_id is not None:
        query = query.where(c.id == review_id)
    elif state is not None:
        query = query.where(c.state == state)
    rows = tx.execute(query.order_by(c.created_at, c.id).limit(limit)).all()
    keys: Mapping[str, DataKey] = open_keys({row.left_id for row in rows})
    return [_read(row, keys.get(row.left_id)) for row in rows]


def _read(row: Any, key: DataKey | None) -> Review:
    evidence: dict[str, list[str]] = {}
    if key is not None:
        _, body = key.open(
            bytes(row.sealed_evidence), entity=_TABLE.name, field_path=_PLACE, row_uid=row.id
        )
        evidence = msgspec.json.decode(body)
    return Review(
        row.id,
        row.left_id,
        row.right_id,
        row.tier,
        row.state,
        row.policy,
        row.created_at,
        row.decided_by,
        row.decided_at,
        tuple(evidence.get("agree", ())),
        tuple(evidence.get("differ", ())),
    )
