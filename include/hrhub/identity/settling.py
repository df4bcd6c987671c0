"""Bring merges and questions in step with what is known of people.

Starting from people of whom something new is known, everybody is read who shares a value with them,
directly or through others; who is one person is worked out anew for all of these, and only what
differs from the standing merges is written. The number of round trips follows from how many steps
it takes from one end of such a neighbourhood to the other, not from how many people it holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from hrhub.identity import reviews
from hrhub.identity.loading import Entry, People
from hrhub.identity.merges import (
    Act,
    MergePersons,
    UnmergePersons,
    carry_out,
    living_merges,
)
from hrhub.identity.nodes import Node
from hrhub.identity.policy import IdentityPolicy
from hrhub.identity.ports import Desk
from hrhub.identity.reviews import Standing
from hrhub.identity.tiers import Partition, partition


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """People who share values, and what stands about them.

    ``crowded`` are values that more records share than the policy looks into.
    """

    nodes: dict[str, Node]
    merges: dict[str, str]
    standing: Sequence[Standing]
    crowded: frozenset[object]


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling changed.

    Attributes:
        operations: Merges and un-merges, as carried out.
        tier_of: By which tier people came to the one they are.
        asked: People about whom a question is open.
    """

    operations: Sequence[MergePersons | UnmergePersons] = ()
    tier_of: dict[str, int] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()


def take_turn(tx: Any, tenant: str) -> None:
    """Wait until no other transaction places people of the tenant; holds until this one ends.

    Two records of one new person that arrive at the same time would not see each other. SQLite has
    one writer anyway. Others in front may each take the time of a whole batch, so the wait is not
    bounded by the store's short ``lock_timeout``.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL lock_timeout = '100s'"))
        tx.execute(text("SELECT pg_advisory_xact_lock(1752328309, hashtext(:t))"), {"t": tenant})
        tx.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def neighbourhood(
    tx: Any, tenant: str, people: People, policy: IdentityPolicy, seeds: Collection[str]
) -> Neighbourhood:
    """Return everybody who shares a value with people, directly or through others."""
    nodes: dict[str, Node] = {}
    merges: dict[str, str] = {}
    standing: dict[str, Standing] = {}
    crowded: set[object] = set()
    asked: set[Entry] = set()
    visited: set[str] = set()
    frontier = set(seeds)
    while frontier:
        fresh = frontier - visited
        visited |= fresh
        near = living_merges(tx, fresh)
        merges |= near
        questions = reviews.touching(tx, tenant, fresh)
        standing |= {q.id: q for q in questions}
        found = people.nodes(fresh)
        nodes |= found
        entries: dict[Entry, object] = {}
        for node in found.values():
            entries.update(e for e in people.entries(node) if e[0] not in asked)
        asked |= entries.keys()
        frontier = set(near) | set(near.values())
        frontier |= {i for q in questions for i in (q.left, q.right)}
        for entry, holders in people.holders(entries).items():
            if len(holders) > policy.holders:
                crowded.add(entries[entry])
            else:
                frontier |= holders
        frontier -= visited
    return Neighbourhood(nodes, merges, list(standing.values()), frozenset(crowded))


def settle(
    tx: Any,
    people: People,
    desk: Desk,
    policy: IdentityPolicy,
    act: Act,
    seeds: Collection[str],
) -> Settled:
    """Work out who is one person around people, and write what changes.

    Args:
        tx: The transaction; what is newly known stands in the store already.
        people: Reads people.
        desk: Writes them.
        policy: The rules' limits.
        act: On whose behalf.
        seeds: People of whom something new is known.
    """
    if not seeds:
        return Settled()
    around = neighbourhood(tx, act.tenant, people, policy, seeds)
    decisions = [d for q in around.standing if (d := q.decision())]
    found = partition(around.nodes.values(), policy, decisions, around.crowded)
    operations = _difference(around, found)
    carry_out(tx, desk, act, operations)
    asked = _ask(tx, act, desk, around, found)
    return Settled(operations, found.tier_of, asked)


def _difference(around: Neighbourhood, found: Partition) -> list[MergePersons | UnmergePersons]:
    """Return what turns the standing merges into those found.

    A group keeps the survivor it has; of several, and in new groups, the oldest id stays.
    """
    survivors = set(around.merges.values())
    target: dict[str, str] = {}
    for group in found.groups:
        kept = min((i for i in group if i in survivors), default=min(group))
        target.update((i, kept) for i in group if i != kept)
    now = {a: s for a, s in around.merges.items() if a in around.nodes or s in around.nodes}
    apart: list[MergePersons | UnmergePersons] = [
        UnmergePersons(s, a, 0) for a, s in sorted(now.items()) if target.get(a) != s
    ]
    return apart + [
        MergePersons(s, a, found.tier_of[a]) for a, s in sorted(target.items()) if now.get(a) != s
    ]


def _ask(tx: Any, act: Act, desk: Desk, around: Neighbourhood, found: Partition) -> frozenset[str]:
    """Add the questions that arise, withdraw the open ones that do not; return who is asked about.

    A question that stands between two persons stays, whichever of their records it names.
    """
    of = {i: min(group) for group in found.groups for i in group}
    standing: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for question in around.standing:
        left, right = sorted(of.get(i, i) for i in (question.left, question.right))
        standing[left, right].append(question)
    wanted = {(d.left, d.right): d for d in found.doubts}
    keys = desk.keys({d.left for d in wanted.values()})
    reviews.ask(tx, act, keys, [d for pair, d in wanted.items() if pair not in standing])
    stale = [
        q.id
        for pair, questions in standing.items()
        for q in (questions if pair not in wanted else questions[1:])
        if q.state == reviews.OPEN
    ]
    reviews.withdraw(tx, stale)
    return frozenset(i for pair in wanted for i in around.nodes if of[i] in pair)
