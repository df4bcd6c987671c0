"""``hrhub person``: masked by default, no searched value in an argument, exports for owners."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hrhub.cli.main import run
from tests.reading.conftest import Staff, job


class Terminal:
    """Somebody at a command line whose hub is the company's."""

    def __init__(
        self, staff: Staff, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = staff.company.hub.settings
        patch.setenv("HRHUB_HOME", str(settings.home))
        patch.setenv("HRHUB_STORE_URL", settings.store_url)
        patch.setenv("HRHUB_LANG", "en")
        for name in ("KEYRING", "TENANT"):
            patch.delenv(f"HRHUB_{name}", raising=False)
        self._patch, self._capsys = patch, capsys

    def __call__(self, *args: str, typed: str = "") -> tuple[int, str]:
        """Run a command; return its exit status and all that it said."""
        self._patch.setattr("sys.stdin", io.StringIO(typed))
        self._capsys.readouterr()
        status = run(["person", *args])
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        return status, said.out + said.err

    def doc(self, *args: str, typed: str = "") -> dict[str, Any]:
        """Run a command that ends well; return its document."""
        status, said = self(*args, "--json", typed=typed)
        assert status == 0, said
        loaded = json.loads(said)
        assert isinstance(loaded, dict)
        return loaded


@pytest.fixture
def terminal(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    return Terminal(staff, monkeypatch, capsys)


def test_a_value_is_no_argument_and_needs_a_terminal_or_stdin(
    staff: Staff, terminal: Terminal
) -> None:
    assert terminal("find", staff.people[0].national_id)[0] == 2
    status, said = terminal("find")

    assert status == 2 and "--stdin" in said


def test_a_malformed_value_is_not_repeated(terminal: Terminal) -> None:
    status, said = terminal("find", "--stdin", typed="11010119900101999X\n")

    assert status == 7 and "person.value_malformed" in said
    assert "11010119900101999X" not in said


def test_who_is_found_and_shown_is_masked(staff: Staff, terminal: Terminal) -> None:
    person = staff.people[0]

    found = terminal.doc("find", "--stdin", typed=f"{person.national_id}\n")
    said = terminal("show", staff.persons[0])[1] + json.dumps(found, ensure_ascii=False)

    assert [p["person_id"] for p in found["people"]] == staff.persons[:1]
    assert "***" in said and "RD1" in said
    for secret in (person.display_name, person.national_id, person.mobile, person.work_email):
        assert secret not in said


def test_values_are_shown_only_with_a_reason(staff: Staff, terminal: Terminal) -> None:
    status, said = terminal("show", staff.persons[0], "--reveal")
    assert status == 2 and staff.people[0].display_name not in said

    document = terminal.doc("show", staff.persons[0], "--reveal", "--reason", "hr_case")

    assert document["values"]["display_name"] == staff.people[0].display_name


def test_jobs_are_those_of_the_day_as_believed_then(staff: Staff, terminal: Terminal) -> None:
    before = staff.company.clock.now()
    staff.company.tell("jobs", job(0, "2021-03-01", "SALES"), version=2)
    day = ("--as-of", "2024-01-01")

    now = terminal.doc("show", staff.persons[0], *day)
    then = terminal.doc("show", staff.persons[0], *day, "--known-at", before.isoformat())
    never = terminal.doc("show", staff.persons[0], "--as-of", "2020-01-01")

    assert [a["org_unit"] for a in now["assignments"]] == ["SALES"]
    assert [a["org_unit"] for a in then["assignments"]] == ["RD1"]
    assert never["assignments"] == []


def test_a_timeline_names_its_sources(staff: Staff, terminal: Terminal) -> None:
    document = terminal.doc("timeline", staff.persons[0])
    said = terminal("timeline", staff.persons[0])[1]

    assert [e["kind"] for e in document["events"]] == ["hire"]
    assert document["events"][0]["source"]["stream"] == "spells"
    assert "shelf_default spells" in said


def test_nobody_is_shown_for_an_unknown_id(terminal: Terminal) -> None:
    status, said = terminal("timeline", "01933c5a-7d2e-7000-8000-0123456789ab")

    assert status == 7 and "person.unknown" in said


def test_an_export_is_for_its_owner_and_overwrites_nothing(
    staff: Staff, terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "person.json"

    document = terminal.doc("export", staff.persons[0], "--out", str(file))
    again, said = terminal("export", staff.persons[0], "--out", str(file))

    assert file.stat().st_mode & 0o777 == 0o600
    exported = json.loads(file.read_text(encoding="utf-8"))
    assert exported["person_id"] == staff.persons[0]
    assert document["records"]["person"] == 1
    assert staff.people[0].display_name not in json.dumps(document, ensure_ascii=False)
    assert again == 7 and "person.export_file" in said


def test_an_export_of_nobody_leaves_no_file(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "person.json"

    status, _ = terminal("export", "nobody", "--out", str(file))

    assert status == 7 and not file.exists()


def test_a_correction_is_typed_unseen_and_taken_back(staff: Staff, terminal: Terminal) -> None:
    [found] = terminal.doc("find", "--stdin", typed=f"{staff.people[0].national_id}\n")["people"]
    ref = found["person_id"]

    status, said = terminal("set", ref, "display_name", "Typed Name", "--reason", "hr_case")
    assert status == 2 and "Typed Name" not in said
    assert terminal("set", ref, "display_name", "--stdin", typed="Typed Name\n")[0] == 2, "why?"
    done = terminal.doc(
        "set", ref, "display_name", "--reason", "hr_case", "--stdin", typed="Typed Name\n"
    )
    assert done["field"] == "person.display_name" and "Typed Name" not in json.dumps(done)
    shown = terminal.doc("show", ref, "--reveal", "--reason", "hr_case")
    assert shown["values"]["display_name"] == "Typed Name"

    terminal.doc("release", ref, "display_name", "--reason", "hr_case")
    shown = terminal.doc("show", ref, "--reveal", "--reason", "hr_case")
    assert shown["values"]["display_name"] == staff.people[0].display_name
    status, said = terminal("release", ref, "display_name", "--reason", "hr_case")
    assert status == 7 and "override.none" in said


def test_a_wrong_correction_is_not_repeated(staff: Staff, terminal: Terminal) -> None:
    [found] = terminal.doc("find", "--stdin", typed=f"{staff.people[0].national_id}\n")["people"]

    status, said = terminal(
        "set",
        found["person_id"],
        "birth_date",
        "--reason",
        "hr_case",
        "--stdin",
        typed="3001-01-01\n",
    )

    assert status == 7 and "override.value" in said and "3001" not in said
