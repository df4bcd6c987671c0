"""Custom fields and backfill on the command line; policy files are told apart from mappings."""

from __future__ import annotations

from pathlib import Path

from hrhub.errors import ExitStatus
from tests.cli.conftest import Desk

FIELDS = "employee:\n  badge: {type: text, class: personal, title: {en: Badge, zh: 工牌}}\n"


def test_a_wrong_file_is_refused_with_its_line(desk: Desk, mappings: Path) -> None:
    (mappings / "custom_fields.yaml").write_text("employee:\n  badge: {type: txt}\n")

    said = desk("fields", "register", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["code"] == "fields.invalid"
    assert 'custom_fields.yaml:2:17: unknown type "txt"' in said.doc["error"]["what"]


def test_lowering_on_the_command_line_needs_a_reason_of_the_list(
    desk: Desk, mappings: Path
) -> None:
    (mappings / "custom_fields.yaml").write_text(FIELDS, encoding="utf-8")
    desk("fields", "register")
    (mappings / "custom_fields.yaml").write_text(FIELDS.replace("personal", "open"))

    assert "--lower employee.badge" in desk("fields", "register", "--json").doc["error"]["what"]
    assert desk("fields", "register", "--lower", "employee.badge").status == ExitStatus.USAGE
    assert desk("fields", "register", "--reason", "misclassified").status == ExitStatus.USAGE
    done = desk(
        "fields", "register", "--lower", "employee.badge", "--reason", "misclassified", "--json"
    )
    assert [f["state"] for f in done.doc["fields"]] == ["lowered"]


def test_fields_are_planned_registered_and_listed(desk: Desk, mappings: Path) -> None:
    assert "no custom field" in desk("fields", "list").out
    (mappings / "custom_fields.yaml").write_text(FIELDS, encoding="utf-8")

    planned = desk("fields", "register", "--dry-run", "--json").doc
    assert (planned["dry_run"], planned["fields"][0]["state"]) == (True, "new")
    assert desk("fields", "register").status == ExitStatus.DONE

    [row] = desk("fields", "list", "--json").doc["fields"]
    assert (row["field"], row["class"], row["state"]) == ("employee.badge", "personal", "same")
    assert "工牌" in desk("fields", "list", "--lang", "zh").out


def test_fields_that_a_mapping_leaves_out_come_as_a_declaration_without_values(
    desk: Desk, terminal: str, mappings: Path, tmp_path: Path
) -> None:
    said = desk("fields", "discover", terminal, "users")

    assert said.status == ExitStatus.DONE
    lines = said.out.splitlines()
    assert lines[0] == "employee:"
    assert all("class: sensitive" in line for line in lines[1:])
    doc = desk("fields", "discover", terminal, "users", "--json").doc
    assert doc["fields"]
    assert {f["path"] for f in doc["fields"]}.isdisjoint({"user_id"})
    (mappings / "custom_fields.yaml").write_text(said.out, encoding="utf-8")
    assert desk("fields", "register", "--dry-run").status == ExitStatus.DONE


def test_policy_files_beside_the_mappings_are_no_mappings(desk: Desk, mappings: Path) -> None:
    (mappings / "custom_fields.yaml").write_text(FIELDS, encoding="utf-8")

    said = desk("map", "test", "--json")

    assert said.status == ExitStatus.DONE
    assert not [m for m in said.doc["mappings"] if m["path"].endswith("custom_fields.yaml")]


def test_a_backfill_of_nothing_is_an_error(desk: Desk) -> None:
    said = desk("backfill", "nobody_default", "people", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["code"] == "backfill.unknown"
    assert desk("backfill", "x", "y", "--since", "yesterday").status == ExitStatus.USAGE


def test_a_backfill_says_what_it_did_and_how_far_it_reached(
    desk: Desk, people: str, mappings: Path
) -> None:
    desk("sync", people, "people")
    assert "no kept page needs it" in desk("backfill", people, "people").out
    (mappings / "custom_fields.yaml").write_text("person: {vendor_id: {type: text}}\n")
    desk("fields", "register")
    path = mappings / "successfactors" / "people.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "fields:\n", "fields:\n  ext.vendor_id: personIdExternal\n", 1
        ),
        encoding="utf-8",
    )

    shown = desk("backfill", people, "people", "--dry-run", "--json").doc
    done = desk("backfill", people, "people", "--json").doc

    assert (shown["run"], shown["counts"]["updated"]) == (None, done["counts"]["updated"])
    assert done["counts"]["updated"] > 30
    assert done["unreached"] == 0
    assert done["pages"]["wanted"] == done["counts"]["pages"]
    assert "all were mapped" in desk("backfill", people, "people").out
    assert "backfill" in desk("runs", people).out
