"""``hrhub verification``: masked by default, a person decides, everything is written down."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hrhub.pipeline import open_hub
from tests.cli.conftest import Desk
from tests.support.papers import EMPLOYER, Papers, job, put_mappings


@pytest.fixture
def person(desk: Desk, tmp_path: Path) -> str:
    """Somebody whose resume stretches a job by half a year."""
    desk.env(HRHUB_MAPPINGS=str(put_mappings(tmp_path / "mappings")))
    with open_hub() as hub:
        papers = Papers(hub, tmp_path / "pages")
        person_id = papers.candidate()
        papers.resume(job(EMPLOYER, "2020-01", None))
        papers.order(person_id)
        papers.months("2020-07", "2026-10")
    return person_id


def test_nobody_waits_before_anything_was_compared(desk: Desk) -> None:
    assert "nothing waits" in desk("verification", "list").out


def test_an_unknown_person_is_an_error_in_four_parts(desk: Desk) -> None:
    said = desk("verification", "run", "nobody", "--json")

    assert (said.status, said.doc["error"]["code"]) == (7, "person.unknown")


def test_a_difference_is_found_shown_and_decided(desk: Desk, person: str) -> None:
    done = desk("verification", "run", person, "--json").doc
    [line] = desk("verification", "list", "--json").doc["verifications"]
    shown = desk("verification", "show", line["id"], "--json").doc
    [difference] = shown["differences"]

    ruled = desk(
        "verification", "decide", difference["id"], "accepted", "--reason", "document_seen"
    )

    assert (done["found"], line["undecided"], line["coverage"]) == (1, 1, "0.93")
    assert (shown["masked"], difference["code"]) == (True, "START_EARLIER_THAN_RECORD")
    assert ruled.out.strip() == f"{difference['id']}: open -> accepted"
    assert "nothing waits" in desk("verification", "list").out
    [line] = desk("verification", "list", "--all", "--json").doc["verifications"]
    assert (line["undecided"], line["differences"]) == (0, 1)


def test_both_sides_show_only_with_a_reason_of_the_list(desk: Desk, person: str) -> None:
    verification_id = desk("verification", "run", person, "--json").doc["id"]

    assert EMPLOYER not in desk("verification", "show", verification_id).out
    assert desk("verification", "show", verification_id, "--reveal").status == 2
    assert desk("verification", "show", verification_id, "--reason", "recruiting").status == 2
    revealed = desk("verification", "show", verification_id, "--reveal", "--reason", "recruiting")
    assert EMPLOYER in revealed.out and "2020-07" in revealed.out
    assert "a person decides" in revealed.out


def test_a_note_comes_from_stdin_and_is_masked(
    desk: Desk, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verification_id = desk("verification", "run", person, "--json").doc["id"]
    shown = desk("verification", "show", verification_id, "--json").doc
    [difference] = shown["differences"]
    monkeypatch.setattr("sys.stdin", io.StringIO("saw the contract\n"))

    desk("verification", "decide", difference["id"], "accepted", "--reason", "immaterial", "--note")

    shown = desk("verification", "show", verification_id, "--json").doc
    assert shown["differences"][0]["note"] == "***"
    why = ("--reveal", "--reason", "hr_case", "--json")
    shown = desk("verification", "show", verification_id, *why).doc
    assert shown["differences"][0]["note"] == "saw the contract"


def test_a_decision_without_a_reason_is_refused_in_words(desk: Desk, person: str) -> None:
    verification_id = desk("verification", "run", person, "--json").doc["id"]
    [difference] = desk("verification", "show", verification_id, "--json").doc["differences"]

    said = desk("verification", "decide", difference["id"], "accepted")

    assert said.status == 7
    assert "document_seen" in said.err and "verification.decision" in said.err
