"""Who is one person: a function of what is known, never of the order in which it came.

The tiers are gone through in order. In each, everybody who shares a key of the tier is joined, if
nothing in the whole that comes about contradicts; who stands between two people that contradict
each other is left to a human. Because a tier looks at all nodes at once, and because a join is a
merge that can be taken back, a record that comes late undoes what it disproves: the partition is
the one that any other order would have led to.

====  =======================================================  =================================
tier  key                                                      when
====  =======================================================  =================================
0     a human's decision                                       always
1     resident number; other document                          nothing contradicts
2     work number and name; work number alone                  spells meet; alone: names are near
                                                               or in another script, and a spell's
                                                               first day or a contact agrees too
3     work address and name
4     mobile and name                                          at most two names use the mobile
5     personal address and name                                never joined, only asked
====  =======================================================  =================================

Name alone, or mobile alone, is nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hrhub.identity.names import Likeness, likeness
from hrhub.identity.nodes import Job, Node, contradictions, shared, united
from hrhub.identity.policy import IdentityPolicy

Pair = tuple[str, str]
_SURE = "identifier"
"""A contradiction after which nobody needs to be asked."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a human said of two people."""

    left: str
    right: str
    same: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two people who may be one; kinds of evidence only, never values."""

    left: str
    right: str
    tier: int
    agree: tuple[str, ...]
    differ: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """Who is one person.

    Attributes:
        groups: Ids of the nodes of each person, also of those who stand alone.
        tier_of: By which tier a node came to its group; nodes that stand alone are not in it.
        doubts: What a human is to look at.
    """

    groups: Sequence[frozenset[str]]
    tier_of: dict[str, int]
    doubts: Sequence[Doubt]


def partition(
    nodes: Collection[Node],
    policy: IdentityPolicy,
    decisions: Collection[Decision] = (),
    crowded: Collection[object] = (),
) -> Partition:
    """Return who is one person among nodes that share keys.

    Args:
        nodes: All nodes that share a key with one another, directly or through others.
        policy: Limits and stop lists.
        decisions: What humans said.
        crowded: Values that so many records share that they prove nothing.
    """
    work = _Work(nodes, policy, decisions, crowded)
    work.join_decided()
    work.step(1, work.sharing(_documents))
    work.step(2, work.named_numbers())
    work.step(2, work.bare_numbers(), names_count=True)
    work.step(3, work.named(lambda n: n.work_mails, policy.speaks_of_mail, 3))
    work.step(4, work.named(lambda n: n.mobiles, policy.speaks_of_mobile, 4))
    work.ask(5, work.named(lambda n: n.own_mails, policy.speaks_of_mail, 5))
    return work.found()


def _documents(node: Node) -> Iterable[object]:
    yield from node.residents | node.claimed
    yield from node.papers


class _Work:
    """A partition in the making: clusters by the id of their smallest node."""

    def __init__(
        self,
        nodes: Collection[Node],
        policy: IdentityPolicy,
        decisions: Collection[Decision],
        crowded: Collection[object],
    ) -> None:
        self._nodes = sorted(nodes, key=lambda n: n.id)
        self._policy = policy
        self._crowded = crowded
        self._of = {n.id: n.id for n in self._nodes}
        self._members: dict[str, list[Node]] = {n.id: [n] for n in self._nodes}
        self._sum = {n.id: n for n in self._nodes}
        self._tier_of: dict[str, int] = {}
        self._doubts: dict[Pair, int] = {}
        self._names_count = False
        known = [d for d in decisions if d.left in self._of and d.right in self._of]
        self._same = [(d.left, d.right) for d in known if d.same]
        self._apart: dict[str, set[str]] = defaultdict(set)
        for d in known:
            if not d.same:
                self._apart[d.left].add(d.right)
                self._apart[d.right].add(d.left)

    def join_decided(self) -> None:
        """Join who humans said is one person, whatever contradicts."""
        for one, other in self._same:
            self._unite([self._of[one], self._of[other]], 0)

    def sharing(self, keys: Callable[[Node], Iterable[object]]) -> Iterator[Pair]:
        """Yield pairs of people who have a key in common."""
        for holders in self._holders(keys).values():
            yield from _pairs(holders)

    def named(
        self,
        values: Callable[[Node], Iterable[str]],
        speaks: Callable[[str], bool],
        tier: int,
    ) -> Iterator[Pair]:
        """Yield pairs that have a contact and a name in common; ask about crowded ones."""
        for value, holders in self._holders(values).items():
            if not speaks(str(value)):
                continue
            names = _names_on(holders)
            if names > self._policy.stop_after:
                continue
            pairs = [
                (a.id, b.id)
                for a, b in combinations(holders, 2)
                if likeness(a.names, b.names) is Likeness.SAME
            ]
            if tier == 4 and names > self._policy.names_per_mobile:
                self.ask(tier, pairs)
            else:
                yield from pairs

    def named_numbers(self) -> Iterator[Pair]:
        """Yield pairs with a work number and a name in common, whose spells meet."""
        for a, b, meets in self._numbers():
            if likeness(a.names, b.names) is Likeness.SAME:
                if meets:
                    yield a.id, b.id
                else:
                    self.ask(2, [(a.id, b.id)])

    def bare_numbers(self) -> Iterator[Pair]:
        """Yield pairs with a work number in common and something else than the name."""
        for a, b, meets in self._numbers():
            like = likeness(a.names, b.names)
            if not meets or like is Likeness.SAME:
                continue
            if like is not Likeness.DIFFERENT and _supported(a, b):
                yield a.id, b.id
            else:
                self.ask(2, [(a.id, b.id)])

    def _numbers(self) -> Iterator[tuple[Node, Node, bool]]:
        """Yield pairs with a work number in common, and whether their spells meet."""
        for number, holders in self._holders(_work_numbers).items():
            if not self._policy.speaks_of_code(str(number)):
                continue
            for a, b in combinations(holders, 2):
                pairs = [
                    (x, y)
                    for x in a.jobs
                    for y in b.jobs
                    if x.work_no == y.work_no == number and _one_employer(x, y)
                ]
                if pairs:
                    yield a, b, any(x.meets(y, self._policy.quiet_days) for x, y in pairs)

    def _holders(self, keys: Callable[[Node], Iterable[Any]]) -> dict[object, list[Node]]:
        """Return the people so far on each value, where there are several.

        People, not records: what is known of one must not depend on which of their records holds
        the value.
        """
        found: dict[object, list[Node]] = defaultdict(list)
        for person in self._sum.values():
            for key in keys(person):
                found[key].append(person)
        return {
            key: holders
            for key, holders in found.items()
            if len(holders) > 1 and key not in self._crowded
        }

    def ask(self, tier: int, pairs: Iterable[Pair]) -> None:
        """Note that a human is to look at pairs; the first tier that asks is kept."""
        for a, b in pairs:
            self._doubts.setdefault((a, b) if a < b else (b, a), tier)

    def step(self, tier: int, pairs: Iterable[Pair], *, names_count: bool = False) -> None:
        """Join the clusters of pairs where nothing contradicts; ask about the others.

        Where the key holds no name, a different name contradicts too.
        """
        self._names_count = names_count
        links: dict[str, dict[str, Pair]] = defaultdict(dict)
        for a, b in pairs:
            one, other = self._of[a], self._of[b]
            if one == other:
                continue
            if self._clash(one, other):
                self.ask(tier, [(a, b)])
                continue
            links[one][other] = links[other][one] = (a, b)
        todo = list(_components(links, links))
        while todo:
            group = todo.pop()
            clashes = [p for p in combinations(sorted(group), 2) if self._clash(*p)]
            if not clashes:
                self._unite(sorted(group), tier)
                continue
            out = self._contested(group, links, clashes)
            for one in out:
                self.ask(tier, (links[one][other] for other in links[one] if other in group))
            todo += _components(links, group - out)

    def _contested(
        self, group: set[str], links: dict[str, dict[str, Pair]], clashes: Sequence[Pair]
    ) -> set[str]:
        """Return whom to leave out of a group in which some contradict each other.

        Beside one person with a resident number: who contradicts that person. Else: who shares
        keys with two that contradict each other. If there is nobody of this kind: all.
        """
        anchored = [c for c in group if self._sum[c].residents]
        if len(anchored) == 1:
            against = {a if b == anchored[0] else b for a, b in clashes if anchored[0] in (a, b)}
            if against:
                return against
        between = {c for c in group if any(a in links[c] and b in links[c] for a, b in clashes)}
        return between or set(group)

    def _clash(self, one: str, other: str) -> bool:
        left, right = self._sum[one], self._sum[other]
        if contradictions(left, right):
            return True
        if self._names_count and likeness(left.names, right.names) is Likeness.DIFFERENT:
            return True
        apart: set[str] = set()
        for node in self._members[one]:
            apart |= self._apart.get(node.id, set())
        return bool(apart) and any(n.id in apart for n in self._members[other])

    def _unite(self, clusters: Sequence[str], tier: int) -> None:
        roots = sorted(set(clusters))
        if len(roots) < 2:
            return
        root = roots[0]
        members = [n for r in roots for n in self._members.pop(r)]
        total = united(self._sum.pop(r) for r in roots)
        for node in members:
            self._of[node.id] = root
            self._tier_of.setdefault(node.id, tier)
        self._members[root], self._sum[root] = members, total

    def found(self) -> Partition:
        """Return what has come about; doubts between people, one for each pair of them."""
        doubts: dict[Pair, Doubt] = {}
        for (a, b), tier in sorted(self._doubts.items(), key=lambda d: (d[1], d[0])):
            one, other = sorted((self._of[a], self._of[b]))
            if one == other or (one, other) in doubts:
                continue
            left, right = self._sum[one], self._sum[other]
            differ = contradictions(left, right)
            if _SURE in differ or self._decided(one, other):
                continue
            like = likeness(left.names, right.names)
            if like is Likeness.DIFFERENT:
                differ = (*differ, "name")
            doubts[one, other] = Doubt(one, other, tier, shared(left, right), differ)
        groups = [frozenset(n.id for n in members) for members in self._members.values()]
        return Partition(groups, self._tier_of, list(doubts.values()))

    def _decided(self, one: str, other: str) -> bool:
        others = {n.id for n in self._members[other]}
        return any(self._apart.get(n.id, set()) & others for n in self._members[one])


def _names_on(holders: Sequence[Node]) -> int:
    """Count the names of people, those who share one counted once."""
    apart: list[set[str]] = []
    for holder in holders:
        known = set(holder.names)
        for names in [names for names in apart if names & known]:
            apart.remove(names)
            known |= names
        if known:
            apart.append(known)
    return len(apart)


def _work_numbers(node: Node) -> Iterable[str]:
    return {job.work_no for job in node.jobs}


def _one_employer(one: Job, other: Job) -> bool:
    return one.employer is None or other.employer is None or one.employer == other.employer


def _supported(one: Node, other: Node) -> bool:
    """Tell whether more than a work number speaks for two nodes."""
    if one.mobiles & other.mobiles or one.work_mails & other.work_mails:
        return True
    if one.own_mails & other.own_mails:
        return True
    return bool(
        {(j.work_no, j.hired) for j in one.jobs} & {(j.work_no, j.hired) for j in other.jobs}
    )


def _pairs(holders: Sequence[Node]) -> Iterator[Pair]:
    return ((a.id, b.id) for a, b in combinations(holders, 2))


def _components(links: dict[str, dict[str, Pair]], among: Collection[str]) -> Iterator[set[str]]:
    """Yield the connected parts, of two and more, of those named."""
    left = set(among)
    for start in sorted(among):
        if start not in left:
            continue
        part, edge = {start}, [start]
        while edge:
            for other in links[edge.pop()]:
                if other in left and other not in part:
                    part.add(other)
                    edge.append(other)
        left -= part
        if len(part) > 1:
            yield part
