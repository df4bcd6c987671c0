"""What humans say about pairs of people: noted, carried out, and taken back on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hrhub.crypto import audit_linker
from hrhub.errors import ConfigError
from hrhub.identity import (
    Act,
    IdentityPolicy,
    MergePersons,
    People,
    UnmergePersons,
    load_identity_policy,
    reviews,
    settle,
)
from hrhub.identity.report import OUTCOMES, MatchReport, reports
from hrhub.identity.reviews import Review
from hrhub.identity.settling import take_turn
from hrhub.pipeline.desk import desk
from hrhub.pipeline.matching import Rows
from hrhub.store import audit

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub


__all__ = [
    "OUTCOMES",
    "Decided",
    "MatchReport",
    "Review",
    "decide",
    "match_reports",
    "question",
    "questions",
    "rows_of",
]


@dataclass(frozen=True, slots=True)
class Decided:
    """What an answer changed.

    Attributes:
        review_id: The question.
        before: Its state before.
        state: Its state now.
        operations: What was merged and taken apart because of it.
    """

    review_id: str
    before: str
    state: str
    operations: Sequence[MergePersons | UnmergePersons]


class _Shown(Exception):
    """Rolls a dry run back."""


def match_reports(hub: Hub, *, connection: str | None = None, limit: int = 20) -> list[MatchReport]:
    """Return how well the newest runs recognised people, newest first."""
    with hub.store.read() as tx:
        return reports(tx, hub.settings.tenant, connection=connection, limit=limit)


def questions(
    hub: Hub, *, state: str | None = reviews.OPEN, limit: int = 50
) -> tuple[list[Review], dict[str, int]]:
    """Return questions in a state, oldest first, and how many there are in each."""
    with hub.store.read() as tx, rows_of(hub, tx, IdentityPolicy()) as rows:
        tenant = hub.settings.tenant
        listed = reviews.listed(tx, tenant, rows.keys, state=state, limit=limit)
        return listed, reviews.counts(tx, tenant)


def question(hub: Hub, review_id: str) -> Review:
    """Return one question.

    Raises:
        ConfigError: There is none (``match.unknown``).
    """
    wanted = _uid(review_id)
    with hub.store.read() as tx, rows_of(hub, tx, IdentityPolicy()) as rows:
        found = reviews.listed(tx, hub.settings.tenant, rows.keys, review_id=wanted)
    if not found:
        raise ConfigError("match.unknown", review=wanted)
    return found[0]


def decide(hub: Hub, review_id: str, state: str, *, actor: str, dry_run: bool = False) -> Decided:
    """Note an answer and bring the merges in step with it; ``open`` takes an answer back.

    A dry run does all of it in a transaction that is rolled back.

    Raises:
        ConfigError: There is no such question (``match.unknown``).
    """
    wanted = _uid(review_id)
    policy = load_identity_policy(hub.settings.mappings)
    act = Act(hub.settings.tenant, actor, hub.clock.now(), policy.version)
    try:
        with hub.store.write() as tx:
            decided = _decide(hub, tx, act, policy, wanted, state)
            if dry_run:
                raise _Shown
    except _Shown:
        pass
    return decided


def _decide(
    hub: Hub, tx: Any, act: Act, policy: IdentityPolicy, review_id: str, state: str
) -> Decided:
    take_turn(tx, act.tenant)
    before = reviews.decide(tx, act, review_id, state)
    with rows_of(hub, tx, policy) as rows:
        people = People(tx, act.tenant, hub.index, rows)
        done = settle(tx, people, rows, policy, act, {before.left, before.right})
    audit.append(
        tx,
        audit_linker(hub.keys),
        act.tenant,
        at=act.at,
        actor=act.actor,
        action="match.decide",
        object_="hub_match_review",
        rows=[review_id],
        reason=state,
        merged=[[op.survivor, op.absorbed] for op in done.operations if _merges(op)],
        parted=[[op.survivor, op.absorbed] for op in done.operations if not _merges(op)],
    )
    return Decided(review_id, before.state, state, done.operations)


def _merges(operation: MergePersons | UnmergePersons) -> bool:
    return isinstance(operation, MergePersons)


def _uid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ConfigError("match.unknown", review=text[:36]) from None


@contextmanager
def rows_of(hub: Hub, tx: Any, policy: IdentityPolicy) -> Iterator[Rows]:
    """Open the rows of people outside any sync."""
    with desk(hub, tx, policy) as batch:
        yield Rows(batch)
