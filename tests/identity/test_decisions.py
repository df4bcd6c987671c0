"""Humans decide on the command line: same, different, unsure, and back again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.cli.main import run
from hrhub.errors import ExitStatus, MappingError
from hrhub.identity import load_identity_policy
from hrhub.pipeline import open_hub
from hrhub.settings import Settings
from hrhub.store.schema import ENTITY_TABLES, hub_audit, hub_match_review
from tests.bench.crowd import Seen
from tests.bench.identity import put_mappings, put_pages, sync

MATCH = Callable[..., Any]
CORE = {"no": "0042", "name": "张伟", "hired": "2020-01-01", "left": "2021-01-01", "company": "C"}
AGAIN = {"no": "0042", "name": "张伟", "hired": "2024-01-01"}


@pytest.fixture
def match(
    store_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> MATCH:
    """Run ``hrhub match …`` on a store that asks one question; return the document."""
    home = tmp_path / "home"
    monkeypatch.setenv("HRHUB_HOME", str(home))
    monkeypatch.setenv("HRHUB_STORE_URL", store_url)
    monkeypatch.setenv("HRHUB_MAPPINGS", str(put_mappings(tmp_path / "mappings")))
    with open_hub(Settings.from_env(), create=True) as hub:
        for system, row in (("core", CORE), ("directory", AGAIN)):
            put_pages(tmp_path / system, [Seen(system, 1, f"{system}1", row)])
            sync(hub, system, tmp_path / system)

    def command(*args: str, status: int = 0) -> Any:
        capsys.readouterr()
        assert run(["match", *args, "--json"]) == status
        return json.loads(capsys.readouterr().out)

    return command


def survivors() -> list[str | None]:
    """Return the survivor of each person."""
    with open_hub() as hub, hub.store.read() as tx:
        people = ENTITY_TABLES["person"].c
        return list(tx.execute(select(people.survivor_id).order_by(people.id)).scalars())


def test_an_unknown_question_is_told_in_words(match: MATCH) -> None:
    told = match("same", "01933c5a-7d2e-7000-8000-0123456789ab", status=ExitStatus.PERMANENT)

    assert told["error"]["code"] == "match.unknown"
    assert (
        match("show", "nonsense", status=ExitStatus.PERMANENT)["error"]["code"]
        == told["error"]["code"]
    )


def test_the_same_person_is_merged_and_taken_apart_again(match: MATCH) -> None:
    [review] = match("queue")["reviews"]
    assert review["agree"] == ["work_no", "name"] and review["tier"] == 2

    shown = match("same", review["review"], "--dry-run")
    assert len(shown["operations"]) == 1
    assert survivors() == [None, None], "a dry run writes nothing"

    match("same", review["review"])
    assert survivors() == [None, review["left"]]
    assert match("queue")["reviews"] == []
    decided = match("show", review["review"])
    assert decided["state"] == "same" and decided["decided_by"].startswith("cli:")

    undone = match("undo", review["review"])
    assert undone["before"] == "same" and len(undone["operations"]) == 1
    assert survivors() == [None, None]
    assert match("queue")["counts"]["open"] == 1


def test_two_who_are_different_are_not_asked_about_again(match: MATCH) -> None:
    [review] = match("queue")["reviews"]

    match("different", review["review"])

    assert match("queue")["counts"] == {"open": 0, "same": 0, "different": 1, "unsure": 0}
    assert survivors() == [None, None]


def test_who_is_unsure_sets_the_question_aside(match: MATCH) -> None:
    [review] = match("queue")["reviews"]

    match("unsure", review["review"])

    assert match("queue", "--state", "unsure")["reviews"][0]["review"] == review["review"]


def test_decisions_are_audited_with_ids_only(match: MATCH) -> None:
    [review] = match("queue")["reviews"]
    match("same", review["review"])

    with open_hub() as hub, hub.store.read() as tx:
        query = select(hub_audit.c.event).where(hub_audit.c.action == "match.decide")
        [event] = [json.loads(e) for e in tx.execute(query).scalars()]
        asked = tx.execute(select(hub_match_review)).one()
    assert event["rows"] == [review["review"]] and event["reason"] == "same"
    assert event["merged"] == [[asked.left_id, asked.right_id]]
    assert "张伟" not in json.dumps(event, ensure_ascii=False)


def test_the_report_shows_how_runs_recognised_people(match: MATCH) -> None:
    runs = {one["connection"]: one for one in match("report")["runs"]}

    assert runs["core_default"]["counts"]["new"] == 1
    assert runs["directory_default"]["counts"]["review"] == 1
    assert runs["directory_default"]["rate"] == 0.0


def test_a_merged_store_still_verifies(match: MATCH) -> None:
    [review] = match("queue")["reviews"]
    match("same", review["review"])

    with open_hub() as hub:
        assert not hub.verify().findings


def test_a_policy_file_adds_to_the_rules(tmp_path: Path) -> None:
    (tmp_path / "identity.yaml").write_text(
        'version: "acme 1"\nrole_mailboxes: [Reception]\nlimits: {quiet_days: 30}\n'
    )

    policy = load_identity_policy(tmp_path)

    assert (policy.version, policy.quiet_days) == ("acme 1", 30)
    assert not policy.speaks_of_mail("reception@corp.test")
    assert not policy.speaks_of_mail("hr@corp.test"), "the lists of the code stay"


@pytest.mark.parametrize(
    "text",
    ["limits: {quiet_days: soon}", "limits: {quiet_day: 3}", "role_mailboxes: {a: b}", "a: *b"],
)
def test_a_wrong_policy_file_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "identity.yaml").write_text(text)

    with pytest.raises(MappingError) as raised:
        load_identity_policy(tmp_path)
    [problem] = raised.value.context["problems"]
    assert problem.startswith("identity.yaml:1:")


@pytest.mark.parametrize(
    "digits", ["8613800138000", "8613912345678", "8615000000000", "8613311111111"]
)
def test_placeholder_numbers_prove_nothing(digits: str) -> None:
    policy = load_identity_policy(Path("/nonexistent"))

    assert not policy.speaks_of_mobile(digits)
    assert policy.speaks_of_mobile("8613912345601")


def test_a_spell_meets_another_for_ninety_days_after_its_end() -> None:
    from hrhub.identity.nodes import Job

    ended = Job(None, "1", date(2020, 1, 1), date(2020, 12, 31))

    assert ended.meets(Job(None, "1", date(2021, 3, 31)), 90)
    assert not ended.meets(Job(None, "1", date(2021, 4, 1)), 90)
