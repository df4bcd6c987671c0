"""How fast a full store answers: one person among a million, a department on a day.

A few people are real: they came through the pipeline and are found and opened. The others only fill
tables and indexes to their size; nobody opens them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hrhub.ambient import new_ids
from hrhub.reading import By
from hrhub.reading.finding import Finder
from hrhub.sandbox.world import build_world
from hrhub.store import bulk
from hrhub.store.engine import Store
from hrhub.store.schema import INDEX_IDS, metadata
from hrhub.store.types import FOREVER
from tests.support.company import Company, company

WORKLOAD = "store"
SIZE = 1_000_000
DEPARTMENT = 10_000
"""People of the unit that is asked for."""
DEPARTMENTS = 10
MAX_LOOKUP_MS = 5.0
MAX_AS_OF_S = 1.0
_CHUNK = 20_000
_LOOKUPS = 50
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_DAY = date(2025, 6, 1)
_ROW = ("id", "tenant", "content", "created_at", "updated_at")


def run(home: Path, store_url: str, size: int) -> dict[str, Any]:
    """Fill a fresh store and return what to write down."""
    people = build_world(60, faulty=0).people[:_LOOKUPS]
    with company(store_url, home / "company") as hub:
        told = [
            {"id": str(n), "name": p.display_name, "idCard": p.national_id, "mobile": p.mobile}
            for n, p in enumerate(people)
        ]
        hub.tell("people", *told)
        hub.tell("units", *(_unit(n) for n in range(DEPARTMENTS)))
        _fill(hub, size)
        finder = Finder(hub.hub.keys, hub.hub.data_keys)
        looking = [_ms(lambda p=p: _look_up(hub, finder, p.national_id)) for p in people]
        finding = [_ms(lambda p=p: _find(hub, p.national_id)) for p in people]
        members = _timed(lambda: hub.reader.department("D0", _DAY))
        earlier = _timed(lambda: hub.reader.department("D0", _DAY, hub.clock.now()))
        lookup_ms = round(statistics.median(looking), 2)
        return {
            "size": size,
            "person_lookup_ms": lookup_ms,
            "person_lookup_worst_ms": round(max(looking), 2),
            "audited_find_ms": round(statistics.median(finding), 2),
            "as_of_10000_s": round(members, 3),
            "known_at_10000_s": round(earlier, 3),
            "passed": lookup_ms < MAX_LOOKUP_MS and max(members, earlier) < MAX_AS_OF_S,
        }


def table(found: dict[str, Any]) -> str:
    """Return the figures of each database as lines."""
    return "\n".join(
        f"store on {store}: {f['person_lookup_ms']} ms a look-up among {f['size']:,} people "
        f"({f['audited_find_ms']} ms written down), "
        f"{f['as_of_10000_s']} s for a department of {DEPARTMENT:,} on a day"
        for store, f in found.items()
    )


def _unit(number: int) -> dict[str, Any]:
    return {"code": f"D{number}", "name": "unit", "parent": None, "start": "2020-01-01"}


def _look_up(hub: Company, finder: Finder, number: str) -> None:
    """Find, open and compare one person: what has to be fast."""
    with hub.hub.store.read() as tx:
        if len(finder.find(tx, By.NATIONAL_ID, number)) != 1:
            raise RuntimeError("a person who is there was not found")


def _find(hub: Company, number: str) -> None:
    """The same with the limit, the durable link in the audit chain, and the person's roles."""
    if len(hub.reader.find("national_id", number, actor="bench")) != 1:
        raise RuntimeError("a person who is there was not found")


def _timed(ask: Callable[[], Sequence[object]]) -> float:
    started = time.perf_counter()
    if len(ask()) != DEPARTMENT:
        raise RuntimeError("the department does not hold whom it must hold")
    return time.perf_counter() - started


def _ms(ask: Callable[[], None]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1_000


def _fill(hub: Company, size: int) -> None:
    store, tenant = hub.hub.store, hub.hub.settings.tenant
    units = [u.series_id for u in hub.reader.org_units()]
    left = DEPARTMENT * DEPARTMENTS
    for number, some in enumerate(_chunks(size)):
        with store.write() as tx:
            people, papers = new_ids(some), new_ids(some)
            _insert(tx, "person", _base(people, tenant), {})
            _insert(
                tx,
                "person_identifier",
                _base(papers, tenant),
                {"person_id": people, "kind": ["cn_resident_id"] * some},
            )
            index = INDEX_IDS["person_identifier", "number"]
            entries = [(tenant, index, 1, os.urandom(16), i) for i in papers]
            names = ("tenant", "index_id", "version", "bi", "row_uid")
            bulk.insert(tx, metadata.tables["hub_blind_index"], names, entries)
            bulk.insert(tx, metadata.tables["hub_dek"], _DEK, _keys(people, tenant))
            if left > 0:
                employees = min(some, left)
                _employ(tx, tenant, people[:employees], units, number * _CHUNK)
                left -= employees
    _analyse(store)


_DEK = (
    "dek_id",
    "tenant",
    "owner",
    "purpose",
    "profile",
    "twk_id",
    "wrapped",
    "commit",
    "state",
    "uses",
    "created_at",
)


def _keys(people: Sequence[str], tenant: str) -> Iterator[tuple[Any, ...]]:
    twk, wrapped = os.urandom(16), os.urandom(60)
    for i in people:
        key_id = os.urandom(16)
        yield (key_id, tenant, i, "subject", 1, twk, wrapped, bytes(32), "active", 0, _AT)


def _employ(tx: Any, tenant: str, people: Sequence[str], units: Sequence[str], first: int) -> None:
    many = len(people)
    employees, spells, slices = new_ids(many), new_ids(many), new_ids(many)
    _insert(tx, "employee", _base(employees, tenant), {"person_id": people})
    hired = {"employee_id": employees, "hire_date": [date(2020, 1, 1)] * many}
    _insert(tx, "employment", _base(spells, tenant), hired)
    of = [units[(first + n) // DEPARTMENT % len(units)] for n in range(many)]
    _insert(
        tx,
        "assignment",
        _base(slices, tenant),
        {
            "employment_id": spells,
            "org_unit_id": of,
            "series_id": slices,
            "valid_from": [date(2020, 1, 1)] * many,
            "valid_to": [FOREVER] * many,
            "seq": [1] * many,
            "recorded_at": [_AT] * many,
            "dated_by": ["source"] * many,
        },
    )


def _base(ids: Sequence[str], tenant: str) -> list[tuple[Any, ...]]:
    return [(i, tenant, b"", _AT, _AT) for i in ids]


def _insert(
    tx: Any, entity: str, base: list[tuple[Any, ...]], more: dict[str, Sequence[Any]]
) -> None:
    columns = [*_ROW, *more]
    added = zip(*more.values(), strict=True) if more else ((),) * len(base)
    rows = [(*row, *values) for row, values in zip(base, added, strict=True)]
    bulk.insert(tx, metadata.tables[entity], columns, rows)


def _chunks(size: int) -> Iterator[int]:
    for at in range(0, size, _CHUNK):
        yield min(_CHUNK, size - at)


def _analyse(store: Store) -> None:
    """Do what a database does by itself after a while."""
    with store.write() as tx:
        tx.exec_driver_sql("ANALYZE")
