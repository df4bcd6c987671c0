"""Versions of whole histories, in any order and as often as they come: one believed history.

Every company of an example is told the same story in an order of its own; companies share nothing,
so one hub holds as many orders as the story has.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from hrhub.reading import Reader, Slice
from tests.support import postgres
from tests.support.company import Company, company, stamp

Telling = tuple[str, list[dict[str, Any]]]
"""Stream, and one version of one record with all its slices."""
Believed = dict[str, list[tuple[Any, ...]]]

_ORDERS = {"sqlite": 120, "postgresql": 12}
_EXAMPLES = {"sqlite": 9, "postgresql": 2}


def test_the_orders_of_the_suite_are_a_thousand_and_more() -> None:
    assert _ORDERS["sqlite"] * _EXAMPLES["sqlite"] >= 1_000
    assert _ORDERS["postgresql"] * _EXAMPLES["postgresql"] >= 24


class Story:
    """Edits that follow each other; each is told as the whole record it leaves behind."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.tellings: list[tuple[str, str, list[dict[str, Any]]]] = []
        a = [{"start": "2021-01-01", "dept": "U1", "boss": None}]
        edits = ["backdated", "same_day", "future", "deleted_future", "loop", "back", "merge"]
        chance.shuffle(edits)
        for edit in edits[:5]:
            if edit == "merge":
                end = f"202{chance.randint(2, 4)}-06-30"
                self._units("U2", [{"start": "2020-01-01", "parent": None, "end": end}])
                continue
            a = self._edited(a, edit, chance)
            self._jobs("a", a)

    def _edited(
        self, slices: list[dict[str, Any]], edit: str, chance: random.Random
    ) -> list[dict[str, Any]]:
        day = f"202{chance.randint(2, 4)}-0{chance.randint(1, 9)}-01"
        if edit == "backdated":
            return [{"start": "2020-06-01", "dept": "U2", "boss": None}, *slices[1:]]
        if edit == "same_day":
            first = {"start": day, "dept": "U2", "boss": None, "seq": 1}
            return [slices[0], first, {**first, "dept": "U1", "seq": 2}]
        if edit == "future":
            return [slices[0], {"start": "2030-01-01", "dept": "U2", "boss": None}]
        if edit == "loop":
            return [*slices[:1], {"start": day, "dept": "U1", "boss": "b"}]
        if edit == "back":
            return [{"start": "2021-01-01", "dept": "U1", "boss": None}]
        return slices[:1]

    def _jobs(self, who: str, slices: list[dict[str, Any]]) -> None:
        self.tellings.append(("jobs", who, slices))

    def _units(self, code: str, slices: list[dict[str, Any]]) -> None:
        self.tellings.append(("units", code, slices))

    def told(self, number: int, tag: str) -> Telling:
        """Return one telling as company ``tag``'s vendor sends it; its number is its version."""
        stream, who, slices = self.tellings[number]
        rows = []
        for at, piece in enumerate(slices):
            later = [s["start"] for s in slices[at + 1 :]]
            row: dict[str, Any] = {"seq": 1, "end": None, **piece, "changed": stamp(number + 2)}
            if later:
                # A slice that is replaced on its own day keeps that day, as vendors tell it.
                row["end"] = later[0] if later[0] == piece["start"] else _eve(later[0])
            if stream == "units":
                row |= {"code": f"{who}-{tag}", "name": f"{who}-{tag}"}
            else:
                row |= {"spell": f"{who}-{tag}", "dept": f"{piece['dept']}-{tag}", "state": 1}
                row["title"] = f"{who}-{tag}"
                row["boss"] = f"{piece['boss']}-{tag}" if piece["boss"] else None
            rows.append(row)
        return stream, rows


def _eve(day: str) -> str:
    return date.fromordinal(date.fromisoformat(day).toordinal() - 1).isoformat()


