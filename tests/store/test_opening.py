"""Opening a store, and being refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from hrhub.errors import ConfigError, ExitStatus, StorageError
from hrhub.messages import LANGUAGES, catalogue
from hrhub.store import Store, open_store
from hrhub.store.migrations import HEAD
from hrhub.store.migrations.run import create, upgrade
from hrhub.store.schema import hub_index_name, hub_meta


def refusal(url: str) -> StorageError:
    with pytest.raises(StorageError) as caught:
        open_store(url)
    return caught.value


@pytest.mark.parametrize("url", ["mysql://h/db", "sqlite://", "sqlite:///:memory:", "no address"])
def test_an_address_that_is_no_store_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url)

    assert caught.value.code == "store.address"


def test_a_missing_store_is_refused_and_not_made(empty_store_url: str, tmp_path: Path) -> None:
    assert refusal(empty_store_url).code == "store.missing"
    assert list(tmp_path.iterdir()) == []


def test_upgrading_a_missing_store_is_refused(empty_store_url: str) -> None:
    with pytest.raises(StorageError) as caught:
        upgrade(empty_store_url)

    assert caught.value.code == "store.missing"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    create(url)
    (tmp_path / "store.db").chmod(mode)

    error = refusal(url)

    assert error.code == "store.exposed"
    assert error.context["mode"] == f"{mode:03o}"


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "home"
    url = f"sqlite:///{place}/store.db"
    create(url)
    place.chmod(0o755)

    assert refusal(url).code == "store.exposed"


@pytest.mark.parametrize(("found", "code"), [("0000", "store.too_new"), ("9999", "store.too_new")])
def test_a_store_of_an_unknown_version_is_refused_and_never_upgraded(
    store: Store, store_url: str, found: str, code: str
) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": found})

    assert refusal(store_url).code == code
    with pytest.raises(StorageError) as caught:
        upgrade(store_url)
    assert caught.value.code == code


def test_a_store_of_an_older_version_asks_for_an_upgrade(old_store_url: str) -> None:
    error = refusal(old_store_url)

    assert (error.code, error.context["found"]) == ("store.outdated", "0001")


def test_a_server_out_of_reach_is_unavailable_and_retried(tmp_path: Path) -> None:
    error = refusal(f"postgresql://nobody@/none?host={tmp_path}")

    assert error.code == "store.unavailable"
    assert error.retryable
    assert error.status is ExitStatus.STORAGE


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"something else" * 100)
    path.chmod(0o600)

    assert refusal(f"sqlite:///{path}").code == "store.unavailable"


def test_a_new_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with open_store(f"sqlite:///{tmp_path}/new/store.db", create=True) as store:
            with store.write() as tx:
                tx.execute(insert(hub_meta).values(key="a", value="b"))

            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "new", *(tmp_path / "new").iterdir())
            }
    finally:
        os.umask(old)

    assert modes.pop("new") == 0o700
    assert set(modes) == {"store.db", "store.db-wal", "store.db-shm"}
    assert set(modes.values()) == {0o600}


def test_creating_twice_changes_nothing(empty_store_url: str) -> None:
    with open_store(empty_store_url, create=True) as store, store.write() as tx:
        tx.execute(insert(hub_meta).values(key="kept", value="yes"))

    with open_store(empty_store_url, create=True) as store, store.read() as tx:
        assert tx.execute(select(hub_meta.c.value)).scalars().all() == ["yes"]
        assert tx.execute(select(hub_index_name.c.index_name)).scalars().all()
    assert upgrade(empty_store_url) == HEAD


def test_sqlite_runs_with_the_settings_of_the_security_design(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.db", create=True) as store, store.read() as tx:
        settings = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "busy_timeout",
                "foreign_keys",
                "secure_delete",
            )
        }

    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_postgresql_runs_with_the_settings_of_the_security_design(store: Store) -> None:
    with store.read() as tx:
        settings = {
            name: tx.exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "idle_in_transaction_session_timeout",
                "lock_timeout",
                "statement_timeout",
                "timezone",
                "transaction_isolation",
            )
        }

    assert settings == {
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "10s",
        "statement_timeout": "2min",
        "timezone": "UTC",
        "transaction_isolation": "read committed",
    }


def test_writing_in_a_read_transaction_fails_and_leaves_the_store_writable(store: Store) -> None:
    row = {"key": "k", "value": "v"}

    with pytest.raises(StorageError), store.read() as tx:
        tx.execute(insert(hub_meta).values(row))

    with store.write() as tx:
        tx.execute(insert(hub_meta).values(row))


def test_an_exception_rolls_the_transaction_back(store: Store) -> None:
    with pytest.raises(KeyError), store.write() as tx:
        tx.execute(insert(hub_meta).values(key="k", value="v"))
        raise KeyError

    with store.read() as tx:
        assert tx.execute(select(hub_meta)).all() == []


def test_a_broken_rule_is_a_conflict_that_tells_no_value(store: Store) -> None:
    with pytest.raises(StorageError) as caught, store.write() as tx:
        for _ in range(2):
            tx.execute(insert(hub_meta).values(key="canary-4711", value="canary-4711"))

    error = caught.value
    assert error.code == "store.conflict"
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "canary" not in f"{error} {error.context}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words(language: str) -> None:
    codes = {
        "address",
        "busy",
        "conflict",
        "exposed",
        "failed",
        "full",
        "missing",
        "no_server",
        "outdated",
        "too_new",
        "unavailable",
    }

    assert {f"store.{code}" for code in codes} <= set(catalogue(language))
