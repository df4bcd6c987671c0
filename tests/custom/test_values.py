"""Custom values in the store: sealed by class, read by class, survived, verified, erased."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from hrhub.mapping import custom_fields, explain, load_mapping, run_cases
from hrhub.model import Privacy
from hrhub.pipeline.registering import Change
from hrhub.store.schema import ENTITY_TABLES, hub_dek
from tests.custom.conftest import DECLARED, Tenant, rich
from tests.pipeline.test_sync import flat


def stored_bytes(tenant: Tenant) -> bytes:
    """Return every byte that the tables hold, as far as a reader of the database sees it."""
    return b"".join(
        repr(tuple(row)).encode()
        for table in ("person", "employee", "employment", "assignment", "person_contact")
        for row in tenant.rows(table)
    ) + b"".join(repr(tuple(row)).encode() for row in tenant.rows("hub_contribution"))


def test_open_values_are_plain_and_the_others_are_nowhere_in_clear(filled: Tenant) -> None:
    held = stored_bytes(filled)

    assert {r.ext["shirt"] for r in filled.rows("person") if r.ext} == {"m"}
    assert {json.dumps(r.ext) for r in filled.rows("employment")} == {'{"cohort": "2020-summer"}'}
    assert {r.ext["desk"] for r in filled.rows("assignment")} == {"7F-12"}
    for secret in (b"AB-1", b"2024-02-29", b"4.50", b"front desk"):
        assert secret not in held
    assert filled.hub.verify().ok


def test_values_come_back_as_their_types(filled: Tenant) -> None:
    people = filled.revealed("person")
    employees = filled.revealed("employee")

    assert {p.get("ext.blood") for p in people} == {"AB-0", "AB-1", None}
    assert {p["ext.joined_club"] for p in people} == {date(2024, 2, 29)}
    assert {e["ext.badge"] for e in employees} == {"000", "001", "002"}
    assert {e["ext.score"] for e in employees} == {Decimal("4.50")}
    assert {c.get("ext.verified_by") for c in filled.revealed("person_contact")} == {
        "front desk",
        None,
    }


def test_only_the_asked_classes_are_opened_and_the_audit_names_the_fields(filled: Tenant) -> None:
    person = filled.persons()[0]

    [values] = filled.reader.reveal(
        [person], reason="hr_case", actor="user:hr", classes=[Privacy.PERSONAL]
    )

    assert values.fields["ext.joined_club"] == date(2024, 2, 29)
    assert "ext.blood" not in values.fields
    with filled.hub.store.read() as tx:
        from hrhub.store import audit

        last = list(audit.links(tx, "default"))[-1][0]
    assert "person.ext.joined_club" in last["fields"]
    assert "person.ext.blood" not in last["fields"]


def test_masked_values_show_nothing_but_what_is_open(filled: Tenant) -> None:
    [values] = filled.reader.masked(filled.persons()[:1])

    assert values.fields["ext.shirt"] == "m"
    assert values.fields["ext.blood"] == values.fields["ext.joined_club"] == "***"
    assert values.employees[0]["ext.badge"] == values.employees[0]["ext.score"] == "***"


def test_history_employments_and_views_carry_the_open_ones(filled: Tenant) -> None:
    person = filled.persons()[0]

    assert filled.reader.employments(person)[0].ext == {"cohort": "2020-summer"}
    assert filled.reader.assignments()[0].ext == {"desk": "7F-12"}
    with filled.hub.store.read() as tx:
        rows = tx.execute(text("SELECT employment_ext, job_ext FROM v_employees_today")).all()
    assert {json.loads(r.job_ext)["desk"] for r in rows} == {"7F-12"}


def test_the_export_of_a_person_names_the_source_of_each_value(filled: Tenant) -> None:
    person = filled.persons()[0]

    document = filled.reader.export(person, reason="subject_request", actor="user:hr")

    [row] = document["records"]["person"]
    assert row["values"]["ext.blood"] == "AB-0"
    assert row["sources"]["ext.blood"]["stream"] == "employees"
    [employee] = document["records"]["employee"]
    assert employee["values"]["ext.score"] == "4.50"
    origins = filled.reader.provenance("employee", employee["id"])
    assert origins["ext.score"].rule == "only"


def test_a_changed_value_updates_the_row_and_an_equal_one_does_not(filled: Tenant) -> None:
    filled.put("employees", rich(0, blood="O-9", changed="2026-11-02T00:00:00Z"), rich(1))

    counts = filled.sync("employees")

    assert (counts.updated, counts.unchanged) == (1, 1)
    assert "O-9" in {p.get("ext.blood") for p in filled.revealed("person")}
    assert filled.hub.verify().ok


def test_a_value_that_is_no_code_of_the_field_goes_to_quarantine(filled: Tenant) -> None:
    filled.put("employees", rich(5, shirt="xxl"), rich(6, club="2024-02-30"))

    assert filled.sync("employees").quarantined == 2
    found = {(r.reason, r.field) for r in filled.rows("hub_quarantine")}
    assert found == {("enum", "ext.shirt"), ("date", "ext.joined_club")}


def test_a_slice_opens_when_an_open_field_of_the_job_changes(filled: Tenant) -> None:
    filled.put("employees", rich(0, desk="2F-1", changed="2026-11-02T00:00:00Z"))
    filled.sync("employees")

    held = [r.ext["desk"] for r in filled.rows("assignment") if r.superseded_at is None]
    assert sorted(set(held)) == ["2F-1", "7F-12"]


SECOND = """
stream: shelf.people
to: person
key: id
version: {from: changed, formats: [iso]}
fields: {display_name: name, national_id: idCard, mobile: mobile, ext.blood: blood, ext.shirt: size}
"""


def test_two_sources_survive_field_by_field_and_the_policy_decides(filled: Tenant) -> None:
    mappings = filled.hub.settings.mappings
    (mappings / "shelf" / "people.yaml").write_text(SECOND, encoding="utf-8")
    one = flat(0)
    filled.put(
        "people",
        {"id": "P1", "name": one["name"], "idCard": one["idCard"], "mobile": "13900009999",
         "blood": "newer", "changed": "2026-12-01T00:00:00Z"},
    )  # fmt: skip

    assert filled.sync("people").inserted == 1

    person = next(r for r in filled.rows("person") if r.provenance is not None)
    values = filled.reader.reveal_rows(
        "person", [person.id], reason="data_quality", actor="user:hr"
    )[person.id]
    assert values["ext.blood"] == "newer"
    assert values["ext.shirt"] == "m", "the second source said nothing of it"
    assert values["ext.joined_club"] == date(2024, 2, 29)
    assert "ext.blood" in person.provenance
    assert filled.reader.provenance("person", person.id)["ext.blood"].stream == "people"
    assert b"newer" not in stored_bytes(filled)
    assert filled.hub.verify().ok


def test_the_policy_file_orders_sources_for_a_custom_field_and_knows_no_other(
    filled: Tenant,
) -> None:
    from hrhub.errors import MappingError
    from hrhub.pipeline.survivorship import load_policy

    folder, known = filled.hub.settings.mappings, filled.hub.custom_fields()
    path = folder / "survivorship.yaml"
    path.write_text("fields: {person.ext.blood: [wecom, shelf]}", encoding="utf-8")
    assert load_policy(folder, known).rank("person", "ext.blood", "shelf") == 1

    path.write_text("fields: {person.ext.bloot: [wecom]}", encoding="utf-8")
    with pytest.raises(MappingError) as raised:
        load_policy(folder, known)
    assert 'did you mean "person.ext.blood"?' in str(raised.value.context["problems"])


def test_an_erased_persons_custom_values_are_gone_with_the_key(filled: Tenant) -> None:
    person = filled.persons()[0]
    with filled.hub.store.write() as tx:
        tx.execute(
            update(hub_dek)
            .where(hub_dek.c.owner == person)
            .values(
                state="destroyed",
                wrapped=bytes(60),
                commit=bytes(32),
                destroyed_at=datetime(2026, 12, 1, tzinfo=UTC),
            )
        )

    [values] = filled.reader.reveal([person], reason="legal_duty", actor="user:hr")

    assert values.erased
    assert not {n for n in values.fields if n != "ext.shirt"}
    assert not any("ext.badge" in e for e in values.employees)
    assert filled.hub.verify().ok


def test_a_changed_open_value_is_found_by_verify(filled: Tenant) -> None:
    table = ENTITY_TABLES["person"]
    with filled.hub.store.write() as tx:
        tx.execute(update(table).values(ext={"shirt": "l"}).where(table.c.ext.is_not(None)))

    assert filled.hub.verify().totals == {"verify.row_changed": 2}


# --- classes --------------------------------------------------------------------------------------

RAISED = DECLARED.replace("l], class: open", "l], class: sensitive")


def test_raising_a_class_moves_what_is_stored_and_hides_it(filled: Tenant) -> None:
    before = filled.revealed("person")

    done = filled.register(RAISED)

    assert done.moved == 2
    assert {r.ext for r in filled.rows("person")} == {None}
    assert filled.revealed("person") == before
    [values] = filled.reader.masked(filled.persons()[:1])
    assert values.fields["ext.shirt"] == "***"
    assert filled.hub.verify().ok
    assert {p.change for p in filled.register().fields} == {Change.SAME}


def test_after_a_class_was_raised_syncs_write_by_the_new_one(filled: Tenant) -> None:
    filled.register(RAISED)

    filled.put("employees", rich(0, shirt="l", changed="2026-11-02T00:00:00Z"), rich(3))
    assert filled.sync("employees").inserted == 1

    assert {r.ext for r in filled.rows("person")} == {None}
    assert {p.get("ext.shirt") for p in filled.revealed("person")} == {"l", "m", None}


def test_a_lowered_class_moves_too_and_the_reason_is_in_the_audit(filled: Tenant) -> None:
    from hrhub.store import audit

    lowered = DECLARED.replace("score: {type: decimal}", "score: {type: decimal, class: open}")
    done = filled.register(lowered, lower=["employee.score"], reason="policy_decision")

    assert done.moved == 3
    assert {r.ext["score"] for r in filled.rows("employee")} == {"4.50"}
    assert {e["ext.score"] for e in filled.revealed("employee")} == {Decimal("4.50")}
    with filled.hub.store.read() as tx:
        acts = [event for event, *_ in audit.links(tx, "default")]
    [decision] = [e for e in acts if e.get("reason") == "policy_decision"]
    assert decision["fields"] == ["lowered:employee.score:open"]
    assert acts[-2]["act"] == "fields.move"


def test_a_move_that_was_killed_goes_on_where_it_stopped(
    filled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hrhub.pipeline import registering

    monkeypatch.setattr(registering, "_ROWS_AT_ONCE", 1)
    pages = iter([True, False])
    real = registering._move_page

    def dies(*args: object) -> int:
        if next(pages):
            return real(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(registering, "_move_page", dies)
    with pytest.raises(KeyboardInterrupt):
        filled.register(RAISED)
    assert len([r for r in filled.rows("person") if r.ext]) == 1
    assert "ext.shirt" not in {
        n
        for v in filled.reader.reveal(
            filled.persons(), reason="hr_case", actor="user:hr", classes=[Privacy.PERSONAL]
        )
        for n in v.fields
    }, "what still lies in the open is not shown as open any more"

    monkeypatch.setattr(registering, "_move_page", real)
    done = filled.register()

    assert {p.change for p in done.fields} == {Change.SAME, Change.MOVING}
    assert {r.ext for r in filled.rows("person")} == {None}
    assert filled.hub.verify().ok


def test_an_open_value_of_an_erased_person_does_not_outlive_a_raised_class(filled: Tenant) -> None:
    person = filled.persons()[0]
    with filled.hub.store.write() as tx:
        tx.execute(
            update(hub_dek)
            .where(hub_dek.c.owner == person)
            .values(state="destroyed", wrapped=bytes(60), commit=bytes(32))
        )

    filled.register(RAISED)

    with filled.hub.store.read() as tx:
        assert set(tx.execute(select(ENTITY_TABLES["person"].c.ext)).scalars()) == {None}


# --- what the mapping says of itself --------------------------------------------------------------


def test_explain_and_golden_cases_treat_custom_fields_like_all_others(tmp_path: Path) -> None:
    (tmp_path / "custom_fields.yaml").write_text(DECLARED, encoding="utf-8")
    path = tmp_path / "people.yaml"
    path.write_text(
        """
stream: shelf.people
to: person
key: id
fields:
  display_name: name
  ext.shirt: size
  ext.joined_club: {from: club, formats: ["%d.%m.%Y"]}
cases:
  - in: {id: 1, name: 测试, size: m, club: 29.02.2024}
    out: {display_name: 测试, ext.shirt: m, ext.joined_club: 2024-02-29}
  - in: {id: 1, name: 测试, size: xl}
    rejects: {reason: enum, field: ext.shirt}
""",
        encoding="utf-8",
    )

    mapping = load_mapping(path, custom=custom_fields(tmp_path))

    assert [r.diffs for r in run_cases(mapping, today=date(2026, 1, 1))] == [(), ()]
    stories = {s.field: s for s in explain(mapping, unmapped=True)}
    assert stories["ext.shirt"].stored == "person.ext.shirt"
    assert stories["ext.joined_club"].stored == "person.sealed_personal"
    assert stories["ext.blood"].privacy == "sensitive"
    assert stories["contact.ext.verified_by"].stored == "person_contact.sealed_personal"
