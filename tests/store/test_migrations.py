"""The frozen migrations make exactly what the model says."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from hrhub.model import ENTITIES
from hrhub.store import Store
from hrhub.store.migrations import REVISIONS
from hrhub.store.schema import ENTITY_TABLES, INDEX_IDS, hub_index_name, metadata


def test_the_migrated_schema_does_not_differ_from_the_model(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(
            tx, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_and_rowid_layout_are_as_declared(store: Store) -> None:
    with store.read() as tx:
        found = {index["name"]: index for index in inspect(tx).get_indexes("hub_dek")}
        active = found["uq_hub_dek_active"]
        assert active["unique"]
        assert active["dialect_options"][f"{store.dialect}_where"] is not None


def test_every_entity_has_a_table_without_personal_columns() -> None:
    for name, entity in ENTITIES.items():
        columns = set(ENTITY_TABLES[name].c.keys())
        secret = {f.name for f in entity.fields if f.privacy != "open"}
        own = {"valid_from", "valid_to"} if entity.history else set()
        assert not (secret - own) & columns, name


def test_index_numbers_are_entered_as_the_model_gives_them(store: Store) -> None:
    c = hub_index_name.c
    with store.read() as tx:
        rows = tx.execute(select(c.entity, c.index_name, c.index_id)).all()

    assert {(entity, name): number for entity, name, number in rows} == dict(INDEX_IDS)


def test_index_numbers_never_change() -> None:
    assert INDEX_IDS[("person", "display_name")] == 22_027
    assert all(0 <= number < 2**15 for number in INDEX_IDS.values())


def test_revisions_are_listed_in_order() -> None:
    assert list(REVISIONS) == sorted(REVISIONS)
