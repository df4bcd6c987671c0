"""What is known of a person that tells who it is: the evidence, and what contradicts it.

A node is a person of the store with all records that stand for it, or a record that is about to be
placed. Values are comparable forms; they live in memory only and never show in a ``repr``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hrhub.identity.names import Likeness, likeness

_SEXES = frozenset({"female", "male"})


@dataclass(frozen=True, slots=True)
class Job:
    """A spell under a work number; ``employer`` is None where the source does not name it."""

    employer: str | None
    work_no: str = field(repr=False)
    hired: date
    ended: date | None = None

    def meets(self, other: Job, quiet_days: int) -> bool:
        """Tell whether the spells overlap, each going on for the quiet days after its end."""
        return _until(self, quiet_days) >= other.hired and _until(other, quiet_days) >= self.hired


def _until(job: Job, quiet_days: int) -> date:
    return date.max if job.ended is None else job.ended + timedelta(days=quiet_days)


@dataclass(frozen=True, slots=True)
class Node:
    """A person, or a record not yet placed.

    Attributes:
        id: Row id of the person; empty for a record.
        names: Comparable names.
        births: Birth dates told, ISO text.
        genders: Genders told.
        residents: Resident id numbers (18 characters) that the told birth and gender agree with.
        claimed: Resident id numbers that they contradict.
        papers: Other documents: (kind, number).
        mobiles: E.164 digits.
        work_mails: Work addresses.
        own_mails: Personal addresses.
        jobs: Spells.
    """

    id: str
    names: frozenset[str] = field(default=frozenset(), repr=False)
    births: frozenset[str] = field(default=frozenset(), repr=False)
    genders: frozenset[str] = field(default=frozenset(), repr=False)
    residents: frozenset[str] = field(default=frozenset(), repr=False)
    claimed: frozenset[str] = field(default=frozenset(), repr=False)
    papers: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    mobiles: frozenset[str] = field(default=frozenset(), repr=False)
    work_mails: frozenset[str] = field(default=frozenset(), repr=False)
    own_mails: frozenset[str] = field(default=frozenset(), repr=False)
    jobs: frozenset[Job] = field(default=frozenset(), repr=False)

    def settled(self) -> Node:
        """Return the node with its resident numbers judged by what they say of birth and gender.

        A number holds the birth date and the gender (GB 11643-1999), so a record can contradict
        its own number; then the number is only claimed. One true number gives what is not told.
        """
        numbers = self.residents | self.claimed
        if not numbers:
            return self
        true = frozenset(n for n in numbers if self._agrees(n)) if len(numbers) == 1 else numbers
        if len(numbers) > 1:  # nobody has two: which one is wrong is not for a rule to say
            return replace(self, residents=frozenset(), claimed=numbers)
        (number,) = numbers
        if not true:
            return replace(self, residents=frozenset(), claimed=numbers)
        return replace(
            self,
            residents=true,
            claimed=frozenset(),
            births=frozenset({_birth(number)}),
            genders=frozenset({_gender(number)}),
        )

    def _agrees(self, number: str) -> bool:
        sexes = self.genders & _SEXES
        return self.births <= {_birth(number)} and sexes <= {_gender(number)}


def _birth(number: str) -> str:
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def _gender(number: str) -> str:
    return "male" if int(number[16]) % 2 else "female"


def united(nodes: Iterable[Node]) -> Node:
    """Return everything known of nodes that are one person; its id is the smallest."""
    every = list(nodes)
    if len(every) == 1:
        return every[0]
    total = Node(
        min(n.id for n in every),
        *(frozenset().union(*(getattr(n, name) for n in every)) for name in _EVIDENCE),
    )
    if total.claimed & total.residents:  # who was joined with the number's owner holds it
        return replace(total, claimed=total.claimed - total.residents)
    return total


_EVIDENCE = (
    "names",
    "births",
    "genders",
    "residents",
    "claimed",
    "papers",
    "mobiles",
    "work_mails",
    "own_mails",
    "jobs",
)


def contradictions(one: Node, other: Node) -> tuple[str, ...]:
    """Return the kinds of evidence in which two nodes cannot be one person.

    ``identifier``: they have different resident numbers, which only happens to different people.
    ``birth_date`` and ``gender``: told differently. ``claim``: one holds a number that the other
    claims against its own birth date or gender, or claims another number.
    """
    found: list[str] = []
    if one.residents and other.residents and not one.residents & other.residents:
        found.append("identifier")
    elif _claims_anothers(one, other) or _claims_anothers(other, one):
        found.append("claim")
    if one.births and other.births and not one.births & other.births:
        found.append("birth_date")
    sexes = one.genders & _SEXES, other.genders & _SEXES
    if sexes[0] and sexes[1] and not sexes[0] & sexes[1]:
        found.append("gender")
    return tuple(found)


def _claims_anothers(one: Node, other: Node) -> bool:
    """Tell whether one claims the number that the other holds, or has another one than it."""
    return bool(one.claimed & other.residents or (one.claimed and not _numbers_fit(one, other)))


def only_slipped(one: Node, other: Node) -> bool:
    """Tell whether two of one name contradict each other by a slipped birth date and nothing else.

    A slip is one day or one year, one digit, or day and month changed over: what typing, and dates
    that were converted between zones, do to a date. It also explains a resident number that one
    claims against the birth date it was typed with, if the other holds the same number.
    """
    if likeness(one.names, other.names) is not Likeness.SAME:
        return False
    if not set(contradictions(one, other)) <= {"birth_date", "claim"}:
        return False
    return _numbers_fit(one, other) and any(
        _is_slip(a, b) for a in one.births for b in other.births
    )


def _numbers_fit(one: Node, other: Node) -> bool:
    """Tell whether two hold or claim the same resident numbers, or one of them none at all."""
    left, right = one.residents | one.claimed, other.residents | other.claimed
    return not left or not right or left == right


def _is_slip(one: str, other: str) -> bool:
    a, b = date.fromisoformat(one), date.fromisoformat(other)
    if (a.year, a.month, a.day) == (b.year, b.day, b.month):
        return a != b
    if (a.month, a.day) == (b.month, b.day) and abs(a.year - b.year) == 1:
        return True
    if abs(a - b) == timedelta(days=1):
        return True
    return sum(x != y for x, y in zip(one, other, strict=True)) == 1


def shared(one: Node, other: Node) -> tuple[str, ...]:
    """Return the kinds of evidence in which two nodes agree, for a human to read."""
    pairs = (
        ("identifier", one.residents | one.claimed, other.residents | other.claimed),
        ("document", one.papers, other.papers),
        ("work_no", _numbers(one), _numbers(other)),
        ("work_email", one.work_mails, other.work_mails),
        ("mobile", one.mobiles, other.mobiles),
        ("personal_email", one.own_mails, other.own_mails),
        ("birth_date", one.births, other.births),
        ("gender", one.genders, other.genders),
    )
    found = [kind for kind, a, b in pairs if a & b]
    like = likeness(one.names, other.names)
    if like is Likeness.SAME:
        found.append("name")
    elif like is Likeness.NEAR:
        found.append("name_near")
    return tuple(found)


def _numbers(node: Node) -> frozenset[str]:
    return frozenset(job.work_no for job in node.jobs)