def founded(hub: Company, tags: Sequence[str]) -> None:
    """Give every company two people, one of them rehired, and units that come after the jobs."""
    people, spells, jobs, units = [], [], [], []
    for tag in tags:
        people += [
            {"id": f"{who}-{tag}", "name": name} for who, name in (("a", "甲乙"), ("b", "丙丁"))
        ]
        for spell, who, hired in (("a", "a", "2020"), ("b", "b", "2020"), ("c", "b", "2025")):
            row = {"spell": f"{spell}-{tag}", "person": f"{who}-{tag}", "no": f"{who}-{tag}"}
            spells.append({**row, "hired": f"{hired}-01-01", "left": None})
        for spell in "bc":
            row = {"spell": f"{spell}-{tag}", "title": f"{spell}-{tag}", "seq": 1, "state": 1}
            row |= {"start": "2021-01-01", "dept": f"U1-{tag}", "boss": f"a-{tag}"}
            jobs.append(row)
        for code in ("U1", "U2"):
            units.append({"code": f"{code}-{tag}", "name": code, "start": "2020-01-01"})
    hub.tell("people", *people)
    hub.tell("spells", *spells)
    hub.tell("jobs", *jobs)
    hub.tell("units", *units)


def snapshot(reader: Reader, known_at: datetime | None = None) -> list[Slice]:
    """Return all that is believed, but not until when it will be."""
    found = [*reader.assignments(known_at=known_at), *reader.org_units(known_at=known_at)]
    return [replace(piece, superseded_at=None) for piece in found]


def believed(reader: Reader) -> Believed:
    """Return what each company's history is, in the vendor's words."""
    units = {u.series_id: u.code for u in reader.org_units()}
    # Titles are the vendor's names of spells: of the two spells of one employee the first one.
    people = {a.employee_id: a.job_title for a in reversed(reader.assignments())}
    found: Believed = {}
    for a in reader.assignments():
        who, _, tag = (a.job_title or "").partition("-")
        unit, boss = units[a.org_unit_id or ""], people.get(a.manager_employee_id or "")
        told = (unit.partition("-")[0], (boss or "").partition("-")[0], a.dated_by)
        assert unit.endswith(f"-{tag}") and (boss is None or boss.endswith(f"-{tag}"))
        found.setdefault(tag, []).append((who, str(a.valid_from), str(a.valid_to), a.seq, *told))
    for u in reader.org_units():
        code, _, tag = u.code.partition("-")
        row = (code, str(u.valid_from), str(u.valid_to), u.seq, "", "", u.dated_by)
        found.setdefault(tag, []).append(row)
    return {tag: sorted(rows) for tag, rows in found.items()}


def orders(count: int, many: int, seed: int) -> list[tuple[int, ...]]:
    """Return orders of tellings, the right one first; every third one tells something twice."""
    chance = random.Random(seed)
    every = list(permutations(range(count)))
    chosen = [every[0], *chance.sample(every, min(many, len(every)) - 1)]
    return [
        (*order, order[chance.randrange(count)]) if number % 3 == 2 else order
        for number, order in enumerate(chosen)
    ]


def told_in_every_order(store_url: str, place: Path, seed: int, many: int) -> None:
    """Tell one story in many orders; compare what is believed, now and as of every round."""
    story = Story(seed)
    chosen = orders(len(story.tellings), many, seed)
    tags = [f"{number:03d}" for number in range(len(chosen))]
    with company(store_url, place) as hub:
        founded(hub, tags)
        moments = {hub.clock.now(): snapshot(hub.reader)}
        for at in range(max(map(len, chosen))):
            rows: dict[str, list[dict[str, Any]]] = {"jobs": [], "units": []}
            for tag, order in zip(tags, chosen, strict=True):
                if at < len(order):
                    stream, told = story.told(order[at], tag)
                    rows[stream] += told
            for stream, some in rows.items():
                if some:
                    assert hub.tell(stream, *some).quarantined == 0
            moments[hub.clock.now()] = snapshot(hub.reader)

        now = believed(hub.reader)
        right = now[tags[0]]
        assert len(right) >= 4
        assert {tag: rows for tag, rows in now.items() if rows != right} == {}
        for moment, then in moments.items():
            assert snapshot(hub.reader, moment) == then


@pytest.mark.parametrize("seed", range(_EXAMPLES["sqlite"]))
def test_any_order_gives_one_history_on_sqlite(
    sqlite_template: Path, tmp_path: Path, seed: int
) -> None:
    store = tmp_path / "store.db"
    copyfile(sqlite_template, store)
    store.chmod(0o600)

    told_in_every_order(f"sqlite:///{store}", tmp_path, seed, _ORDERS["sqlite"])


@pytest.mark.parametrize("seed", range(_EXAMPLES["postgresql"]))
def test_any_order_gives_one_history_on_postgresql(tmp_path: Path, seed: int) -> None:
    told_in_every_order(postgres.emptied(), tmp_path, 100 + seed, _ORDERS["postgresql"])
