"""The fingerprints that the change gate compares with, as the store hands them out."""

from __future__ import annotations

import pytest

from hrhub.ambient import new_ids
from hrhub.store import Store, bulk, fingerprints, quarantine
from hrhub.store.schema import ENTITY_TABLES, hub_source_link
from tests.store.test_bulk import AT, LINK, PUNCH, links
from tests.store.test_quarantine import record


def read(found: fingerprints.Fingerprints) -> list[bytes]:
    return [b"".join(int(half).to_bytes(8) for half in pair) for pair in found]


def test_a_stream_that_was_never_synced_has_none(store: Store) -> None:
    with store.read() as tx:
        assert len(fingerprints.load(tx, 1)) == 0


def test_they_are_sorted_and_leave_out_what_is_not_live(store: Store) -> None:
    rows = links(500)
    gone = [(*new_ids(1), *r[1:5], b"gone" * 4, *r[6:10], "removed", AT) for r in rows[:1]]
    other = [(*new_ids(1), *r[1:2], 2, "d", *r[4:]) for r in rows[:1]]

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows + gone + other)
        found = fingerprints.load(tx, 1)

    assert found.shape == (500, 2)
    assert read(found) == sorted(r[7] for r in rows)


def test_a_record_that_has_another_form_in_quarantine_is_left_out(
    store: Store, sync_id: int
) -> None:
    rows = links(3, sync_id)
    refused = record(sync_id, AT, source_key=rows[1][5])

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows)
        quarantine.add(tx, [refused])
        found = fingerprints.load(tx, sync_id)

    assert read(found) == [rows[0][7], rows[2][7]]


def test_more_than_one_part_comes_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_ROWS_AT_ONCE", 7)
    rows = links(50)

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows)
        found = fingerprints.load(tx, 1)

    assert read(found) == sorted(r[7] for r in rows)


def test_those_of_facts_are_those_of_their_rows(store: Store) -> None:
    ids = new_ids(3)
    table = ENTITY_TABLES["attendance_punch"]
    punches = [
        (
            *(ids[i], "default", ids[0], AT, 480, ids[0], b"sealed", b"", AT, AT),
            *(bytes([i]) * 16, bytes([i + 1]) * 16, 9),
        )
        for i in range(3)
    ]

    with store.write() as tx:
        bulk.insert(tx, table, PUNCH, punches)
        found = fingerprints.load(tx, 9, facts=table)

    assert read(found) == [b"\1" * 16, b"\2" * 16, b"\3" * 16]
