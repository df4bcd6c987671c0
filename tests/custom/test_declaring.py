"""What may be declared and registered: wrong files are refused line by line, changes by rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrhub.errors import Busy, ConfigError, MappingError
from hrhub.mapping import custom_fields, load_mapping, mapping_schema
from hrhub.mapping.custom_file import read_custom_fields
from hrhub.pipeline.registering import Change, compare, plan
from hrhub.store import audit, lease
from hrhub.store import custom_fields as table
from tests.custom.conftest import DECLARED, Tenant, problems, rich

WRONG = {
    "persons:\n  a: {type: text}\n": '1:1: no mapping fills an entity "persons"; did you mean',
    "person:\n  Shirt: {type: text}\n": '2:3: "Shirt" is no name',
    "person:\n  a: {type: texts}\n": '2:13: unknown type "texts"; did you mean "text"?',
    "person:\n  a: {type: ref}\n": '2:13: unknown type "ref"',
    "person:\n  a: {class: open}\n": '2:6: the field "a" needs "type"',
    "person:\n  a: {type: text, klass: open}\n": 'unknown key "klass"',
    "person:\n  a: {type: text, class: secret}\n": 'unknown class "secret"',
    "person:\n  a: {type: code}\n": '2:6: "a" is a code and needs a list of "codes"',
    "person:\n  a: {type: text, codes: [x]}\n": '"codes" is for the type code; "a" is text',
    "person:\n  a: {type: code, codes: [x, x]}\n": 'a code of "a" stands there twice',
    "org_unit:\n  a: {type: text, class: personal}\n": 'rows of "org_unit" are not sealed',
    "assignment:\n  a: {type: text}\n": '"a" can only be open',
    "person:\n  a: {type: text, class: open}\nemployee:\n  a: {type: text}\n": (
        '4:3: "a" is a field of "person" too; the feed "employee" fills both'
    ),
    "employment_discrepancy:\n  a: {type: text}\n": "no mapping fills",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_declaration_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "custom_fields.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(MappingError, match=r"fields\.invalid") as raised:
        read_custom_fields(tmp_path)

    assert any(WRONG[text] in line for line in problems(raised.value))
    assert all(line.startswith("custom_fields.yaml:") for line in problems(raised.value))


def test_a_field_that_nobody_classified_is_sensitive(tmp_path: Path) -> None:
    (tmp_path / "custom_fields.yaml").write_text("person:\n  a: {type: text}\n", encoding="utf-8")

    assert custom_fields(tmp_path).by_path["person.a"].privacy == "sensitive"


def test_one_name_may_serve_entities_that_no_feed_fills_together(tmp_path: Path) -> None:
    text = "org_unit:\n  a: {type: text, class: open}\nposition:\n  a: {type: text, class: open}\n"
    (tmp_path / "custom_fields.yaml").write_text(text, encoding="utf-8")

    assert set(custom_fields(tmp_path).by_path) == {"org_unit.a", "position.a"}


# --- registering ----------------------------------------------------------------------------------


def test_what_is_registered_is_listed_and_written_down(tenant: Tenant) -> None:
    done = tenant.register(DECLARED)

    assert {p.change for p in done.fields} == {Change.NEW}
    assert {p.change for p in tenant.register().fields} == {Change.SAME}
    with tenant.hub.store.read() as tx:
        rows = {r.field.path: r for r in table.load(tx, "default")}
        last = list(audit.links(tx, "default"))[-1][0]
    assert rows["person.shirt"].field.codes == ("s", "m", "l")
    assert rows["person.shirt"].field.title == {"en": "Shirt size", "zh": "衬衫尺码"}
    assert (last["act"], last["n"]) == ("fields.register", 8)
    assert last["fields"][0] == "new:person.shirt:open"


REFUSED = {
    "employee: {score: {type: text}}": '1:26: "employee.score" is registered as decimal',
    "person: {shirt: {type: code, codes: [s, m], class: open}}": 'the code "l"',
    "employee: {score: {type: decimal, class: open}}": "--lower employee.score --reason CODE",
    "employee: {shirt: {type: text}}": '"shirt" is registered for "person"',
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_change_that_stored_values_would_not_survive_is_refused(
    tenant: Tenant, text: str
) -> None:
    tenant.register(DECLARED)
    before = tenant.rows("hub_custom_field")

    with pytest.raises(MappingError, match=r"fields\.invalid") as raised:
        tenant.register(text)

    assert any(REFUSED[text] in line for line in problems(raised.value))
    assert tenant.rows("hub_custom_field") == before


def test_lowering_needs_a_reason_and_a_file_that_does_it(tenant: Tenant) -> None:
    tenant.register(DECLARED)

    with pytest.raises(ConfigError, match=r"fields\.reason"):
        tenant.register(lower=["employee.score"])
    with pytest.raises(ConfigError, match=r"fields\.not_lowered"):
        tenant.register(lower=["employee.score"], reason="misclassified")


def test_codes_are_added_and_titles_changed_and_names_stay_when_the_file_forgets_them(
    tenant: Tenant,
) -> None:
    tenant.register(DECLARED)

    done = tenant.register("person: {shirt: {type: code, codes: [s, m, l, xl], class: open}}")

    changes = {p.field.path: p.change for p in done.fields}
    assert changes["person.shirt"] is Change.CHANGED
    assert changes["employee.badge"] is Change.UNDECLARED
    assert tenant.hub.custom_fields().by_path["person.shirt"].codes[-1] == "xl"
    assert "employee.badge" in tenant.hub.custom_fields().by_path


def test_a_plan_writes_nothing(tenant: Tenant) -> None:
    tenant.declare()

    assert (
        {p.change for p in plan(tenant.hub)}
        == {Change.NEW}
        == {p.change for p in compare(tenant.hub)}
    )
    assert tenant.count("hub_custom_field") == 0


# --- mappings -------------------------------------------------------------------------------------


def test_a_mapping_that_fills_what_is_not_registered_is_refused_with_its_place(
    tenant: Tenant,
) -> None:
    tenant.register(DECLARED)
    tenant.extend(more="  ext.shirts: shirt\n")
    tenant.put("employees", rich(0))

    with pytest.raises(MappingError) as raised:
        tenant.sync("employees")

    [line] = problems(raised.value)
    assert 'employees.yaml:21:3: no custom field "ext.shirts"' in line
    assert 'did you mean "ext.shirt"?' in line
    assert "hrhub fields register" in line
    assert tenant.count("hub_landing_batch") == 0


def test_what_is_declared_but_not_registered_is_no_target_of_a_sync(tenant: Tenant) -> None:
    tenant.declare()
    tenant.extend()
    tenant.put("employees", rich(0))

    with pytest.raises(MappingError, match=r"mapping\.invalid"):
        tenant.sync("employees")


def test_a_mapping_given_from_outside_must_keep_to_what_is_registered(tenant: Tenant) -> None:
    tenant.declare()
    tenant.extend()
    path = tenant.hub.settings.mappings / "shelf" / "employees.yaml"
    mapping = load_mapping(path, custom=custom_fields(tenant.hub.settings.mappings))
    from tests.support.shelf import SHELF

    with pytest.raises(ConfigError, match=r"fields\.unregistered"):
        tenant.hub.sync(
            SHELF, tenant.config, "shelf_default", "employees", holder="test", mapping=mapping
        )


def test_new_codes_open_the_gate_and_titles_do_not(tenant: Tenant) -> None:
    tenant.register(DECLARED)
    tenant.extend()
    path = tenant.hub.settings.mappings / "shelf" / "employees.yaml"

    def version() -> str:
        return load_mapping(path, custom=tenant.hub.custom_fields()).version

    first = version()
    tenant.register(DECLARED.replace("Shirt size", "Size of shirt"))
    assert version() == first
    tenant.register(DECLARED.replace("[s, m, l]", "[s, m, l, xl]"))
    assert version() != first


def test_the_editors_schema_knows_the_fields(tmp_path: Path) -> None:
    (tmp_path / "custom_fields.yaml").write_text(DECLARED, encoding="utf-8")

    schema = mapping_schema(custom_fields(tmp_path))

    [employee] = [
        r["then"]["properties"]["fields"]["properties"]
        for r in schema["allOf"]
        if r["if"]["properties"]["to"]["const"] == "employee"
    ]
    assert employee["ext.score"]["description"].startswith("decimal, sensitive")
    assert "lands in person.ext.shirt" in employee["ext.shirt"]["description"]


def test_a_class_does_not_change_while_a_sync_runs(tenant: Tenant) -> None:
    tenant.register(DECLARED)
    tenant.put("employees", rich(0))
    tenant.sync("employees")
    [run] = tenant.hub.latest_runs()

    with lease.acquire(tenant.hub.store, run.sync_id, "somebody else"), pytest.raises(Busy):
        tenant.register(DECLARED.replace("l], class: open", "l], class: sensitive"))

    assert tenant.hub.custom_fields().by_path["person.shirt"].privacy == "open"
