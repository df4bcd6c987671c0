"""Backups on both databases: all comes back, on either, or nothing does; the erased do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from hrhub.crypto import FileKeyring, audit_linker, rewrap
from hrhub.errors import Busy, Fenced, HrHubError, KeysUnavailable, Refused, StorageError
from hrhub.pipeline import open_hub
from hrhub.pipeline.backup import Restored, backup, restore
from hrhub.settings import Settings
from hrhub.store import erasure, lease, transfer
from hrhub.store.engine import Store, open_store
from hrhub.store.keys import StoredKeys
from hrhub.store.ledger import Ledger
from hrhub.store.schema import hub_audit, metadata
from tests.pipeline.conftest import Bench
from tests.pipeline.test_sync import flat
from tests.pipeline.test_verify import filled
from tests.support import postgres
from tests.support.reporter import REPORTER

RUNTIME = {"hub_lease", "hub_audit", "hub_audit_head", "hub_fence", "hub_landing_batch"}
"""Tables in which a restored store differs by right."""


@contextmanager
def empty_url(dialect: str, folder: Path) -> Iterator[str]:
    """Return the address of a place without a store."""
    if dialect == "sqlite":
        yield f"sqlite:///{folder}/other/store.db"
        return
    with postgres.bare_database() as url:
        yield url


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the tables that travel, as Python values."""
    found = {}
    with store.read() as tx:
        for table in transfer.TABLES:
            if table.name not in RUNTIME:
                rows = [tuple(row) for row in tx.execute(select(table))]
                found[table.name] = sorted(rows, key=repr)
    return found


def elsewhere(settings: Settings, url: str, folder: Path) -> Settings:
    """Return the settings of another machine with the same key ring and ledger."""
    return replace(settings, store_url=url, landing=folder / "other-landing")


def saved(bench: Bench, tmp_path: Path) -> Path:
    path = tmp_path / "hub.backup"
    backup(bench.hub, path, actor="cli:root")
    return path


def brought_back(settings: Settings, path: Path, **options: Any) -> Restored:
    return restore(settings, path, actor="cli:root", **options)


def erase(bench: Bench, person_id: str, *, note: bool = True) -> None:
    """Do to a person what an erasure does to keys and ledger."""
    hub = bench.hub
    if note:
        ledger = Ledger(hub.settings.ledger)
        ledger.append(audit_linker(hub.keys), "default", [person_id], hub.clock.now())
    with hub.store.write() as tx:
        assert erasure.forget(tx, "default", [person_id], hub.clock.now()) == 1


# --- all of it comes back -----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_everything_comes_back_on_either_database_and_syncs_go_on(
    bench: Bench, tmp_path: Path, target: str
) -> None:
    filled(bench)
    before = content(bench.hub.store)
    path = saved(bench, tmp_path)

    with empty_url(target, tmp_path) as url:
        settings = elsewhere(bench.hub.settings, url, tmp_path)
        done = brought_back(settings, path)
        with open_hub(settings) as hub:
            there = Bench(hub, bench.shelf, bench.pages)
            assert content(hub.store) == before
            assert hub.verify().ok, hub.verify().findings
            there.put("units", {"code": "D1", "name": "Top", "parent": None, "start": "2020-01-01"})
            there.put("employees", flat(8))
            assert there.sync("units").inserted == 1
            assert there.sync("employees").inserted == 1
            there.put("people", {"id": "p", "name": "New", "changed": "2026-11-01T00:00:00Z"})
            assert there.sync("people").inserted == 1, "a new sync gets a number of its own"
            assert hub.verify().ok

    assert done.forgotten == 0
    assert done.rows["person"] == len(before["person"]) == 6


