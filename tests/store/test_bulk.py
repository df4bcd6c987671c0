"""Bulk work gives and takes the same values on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from hrhub.ambient import new_ids
from hrhub.errors import StorageError
from hrhub.store import Store, bulk
from hrhub.store.schema import (
    ENTITY_TABLES,
    hub_blind_index,
    hub_dek,
    hub_landing_batch,
    hub_meta,
    hub_quarantine,
    hub_source_link,
    hub_sync,
)
from hrhub.store.types import FOREVER

AT = datetime(2026, 11, 20, 8, 30, 15, 123456, tzinfo=UTC)
LINK = (
    "id",
    "tenant",
    "sync_id",
    "connection_id",
    "entity",
    "source_key",
    "entity_id",
    "fingerprint",
    "content",
    "landed_seq",
    "state",
    "first_seen",
)
PUNCH = (
    "id",
    "tenant",
    "employee_id",
    "punched_at",
    "local_offset_min",
    "subject_id",
    "sealed_personal",
    "content",
    "created_at",
    "updated_at",
    "source_key",
    "fingerprint",
    "sync_id",
)


def links(count: int, sync_id: int = 1, state: str = "live") -> list[tuple[Any, ...]]:
    ids = new_ids(count * 2)
    return [
        (
            ids[i],
            "default",
            sync_id,
            "c",
            "person",
            i.to_bytes(16),
            ids[count + i],
            (i * 7919 % 65521).to_bytes(16),
            bytes(16),
            i,
            state,
            AT,
        )
        for i in range(count)
    ]


def test_inserting_a_row_that_is_there_is_a_conflict(store: Store) -> None:
    with pytest.raises(StorageError) as caught, store.write() as tx:
        for _ in range(2):
            bulk.insert(tx, hub_meta, ("key", "value"), [("k", "v")])

    assert caught.value.code == "store.conflict"


def test_a_moment_without_zone_is_refused(store: Store) -> None:
    row = list(links(1)[0])
    row[-1] = datetime(2026, 1, 1)

    with pytest.raises(ValueError, match="zone"), store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, [tuple(row)])


def test_rows_of_another_width_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="columns"), store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, [("only", "two")])


def test_nothing_to_do_does_nothing(store: Store) -> None:
    with store.write() as tx:
        assert bulk.insert(tx, hub_meta, ("key", "value"), []) == 0
        assert bulk.insert_ignore(tx, hub_meta, ("key", "value"), [], ("key",)) == 0
        assert bulk.update(tx, hub_meta, "key", ("value",), []) == 0
        assert bulk.fetch_by(tx, hub_meta, "key", [], ("value",)) == []
        assert bulk.delete_by(tx, hub_meta, "key", []) == 0


def test_every_kind_comes_back_as_it_went_in(store: Store) -> None:
    series, row_id = new_ids(2)
    columns = (
        "id",
        "tenant",
        "code",
        "title",
        "headcount",
        "content",
        "row_version",
        "created_at",
        "updated_at",
        "series_id",
        "valid_from",
        "valid_to",
        "seq",
        "recorded_at",
        "superseded_at",
        "dated_by",
    )
    row = (
        row_id,
        "default",
        "岗位\t\\N\n𠮷",
        "quote \"'",
        Decimal("12345678901234.5600"),
        bytes(range(16)),
        7,
        AT,
        AT,
        series,
        date(1900, 1, 1),
        FOREVER,
        1,
        AT,
        None,
        "source",
    )
    position = ENTITY_TABLES["position"]

    with store.write() as tx:
        assert bulk.insert(tx, position, columns, [row]) == 1
        fetched = bulk.fetch_by(tx, position, "id", [row_id], columns)
        core = tx.execute(select(*(position.c[c] for c in columns))).one()

    assert fetched == [row]
    assert tuple(core) == row
    assert str(fetched[0][4]) == "12345678901234.5600"
    assert fetched[0][7].tzinfo is UTC
    assert [type(v) for v in fetched[0]] == [type(v) for v in row]


def test_booleans_json_and_wide_integers_come_back(store: Store) -> None:
    contact = ENTITY_TABLES["person_contact"]
    ids = new_ids(4)
    contacts = [
        (ids[i], "default", ids[3], "mobile", "work", value, b"", AT, AT)
        for i, value in enumerate((True, False, None))
    ]
    columns = (
        "id",
        "tenant",
        "person_id",
        "kind",
        "use",
        "is_primary",
        "content",
        "created_at",
        "updated_at",
    )
    batch = (
        "batch_uid",
        "tenant",
        "sync_id",
        "run_id",
        "stream",
        "slice",
        "seq",
        "file",
        "wire_bytes",
        "decoded_bytes",
        "records",
        "sha256_ct",
        "completeness",
        "state",
        "meta",
        "landed_at",
    )
    meta = {"zone": "Asia/Shanghai", "offset": 480}

    with store.write() as tx:
        tx.execute(
            insert(hub_sync).values(
                id=1, tenant="default", connection="c", stream="s", connector="x"
            )
        )
        bulk.insert(tx, contact, columns, contacts)
        bulk.insert(
            tx,
            hub_landing_batch,
            batch,
            [
                (
                    ids[0],
                    "default",
                    1,
                    ids[1],
                    "s",
                    "",
                    2**40,
                    "f",
                    1,
                    2**50,
                    3,
                    bytes(32),
                    "proved",
                    "landed",
                    meta,
                    AT,
                )
            ],
        )
        found = bulk.fetch_by(tx, contact, "person_id", [ids[3]], ("id", "is_primary"))
        landed = bulk.fetch_by(
            tx, hub_landing_batch, "batch_uid", [ids[0]], ("seq", "decoded_bytes", "meta")
        )

    assert sorted(found) == [(ids[0], True), (ids[1], False), (ids[2], None)]
    assert landed == [(2**40, 2**50, meta)]


def test_a_moment_in_another_zone_is_the_same_moment(store: Store) -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    row = (*links(1)[0][:-1], shanghai)

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, [row])
        [(read,)] = bulk.fetch_by(tx, hub_source_link, "id", [row[0]], ("first_seen",))

    assert read == AT
    assert read.utcoffset() == timedelta(0)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.datetimes(timezones=st.just(UTC)),
            st.decimals(allow_nan=False, allow_infinity=False, places=6),
            st.binary(max_size=40),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_value_survives_the_bulk_path(store: Store, rows: list[tuple[Any, ...]]) -> None:
    position = ENTITY_TABLES["position"]
    columns = (
        "id",
        "tenant",
        "code",
        "created_at",
        "headcount",
        "content",
        "title",
        "updated_at",
        "series_id",
        "valid_from",
        "valid_to",
        "seq",
        "recorded_at",
        "dated_by",
    )
    ids = new_ids(len(rows))
    full = [
        (i, "default", *row, "t", AT, i, FOREVER, FOREVER, 1, AT, "source")
        for i, row in zip(ids, rows, strict=True)
    ]

    with store.write() as tx:
        bulk.insert(tx, position, columns, full)
        found = bulk.fetch_by(tx, position, "id", ids, columns)

    assert sorted(found) == sorted(full)


def test_ignoring_what_is_there_counts_only_what_is_new(store: Store) -> None:
    rows = links(5)
    unique = ("tenant", "connection_id", "entity", "source_key")

    with store.write() as tx:
        assert bulk.insert_ignore(tx, hub_source_link, LINK, rows[:3], unique) == 3
        assert bulk.insert_ignore(tx, hub_source_link, LINK, rows + rows[3:], unique) == 2
        assert bulk.insert_ignore(tx, hub_source_link, LINK, rows, unique) == 0


def test_updates_reach_their_rows_and_count_them(store: Store) -> None:
    rows = links(4)
    stranger = new_ids(1)[0]
    changes = [
        (rows[1][0], b"a" * 16, "removed"),
        (rows[2][0], b"b" * 16, "live"),
        (stranger, b"c" * 16, "live"),
    ]

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows)
        assert bulk.update(tx, hub_source_link, "id", ("content", "state"), changes) == 2
        assert bulk.update(tx, hub_source_link, "id", ("content", "state"), changes[:1]) == 1
        found = bulk.fetch_by(
            tx, hub_source_link, "id", [r[0] for r in rows], ("id", "content", "state")
        )

    assert sorted(found) == sorted(
        [(rows[0][0], bytes(16), "live"), changes[0], changes[1], (rows[3][0], bytes(16), "live")]
    )


def test_thousands_are_found_in_one_call_by_one_column_or_by_two(store: Store) -> None:
    rows = links(3000)
    wanted = [r[5] for r in rows[::2]] + [b"?" * 16]

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows)
        one = bulk.fetch_by(
            tx,
            hub_source_link,
            "source_key",
            wanted + wanted,
            ("id",),
            {"tenant": "default", "sealed_source_id": None},
        )
        two = bulk.fetch_by(
            tx,
            hub_source_link,
            ("entity", "source_key"),
            [("person", key) for key in wanted],
            ("id",),
            {"sync_id": 1},
        )
        none = bulk.fetch_by(tx, hub_source_link, "source_key", wanted, ("id",), {"tenant": "x"})

    assert sorted(one) == sorted(two) == sorted((r[0],) for r in rows[::2])
    assert none == []


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_table_without_statistics_is_not_read_once_per_value(store: Store) -> None:
    rows = links(4000)
    ids = [r[0] for r in rows]

    with store.write() as tx:
        bulk.insert(tx, hub_source_link, LINK, rows)
        tx.exec_driver_sql("SET LOCAL statement_timeout = '2s'")  # it took 7 s with = ANY(…)
        assert len(bulk.fetch_by(tx, hub_source_link, "id", ids, ("id",))) == 4000
        assert bulk.update(tx, hub_source_link, "id", ("state",), [(i, "removed") for i in ids])
        assert bulk.delete_by(tx, hub_source_link, "id", ids) == 4000


def test_deleting_counts_and_spares_the_rest(store: Store) -> None:
    a, b = new_ids(2)
    columns = ("tenant", "index_id", "version", "bi", "row_uid")
    rows = [
        ("default", 1, 1, b"x" * 16, a),
        ("default", 2, 1, b"y" * 16, a),
        ("default", 1, 1, b"x" * 16, b),
    ]

    with store.write() as tx:
        bulk.insert(tx, hub_blind_index, columns, rows)
        assert bulk.delete_by(tx, hub_blind_index, "row_uid", {a, new_ids(1)[0]}) == 2
        left = bulk.fetch_by(tx, hub_blind_index, "row_uid", [a, b], columns)

    assert left == rows[2:]


def test_quarantine_has_no_column_for_a_raw_value() -> None:
    assert "sealed_raw" in hub_quarantine.c
    assert "raw" not in hub_quarantine.c


def test_sums_are_added_in_the_database_and_not_read_first(store: Store) -> None:
    columns = ("dek_id", "tenant", "owner", "purpose", "profile", "twk_id", "wrapped", "commit",
               "state", "created_at")  # fmt: skip
    now = datetime(2026, 1, 1, tzinfo=UTC)
    keys = [bytes([n]) * 16 for n in range(3)]
    with store.write() as tx:
        rows = [(k, "t", k.hex(), "subject", 1, k, k, k, "active", now) for k in keys]
        bulk.insert(tx, hub_dek, columns, rows)

    for _ in range(2):
        with store.write() as tx:
            assert bulk.add(tx, hub_dek, "dek_id", "uses", [(keys[0], 2), (keys[1], 2**33)]) == 2
            assert bulk.add(tx, hub_dek, "dek_id", "uses", []) == 0

    with store.read() as tx:
        found = dict(iter(tx.execute(select(hub_dek.c.dek_id, hub_dek.c.uses))))
    assert [found[k] for k in keys] == [4, 2**34, 0]
