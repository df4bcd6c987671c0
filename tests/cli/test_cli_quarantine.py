"""Quarantine on the command line: list, look, try again, let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrhub.errors import ExitStatus
from tests.cli.conftest import Desk


@pytest.fixture
def waiting(desk: Desk, terminal: str) -> str:
    """Users of a terminal that wait because no employee is known yet."""
    assert desk("sync", terminal, "users").status == ExitStatus.QUARANTINE
    return terminal


def test_a_record_nobody_knows_is_refused_everywhere(desk: Desk, waiting: str) -> None:
    unknown = "01933c5a-7d2e-7000-8000-0123456789ab"
    for args in (
        ("rejects", "show", unknown),
        ("rejects", "show", "x" * 300),
        ("replay", unknown),
        ("discard", unknown, "--reason", "duplicate"),
    ):
        said = desk(*args, "--json")
        assert said.status == ExitStatus.PERMANENT
        assert said.doc["error"]["code"] == "quarantine.unknown"
        assert len(said.out) < 2_000


def test_what_waits_is_counted_in_plain_words(desk: Desk, waiting: str) -> None:
    said = desk("rejects")
    assert said.status == ExitStatus.DONE
    assert "The record points to something that the hub does not know" in said.out

    doc = desk("rejects", waiting, "users", "--reason", "reference", "--limit", "3", "--json").doc
    assert doc["waiting"] == doc["reasons"][0]["n"] > 3
    assert len(doc["records"]) == 3

    assert desk("rejects", waiting, "punches", "--json").doc["waiting"] == 0
    assert desk("rejects", "--reason", "date", "--json").doc["records"] == []
    assert "nothing waits" in desk("rejects", "other").out


def test_one_record_is_shown_with_reason_advice_and_masked_form(desk: Desk, waiting: str) -> None:
    uid = desk("rejects", "--json").doc["records"][0]["uid"]

    doc = desk("rejects", "show", uid, "--json").doc

    assert (doc["reason"], doc["state"], doc["attempts"]) == ("reference", "open", 1)
    assert "hrhub replay" in doc["do"]
    [part] = doc["raw"]
    assert part["user_id"].startswith("‹personal: text, ")
    said = desk("rejects", "show", uid, "--lang", "zh")
    assert "情况" in said.out


def test_a_dry_run_writes_nothing_and_a_replay_takes_in_what_is_mended(
    desk: Desk, waiting: str, people: str
) -> None:
    desk("sync", people, "people", "employments")
    before = desk("rejects", waiting, "--limit", "1000", "--json").doc

    told = desk("replay", "--connection", waiting, "--dry-run", "--json")
    assert told.status == ExitStatus.QUARANTINE
    assert desk("rejects", waiting, "--limit", "1000", "--json").doc == before

    done = desk("replay", "--connection", waiting, "--json")
    [one], [expected] = done.doc["syncs"], told.doc["syncs"]
    assert one["accepted"] == expected["accepted"] > 30
    assert len(one["refused"]) == 2, "users whose person is in quarantine"
    assert desk("rejects", waiting, "--json").doc["waiting"] == 2
    [run, *_] = desk("runs", waiting, "--json").doc["runs"]
    assert (run["kind"], run["id"]) == ("replay", one["run_id"])
    assert desk("verify").status == ExitStatus.DONE
    assert "nothing open matches" in desk("replay", "--connection", "other").out


def test_a_wrong_mapping_stops_the_replay_of_its_stream(
    desk: Desk, waiting: str, mappings: Path
) -> None:
    (mappings / "zkteco" / "users.yaml").write_text(
        "stream: zkteco.users\nto: punches\nkey: user_id\nfields: {work_no: user_id}\n"
    )

    said = desk("replay", "--all")

    assert said.status == ExitStatus.PERMANENT
    assert "users.yaml:2:5: " in said.err


def test_discarding_closes_records_with_a_reason(desk: Desk, waiting: str) -> None:
    uids = [r["uid"] for r in desk("rejects", "--json").doc["records"]][:2]
    before = desk("rejects", "--json").doc["waiting"]

    said = desk("discard", *uids, "--reason", "test_data", "--json")

    assert said.doc == {"discarded": 2, "reason": "test_data"}
    assert desk("rejects", "--json").doc["waiting"] == before - 2
    shown = desk("rejects", "show", uids[0], "--json").doc
    assert (shown["state"], shown["note"]) == ("discarded", "test_data")
    assert shown["resolved_by"].startswith("cli:")
