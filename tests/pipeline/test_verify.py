"""Verifying on both databases: every kind of damage is found, and a good store finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

from hrhub.ambient import new_id
from hrhub.pipeline.replay import Wanted
from hrhub.pipeline.verify import CODES, Report, verify
from hrhub.store import lease
from hrhub.store.schema import INDEX_IDS, metadata
from tests.pipeline.conftest import Bench
from tests.pipeline.test_replay import knows_seven, shelf
from tests.pipeline.test_sync import WORLD, flat

Damage = Callable[..., None]


def found(report: Report) -> set[tuple[str, str]]:
    return {(f.code.removeprefix("verify."), f.id) for f in report.findings}


def drop(bench: Bench, table: str, column: str, value: object) -> None:
    t = metadata.tables[table]
    with bench.hub.store.write() as tx:
        assert tx.execute(delete(t).where(t.c[column] == value)).rowcount


def filled(bench: Bench) -> Bench:
    """A store with some of everything: people, punches, series, quarantine, waiting references."""
    no = WORLD.people[0].spells[0].user_id
    bench.put("units", {"code": "D2", "name": "Child", "parent": "D1", "start": "2020-01-01"})
    bench.put("employees", *(flat(i) for i in range(6)), flat(7, state=7))
    bench.put("punches", *({"no": no, "at": f"2026-11-02T08:0{m}:00", "way": "in"} for m in "123"))
    for stream in ("units", "employees", "punches"):
        bench.sync(stream)
    return bench


# --- a good store -------------------------------------------------------------------------------


def test_a_store_after_syncs_changes_refusals_and_replays_finds_nothing(bench: Bench) -> None:
    filled(bench)
    newer = "2026-11-02T00:00:00Z"
    bench.put("employees", flat(0, changed=newer, mobile=WORLD.people[9].mobile, title="Lead"))
    bench.sync("employees")
    bench.put("units", {"code": "D1", "name": "Top", "parent": None, "start": "2020-01-01"})
    bench.sync("units")
    knows_seven(bench)
    bench.hub.replay(Wanted(), holder="cli/1", actor="cli:root", connectors=shelf)
    seen: dict[str, int] = {}

    report = bench.hub.verify(progress=seen.__setitem__)

    assert report.ok, report.findings
    assert seen == dict(report.checked)
    assert report.checked["person"] == 7
    assert report.checked["attendance_punch"] == 3
    assert report.checked["hub_audit"] > 3
    assert set(report.suites) == {"AES-256-GCM"}


def test_pages_are_read_one_after_the_other_to_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(bench)
    pages = verify.__globals__["Work"].pages
    monkeypatch.setattr(pages, "__kwdefaults__", {"rows": 2})

    report = bench.hub.verify()

    assert report.ok, report.findings
    assert report.checked["person"] == 6
    assert report.checked["hub_blind_index"] == bench.count("hub_blind_index")


# --- rows ---------------------------------------------------------------------------------------


def test_an_edited_column_a_rolled_back_envelope_and_a_removed_one_are_found(
    bench: Bench, damage: Damage
) -> None:
    filled(bench)
    before = {r.id: r for r in bench.rows("person")}
    newer = "2026-11-02T00:00:00Z"
    bench.put("employees", flat(0, changed=newer, sex="other"), flat(1, changed=newer, born=None))
    bench.sync("employees")
    rolled, kept = [r.id for r in bench.rows("person") if r.row_version == 2]
    damage("person", {"id": rolled}, sealed_personal=before[rolled].sealed_personal)
    employee = bench.rows("employee")[0].id
    damage("employee", {"id": employee}, status="terminated")
    contact = bench.rows("person_contact")[0].id
    damage("person_contact", {"id": contact}, row_seal=bytes(16))
    punch, stamp = [row.id for row in bench.rows("attendance_punch")[:2]]
    damage("attendance_punch", {"id": punch}, device_id="another")
    damage("attendance_punch", {"id": stamp}, subject_id=kept)
    document = bench.rows("person_identifier")[0].id
    damage("person_identifier", {"id": document}, sealed_sensitive=None)

    report = bench.hub.verify()

    assert {i for code, i in found(report) if code == "row_changed"} == {
        rolled, employee, contact, punch, stamp, document,
    }  # fmt: skip
    assert ("row_changed", kept) not in found(report)


def test_a_swapped_a_cut_and_a_bit_flipped_envelope_are_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    one, two, three, *_ = bench.rows("person")
    damage("person", {"id": one.id}, sealed_personal=two.sealed_personal)
    damage("person", {"id": two.id}, sealed_personal=bytes(two.sealed_personal)[:-1])
    flipped = bytearray(three.sealed_personal)
    flipped[-1] ^= 1
    damage("person", {"id": three.id}, sealed_personal=bytes(flipped))

    codes = {(c, i) for c, i in found(bench.hub.verify()) if c == "envelope_unreadable"}

    assert codes == {("envelope_unreadable", row.id) for row in (one, two, three)}


def test_a_lost_a_changed_and_an_ownerless_data_key_are_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    keys = [r for r in bench.rows("hub_dek") if r.purpose == "subject"]
    drop(bench, "hub_dek", "dek_id", keys[0].dek_id)
    damage("hub_dek", {"dek_id": keys[1].dek_id}, wrapped=keys[2].wrapped)
    damage("hub_dek", {"dek_id": keys[3].dek_id}, owner=new_id())

    report = bench.hub.verify()

    results = found(report)
    assert ("key_missing", keys[0].owner) in results
    assert ("key_damaged", bytes(keys[1].dek_id).hex()) in results
    assert ("key_orphan", bytes(keys[3].dek_id).hex()) in results
    assert report.totals["verify.key_damaged"] == 2, "once for each record, not for each row"


def test_index_entries_that_are_missing_foreign_or_wrong_are_found(
    bench: Bench, damage: Damage
) -> None:
    filled(bench)
    employee, other = bench.rows("employee")[:2]
    number = INDEX_IDS["employee", "work_no"]
    drop(bench, "hub_blind_index", "row_uid", employee.id)
    stray = new_id()
    with bench.hub.store.write() as tx:
        for row_uid, bi in ((stray, bytes(16)), (other.id, bytes(16))):
            tx.execute(
                insert(metadata.tables["hub_blind_index"]).values(
                    tenant="default", index_id=number, version=1, bi=bi, row_uid=row_uid
                )
            )

    assert found(bench.hub.verify()) == {
        ("index_missing", employee.id),
        ("index_orphan", stray),
        ("index_orphan", other.id),
    }


def test_what_several_sources_tell_of_a_person_is_opened_and_belongs_to_a_row(
    bench: Bench, damage: Damage
) -> None:
    filled(bench)
    for index in (0, 1):
        person = WORLD.people[index]
        bench.put(
            "people",
            {
                "id": f"P{index}",
                "name": person.display_name,
                "idCard": person.national_id,
                "mobile": person.mobile,
                "changed": "2026-11-01T00:00:00Z",
            },
        )
    bench.sync("people")
    assert bench.hub.verify().ok
    told = bench.rows("hub_contribution")
    assert len(told) >= 4
    cut, lost = told[0], next(row for row in told if row.row_id != told[0].row_id)
    damage("hub_contribution", {"link_id": cut.link_id}, sealed_told=cut.sealed_told[:-1])
    gone = new_id()
    damage("hub_contribution", {"link_id": lost.link_id}, link_id=gone)

    results = found(bench.hub.verify())

    assert ("envelope_unreadable", f"{cut.row_id}/{cut.link_id}") in results
    assert ("link_orphan", f"{lost.row_id}/{gone}") in results


# --- belongings ---------------------------------------------------------------------------------


def test_links_and_waiting_references_that_lead_nowhere_are_found(
    bench: Bench, damage: Damage
) -> None:
    filled(bench)
    units = [r for r in bench.rows("hub_source_link") if r.entity == "org_unit"]
    person_link = next(r for r in bench.rows("hub_source_link") if r.entity == "employee")
    damage("hub_source_link", {"id": person_link.id}, entity_id=new_id())
    waiting = next(r for r in bench.rows("hub_waiting_ref") if r.ref_entity == "org_unit")
    damage("hub_waiting_ref", {"id": waiting.id}, ref_key=units[0].source_key)
    adrift = next(r for r in bench.rows("hub_waiting_ref") if r.id != waiting.id)
    damage("hub_waiting_ref", {"id": adrift.id}, row_id=new_id())

    assert found(bench.hub.verify()) == {
        ("link_orphan", person_link.id),
        ("reference_waiting", waiting.id),
        ("reference_orphan", adrift.id),
    }


# --- the journal --------------------------------------------------------------------------------


def test_pages_that_are_gone_changed_or_in_no_list_are_found(bench: Bench) -> None:
    filled(bench)
    root = bench.hub.settings.landing
    gone, changed, _ = [r.file for r in bench.rows("hub_landing_batch")]
    (root / gone).unlink()
    body = bytearray((root / changed).read_bytes())
    body[-1] ^= 1
    (root / changed).write_bytes(body)
    stray = str(Path(gone).parent / "stray.seg.tmp")
    (root / stray).write_bytes(b"x")

    assert found(bench.hub.verify()) == {
        ("landing_missing", gone),
        ("landing_changed", changed),
        ("landing_orphan", stray),
    }


def test_a_page_on_its_way_is_no_orphan_and_a_leftover_goes_with_the_next_run(
    bench: Bench,
) -> None:
    filled(bench)
    row = next(r for r in bench.rows("hub_landing_batch") if r.stream == "employees")
    stray = bench.hub.settings.landing / Path(row.file).parent / "stray.seg"
    stray.write_bytes(b"x")

    with lease.acquire(bench.hub.store, row.sync_id, "a run that lands"):
        assert bench.hub.verify().ok

    bench.put("employees", flat(8))
    bench.sync("employees")
    assert not stray.exists()
    assert bench.hub.verify().ok


def test_counts_that_do_not_add_up_are_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    run = bench.rows("hub_run")[0]
    damage("hub_run", {"id": run.id}, inserted=run.inserted + 1)

    assert found(bench.hub.verify()) == {("run_counts", run.id)}


def test_a_cursor_that_was_changed_moved_back_or_moved_on_is_found(
    bench: Bench, damage: Damage
) -> None:
    filled(bench)
    first, other = sorted(bench.rows("hub_cursor"), key=lambda row: row.sync_id)
    bench.put("employees", flat(8))
    bench.sync("employees")
    damage("hub_cursor", {"sync_id": first.sync_id}, sealed_value=first.sealed_value,
           run_id=first.run_id)  # fmt: skip
    assert found(bench.hub.verify()) == {("cursor_run", str(first.sync_id))}

    damage("hub_cursor", {"sync_id": other.sync_id}, sealed_value=first.sealed_value)

    assert found(bench.hub.verify()) == {
        ("cursor_run", str(first.sync_id)),
        ("cursor_run", str(other.sync_id)),
        ("cursor_unreadable", str(other.sync_id)),
    }


def test_a_quarantined_record_that_cannot_be_opened_is_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    [row] = bench.rows("hub_quarantine")
    damage("hub_quarantine", {"uid": row.uid}, sealed_raw=bytes(row.sealed_raw)[:-3])

    assert found(bench.hub.verify()) == {("quarantine_unreadable", row.uid)}


def test_an_edited_link_of_the_audit_chain_is_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    damage("hub_audit", {"seq": 2}, actor="cli:somebody")

    assert found(bench.hub.verify()) == {("audit_broken", "2")}


@pytest.mark.parametrize("cut", [1, 3])
def test_a_link_cut_out_or_off_the_audit_chain_is_found(bench: Bench, cut: int) -> None:
    filled(bench)
    assert bench.count("hub_audit") == 3
    drop(bench, "hub_audit", "seq", cut)

    expected = ("audit_broken", "1") if cut == 1 else ("audit_head", "2")

    assert found(bench.hub.verify()) == {expected}


def test_links_after_the_head_of_the_audit_chain_are_found(bench: Bench, damage: Damage) -> None:
    filled(bench)
    second = next(r for r in bench.rows("hub_audit") if r.seq == 2)
    damage("hub_audit_head", {"tenant": "default"}, seq=2, mac=second.mac)

    assert found(bench.hub.verify()) == {("audit_head", "2")}


def test_every_code_has_words_in_both_languages_and_many_findings_are_counted() -> None:
    from hrhub.messages import LANGUAGES, catalogue

    assert all(set(CODES) <= set(catalogue(language)) for language in LANGUAGES)
    report = Report()
    for n in range(500):
        report.add(CODES[0], "person", n)
    assert (report.totals[CODES[0]], len(report.findings), report.ok) == (500, 200, False)


def test_another_tenants_rows_are_not_looked_at(bench: Bench, damage: Damage) -> None:
    filled(bench)
    for table in ("person", "employee", "person_contact", "person_identifier", "hub_blind_index",
                  "hub_dek", "hub_source_link", "hub_waiting_ref", "attendance_punch"):  # fmt: skip
        damage(table, {"tenant": "default"}, tenant="other")
    kept: dict[str, Any] = {t: bench.rows(t) for t in ("person", "hub_dek")}

    report = bench.hub.verify()

    assert report.checked["person"] == 0
    assert {t: bench.rows(t) for t in kept} == kept
