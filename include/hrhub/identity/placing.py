"""Find the person of a record that is new: attach it where the evidence is as strong as a name.

A record is attached to a person for good only through a key that nobody shares by chance: a
resident number that it does not contradict, another document with the same name, a work number
with the same name and meeting spells, a work address with the same name, or mobile, personal
address and birth date all at once; and only if the tier leads to one person whom nothing in the
record contradicts. Everything weaker makes a person of its own,
which :mod:`hrhub.identity.settling` merges, so that it can be taken back.

Attaching cannot be taken back by itself, so one case is left in which order counts: a record that
tells no document, and that keys of these tiers lead to two people who contradict each
other (to one by the work number, say, and to one by the work address). It stays with the one who
was there when it came; the other is asked about or stays apart. No order joins the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from hrhub.identity.loading import Entry, People
from hrhub.identity.merges import living_merges
from hrhub.identity.names import Likeness, likeness
from hrhub.identity.nodes import Node, contradictions, united
from hrhub.identity.policy import IdentityPolicy
from hrhub.identity.tiers import thrice_told

Found = tuple[str, int]
"""Person and tier."""


class Placer:
    """Places new records among the people of the store, in bulk.

    Args:
        tx: The transaction.
        people: Reads people.
        policy: The rules' limits.
    """

    def __init__(self, tx: Any, people: People, policy: IdentityPolicy) -> None:
        self._tx = tx
        self._people = people
        self._policy = policy
        self.known: dict[Entry, set[str]] = {}
        self.asked: set[Entry] = set()

    def look_up(self, evidence: Iterable[Iterable[Entry]]) -> Collection[Entry]:
        """Ask once who holds the index entries of records; return those that somebody holds.

        What is found stays in ``known``: later steps need not ask again.
        """
        self.asked = set(chain.from_iterable(evidence))
        self.known = self._people.holders(self.asked)
        return self.known.keys()

    def place(self, records: Sequence[Node]) -> list[Found | None]:
        """Return the person of each record looked up before, None where it has to be a new one."""
        entries = [[entry for entry, _ in self._people.entries(r)] for r in records]
        wanted = [
            {p for e in some for p in self.known.get(e, ()) if self._few(e)} for some in entries
        ]
        ids = set().union(*wanted) if wanted else set()
        if not ids:
            return [None] * len(records)
        nodes, group_of = self._read(ids)
        return [
            self._choose(record, [nodes[i] for i in sorted(some) if i in nodes], nodes, group_of)
            for record, some in zip(records, wanted, strict=True)
        ]

    def _few(self, entry: Entry) -> bool:
        return len(self.known.get(entry, ())) <= self._policy.holders

    def _read(self, ids: set[str]) -> tuple[dict[str, Node], dict[str, frozenset[str]]]:
        """Return nodes, and with whom each is one person."""
        near = living_merges(self._tx, ids)
        near |= living_merges(self._tx, near.values())
        nodes = self._people.nodes(ids | near.keys() | set(near.values()))
        groups: dict[str, set[str]] = defaultdict(set)
        for i in nodes:
            groups[near.get(i, i)].add(i)
        return nodes, {i: frozenset(group) for group in groups.values() for i in group}

    def _choose(
        self,
        record: Node,
        candidates: Sequence[Node],
        nodes: Mapping[str, Node],
        group_of: Mapping[str, frozenset[str]],
    ) -> Found | None:
        matches: dict[int, list[Node]] = defaultdict(list)
        for candidate in candidates:
            for tier in _tiers(record, candidate, self._policy):
                matches[tier].append(candidate)
        for tier in sorted(matches):
            groups = {group_of[c.id] for c in matches[tier]}
            if len(groups) > 1:
                return None
            (group,) = groups
            person = united(nodes[i] for i in group)
            claimed = record.claimed or any(nodes[i].claimed for i in group)
            if claimed or contradictions(record, person):
                return None
            return min(c.id for c in matches[tier]), tier
        return None


def attaches(record: Node, other: Node) -> bool:
    """Tell whether two records of one page are one person by document alone."""
    return bool(record.residents & other.residents) and not contradictions(record, other)


def _tiers(record: Node, person: Node, policy: IdentityPolicy) -> Iterator[int]:
    same_name = likeness(record.names, person.names) is Likeness.SAME
    if record.residents & person.residents or (same_name and record.papers & person.papers):
        yield 1
    if not same_name:
        if thrice_told(record, person, policy):
            yield 5
        return
    for job in record.jobs:
        if policy.speaks_of_code(job.work_no) and any(
            job.work_no == other.work_no
            and (job.employer is None or other.employer in (None, job.employer))
            and job.meets(other, policy.quiet_days)
            for other in person.jobs
        ):
            yield 2
            break
    if any(policy.speaks_of_mail(a) for a in record.work_mails & person.work_mails):
        yield 3
