"""Streams in CSV and XML go the way of all streams: gate, quarantine, history of each record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hrhub.connector import CsvRecords, RecordFormat, XmlRecords
from hrhub.errors import ContractChanged
from hrhub.pipeline import Counts
from hrhub.sandbox.world import build_world
from tests.pipeline.conftest import Bench
from tests.support.shelf import PEOPLE, shelf

PERSONS = [p for p in build_world(40, faulty=0).people if p.mobile][:3]


def csv(rows: Sequence[Sequence[str]]) -> bytes:
    lines = ["id,name,idCard,mobile,seen", *(",".join(row) for row in rows)]
    return "\r\n".join(lines).encode("gb18030")


def xml(rows: Sequence[Sequence[str]]) -> bytes:
    names = ("id", "name", "idCard", "mobile", "seen")
    records = ("".join(f"<{n}>{v}</{n}>" for n, v in zip(names, row, strict=False)) for row in rows)
    return f"<all>{''.join(f'<one>{record}</one>' for record in records)}</all>".encode()


FORMATS = pytest.mark.parametrize(
    ("records", "write"),
    [
        pytest.param(CsvRecords(("id",), charset="gb18030"), csv, id="csv"),
        pytest.param(XmlRecords("all.one"), xml, id="xml"),
    ],
)


def row(number: int, seen: str = "1", **changes: str) -> list[str]:
    person = PERSONS[number]
    told = {
        "id": f"00{number}",
        "name": person.display_name,
        "idCard": person.national_id,
        "mobile": person.mobile or "",
        "seen": seen,
    }
    return list({**told, **changes}.values())


def sync(bench: Bench, records: RecordFormat, body: bytes) -> Counts:
    folder = bench.shelf / "people"
    folder.mkdir(parents=True, exist_ok=True)
    bench.pages += 1
    (folder / f"{bench.pages:04d}").write_bytes(body)
    stream = replace(PEOPLE, records=records, volatile=("seen",))
    return bench.hub.sync(shelf(stream), bench.config, "shelf_default", "people", holder="test")


def test_a_torn_row_waits_in_quarantine_and_the_others_go_on(bench: Bench) -> None:
    torn = ["009", "only a name"]

    counts = sync(bench, CsvRecords(("id",), charset="gb18030"), csv([row(0), torn, row(1)]))

    assert (counts.seen, counts.inserted, counts.quarantined) == (3, 2, 1)
    (held,) = bench.rows("hub_quarantine")
    assert held.reason == "parse"
    assert b"only a name" not in repr(held).encode()


def test_a_table_in_another_character_set_stops_before_anything_of_it_is_applied(
    bench: Bench,
) -> None:
    body = csv([row(0)]).decode("gb18030").encode("utf-8-sig")

    with pytest.raises(ContractChanged, match=r"vendor\.body_refused.*bom"):
        sync(bench, CsvRecords(("id",), charset="gb18030"), body)

    assert bench.count("person") == 0
    assert bench.count("hub_landing_batch") == 1, "the page is kept"


@FORMATS
def test_unchanged_records_stop_at_the_gate_whatever_is_volatile(
    bench: Bench, records: RecordFormat, write: object
) -> None:
    assert callable(write)
    first = sync(bench, records, write([row(0), row(1)]))
    again = sync(bench, records, write([row(0, seen="2"), row(1, seen="2"), row(2)]))
    changed = sync(bench, records, write([row(0, mobile="13900001234")]))

    assert (first.inserted, first.unchanged) == (2, 0)
    assert (again.inserted, again.unchanged) == (1, 2)
    assert (changed.updated, changed.unchanged) == (1, 0)
