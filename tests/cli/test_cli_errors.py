"""What goes wrong: exit statuses, four parts in both languages, one JSON document, no trace."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import select

from hrhub.errors import ExitStatus
from hrhub.sandbox.host import Hosted
from hrhub.store import lease
from hrhub.store.engine import open_store
from hrhub.store.schema import hub_run, hub_sync
from tests.cli.conftest import Desk

Vendors = dict[str, Hosted]


def test_a_wrong_key_is_permanent_and_never_shown(desk: Desk, vendors: Vendors) -> None:
    conn = desk.connect("zkteco", vendors["zkteco"].connection, comm_key="271828")

    for command in ("check", "sync"):
        said = desk(command, conn)

        assert said.status == ExitStatus.PERMANENT
        assert "What: ZKTeco" in said.err
        assert f"hrhub check {conn}" in said.err
        assert "Code: auth.refused" in said.err
        assert "271828" not in said.out + said.err


def test_a_vendor_out_of_reach_can_be_tried_again(desk: Desk, vendors: Vendors) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens here
        conn = desk.connect("zkteco", vendors["zkteco"].connection, port=taken.getsockname()[1])

        said = desk("sync", conn, "--json")

    assert said.status == ExitStatus.RETRYABLE
    assert said.doc["error"]["code"] == "vendor.unreachable"
    assert said.doc["error"]["context"]["connection"] == conn
    assert [row["status"] for row in said.doc["streams"]] == ["failed"], "the next would fail too"
    assert said.doc["status"] == 6


def test_without_a_key_ring_nothing_is_done(desk: Desk, terminal: str) -> None:
    (desk.home / "keyring.json").unlink()

    said = desk("sync", terminal)

    assert said.status == ExitStatus.KEYS_UNAVAILABLE
    assert "keys.missing" in said.err


def test_a_key_ring_that_others_can_read_is_refused(desk: Desk, terminal: str) -> None:
    (desk.home / "keyring.json").chmod(0o644)

    said = desk("sync", terminal, "--json")

    assert said.status == ExitStatus.KEYS_UNAVAILABLE
    assert said.doc["error"]["code"] == "keys.exposed"
    assert "chmod 600" in said.doc["error"]["do"]


def test_without_a_store_nothing_is_done(desk: Desk, terminal: str) -> None:
    (desk.home / "store.db").unlink()

    for args in (("sync", terminal), ("runs",), ("verify",), ("store", "status")):
        said = desk(*args)
        assert said.status == ExitStatus.STORAGE
        assert "hrhub store create" in said.err
    assert not (desk.home / "store.db").exists()


def test_a_store_that_others_can_read_is_refused(desk: Desk, terminal: str) -> None:
    (desk.home / "store.db").chmod(0o640)

    said = desk("sync", terminal, "--json")

    assert (said.status, said.doc["error"]["code"]) == (ExitStatus.STORAGE, "store.exposed")


def test_a_wrong_mapping_names_file_line_column_and_a_suggestion(
    desk: Desk, terminal: str, mappings: Path
) -> None:
    path = mappings / "zkteco" / "punches.yaml"
    path.write_text(path.read_text().replace("  verify_method:", "  verify_methd:"))
    line = path.read_text().splitlines().index("  verify_methd:") + 1

    for args in (("sync", terminal, "punches"), ("map", "test", str(path))):
        said = desk(*args)

        assert said.status == ExitStatus.PERMANENT
        assert f"{path}:{line}:3:" in said.err
        assert "verify_method" in said.err
        assert "mapping.invalid" in said.err


def test_a_second_sync_at_once_is_busy(desk: Desk, terminal: str) -> None:
    desk("sync", terminal, "users")
    with open_store(f"sqlite:///{desk.home}/store.db") as store:
        with store.read() as tx:
            sync_id = tx.execute(select(hub_sync.c.id)).scalar_one()
        with lease.acquire(store, sync_id, "cli/other/1"):
            said = desk("sync", terminal, "users", "--json")
        with store.read() as tx:
            assert len(tx.execute(select(hub_run.c.id)).all()) == 1

    assert said.status == ExitStatus.BUSY
    assert said.doc["error"]["context"]["holder"] == "cli/other/1"


@pytest.mark.parametrize("command", ["check", "discover", "sync", "try"])
def test_a_connection_nobody_made_is_named(desk: Desk, command: str) -> None:
    desk.env(AIRFLOW_CONN_FOREIGN='{"conn_type": "postgres"}')
    more = ["users"] if command == "try" else []

    said = desk(command, "foreign", *more, "--json")

    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["code"] == "connection.foreign_type"
    assert "hr_zkteco" in said.doc["error"]["do"]


def test_a_stream_nobody_offers_is_answered_with_those_there_are(desk: Desk, terminal: str) -> None:
    for command in ("sync", "try"):
        said = desk(command, terminal, "punchs")
        assert said.status == ExitStatus.PERMANENT
        assert "users, punches" in said.err


@pytest.mark.parametrize(
    "args",
    [
        ("sync",),
        ("no-such-command",),
        ("replay",),
        ("runs", "--limit", "0"),
        ("rejects", "--reason", "mood"),
        ("discard", "x", "--reason", "mood"),
        ("runs", "--lang", "fr"),
    ],
)
def test_wrong_usage_is_told_apart_from_everything_else(desk: Desk, args: tuple[str, ...]) -> None:
    assert desk(*args).status == ExitStatus.USAGE

    said = desk(*args, "--json")
    assert said.status == ExitStatus.USAGE
    assert said.doc["error"]["code"] == "cli.usage"


def test_the_language_follows_the_option_then_the_environment(bare: Desk) -> None:
    assert "What: There is no store" in bare("runs").err
    assert "情况：" in bare("runs", "--lang", "zh").err

    bare.env(HRHUB_LANG="zh_CN")
    assert "处理：" in bare("runs").err
    assert "Do: " in bare("runs", "--lang", "en").err


def test_a_defect_is_told_without_what_it_said(
    desk: Desk, terminal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hrhub.connector import registry

    def broken() -> list[str]:
        raise LookupError("13800001234")

    monkeypatch.setattr(registry, "names", broken)

    said = desk("connectors", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["context"]["kind"] == "LookupError"
    assert "13800001234" not in said.out + said.err
