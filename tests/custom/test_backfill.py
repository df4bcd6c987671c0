"""Landed pages mapped again: what comes of it, what stays newer, what is lost, what a kill does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from hrhub.connector import Connector
from hrhub.errors import Busy, ConfigError, StorageError
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline import backfill as backfilling
from hrhub.pipeline.backfill import Backfilled
from hrhub.settings import Settings
from hrhub.store import audit, cursors, lease
from hrhub.store.schema import hub_landing_batch, hub_sync
from hrhub.store.syncs import SyncRow
from tests.custom.conftest import DECLARED, Tenant, rich
from tests.pipeline.test_sync import flat
from tests.support import postgres
from tests.support.shelf import SHELF, put_mappings

NEWER = "2026-11-02T00:00:00Z"


def shelf(row: SyncRow) -> Connector:
    assert row.connector == "shelf"
    return SHELF


def backfill(tenant: Tenant, stream: str = "employees", **options: Any) -> Backfilled:
    return tenant.hub.backfill(
        "shelf_default", stream, holder="cli/1", actor="cli:root", connectors=shelf, **options
    )


def extended(tenant: Tenant) -> None:
    """Register the fields and map them; nothing is read."""
    tenant.register(DECLARED)
    tenant.extend()


def age(tenant: Tenant, run: int, days: float) -> None:
    """Let the pages of a sync's run (by order) have landed earlier."""
    c = hub_landing_batch.c
    with tenant.hub.store.write() as tx:
        runs = sorted(set(tx.execute(select(c.run_id)).scalars()))
        at = tenant.hub.clock.now() - timedelta(days=days)
        tx.execute(update(hub_landing_batch).where(c.run_id == runs[run]).values(landed_at=at))


def blood(tenant: Tenant) -> list[Any]:
    return sorted(str(p.get("ext.blood")) for p in tenant.revealed("person"))


# --- what stops it --------------------------------------------------------------------------------


def test_a_stream_that_never_landed_is_an_error(tenant: Tenant) -> None:
    with pytest.raises(ConfigError, match=r"backfill\.unknown"):
        backfill(tenant)


def test_it_waits_for_no_run_that_holds_the_sync(tenant: Tenant) -> None:
    tenant.put("employees", rich(0))
    tenant.sync("employees")
    extended(tenant)
    [run] = tenant.hub.latest_runs()

    with lease.acquire(tenant.hub.store, run.sync_id, "somebody"), pytest.raises(Busy):
        backfill(tenant)

    assert blood(tenant) == ["None"]


def test_a_damaged_page_stops_it_and_what_was_done_before_holds(tenant: Tenant) -> None:
    for number in range(2):
        tenant.put("employees", rich(number))
        tenant.sync("employees")
    extended(tenant)
    pages = sorted(tenant.rows("hub_landing_batch"), key=lambda r: r.run_id)
    path = tenant.hub.settings.landing / pages[1].file
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(StorageError, match=r"landing\.damaged"):
        backfill(tenant)

    assert blood(tenant) == ["AB-0", "None"]
    assert tenant.hub.latest_runs()[0].error_code == "landing.damaged"


# --- what comes of it -----------------------------------------------------------------------------


def test_what_a_new_mapping_takes_is_filled_in_without_asking_the_vendor(tenant: Tenant) -> None:
    tenant.put("employees", rich(0), rich(1))
    tenant.put("employees", rich(2))
    tenant.sync("employees")
    with tenant.hub.store.read() as tx:
        sync_id = tx.execute(select(hub_sync.c.id)).scalar_one()
        before = cursors.load(tx, sync_id)
    extended(tenant)
    shutil.rmtree(tenant.shelf)  # the vendor is gone

    done = backfill(tenant)

    assert (done.counts.seen, done.counts.updated, done.counts.pages) == (3, 3, 2)
    assert done.unreached == 0
    with tenant.hub.store.read() as tx:
        after = cursors.load(tx, sync_id)
        last = list(audit.links(tx, "default"))[-1][0]
    assert blood(tenant) == ["AB-0", "AB-1", "AB-2"]
    assert (after.sealed_value, after.seq, after.run_id) == (
        before.sealed_value,
        before.seq,
        before.run_id,
    )
    assert (last["act"], last["actor"], last["n"]) == ("sync.backfill", "cli:root", 3)
    assert tenant.hub.latest_runs()[0].kind == "backfill"
    assert tenant.hub.verify().ok


def test_a_second_one_has_nothing_to_do_and_the_next_sync_stops_at_the_gate(
    tenant: Tenant,
) -> None:
    tenant.put("employees", rich(0))
    tenant.sync("employees")
    extended(tenant)
    backfill(tenant)

    again = backfill(tenant)
    assert (again.reach.pages, again.reach.current, again.counts.seen) == ((), 1, 0)

    tenant.put("employees", rich(0), rich(1))
    counts = tenant.sync("employees")
    assert (counts.unchanged, counts.inserted, counts.updated) == (1, 1, 0)


