"""How well people are recognised across systems: precision, recall, and what humans are asked.

A labelled crowd (``tests.bench.crowd``) is synced through the whole pipeline, system by system, and
every pair of records is judged: joined without a human or not, one human or two.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from hrhub.connector import Connector, JsonRecords
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.records import source_key
from hrhub.settings import Settings
from hrhub.store.schema import ENTITY_TABLES, hub_match_review, hub_merge, hub_source_link
from tests.bench.crowd import SYSTEMS, Crowd, Seen
from tests.support.shelf import ShelfConfig, ShelfStream, shelf

WORKLOAD = "identity"
SIZE = 10_000
MIN_PRECISION = 0.9999
MIN_RECALL = 0.97
PAGE = 500

MAPPINGS: Mapping[str, tuple[str, str]] = {
    "core": (
        "employee",
        """
  work_no: no
  display_name: name
  gender: sex
  birth_date: {from: born, formats: [iso]}
  national_id: idCard
  mobile: {from: mobile, clean: cn_mobile}
  work_email: mail
  hire_date: {from: hired, formats: [iso]}
  end_date: {from: left, formats: [iso]}
  employer_code: company
""",
    ),
    "directory": (
        "employee",
        """
  work_no: no
  display_name: name
  mobile: {from: mobile, clean: cn_mobile}
  work_email: mail
  hire_date: {from: hired, formats: [iso]}
""",
    ),
    "board": (
        "person",
        """
  display_name: name
  gender: sex
  birth_date: {from: born, formats: [iso]}
  national_id: idCard
  mobile: {from: mobile, clean: cn_mobile}
  personal_email: mail
""",
    ),
    "terminal": ("device_user", "\n  work_no: no\n  display_name: name\n"),
    "tests": (
        "person",
        "\n  display_name: name\n  work_email: workMail\n  personal_email: mail\n",
    ),
}
"""System -> feed and fields."""


def connector(system: str) -> Connector:
    """Return the connector of one system."""
    stream = ShelfStream(
        name="people",
        title="People",
        feed=MAPPINGS[system][0],
        key=("key",),
        records=JsonRecords("rows"),
    )
    return replace(shelf(stream), name=system, title=system)


def put_mappings(folder: Path) -> Path:
    """Write the mappings of all systems."""
    for system, (feed, fields) in MAPPINGS.items():
        (folder / system).mkdir(parents=True)
        text = f"stream: {system}.people\nto: {feed}\nkey: key\nfields:{fields}"
        (folder / system / "people.yaml").write_text(text, encoding="utf-8")
    return folder


def put_pages(folder: Path, seen: Sequence[Seen], first: int = 0) -> None:
    """Write records as pages of a system's stream."""
    place = folder / "people"
    place.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(seen), PAGE):
        rows = [{"key": s.key, **s.row} for s in seen[start : start + PAGE]]
        text = json.dumps({"rows": rows}, ensure_ascii=False)
        (place / f"{first + start:06d}.json").write_text(text, encoding="utf-8")


def sync(hub: Hub, system: str, folder: Path) -> None:
    """Read a system's new pages, then apply them: figures do not hang on two writers' luck."""
    config = ShelfConfig(folder=str(folder))
    one, name = connector(system), f"{system}_default"
    receipt = hub.pull(one, config, name, "people", holder="bench")
    hub.load(receipt.run_id, one, holder="bench")


def settings(home: Path, store_url: str) -> Settings:
    """Return the settings of a hub for these systems."""
    return Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=put_mappings(home / "mappings"),
    )


def persons(hub: Hub, seen: Sequence[Seen]) -> dict[str, str]:
    """Return under which person each record is read, by the record's key.

    Records that wait in quarantine stand for nobody and are left out.
    """
    links = hub_source_link.c
    with hub.store.read() as tx:
        rows = tx.execute(
            select(links.connection_id, links.entity, links.source_key, links.entity_id)
        ).all()
        people = ENTITY_TABLES["person"].c
        read_as = {i: s or i for i, s in tx.execute(select(people.id, people.survivor_id))}
        roles = ENTITY_TABLES["employee"].c
        person_of = dict(tx.execute(select(roles.id, roles.person_id)).all())
    found = {
        (connection, bytes(key)): read_as[person_of.get(row_id, row_id)]
        for connection, _, key, row_id in rows
    }
    out: dict[str, str] = {}
    for one in seen:
        hashed = source_key(_keyed(hub, one.system), (one.key,))
        person = found.get((f"{one.system}_default", hashed))
        if person is not None:
            out[one.key] = person
    return out


