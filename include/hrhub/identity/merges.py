"""Merging and taking apart: operations that say what they do, do it, and can be reversed.

A merge is a pointer: the absorbed person's ``survivor_id`` leads to the survivor, and both ids keep
resolving. Rows and links stay where they are. Moving a link would write what its source says next
into the survivor's rows, under the survivor's key, and no reversal could find it again; left in
place, taking a merge back leaves nothing behind. Readers go through :func:`resolve_ids`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hrhub.ambient import new_ids
from hrhub.identity.ports import Desk, State
from hrhub.store import bulk, schema

_TABLE = schema.hub_merge
_COLUMNS = (
    "id",
    "tenant",
    "absorbed_id",
    "survivor_id",
    "tier",
    "policy",
    "actor",
    "run_id",
    "merged_at",
)


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes who is one person, when, in which run and under which rules."""

    tenant: str
    actor: str
    at: datetime
    policy: str
    run_id: str | None = None


class Operation(Protocol):
    """A change of who is one person."""

    def describe(self) -> str:
        """Say what it does."""
        ...

    def plan(self, tx: Any) -> Sequence[str]:
        """Return the ids of the persons it would write; nothing is changed."""
        ...

    def apply(self, tx: Any, desk: Desk, act: Act) -> None:
        """Do it."""
        ...

    def reverse(self) -> Operation:
        """Return what takes it back."""
        ...


@dataclass(frozen=True, slots=True)
class MergePersons:
    """Let one person be read as another."""

    survivor: str
    absorbed: str
    tier: int = 0

    def describe(self) -> str:
        """Say what it does."""
        return f"read person {self.absorbed} as {self.survivor} (tier {self.tier})"

    def plan(self, tx: Any) -> Sequence[str]:
        """Return the ids of the persons it would write; none if they are one already."""
        found = resolve_ids(tx, [self.survivor, self.absorbed])
        return sorted({found[self.survivor], found[self.absorbed]}) if _two(found) else ()

    def apply(self, tx: Any, desk: Desk, act: Act) -> None:
        """Merge; the log keeps it."""
        carry_out(tx, desk, act, [self])

    def reverse(self) -> UnmergePersons:
        """Return what takes the merge back."""
        return UnmergePersons(self.survivor, self.absorbed, self.tier)


@dataclass(frozen=True, slots=True)
class UnmergePersons:
    """Let an absorbed person stand alone again."""

    survivor: str
    absorbed: str
    tier: int = 0

    def describe(self) -> str:
        """Say what it does."""
        return f"let person {self.absorbed} stand apart from {self.survivor}"

    def plan(self, tx: Any) -> Sequence[str]:
        """Return the ids of the persons it would write; none if they are two already."""
        found = resolve_ids(tx, [self.survivor, self.absorbed])
        return () if _two(found) else sorted({self.survivor, self.absorbed})

    def apply(self, tx: Any, desk: Desk, act: Act) -> None:
        """Take apart; the log keeps the merge and who took it back."""
        carry_out(tx, desk, act, [self])

    def reverse(self) -> MergePersons:
        """Return what merges again."""
        return MergePersons(self.survivor, self.absorbed, self.tier)


def _two(found: dict[str, str]) -> bool:
    return len(set(found.values())) > 1


def resolve_ids(tx: Any, person_ids: Collection[str]) -> dict[str, str]:
    """Return under which id each person is read; ids that are nobody's stay what they are."""
    rows = bulk.fetch_by(
        tx, schema.ENTITY_TABLES["person"], "id", list(person_ids), select=("id", "survivor_id")
    )
    return {i: i for i in person_ids} | {i: survivor or i for i, survivor in rows}


def resolve_id(tx: Any, person_id: str) -> str:
    """Return under which id a person is read."""
    return resolve_ids(tx, [person_id])[person_id]


def members_of(tx: Any, person_ids: Collection[str]) -> dict[str, set[str]]:
    """Return all ids that are one person with each of those given, itself included."""
    survivors = resolve_ids(tx, person_ids)
    merged = living_merges(tx, survivors.values())
    members: dict[str, set[str]] = defaultdict(set)
    for absorbed, survivor in merged.items():
        members[survivor].add(absorbed)
    return {i: {s} | members[s] for i, s in survivors.items()}


def living_merges(tx: Any, person_ids: Iterable[str]) -> dict[str, str]:
    """Return the merges that hold and touch people: absorbed id -> survivor id."""
    ids = list(set(person_ids))
    found: dict[str, str] = {}
    for by in ("absorbed_id", "survivor_id"):
        found.update(
            bulk.fetch_by(
                tx,
                _TABLE,
                by,
                ids,
                select=("absorbed_id", "survivor_id"),
                where={"undone_at": None},
            )
        )
    return found


def carry_out(
    tx: Any, desk: Desk, act: Act, operations: Sequence[MergePersons | UnmergePersons]
) -> None:
    """Carry out operations together, in a constant number of round trips.

    Survivors stay flat: whoever was read as a person that is absorbed now is read as its survivor.
    Operations that are carried out already change nothing.
    """
    touched = {i for op in operations for i in (op.survivor, op.absorbed)}
    before = living_merges(tx, touched)
    before |= living_merges(tx, before.values())
    after = dict(before)
    tiers: dict[str, int] = {}
    for op in operations:
        if isinstance(op, UnmergePersons):
            after.pop(op.absorbed, None)
            continue
        survivor = after.get(op.survivor, op.survivor)
        if survivor == op.absorbed:
            continue
        tiers[op.absorbed] = op.tier
        after[op.absorbed] = survivor
        for absorbed, was in list(after.items()):
            if was == op.absorbed:
                after[absorbed] = survivor
                tiers.setdefault(absorbed, op.tier)
    gone = [i for i, survivor in before.items() if after.get(i) != survivor]
    come = [i for i, survivor in after.items() if before.get(i) != survivor]
    _log(tx, act, {i: before[i] for i in gone}, {i: (after[i], tiers.get(i, 0)) for i in come})
    desk.set_states(_states(before, after, [*gone, *come]))


def _states(
    before: dict[str, str], after: dict[str, str], changed: Iterable[str]
) -> dict[str, State]:
    survivors = set(after.values())
    concerned = set(changed)
    concerned |= {before[i] for i in concerned if i in before}
    concerned |= {after[i] for i in concerned if i in after}
    return {
        i: (after[i], "merged")
        if i in after
        else (None, "survivor" if i in survivors else "single")
        for i in concerned
    }


def _log(tx: Any, act: Act, gone: dict[str, str], come: dict[str, tuple[str, int]]) -> None:
    if gone:
        rows = bulk.fetch_by(
            tx,
            _TABLE,
            "absorbed_id",
            list(gone),
            select=("id",),
            where={"undone_at": None},
        )
        undone = [(row_id, act.actor, act.at) for (row_id,) in rows]
        bulk.update(tx, _TABLE, "id", ("undone_by", "undone_at"), undone)
    ids = new_ids(len(come))
    bulk.insert(
        tx,
        _TABLE,
        _COLUMNS,
        [
            (row_id, act.tenant, i, survivor, tier, act.policy, act.actor, act.run_id, act.at)
            for row_id, (i, (survivor, tier)) in zip(ids, come.items(), strict=True)
        ],
    )