def test_a_dry_run_says_the_same_and_writes_nothing(tenant: Tenant) -> None:
    for changed in ("2026-11-01T00:00:00Z", NEWER):
        tenant.put("employees", rich(0, changed=changed), rich(1))
        tenant.sync("employees")
    extended(tenant)
    runs = tenant.count("hub_run")
    links = tenant.rows("hub_source_link")

    shown = backfill(tenant, dry_run=True)

    assert shown.run_id is None
    assert blood(tenant) == ["None", "None"]
    assert tenant.count("hub_run") == runs
    assert tenant.rows("hub_source_link") == links
    real = backfill(tenant).counts
    assert (shown.counts.updated, shown.counts.stale) == (real.updated, real.stale) == (2, 1)


def test_older_versions_of_a_record_never_overwrite_newer_ones(tenant: Tenant) -> None:
    tenant.put("employees", rich(0, blood="old", title="First"))
    tenant.sync("employees")
    tenant.put("employees", rich(0, blood="new", title="Second", changed=NEWER))
    tenant.sync("employees")
    extended(tenant)

    done = backfill(tenant)

    assert (done.counts.stale, done.counts.updated) == (1, 1)
    assert blood(tenant) == ["new"]


def test_without_a_version_the_order_of_landing_decides(tenant: Tenant) -> None:
    for number, shirt in enumerate(("s", "m", "s")):
        tenant.put("employees", rich(0, shirt=shirt, blood=f"v{number}", changed=None))
        tenant.sync("employees")
    extended(tenant)

    backfill(tenant)

    assert blood(tenant) == ["v2"]


def test_a_job_is_corrected_where_the_vendor_changed_nothing(tenant: Tenant) -> None:
    tenant.put("employees", rich(0))
    tenant.sync("employees")
    [before] = tenant.rows("assignment")
    extended(tenant)

    backfill(tenant)

    [held] = [r for r in tenant.rows("assignment") if r.superseded_at is None]
    assert held.ext == {"desk": "7F-12"}
    assert (held.valid_from, held.dated_by) == (before.valid_from, before.dated_by)


def test_series_come_again_whole(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfilling, "BATCH_RECORDS", 1)
    for page in ([("A", "2020-01-01", "2020-12-31"), ("B", "2020-01-01", "2020-06-30")],
                 [("B", "2020-07-01", None), ("C", "2020-01-01", None)]):  # fmt: skip
        tenant.put(
            "units",
            *(
                {"code": c, "name": f"Unit {c}", "start": s, "end": e, "site": f"{c}-{s}"}
                for c, s, e in page
            ),
        )
    tenant.sync("units")
    tenant.register("org_unit: {site: {type: text, class: open}}")
    tenant.extend("units", "  ext.site: site\n")

    done = backfill(tenant, "units")

    assert (done.counts.seen, done.counts.updated) == (3, 3)
    held = {
        (r.code, str(r.valid_from)): r.ext["site"]
        for r in tenant.rows("org_unit")
        if r.superseded_at is None
    }
    assert held == {
        ("A", "2020-01-01"): "A-2020-01-01",
        ("B", "2020-01-01"): "B-2020-01-01",
        ("B", "2020-07-01"): "B-2020-07-01",
        ("C", "2020-01-01"): "C-2020-01-01",
    }
    assert backfill(tenant, "units").reach.pages == ()
    assert tenant.hub.verify().ok


def test_a_run_whose_pages_are_not_all_there_tells_no_series(tenant: Tenant) -> None:
    tenant.put("units", {"code": "A", "name": "A", "start": "2020-01-01", "end": "2020-12-31"})
    tenant.put("units", {"code": "A", "name": "A", "start": "2021-01-01", "end": None})
    tenant.sync("units")
    tenant.register("org_unit: {site: {type: text, class: open}}")
    tenant.extend("units", "  ext.site: name\n")
    first = min(tenant.rows("hub_landing_batch"), key=lambda r: r.seq)
    with tenant.hub.store.write() as tx:
        tx.execute(
            update(hub_landing_batch)
            .where(hub_landing_batch.c.batch_uid == first.batch_uid)
            .values(state="dropped")
        )

    done = backfill(tenant, "units")

    assert (done.reach.pages, done.reach.broken, done.reach.dropped) == ((), 1, 1)
    assert (done.unreached, done.counts.seen) == (1, 0)
    assert len([r for r in tenant.rows("org_unit") if r.superseded_at is None]) == 2


# --- what is lost ---------------------------------------------------------------------------------