def _keyed(hub: Hub, system: str) -> Any:
    from hashlib import blake2b

    key = hub.keys.fingerprint_key(f"source/{system}_default")
    return blake2b(key=key, digest_size=16)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out.

    Attributes:
        records: Records judged.
        people: Humans behind them.
        pairs: Pairs of records that are one human.
        joined: Pairs joined without a human's help.
        wrong: Pairs joined that are two humans.
        reviews: Questions asked.
        needless: Questions about two humans.
        waiting: Records in quarantine, which stand for nobody.
        answered: True pairs that would be joined if humans answered every question rightly.
    """

    records: int
    people: int
    pairs: int
    joined: int
    wrong: int
    reviews: int
    needless: int
    waiting: int
    answered: int

    @property
    def precision(self) -> float:
        """Share of the joined pairs that are right."""
        return 1 - self.wrong / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        """Share of all true pairs that were joined, also of those that no evidence connects."""
        return (self.joined - self.wrong) / (self.pairs or 1)

    def figures(self) -> dict[str, Any]:
        """Return what to write down."""
        return {
            "records": self.records,
            "people": self.people,
            "pairs": self.pairs,
            "joined": self.joined,
            "wrong": self.wrong,
            "precision": round(self.precision, 6),
            "recall": round(self.recall, 4),
            "recall_if_answered": round(self.answered / (self.pairs or 1), 4),
            "reviews": self.reviews,
            "needless_reviews": self.needless,
            "waiting": self.waiting,
        }


def judge(hub: Hub, seen: Sequence[Seen]) -> Judged:
    """Compare what the hub believes with the labels."""
    person_of = persons(hub, seen)
    label_of = {s.key: s.label for s in seen}
    joined, wrong = 0, 0
    for group in grouped(person_of).values():
        joined += _choose_two(len(group))
        by_label = Counter(label_of[key] for key in group)
        wrong += _choose_two(len(group)) - sum(map(_choose_two, by_label.values()))
    labels: dict[str, set[int]] = defaultdict(set)
    for key, person in person_of.items():
        labels[person].add(label_of[key])
    asked = list(_questions(hub))
    needless = sum(not labels[a] & labels[b] for a, b in asked)
    humans = Counter(label_of.values())
    return Judged(
        len(seen),
        len(humans),
        sum(map(_choose_two, humans.values())),
        joined,
        wrong,
        len(asked),
        needless,
        len(seen) - len(person_of),
        _answered(person_of, label_of, asked),
    )


def _answered(
    person_of: Mapping[str, str], label_of: Mapping[str, int], asked: Sequence[tuple[str, str]]
) -> int:
    """Count true pairs that are joined once every question is answered by the labels."""
    true: dict[str, set[int]] = defaultdict(set)
    for key, person in person_of.items():
        true[person].add(label_of[key])
    root = {person: person for person in true}

    def find(person: str) -> str:
        while root[person] != person:
            person = root[person]
        return person

    for a, b in asked:
        if true[a] & true[b]:
            root[find(a)] = find(b)
    groups: Counter[tuple[str, int]] = Counter(
        (find(person), label_of[key]) for key, person in person_of.items()
    )
    return sum(map(_choose_two, groups.values()))


def grouped(person_of: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the records of each person."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, person in person_of.items():
        groups[person].append(key)
    return groups


def _choose_two(count: int) -> int:
    return count * (count - 1) // 2


def _questions(hub: Hub) -> Iterator[tuple[str, str]]:
    from hrhub.identity import resolve_ids

    c = hub_match_review.c
    with hub.store.read() as tx:
        rows = tx.execute(select(c.left_id, c.right_id).where(c.state == "open")).all()
        read_as = resolve_ids(tx, {i for row in rows for i in row})
    return ((read_as[a], read_as[b]) for a, b in rows)


def losses(hub: Hub, seen: Sequence[Seen]) -> Counter[str]:
    """Count the true pairs that were not joined, by the systems of the two records."""
    person_of = persons(hub, seen)
    by_label: dict[int, list[Seen]] = defaultdict(list)
    for one in seen:
        by_label[one.label].append(one)
    lost: Counter[str] = Counter()
    for some in by_label.values():
        for a, b in combinations(some, 2):
            if person_of.get(a.key) is None or person_of.get(a.key) != person_of.get(b.key):
                lost["-".join(sorted((a.system, b.system)))] += 1
    return lost


def merges_by_tier(hub: Hub) -> dict[str, int]:
    """Count the standing merges by the rule that made them (see docs/operations.md, tiers)."""
    c = hub_merge.c
    query = select(c.tier, func.count()).where(c.undone_at.is_(None)).group_by(c.tier)
    with hub.store.read() as tx:
        return {f"tier{tier}": n for tier, n in sorted(tuple(row) for row in tx.execute(query))}


def run(home: Path, store_url: str, size: int, seed: int = 1) -> dict[str, Any]:
    """Sync a crowd into a fresh store and return what to write down."""
    records = Crowd(size, seed).records()
    with open_hub(settings(home, store_url), create=True) as hub:
        started = hub.clock.monotonic()
        for system in SYSTEMS:
            put_pages(home / system, records[system])
            sync(hub, system, home / system)
        seconds = hub.clock.monotonic() - started
        seen = [s for system in SYSTEMS for s in records[system]]
        found = judge(hub, seen)
        return {
            **found.figures(),
            "merges_by_tier": merges_by_tier(hub),
            "lost": dict(losses(hub, seen).most_common()),
            "records_s": round(len(seen) / seconds),
            "size": size,
            "passed": found.precision >= MIN_PRECISION and found.recall >= MIN_RECALL,
        }
