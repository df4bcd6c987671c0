"""Finding people, showing them masked, revealing them on the record, telling origins."""

from __future__ import annotations

import json
from datetime import date

import pytest

from hrhub.crypto import audit_linker, verify_links
from hrhub.errors import ConfigError, Refused
from hrhub.model import Privacy
from hrhub.pipeline.hub import Hub
from hrhub.reading import MOST_LOOKUPS, By
from hrhub.store import audit
from tests.reading.conftest import Staff, job


def events(hub: Hub, act: str) -> list[dict[str, object]]:
    with hub.store.read() as tx:
        chain = list(audit.links(tx, hub.settings.tenant))
    verify_links(audit_linker(hub.keys), chain)
    return [dict(event) for event, _ in chain if event["act"] == act]


@pytest.mark.parametrize(
    ("by", "value"), [("national_id", "110105"), ("mobile", "none"), ("work_no", " ")]
)
def test_a_value_of_no_form_is_refused_and_is_no_lookup(staff: Staff, by: str, value: str) -> None:
    before = len(events(staff.company.hub, "person.find"))

    with pytest.raises(ConfigError, match=r"person\.value_malformed") as caught:
        staff.reader.find(by, value, actor="test")

    assert value not in str(caught.value.context.values())
    assert len(events(staff.company.hub, "person.find")) == before


def test_nobody_searches_without_end(staff: Staff) -> None:
    for _ in range(MOST_LOOKUPS):
        staff.reader.find("work_no", "999", actor="cli:curious")

    with pytest.raises(Refused, match=r"person\.lookups_exceeded"):
        staff.reader.find("work_no", "000", actor="cli:curious")
    assert staff.reader.find("work_no", "000", actor="cli:other")
    staff.company.clock.sleep(601)
    assert staff.reader.find("work_no", "000", actor="cli:curious")


def test_a_person_is_found_by_every_kind_of_value_however_it_is_written(staff: Staff) -> None:
    person, wanted = staff.people[0], staff.persons[0]
    asked = {
        By.NATIONAL_ID: f" {person.national_id.lower()} ",
        By.MOBILE: f"+86 {person.mobile[:3]} {person.mobile[3:]}",
        By.MAIL: person.work_email.upper(),
        By.WORK_NO: "000",
        By.NAME: person.display_name,
    }

    found = {by: [p.id for p in staff.reader.find(by, v, actor="t")] for by, v in asked.items()}

    assert all(wanted in ids for ids in found.values())
    assert found[By.NATIONAL_ID] == [wanted]


def test_every_search_is_written_down_without_its_value(staff: Staff) -> None:
    staff.reader.find("mobile", staff.people[1].mobile, actor="cli:hr")

    *_, last = events(staff.company.hub, "person.find")

    assert last["actor"] == "cli:hr" and last["rows"] == [staff.persons[1]]
    assert staff.people[1].mobile not in json.dumps(events(staff.company.hub, "person.find"))


def test_both_ids_of_a_merged_person_lead_to_one(staff: Staff) -> None:
    known = staff.people[1]
    again = {"id": "P7", "name": known.display_name, "mobile": known.mobile}
    staff.company.tell("people", again, version=2)
    spell = {"spell": "S7", "person": "P7", "no": "777", "hired": "2025-01-01", "left": None}
    staff.company.tell("spells", spell)
    staff.company.tell("jobs", job(7, "2025-01-01", "SALES"))

    [found] = staff.reader.find("mobile", known.mobile, actor="t")
    assert len(found.members) == 2 and len(found.employee_ids) == 2

    for member in found.members:
        assert staff.reader.person(member) == found
        assert len(staff.reader.employments(member)) == 2
    assert found.id in {a.person_id for a in staff.reader.department("SALES")}
    assert found.id in {a.person_id for a in staff.reader.department("RD")}
    [values] = staff.reader.reveal(found.members, reason="hr_case", actor="t")
    assert values.fields["birth_date"] == known.birth_date
    assert [i["number"] for i in values.identifiers] == [known.national_id]
    document = staff.reader.export(found.members[1], reason="subject_request", actor="t")
    assert len(document["merges"]) == 1 and len(document["records"]["person"]) == 2


def test_nobody_is_shown_for_an_id_that_is_nobodys(staff: Staff) -> None:
    for person_id in ("01933c5a-7d2e-7000-8000-0123456789ab", "nonsense", "'; --"):
        with pytest.raises(ConfigError, match=r"person\.unknown"):
            staff.reader.person(person_id)


def test_what_is_masked_tells_nobody_and_leaves_no_trace(staff: Staff) -> None:
    hub, person = staff.company.hub, staff.people[0]

    [values] = staff.reader.masked(staff.persons[:1])

    shown = json.dumps([values.fields, values.identifiers, values.contacts, values.employees])
    assert "***" in shown
    assert person.national_id not in shown and person.mobile not in shown
    assert json.dumps(person.display_name)[1:-1] not in shown
    assert not events(hub, "person.reveal")


def test_values_come_out_only_with_a_reason_of_the_list_and_are_written_down(staff: Staff) -> None:
    hub = staff.company.hub
    with pytest.raises(ConfigError, match=r"person\.reason"):
        staff.reader.reveal(staff.persons, reason="because", actor="cli:hr")
    assert not events(hub, "person.reveal")

    revealed = staff.reader.reveal(staff.persons, reason="payroll", actor="cli:hr")

    [event] = events(hub, "person.reveal")
    assert event["reason"] == "payroll" and event["rows"] == staff.persons
    assert "person_identifier.number" in str(event["fields"])
    for person, values in zip(staff.people, revealed, strict=True):
        assert values.fields["display_name"] == person.display_name
        assert values.fields["birth_date"] == person.birth_date
        assert [i["number"] for i in values.identifiers] == [person.national_id]
        assert person.display_name not in repr(values)
        assert person.national_id not in json.dumps(event)