def test_what_retention_took_is_told_and_counted(tenant: Tenant) -> None:
    tenant.put("employees", rich(0))
    tenant.sync("employees")
    age(tenant, 0, 8)
    tenant.put("employees", rich(1))
    tenant.sync("employees")  # sweeps
    extended(tenant)

    done = backfill(tenant)

    assert (done.reach.dropped, len(done.reach.pages)) == (1, 1)
    assert done.reach.dropped_until is not None
    assert done.reach.dropped_until < tenant.hub.clock.now() - timedelta(days=7)
    assert done.unreached == 1
    assert blood(tenant) == ["AB-1", "None"]


def test_a_page_that_vanishes_meanwhile_is_counted_and_the_rest_goes_on(tenant: Tenant) -> None:
    for number in range(2):
        tenant.put("employees", rich(number))
        tenant.sync("employees")
    age(tenant, 0, 8)
    gone = min(tenant.rows("hub_landing_batch"), key=lambda r: r.run_id)
    (tenant.hub.settings.landing / gone.file).unlink()
    extended(tenant)

    done = backfill(tenant)

    assert (done.vanished, done.counts.updated, done.unreached) == (1, 1, 1)


def test_since_leaves_earlier_pages_out(tenant: Tenant) -> None:
    for number in range(2):
        tenant.put("employees", rich(number))
        tenant.sync("employees")
    age(tenant, 0, 3)
    extended(tenant)

    done = backfill(tenant, since=tenant.hub.clock.now() - timedelta(days=1))

    assert (done.reach.earlier, done.counts.updated, done.unreached) == (1, 1, 1)
    assert blood(tenant) == ["AB-1", "None"]


# --- quarantine -----------------------------------------------------------------------------------


def test_what_was_refused_is_taken_in_if_the_mapping_now_can(tenant: Tenant) -> None:
    tenant.put("employees", rich(0), rich(1, state=7))
    tenant.sync("employees")
    path = tenant.hub.settings.mappings / "shelf" / "employees.yaml"
    path.write_text(path.read_text().replace("9: terminated}", "9: terminated, 7: on_leave}"))

    done = backfill(tenant)

    assert (done.counts.inserted, done.counts.quarantined) == (1, 0)
    assert [r.state for r in tenant.rows("hub_quarantine")] == ["replayed"]


def test_a_form_that_was_corrected_since_is_not_set_aside_again(tenant: Tenant) -> None:
    tenant.put("employees", rich(0, state=7))
    tenant.sync("employees")
    tenant.put("employees", rich(0, changed=NEWER))
    tenant.sync("employees")
    extended(tenant)

    done = backfill(tenant)

    assert (done.counts.stale, done.counts.updated, done.counts.quarantined) == (1, 1, 0)
    assert [r.state for r in tenant.rows("hub_quarantine")] == ["replayed"]


def test_what_is_still_wrong_keeps_its_entry_and_what_people_discarded_stays_out(
    tenant: Tenant,
) -> None:
    tenant.put("employees", rich(0, state=7), rich(1, state=7), rich(2))
    tenant.sync("employees")
    keep, drop = sorted(tenant.rows("hub_quarantine"), key=lambda r: r.index)
    tenant.hub.discard([drop.uid], "not_needed", actor="cli:root")
    extended(tenant)

    done = backfill(tenant)

    assert (done.counts.seen, done.counts.quarantined, done.counts.stale) == (3, 1, 1)
    rows = {r.uid: (r.state, r.attempts) for r in tenant.rows("hub_quarantine")}
    assert rows == {keep.uid: ("open", 2), drop.uid: ("discarded", 1)}


def test_what_the_new_mapping_refuses_waits_and_the_row_stays(tenant: Tenant) -> None:
    tenant.put("employees", rich(0, shirt="huge"), rich(1))
    tenant.sync("employees")
    extended(tenant)

    done = backfill(tenant)

    assert (done.counts.updated, done.counts.quarantined) == (1, 1)
    assert tenant.count("employee") == 2
    [entry] = tenant.rows("hub_quarantine")
    assert (entry.state, entry.field) == ("open", "ext.shirt")


def test_a_record_that_replay_took_in_and_the_next_mapping_refuses_waits_again(
    tenant: Tenant,
) -> None:
    from hrhub.pipeline.replay import Wanted

    tenant.put("employees", rich(0, state=7, shirt="huge"))
    tenant.sync("employees")
    path = tenant.hub.settings.mappings / "shelf" / "employees.yaml"
    path.write_text(path.read_text().replace("9: terminated}", "9: terminated, 7: on_leave}"))
    tenant.hub.replay(Wanted(), holder="cli/1", actor="cli:root", connectors=shelf)
    assert tenant.count("employee") == 1
    extended(tenant)

    done = backfill(tenant)

    assert done.counts.quarantined == 1
    [entry] = tenant.rows("hub_quarantine")
    assert (entry.state, entry.resolved_at, entry.attempts) == ("open", None, 2)


