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
3     work address and name                                    or, where no third name has it, a
                                                               near name, if spells meet
4     mobile and name                                          at most two names use the mobile;
                                                               or birth date, and name or near name
5     personal address and name                                only one name uses the address;
                                                               or birth date, and name or near name
5     personal address, mobile and birth date                  names are near or in another script
====  =======================================================  =================================

Name alone, or mobile alone, is nothing. A birth date that differs by one slip of the pen does not
contradict where name and a contact agree (:func:`hrhub.identity.nodes.only_slipped`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from hrhub.identity.names import Likeness, likeness
from hrhub.identity.nodes import Job, Node, contradictions, only_slipped, shared, united
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
    work.step(1, work.sharing(lambda n: n.residents))
    work.step(1, work.sharing(_documents))
    work.step(2, work.named_numbers())
    work.step(2, work.bare_numbers(), names_count=True)
    work_mails = _Contact(3, lambda n: n.work_mails, policy.speaks_of_mail, policy.stop_after)
    mobiles = _Contact(4, lambda n: n.mobiles, policy.speaks_of_mobile, policy.names_per_mobile)
    own_mails = _Contact(5, lambda n: n.own_mails, policy.speaks_of_mail, 1)
    work.step(3, work.named(work_mails))
    work.step(3, work.nearly_named(work_mails), names_count=True)
    work.forgive_slips()
    work.step(1, work.sharing(_documents))
    for contact in (mobiles, own_mails):
        work.step(contact.tier, work.named(contact))
        work.step(contact.tier, work.born_alike(contact), names_count=True)
    work.step(5, work.thrice_told(), names_count=True)
    return work.found()


@dataclass(frozen=True, slots=True)
class _Contact:
    """A kind of contact as evidence.

    Attributes:
        tier: In which tier it counts.
        of: Returns a person's values.
        speaks: Tells whether a value can be somebody's own.
        most: Names that may share a value before it joins nobody by itself.
    """

    tier: int
    of: Callable[[Node], Iterable[str]]
    speaks: Callable[[str], bool]
    most: int


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
        self._forgiving = False
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

    def forgive_slips(self) -> None:
        """From now on let a slipped birth date pass where name and contact outweigh it.

        Not before the first three tiers: what these join may have been attached when it came, and
        which contacts outweigh a slip must not depend on that.
        """
        self._forgiving = True

    def sharing(self, keys: Callable[[Node], Iterable[object]]) -> Iterator[Pair]:
        """Yield pairs of people who have a key in common."""
        for holders in self._holders(keys).values():
            yield from _pairs(holders)

    def named(self, contact: _Contact) -> Iterator[Pair]:
        """Yield pairs that have a contact and a name in common; ask about crowded ones."""
        for holders, names in self._sharing_contact(contact):
            if names > self._policy.stop_after:
                continue
            pairs = [(a.id, b.id) for a, b in _alike(holders, Likeness.SAME)]
            if names > contact.most:
                self.ask(contact.tier, pairs)
            else:
                yield from pairs

    def nearly_named(self, contact: _Contact) -> Iterator[Pair]:
        """Yield pairs whose names are near and the only ones on a contact; ask if in no spell."""
        for holders, names in self._sharing_contact(contact):
            if names != 2:
                continue
            for a, b in _alike(holders, Likeness.NEAR):
                if _at_one_time(a, b, self._policy.quiet_days):
                    yield a.id, b.id
                else:
                    self.ask(contact.tier, [(a.id, b.id)])

    def born_alike(self, contact: _Contact) -> Iterator[Pair]:
        """Yield pairs with a contact, a birth date and nearly a name in common.

        With the birth date also a shared contact speaks. Near names without one are asked about.
        """
        for holders, names in self._sharing_contact(contact):
            for a, b in _alike(holders, Likeness.SAME, Likeness.NEAR):
                if a.births & b.births:
                    yield a.id, b.id
                elif names == 2 and not contradictions(a, b):
                    self.ask(contact.tier, [(a.id, b.id)])

    def _sharing_contact(self, contact: _Contact) -> Iterator[tuple[list[Node], int]]:
        """Yield the people on each value that can be somebody's own, and how many names it has."""
        for value, holders in self._holders(contact.of).items():
            if contact.speaks(str(value)):
                yield holders, _names_on(holders)

    def thrice_told(self) -> Iterator[Pair]:
        """Yield pairs with a personal address, a mobile and a birth date in common."""
        for holders in self._holders(lambda n: n.own_mails).values():
            yield from (
                (a.id, b.id) for a, b in combinations(holders, 2) if thrice_told(a, b, self._policy)
            )

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
        if contradictions(left, right) and not self._excused(left, right):
            return True
        if self._names_count and likeness(left.names, right.names) is Likeness.DIFFERENT:
            return True
        apart: set[str] = set()
        for node in self._members[one]:
            apart |= self._apart.get(node.id, set())
        return bool(apart) and any(n.id in apart for n in self._members[other])

    def _excused(self, left: Node, right: Node) -> bool:
        """Tell whether a slip is all that contradicts, and a name and a contact outweigh it."""
        if not self._forgiving or not only_slipped(left, right):
            return False
        policy = self._policy
        mails = left.work_mails & right.work_mails | left.own_mails & right.own_mails
        return any(map(policy.speaks_of_mobile, left.mobiles & right.mobiles)) or any(
            map(policy.speaks_of_mail, mails)
        )

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


def thrice_told(one: Node, other: Node, policy: IdentityPolicy) -> bool:
    """Tell whether personal address, mobile and birth date all agree, and the names may.

    A family may share a mobile or a mailbox, and strangers a birth date; all three together are
    one person's. This is how somebody who has a Latin name elsewhere is found.
    """
    return (
        bool(one.births & other.births)
        and any(map(policy.speaks_of_mail, one.own_mails & other.own_mails))
        and any(map(policy.speaks_of_mobile, one.mobiles & other.mobiles))
        and likeness(one.names, other.names) is not Likeness.DIFFERENT
    )


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


def _at_one_time(one: Node, other: Node, quiet_days: int) -> bool:
    """Tell whether spells of two meet; who has none told may have been there at any time."""
    if not one.jobs or not other.jobs:
        return True
    return any(x.meets(y, quiet_days) for x in one.jobs for y in other.jobs)


def _alike(holders: Sequence[Node], *degrees: Likeness) -> Iterator[tuple[Node, Node]]:
    """Yield pairs whose names are alike in one of the degrees."""
    return ((a, b) for a, b in combinations(holders, 2) if likeness(a.names, b.names) in degrees)


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
