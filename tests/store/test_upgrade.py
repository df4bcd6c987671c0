"""A store of the first version is brought to the newest one with everything in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select

from hrhub.ambient import new_ids, random_bytes
from hrhub.crypto import DataKey, RowSealer, open_group, row_seal_holds
from hrhub.crypto.framing import canonical_json
from hrhub.crypto.suites import INTERNATIONAL
from hrhub.model import ENTITIES, Privacy
from hrhub.store import Store, open_store
from hrhub.store.engine import parse_url
from hrhub.store.migrations import HEAD
from hrhub.store.migrations.run import upgrade
from hrhub.store.schema import ENTITY_TABLES, hub_index_name, metadata

AT = datetime(2026, 11, 20, 0, 58, 3, tzinfo=UTC)
COMMON = {"tenant": "acme", "content": b"c" * 16, "created_at": AT, "updated_at": AT}


def _punch(key: DataKey, row_id: str, employee_id: str) -> dict[str, Any]:
    """Return a punch in the columns that the first version had, sealed."""
    told = {"employee_id": employee_id, "punched_at": AT, "device_id": "D1"}
    personal, sensitive, seal = RowSealer("acme", "attendance_punch").seal(
        key, row_id, 1, canonical_json(told), canonical_json({"direction": "in"})
    )
    assert sensitive is None
    return {
        "id": row_id,
        **COMMON,
        **told,
        "subject_id": employee_id,
        "sealed_personal": personal,
        "row_seal": seal,
        "source_key": b"k" * 16,
        "fingerprint": b"f" * 16,
        "sync_id": 1,
    }


def _filled(url: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    with Store(parse_url(url)) as store, store.write() as tx:
        for entity, listed in rows.items():
            for row in listed:
                tx.execute(insert(ENTITY_TABLES[entity]).values(**row))


def test_rows_of_the_first_version_are_kept_and_their_seals_still_hold(old_store_url: str) -> None:
    key = DataKey(random_bytes(32), random_bytes(16), "acme", INTERNATIONAL)
    punch, contact, employment, person = new_ids(4)
    _filled(
        old_store_url,
        {
            "attendance_punch": [_punch(key, punch, person)],
            "person_contact": [
                {"id": contact, **COMMON, "person_id": person, "kind": "email", "use": "work"}
            ],
            "employment": [
                {"id": employment, **COMMON, "employee_id": person, "hire_date": AT.date()}
            ],
        },
    )

    assert upgrade(old_store_url) == HEAD

    with open_store(old_store_url) as store, store.read() as tx:
        row = tx.execute(select(ENTITY_TABLES["attendance_punch"])).mappings().one()
        others = [
            tx.execute(select(ENTITY_TABLES[name])).mappings().one()
            for name in ("person_contact", "employment")
        ]
    names = [f.name for f in ENTITIES["attendance_punch"].of(Privacy.OPEN)]
    told = {n: row[n] for n in names}
    sealed = {"sealed_personal": bytes(row["sealed_personal"])}
    assert row_seal_holds(bytes(row["row_seal"]), key, "attendance_punch", punch, 1, told, sealed)
    opened = open_group(key, "acme", "attendance_punch", *sealed.keys(), punch, *sealed.values())
    assert opened == {"direction": "in"}
    assert [o["id"] for o in others] == [contact, employment]
    assert others[0]["verified_at"] is None
    assert others[1]["hire_date"] == AT.date()


def test_an_upgraded_store_is_the_same_as_a_new_one(old_store_url: str) -> None:
    upgrade(old_store_url)

    with open_store(old_store_url) as store, store.read() as tx:
        context = MigrationContext.configure(
            tx, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        known = set(tx.execute(select(hub_index_name.c.entity, hub_index_name.c.index_name)))
    assert {tuple(k) for k in known} == {
        (e.name, f.name) for e in ENTITIES.values() for f in e.fields if f.index
    }


def test_upgrading_twice_changes_nothing(old_store_url: str) -> None:
    assert upgrade(old_store_url) == upgrade(old_store_url) == HEAD