def test_a_class_that_was_not_asked_for_stays_sealed(staff: Staff) -> None:
    [values] = staff.reader.reveal(
        staff.persons[:1], reason="hr_case", actor="t", classes={Privacy.PERSONAL}
    )

    assert values.contacts and "number" not in values.identifiers[0]


def test_values_of_any_row_can_be_revealed(staff: Staff) -> None:
    staff.company.tell("punches", {"no": "S0", "at": "2026-01-05T09:00:00", "way": "in"})
    day = staff.company.clock.now().replace(year=2025)
    [punch] = staff.reader.punches(staff.employee(0), day, day.replace(year=2027))

    found = staff.reader.reveal_rows("attendance_punch", [punch.id], reason="hr_case", actor="t")

    assert found[punch.id]["direction"] == "in"
    [event] = events(staff.company.hub, "row.reveal")
    assert event["obj"] == "attendance_punch" and event["rows"] == [punch.id]


def test_the_timeline_tells_hire_transfer_exit_and_rehire_with_their_sources(staff: Staff) -> None:
    spell = {"spell": "S0", "person": "P0", "no": "000", "hired": "2021-03-01"}
    again = {"spell": "S9", "person": "P0", "no": "000", "hired": "2025-01-01"}
    staff.company.tell(
        "jobs",
        job(0, "2021-03-01", "RD1", end="2022-12-31"),
        job(0, "2023-01-01", "SALES", title="lead"),
        version=2,
    )
    staff.company.tell("spells", spell | {"left": "2024-05-31"}, again, version=2)

    found = staff.reader.timeline(staff.persons[0])

    assert [(e.day, e.kind) for e in found] == [
        (date(2021, 3, 1), "hire"),
        (date(2023, 1, 1), "transfer"),
        (date(2024, 5, 31), "exit"),
        (date(2025, 1, 1), "rehire"),
    ]
    assert [e.origin.stream for e in found if e.origin] == ["spells", "jobs", "spells", "spells"]
    assert set(found[1].facts) == {"org_unit_id", "job_title"}


def test_every_value_says_source_record_mapping_run_and_time(staff: Staff) -> None:
    hub = staff.company.hub
    runs = {run.stream: run for run in hub.latest_runs()}

    of_person = staff.reader.provenance("person", staff.persons[0])["display_name"]
    [slice_] = staff.reader.assignments([staff.employee(0)])
    of_slice = staff.reader.provenance("assignment", slice_.id)["job_title"]

    assert (of_person.connection, of_person.connector) == ("shelf_default", "shelf")
    assert of_person.stream == "people" and of_person.rule == "only" and of_person.link_id
    assert of_person.run_id == runs["people"].id
    assert of_slice.run_id == runs["jobs"].id and of_slice.at == slice_.recorded_at
    assert of_slice.mapping_version == runs["jobs"].mapping_version
    with pytest.raises(ConfigError, match=r"row\.unknown"):
        staff.reader.provenance("person", slice_.id)


def test_an_old_slice_still_names_the_run_that_brought_it(staff: Staff) -> None:
    first = next(run for run in staff.company.hub.latest_runs() if run.stream == "jobs")
    before = staff.company.clock.now()
    staff.company.tell("jobs", job(0, "2021-03-01", "SALES"), version=2)

    [old] = staff.reader.assignments([staff.employee(0)], known_at=before)

    assert staff.reader.provenance("assignment", old.id)["org_unit_id"].run_id == first.id


def test_an_export_holds_everything_with_its_sources(staff: Staff) -> None:
    staff.company.tell("punches", {"no": "S0", "at": "2026-01-05T09:00:00", "way": "in"})
    staff.company.tell("jobs", job(0, "2021-03-01", "SALES"), version=2)

    document = staff.reader.export(staff.persons[0], reason="subject_request", actor="cli:hr")

    records = document["records"]
    json.dumps(document)
    assert set(records) == {
        "person",
        "person_identifier",
        "person_contact",
        "employee",
        "employment",
        "assignment",
        "attendance_punch",
    }
    person, value = records["person"][0], staff.people[0]
    assert person["values"]["display_name"] == value.display_name
    assert person["sources"]["display_name"]["stream"] == "people"
    assert len(records["assignment"]) == 2, "what is no longer believed is held too"
    assert records["person_identifier"][0]["values"]["number"] == value.national_id
    assert {link["entity"] for link in document["sources"]} >= {"person", "assignment"}
    assert document["audit"][0]["act"] == "person.export"
    assert document["audit"][0]["reason"] == "subject_request"
    others = json.dumps(document, ensure_ascii=False)
    assert not any(p.national_id in others or p.mobile in others for p in staff.people[1:])


def test_of_the_erased_only_ids_are_left(staff: Staff) -> None:
    hub = staff.company.hub
    with hub.store.write() as tx:
        tx.exec_driver_sql(
            f"UPDATE hub_dek SET state = 'destroyed' WHERE owner = '{staff.persons[0]}'"
        )
    hub.data_keys.clear()

    [values] = staff.reader.masked(staff.persons[:1])

    assert staff.reader.person(staff.persons[0]).erased and values.erased
    assert not values.fields and not values.identifiers
    assert staff.reader.find("national_id", staff.people[0].national_id, actor="t") == []
    assert staff.reader.export(staff.persons[0], reason="subject_request", actor="t")["erased"]
