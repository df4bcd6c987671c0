"""Store, keys and verification on the command line."""

from __future__ import annotations

import sqlite3

from hrhub.ambient import new_id
from hrhub.errors import ExitStatus
from hrhub.pipeline import open_hub
from hrhub.store.migrations import HEAD
from tests.cli.conftest import Desk


def test_a_key_ring_is_never_replaced(bare: Desk) -> None:
    assert bare("keys", "status").status == ExitStatus.KEYS_UNAVAILABLE
    made = bare("keys", "create", "--json").doc
    ring = (bare.home / "keyring.json").read_bytes()

    said = bare("keys", "create", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["code"] == "keys.exists"
    assert (bare.home / "keyring.json").read_bytes() == ring
    assert (bare.home / "keyring.json").stat().st_mode & 0o777 == 0o600
    said = bare("keys", "status", "--json")
    assert said.status == ExitStatus.STORAGE, "there is no store to look tenant keys up in"
    assert said.doc["current"] == made["key"]


def test_a_store_is_made_once_and_says_what_it_holds(bare: Desk) -> None:
    assert bare("store", "status").status == ExitStatus.STORAGE
    assert bare("store", "upgrade").status == ExitStatus.STORAGE

    assert bare("store", "create").status == ExitStatus.DONE
    assert bare("store", "create").status == ExitStatus.DONE

    assert (bare.home / "store.db").stat().st_mode & 0o777 == 0o600
    assert bare("store", "upgrade", "--json").doc["version"] == HEAD
    status = bare("store", "status", "--json").doc
    assert (status["database"], status["rows"]["person"]) == ("sqlite", 0)
    assert "person" in bare("store", "status").out


def test_the_address_of_a_store_is_shown_without_its_password(bare: Desk) -> None:
    url = "postgresql://hr:s3cret@127.0.0.1:1/hub"
    bare.env(HRHUB_STORE_URL=url)

    for args in (("store", "create"), ("store", "status"), ("runs",)):
        said = bare(*args)
        assert said.status == ExitStatus.STORAGE
        assert "s3cret" not in said.out + said.err


def test_the_tenants_keys_are_listed_without_being_shown(desk: Desk) -> None:
    desk("verify")  # opens the hub once, which makes the tenant's keys

    doc = desk("keys", "status", "--json").doc

    assert {key["purpose"] for key in doc["keys"]} == {"twk", "bik", "auk", "cuk"}
    assert {key["wrapped_by"] for key in doc["keys"]} == {doc["current"]}
    ring = (desk.home / "keyring.json").read_text()
    secret = ring.split('"key": "')[1].split('"')[0]
    assert secret not in desk("keys", "status").out


def test_verify_fails_and_says_what_to_do_when_somebody_edited_the_store(
    desk: Desk, people: str
) -> None:
    desk("sync", people, "people", "employments")
    assert desk("verify").status == ExitStatus.DONE
    with sqlite3.connect(desk.home / "store.db") as store:
        [[edited]] = store.execute("SELECT id FROM employee LIMIT 1").fetchall()
        store.execute("UPDATE employee SET status = 'terminated' WHERE id = ?", (edited,))

    said = desk("verify", "--json")

    assert said.status == ExitStatus.FAILED
    assert said.doc["findings"] == [
        {"code": "verify.row_changed", "place": "employee", "id": edited}
    ]
    assert "security incident" in desk("verify").out
    assert "安全事件" in desk("verify", "--lang", "zh").out


def test_verify_lists_what_sources_tell_that_cannot_be_true_and_the_store_holds(
    desk: Desk, people: str
) -> None:
    desk("sync", people, "people", "employments")
    with sqlite3.connect(desk.home / "store.db") as store:
        store.execute("CREATE TEMP TABLE again AS SELECT * FROM employment ORDER BY id LIMIT 1")
        store.execute("UPDATE again SET end_date = NULL")
        store.execute("UPDATE again SET id = ?, hire_date = '1999-01-01'", (new_id(),))
        store.execute("INSERT INTO employment SELECT * FROM again")

    said = desk("verify", "--json")

    assert said.status == ExitStatus.DONE
    assert {f["code"] for f in said.doc["findings"]} == {"verify.spells_overlap"}
    told = desk("verify").out
    assert "everything holds" in told and "verify.spells_overlap" in told


# --- backup and restore -------------------------------------------------------------------------


def test_a_backup_is_made_and_restored_by_command(desk: Desk, terminal: str) -> None:
    desk("sync", terminal)
    file = desk.home.parent / "hub.backup"

    made = desk("store", "backup", str(file), "--json")
    refused = desk("store", "restore", str(file), "--json")
    done = desk("store", "restore", str(file), "--replace", "--json")

    assert made.status == 0 and made.doc["rows"] and made.doc["bytes"] == file.stat().st_size
    assert refused.status == 7 and refused.doc["error"]["code"] == "restore.not_empty"
    assert done.status == 0, done.err
    assert done.doc["archive"] == made.doc["archive"]
    assert done.doc["rows"] == made.doc["rows"]
    assert done.doc["verified"]["ok"] is True
    assert "everything holds" in desk("verify").out
    assert desk("sync", terminal).status in (0, 5)


def test_a_restore_that_finds_something_says_so(desk: Desk, terminal: str) -> None:
    desk("sync", terminal)
    with open_hub() as hub, hub.store.write() as tx:
        tx.exec_driver_sql("UPDATE hub_audit SET actor = 'cli:nobody' WHERE seq = 1")
    file = desk.home.parent / "hub.backup"
    desk("store", "backup", str(file))

    done = desk("store", "restore", str(file), "--replace")

    assert done.status == 1
    assert "verify.audit_broken" in done.out