def test_a_backup_is_one_moment_however_long_it_takes(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    people = bench.count("person")
    asked: list[str] = []

    def meanwhile(table: str, _: int) -> None:
        if not asked:
            asked.append(table)
            bench.put("employees", flat(9))
            bench.sync("employees")

    path = tmp_path / "hub.backup"
    done = backup(bench.hub, path, actor="cli:root", progress=meanwhile)

    assert bench.count("person") == people + 1
    assert done.rows["person"] == people
    with empty_url("sqlite", tmp_path) as url:
        settings = elsewhere(bench.hub.settings, url, tmp_path)
        brought_back(settings, path)
        with open_hub(settings) as hub:
            assert hub.verify().ok


def test_a_backup_holds_no_value_in_clear_and_is_closed_to_others(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)

    path = saved(bench, tmp_path)

    assert path.stat().st_mode & 0o777 == 0o600
    data = path.read_bytes()
    for clear in (flat(0)["name"], flat(0)["idCard"], "2026-11-02", "Engineer", "shelf_default"):
        assert clear.encode() not in data
    assert not list(tmp_path.glob("*.part"))


def test_backup_and_restore_stand_in_the_audit_chain(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    with bench.hub.store.read() as tx:
        seq = tx.execute(select(func.max(hub_audit.c.seq))).scalar_one()

    done = brought_back(bench.hub.settings, path, replace=True)

    acts = {r.action: r for r in bench.rows("hub_audit")}
    assert acts["store.restore"].object == done.archive
    assert acts["store.restore"].actor == "cli:root"
    assert f'"replaced_seq":{seq}' in acts["store.restore"].event
    assert bench.hub.verify().ok


def test_writes_that_waited_may_have_been_sent_since(bench: Bench, tmp_path: Path) -> None:
    bench.hub.enqueue_write(
        REPORTER, "shelf_default", "commands", {"display_name": "x"}, actor="t", reason="hired"
    )
    path = saved(bench, tmp_path)
    brought_back(bench.hub.settings, path, replace=True)

    [row] = bench.rows("hub_outbox")
    assert (row.state, row.doubtful) == ("pending", True)


def test_landed_pages_do_not_come_back_and_those_on_disk_go(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    bench.put("employees", flat(9))
    from tests.support.shelf import SHELF

    receipt = bench.hub.pull(SHELF, bench.config, "shelf_default", "employees", holder="t")
    path = saved(bench, tmp_path)

    brought_back(bench.hub.settings, path, replace=True)

    assert not list(bench.hub.settings.landing.rglob("*.seg"))
    assert bench.count("hub_landing_batch", state="dropped") == bench.count("hub_landing_batch")
    with pytest.raises(HrHubError):
        bench.hub.load(receipt.run_id, SHELF, holder="t")
    assert bench.sync("employees").inserted == 1, "the next sync reads the page again"
    assert bench.hub.verify().ok


# --- the erased do not --------------------------------------------------------------------------


@pytest.mark.parametrize("known_by", ["ledger", "store"])
def test_a_person_erased_after_the_backup_stays_erased(
    bench: Bench, tmp_path: Path, known_by: str
) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    gone, kept = [row.id for row in bench.rows("person")[:2]]
    erase(bench, gone, note=known_by == "ledger")

    if known_by == "ledger":
        with empty_url("sqlite", tmp_path) as url:
            settings = elsewhere(bench.hub.settings, url, tmp_path)
            done = brought_back(settings, path)
            with open_hub(settings) as hub:
                _stays_gone(Bench(hub, bench.shelf), gone, kept)
        assert done.forgotten == 1
    else:
        brought_back(bench.hub.settings, path, replace=True)
        _stays_gone(bench, gone, kept)


def _stays_gone(bench: Bench, gone: str, kept: str) -> None:
    hub = bench.hub
    states = {row.owner: row for row in bench.rows("hub_dek")}
    assert states[gone].state == "destroyed" and set(states[gone].wrapped) == {0}
    assert states[kept].state == "active"
    contacts = {r.id for r in bench.rows("person_contact") if r.person_id == gone}
    indexed = {row.row_uid for row in bench.rows("hub_blind_index")}
    assert contacts and not contacts & indexed and gone not in indexed
    report = hub.verify()
    assert report.ok, report.findings
    assert report.erased > 0


def test_a_ledger_older_than_the_backup_is_refused(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    one, two = [row.id for row in bench.rows("person")[:2]]
    erase(bench, one)
    ledger = bench.hub.settings.ledger
    older = ledger.read_bytes()
    erase(bench, two)
    path = saved(bench, tmp_path)

    with empty_url("sqlite", tmp_path) as url:
        settings = elsewhere(bench.hub.settings, url, tmp_path)
        for left in (b"", older):
            ledger.write_bytes(left)
            with pytest.raises(Refused, match=r"ledger\.behind"):
                brought_back(settings, path)
        with open_store(url) as store, store.read() as tx:
            assert not transfer.count(tx, metadata.tables["person"]), "nothing was restored"


def test_an_edited_ledger_is_refused(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    people = [row.id for row in bench.rows("person")]
    path = saved(bench, tmp_path)
    erase(bench, people[0])
    erase(bench, people[1])
    ledger = bench.hub.settings.ledger
    lines = ledger.read_bytes().splitlines(keepends=True)

    for wrong in (
        lines[1],
        lines[1] + lines[0],
        lines[0].replace(people[0].encode(), people[2].encode()) + lines[1],
        lines[0] + b"nothing\n",
    ):
        ledger.write_bytes(wrong)
        with pytest.raises(Refused, match=r"ledger\.broken"):
            brought_back(bench.hub.settings, path, replace=True)
    assert bench.hub.verify().ok


def test_half_a_line_of_a_power_cut_is_no_entry_and_the_next_one_replaces_it(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)
    people = [row.id for row in bench.rows("person")]
    erase(bench, people[0])
    hub, ledger = bench.hub, Ledger(bench.hub.settings.ledger)
    whole = hub.settings.ledger.read_bytes()
    hub.settings.ledger.write_bytes(whole + whole[:40])
    link = audit_linker(hub.keys)

    assert ledger.erased(link, "default") == [people[0]]
    ledger.append(link, "default", [people[1]], hub.clock.now())

    assert ledger.erased(link, "default") == people[:2]
    assert hub.settings.ledger.stat().st_mode & 0o777 == 0o600


def test_keys_rotated_since_stay_as_they_are_now(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    ring = FileKeyring(bench.hub.settings.keyring)
    ring.rotate()
    StoredKeys(bench.hub.store).rewrap("default", lambda row: rewrap(ring, row))

    brought_back(bench.hub.settings, path, replace=True)

    assert {row.kek_ref for row in bench.rows("hub_key")} == {ring.current()}
    assert bench.hub.verify().ok


# --- or nothing does ----------------------------------------------------------------------------


def test_a_cut_or_changed_archive_is_refused_before_anything_is_made(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    whole = path.read_bytes()
    settings = elsewhere(bench.hub.settings, f"sqlite:///{tmp_path}/other/store.db", tmp_path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    moved = whole.replace(b'"program":"0', b'"program":"9')
    for wrong in (b"", whole[:7], whole[:200], whole[:-1], whole + b"x", flipped, moved):
        path.write_bytes(wrong)
        with pytest.raises(Refused, match=r"archive\.(broken|other_keys)"):
            brought_back(settings, path)
    with pytest.raises(StorageError, match=r"archive\.unreadable"):
        brought_back(settings, tmp_path / "nothing")

    assert not (tmp_path / "other").exists()


def test_another_key_ring_is_refused(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    FileKeyring.create(tmp_path / "strange.json")
    settings = replace(
        elsewhere(bench.hub.settings, f"sqlite:///{tmp_path}/other/store.db", tmp_path),
        keyring=tmp_path / "strange.json",
    )

    with pytest.raises(Refused, match=r"archive\.other_keys"):
        brought_back(settings, path)
    with pytest.raises(KeysUnavailable):
        brought_back(replace(settings, keyring=tmp_path / "none.json"), path)

    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("version", "code"), [("0001", "archive.older"), ("9999", "archive.newer")]
)
def test_another_schema_version_is_refused_with_the_way_out(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, code: str
) -> None:
    monkeypatch.setattr("hrhub.store.archive.HEAD", version)
    path = saved(bench, tmp_path)
    monkeypatch.undo()

    with pytest.raises(Refused) as raised:
        brought_back(bench.hub.settings, path, replace=True)

    assert raised.value.code == code
    assert raised.value.context["found"] == version


def test_a_store_that_holds_something_is_kept_unless_told(bench: Bench, tmp_path: Path) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    bench.put("employees", flat(9))
    bench.sync("employees")
    before = content(bench.hub.store)

    with pytest.raises(Refused, match=r"restore\.not_empty"):
        brought_back(bench.hub.settings, path)
    assert content(bench.hub.store) == before

    brought_back(bench.hub.settings, path, replace=True)
    assert bench.count("person") == 6


def test_a_store_at_work_is_not_replaced_and_one_that_froze_is_fenced(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    store = bench.hub.store
    with lease.acquire(store, bench.rows("hub_sync")[0].id, "run/1") as held:
        with pytest.raises(Busy, match=r"restore\.busy"):
            brought_back(bench.hub.settings, path, replace=True)
        with store.write() as tx:
            tx.execute(update(metadata.tables["hub_lease"]).values(holder=None))
        brought_back(bench.hub.settings, path, replace=True)

        with pytest.raises(Fenced), store.write() as tx:
            held.fence(tx)
    tokens = [row.token for row in bench.rows("hub_fence")]
    assert min(tokens) > held.token


def test_a_file_that_is_there_is_never_written_over(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "hub.backup"
    path.write_bytes(b"mine")

    with pytest.raises(Refused, match=r"archive\.exists"):
        backup(bench.hub, path, actor="cli:root")
    with pytest.raises(StorageError, match=r"archive\.unwritable"):
        backup(bench.hub, tmp_path / "no" / "hub.backup", actor="cli:root")

    assert path.read_bytes() == b"mine"


KILLED = """
import os, signal, sys
from pathlib import Path
from hrhub.pipeline import backup
from hrhub.settings import Settings

def die(table, n):
    if table == "person":
        os.kill(os.getpid(), signal.SIGKILL)

at = getattr(backup, sys.argv[1])
if sys.argv[1] == "backup":
    from hrhub.pipeline import open_hub
    with open_hub() as hub:
        at(hub, Path(sys.argv[2]), actor="cli:root", progress=die)
at(Settings.from_env(), Path(sys.argv[2]), actor="cli:root", replace=True, progress=die)
"""


def killed(settings: Settings, what: str, path: Path) -> None:
    env = {
        **os.environ,
        "HRHUB_HOME": str(settings.home),
        "HRHUB_STORE_URL": settings.store_url,
        "HRHUB_LANDING": str(settings.landing),
    }
    done = subprocess.run([sys.executable, "-c", KILLED, what, str(path)], env=env, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restore_that_was_killed_is_unmistakable_and_is_run_again(
    bench: Bench, tmp_path: Path, target: str
) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    with empty_url(target, tmp_path) as url:
        settings = elsewhere(bench.hub.settings, url, tmp_path)
        killed(settings, "restore", path)

        with pytest.raises(StorageError, match=r"store\.unfinished"):
            open_hub(settings)
        brought_back(settings, path)
        with open_hub(settings) as hub:
            assert hub.verify().ok
            assert Bench(hub, bench.shelf).count("person") == 6


def test_a_restore_that_gives_up_leaves_the_store_as_it_was_and_open(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)
    path = saved(bench, tmp_path)
    before = content(bench.hub.store)

    def stop(table: str, _: int) -> None:
        if table == "person":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        brought_back(bench.hub.settings, path, replace=True, progress=stop)

    with open_hub(bench.hub.settings) as hub:
        assert content(hub.store) == before
        assert hub.verify().ok


def test_a_backup_that_was_killed_leaves_no_file_that_looks_like_one(
    bench: Bench, tmp_path: Path
) -> None:
    filled(bench)
    path = tmp_path / "hub.backup"

    killed(bench.hub.settings, "backup", path)

    assert not path.exists()
    backup(bench.hub, path, actor="cli:root")
    assert path.exists() and not list(tmp_path.glob("*.part"))
