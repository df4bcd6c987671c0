"""A labelled crowd for the identity benchmark: people, and how five systems see them.

Written before the rules were tuned, and not changed to please them. Every record carries the
number of the human it is about; the hub never sees that label. What systems get wrong follows from
their kind: directories without documents, recruiting boards typed by hand, terminals with nothing
but a number, numbers and mailboxes that are shared, re-used or out of date.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hrhub.sandbox import names, national_ids

AS_OF = date(2026, 11, 1)
SYSTEMS = ("core", "directory", "board", "terminal", "tests")
"""SuccessFactors-like core, IM directory, recruiting board, punch terminal, assessment vendor."""

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_ALIKE = "伟玮炜磊雷静婧敏颖莹杰洁娜丽莉涛韬浩皓欣鑫佳嘉宇雨子紫文雯明铭军君"
_MAILS = ("qq.test", "163.test", "mail.test", "foxmail.test")


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of one system.

    ``label`` is the human; ``key`` the system's own id of the record.
    """

    system: str
    label: int
    key: str
    row: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class Human:
    """A human as they are; systems see parts of it."""

    label: int
    name: names.Name
    gender: names.Gender
    birth: date
    national_id: str
    mobile: str
    old_mobile: str
    personal_mail: str
    work_mail: str = ""
    spells: list[tuple[str, date, date | None]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """The name as written."""
        return self.name.family + self.name.given

    @property
    def at_work(self) -> bool:
        """Whether the last spell is open."""
        return bool(self.spells) and self.spells[-1][2] is None


class Crowd:
    """Draws people and what systems hold of them; the same seed gives the same crowd.

    Args:
        size: People.
        seed: Another number gives another crowd.
    """

    def __init__(self, size: int, seed: int = 1) -> None:
        self._rng = random.Random(seed)
        self._taken: set[str] = set()
        self._mails: dict[str, int] = {}
        self._left: list[tuple[str, date]] = []
        self._next_no = 10_000
        self.humans = [self._human(label) for label in range(size)]
        self._share_mobiles()

    def _human(self, label: int) -> Human:
        rng = self._rng
        gender: names.Gender = "female" if rng.random() < 0.5 else "male"
        name = names.draw(rng, gender)
        birth = date(1962, 1, 1) + timedelta(days=rng.randrange(365 * 42))
        human = Human(
            label,
            name,
            gender,
            birth,
            national_ids.draw(rng, birth, gender == "male", self._taken),
            self._mobile(),
            self._mobile(),
            f"{name.mail_part.replace('·', '')}{rng.randrange(10_000)}@{rng.choice(_MAILS)}",
        )
        if rng.random() < 0.85:
            self._employ(human)
        return human

    def _mobile(self) -> str:
        prefix = self._rng.choice(("130", "133", "135", "136", "138", "139", "150", "177", "186"))
        return f"{prefix}{self._rng.randrange(10**8):08d}"

    def _employ(self, human: Human) -> None:
        """Give a human spells: a twentieth were here before, an eighth have left again."""
        rng = self._rng
        hired = AS_OF - timedelta(days=rng.randrange(30, 4_000))
        number = self._number(hired)
        if rng.random() < 0.05:
            first_end = hired - timedelta(days=rng.randrange(100, 1_500))
            first = first_end - timedelta(days=rng.randrange(200, 1_500))
            own = rng.random() < 0.3
            human.spells.append((number if own else self._number(first), first, first_end))
        end = None
        if rng.random() < 0.12:
            end = min(AS_OF - timedelta(days=1), hired + timedelta(days=rng.randrange(30, 2_000)))
            self._left.append((number, end))
        human.spells.append((number, hired, end))
        part = human.name.mail_part
        seen = self._mails[part] = self._mails.get(part, 0) + 1
        human.work_mail = f"{part}{seen if seen > 1 else ''}@corp.test"

    def _number(self, hired: date) -> str:
        """Return a work number: a leaver's in one case of a hundred, else a new one."""
        if self._left and self._rng.random() < 0.01:
            number, ended = self._left[-1]
            if ended < hired:
                self._left.pop()
                return number
        self._next_no += 1
        return f"{self._next_no:06d}"

    def _share_mobiles(self) -> None:
        """Let couples share a number, and some people give that of an HR desk or an agency."""
        rng = self._rng
        for one, other in zip(self.humans[::100], self.humans[1::100], strict=False):
            other.mobile = one.mobile
        desks = [self._mobile() for _ in range(max(2, len(self.humans) // 3_000))]
        for human in self.humans:
            if rng.random() < 0.006:
                human.mobile = rng.choice(desks)

    def records(self) -> dict[str, list[Seen]]:
        """Return what each system holds, in an order of its own."""
        found = {
            "core": [s for h in self.humans for s in self._core(h)],
            "directory": [s for h in self.humans for s in self._directory(h)],
            "board": [s for h in self.humans for s in self._board(h)],
            "terminal": [s for h in self.humans for s in self._terminal(h)],
            "tests": [s for h in self.humans for s in self._tests(h)],
        }
        for seen in found.values():
            self._rng.shuffle(seen)
        return found

    def _core(self, human: Human) -> Iterator[Seen]:
        rng = self._rng
        for place, (number, hired, end) in enumerate(human.spells):
            row = {
                "no": number,
                "name": human.full_name,
                "sex": human.gender,
                "born": human.birth.isoformat(),
                "idCard": human.national_id,
                "mobile": None if rng.random() < 0.03 else self._written(human.mobile),
                "mail": human.work_mail,
                "hired": hired.isoformat(),
                "left": end.isoformat() if end else None,
                "company": "C01",
            }
            yield Seen("core", human.label, f"c{human.label}-{place}", row)

    def _directory(self, human: Human) -> Iterator[Seen]:
        rng = self._rng
        if not human.spells:
            return
        number, hired, end = human.spells[-1]
        if rng.random() > (0.92 if end is None else 0.05):
            return
        luck = rng.random()
        name = human.full_name
        if luck < 0.03:
            name = f"{name}（研发）"
        elif luck < 0.04:
            name = human.name.latin
        luck = rng.random()
        row = {
            "no": f"u{human.label:05d}" if luck < 0.02 else number,
            "name": name,
            "mobile": self._written(human.mobile) if rng.random() < 0.6 else None,
            "mail": human.work_mail if rng.random() < 0.6 else None,
            "hired": (
                hired + timedelta(days=rng.randrange(1, 20) if rng.random() < 0.1 else 0)
            ).isoformat(),
        }
        yield Seen("directory", human.label, f"d{human.label}", row)

    def _board(self, human: Human) -> Iterator[Seen]:
        rng = self._rng
        if human.spells and rng.random() > 0.35:
            return
        name = human.full_name
        if rng.random() < 0.015 and human.name.given:
            name = name[:-1] + rng.choice(_ALIKE)
        number = None
        if rng.random() < 0.4:
            number = human.national_id
            luck = rng.random()
            if luck < 0.05 and human.birth.year < 1999:
                number = number[:6] + number[8:17]  # 15 digits, as issued before 1999
            elif luck < 0.1:
                number = number.translate(_FULL_WIDTH)
        born = human.birth
        if rng.random() < 0.01:
            born += timedelta(days=rng.choice((-1, 1, 365)))
        row = {
            "name": name,
            "born": born.isoformat() if rng.random() < 0.6 else None,
            "sex": human.gender if rng.random() < 0.8 else None,
            "idCard": number,
            "mobile": None
            if rng.random() < 0.04
            else self._written(human.old_mobile if rng.random() < 0.08 else human.mobile),
            "mail": human.personal_mail if rng.random() < 0.8 else None,
        }
        yield Seen("board", human.label, f"b{human.label}", row)

    def _terminal(self, human: Human) -> Iterator[Seen]:
        if human.at_work and self._rng.random() < 0.95:
            row = {"no": human.spells[-1][0], "name": human.full_name}
            yield Seen("terminal", human.label, f"t{human.label}", row)

    def _tests(self, human: Human) -> Iterator[Seen]:
        rng = self._rng
        if rng.random() > (0.4 if human.at_work else 0.2):
            return
        by_work = human.at_work and rng.random() < 0.97
        name = human.full_name
        if rng.random() < 0.01 and human.name.given:
            name = name[:-1] + rng.choice(_ALIKE)
        row = {
            "name": name if rng.random() > 0.02 else f" {name} ",
            "workMail": self._cased(human.work_mail) if by_work else None,
            "mail": None if by_work else human.personal_mail,
        }
        yield Seen("tests", human.label, f"a{human.label}", row)

    def _written(self, mobile: str) -> str:
        """Write a number as people write it."""
        luck = self._rng.random()
        if luck < 0.05:
            return f"+86 {mobile[:3]} {mobile[3:7]} {mobile[7:]}"
        if luck < 0.1:
            return f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}"
        return mobile.translate(_FULL_WIDTH) if luck < 0.12 else mobile

    def _cased(self, mail: str) -> str:
        return mail.title() if self._rng.random() < 0.1 else mail