# --- stamps ---------------------------------------------------------------------------------------


def test_stamps_are_filled_in_too(tenant: Tenant) -> None:
    tenant.put("employees", flat(0))
    tenant.sync("employees")
    no = flat(0)["empId"]
    for way in ("in", "out"):
        tenant.put("punches", {"no": no, "at": "2026-11-02T08:00:00", "way": way, "gate": "G1"})
        tenant.sync("punches")
    tenant.register("attendance_punch: {gate: {type: text, class: personal}}")
    tenant.extend("punches", "  ext.gate: gate\n")

    done = backfill(tenant, "punches")

    assert done.unreached is None
    [punch] = tenant.revealed("attendance_punch")
    assert (punch["ext.gate"], punch["direction"]) == ("G1", "out")
    assert tenant.hub.verify().ok


# --- a kill ---------------------------------------------------------------------------------------


def test_killed_it_goes_on_with_the_pages_that_are_left(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        tenant.put("employees", rich(number))
        tenant.sync("employees")
    extended(tenant)
    real = backfilling.apply
    left = iter([True, True, False])

    def dies(*args: Any, **named: Any) -> Any:
        if next(left):
            return real(*args, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(backfilling, "apply", dies)
    with pytest.raises(KeyboardInterrupt):
        backfill(tenant)
    assert blood(tenant) == ["AB-0", "AB-1", "None", "None"]

    monkeypatch.setattr(backfilling, "apply", real)
    done = backfill(tenant)

    assert (len(done.reach.pages), done.counts.updated, done.unreached) == (2, 2, 0)
    assert blood(tenant) == ["AB-0", "AB-1", "AB-2", "AB-3"]
    assert tenant.hub.verify().ok


# --- the law --------------------------------------------------------------------------------------

Told = list[tuple[int, int, str, str | None]]
"""Per record: whose, version, blood group, badge."""

_TOLD = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 3),
            st.sampled_from(["A", "B", "0"]),
            st.sampled_from(["1", "2", None]),
        ),
        max_size=4,
        unique_by=lambda told: told[0],
    ),
    min_size=1,
    max_size=5,
)


def state(tenant: Tenant) -> list[tuple[Any, ...]]:
    """Return what the store says of each employee, without ids and times."""
    people = {r.id: r for r in tenant.rows("person")}
    values = dict(zip(sorted(people), tenant.revealed("person"), strict=True))
    roles = dict(
        zip(sorted(r.id for r in tenant.rows("employee")), tenant.revealed("employee"), strict=True)
    )
    owner = {r.id: r.person_id for r in tenant.rows("employee")}

    def told(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(sorted((k, str(v)) for k, v in row.items() if not k.endswith("_id")))

    return sorted((told(role), told(values[owner[i]])) for i, role in roles.items())


@contextmanager
def hub_on(dialect: str, template: Path, home: Path) -> Iterator[Hub]:
    """Make a hub of its own for an example."""
    url = f"sqlite:///{home}/store.db"
    if dialect == "postgresql":
        url = postgres.emptied()
    else:
        shutil.copyfile(template, home / "store.db")
        (home / "store.db").chmod(0o600)
    config = Settings(
        home=home,
        store_url=url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=put_mappings(home / "mappings"),
    )
    with open_hub(config, create=True) as hub:
        yield hub


_QUICK = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@_QUICK
@example(
    runs=[[(0, 2, "A", "1")], [(0, 0, "A", "1")], [(0, 0, "B", "2")]], cut=2
)  # an older form that says the same once did not count as older
@given(runs=_TOLD, cut=st.integers(0, 5))
def test_a_backfill_ends_as_if_the_new_mapping_had_been_there_from_the_start(
    runs: list[Told],
    cut: int,
    dialect: str,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    ends = []
    for late in (True, False):
        home = tmp_path_factory.mktemp("law")
        with hub_on(dialect, sqlite_template, home) as hub:
            tenant = Tenant(hub, home / "shelf")
            if not late:
                extended(tenant)
            for number, told in enumerate(runs):
                if late and number == cut:
                    extended(tenant)  # some runs come under the new mapping already
                tenant.put(
                    "employees",
                    *(
                        rich(who, blood=group, badge=badge, changed=f"2026-11-0{version + 1}")
                        for who, version, group, badge in told
                    ),
                )
                tenant.sync("employees")
            if late:
                if cut >= len(runs):
                    extended(tenant)
                backfill(tenant)
                assert backfill(tenant).reach.pages == ()
            ends.append(state(tenant))
    assert ends[0] == ends[1]
