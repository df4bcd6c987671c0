"""How well runs recognised people, in numbers, and how that compares with the runs before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from hrhub.store import runs
from hrhub.store.schema import hub_run_match

OUTCOMES = ("linked", "tier1", "tier2", "tier3", "tier4", "tier5", "new", "review")
"""A record's person was known by its link, found by a tier, is new, or is asked about."""
NOTABLE_DROP = 0.1
"""A match rate that is lower by this much than that of the runs before is worth a look."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """One run.

    ``rate`` is the share of records seen for the first time whose person was known; None when
    there were none. ``before`` is that of the sync's earlier runs together.
    """

    run_id: str
    connection: str
    stream: str
    started_at: Any
    counts: Mapping[str, int]
    rate: float | None
    before: float | None

    @property
    def dropped(self) -> bool:
        """Whether the rate is notably lower than before."""
        if self.rate is None or self.before is None:
            return False
        return self.rate < self.before - NOTABLE_DROP


def note(tx: Any, tenant: str, run_id: str, counts: Mapping[str, int]) -> None:
    """Add to a run's numbers, in the transaction that placed the people."""
    if not any(counts.values()):
        return
    c = hub_run_match.c
    before = tx.execute(select(c.counts).where(c.run_id == run_id)).scalar_one_or_none()
    total = dict(Counter(before or {}) + Counter(counts))
    if before is None:
        tx.execute(insert(hub_run_match).values(run_id=run_id, tenant=tenant, counts=total))
    else:
        tx.execute(update(hub_run_match).where(c.run_id == run_id).values(counts=total))


def reports(
    tx: Any,
    tenant: str,
    *,
    connection: str | None = None,
    stream: str | None = None,
    limit: int = 20,
    history: int = 10,
) -> list[MatchReport]:
    """Return the newest runs that placed people, newest first."""
    listed = runs.list_runs(
        tx, tenant, connection=connection, stream=stream, limit=limit * (history + 1)
    )
    c = hub_run_match.c
    rows = tx.execute(select(c.run_id, c.counts).where(c.run_id.in_([r.id for r in listed])))
    counts: dict[str, Mapping[str, int]] = {row.run_id: row.counts for row in rows}
    matched = [r for r in listed if r.id in counts]
    out: list[MatchReport] = []
    for place, run in enumerate(matched[:limit]):
        earlier = [counts[r.id] for r in matched[place + 1 :] if r.sync_id == run.sync_id][:history]
        out.append(
            MatchReport(
                run.id,
                run.connection,
                run.stream,
                run.started_at,
                {name: counts[run.id].get(name, 0) for name in OUTCOMES},
                rate([counts[run.id]]),
                rate(earlier),
            )
        )
    return out


def rate(counts: Sequence[Mapping[str, int]]) -> float | None:
    """Return which share of the records seen for the first time found their person."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    found = sum(count for name, count in total.items() if name.startswith("tier"))
    seen = found + total["new"] + total["review"]
    return found / seen if seen else None
