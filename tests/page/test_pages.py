"""What people read on the page: made by real syncs, in both languages, without any value."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from hrhub.connector import Received
from hrhub.errors import AuthError
from hrhub.pipeline.inbox import Inbox
from hrhub.store import quarantine, runs, syncs
from hrhub.store.schema import hub_outbox
from tests.page.conftest import employee
from tests.pipeline.conftest import Bench
from tests.support.reporter import REPORTER

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]

ZH = {"lang": "zh"}


def text(html: str) -> str:
    """Return what a page says, tags away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_a_missing_store_is_told_in_four_parts(viewer: TestClient, home: Path) -> None:
    for address in ("/hub/", "/hub/rejects", "/hub/source?connection=x"):
        answer = viewer.get(address)
        assert answer.status_code == 503
        assert "hrhub store create" in answer.text
        assert "store.missing" in answer.text
    chinese = viewer.get("/hub/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert "如何处理" in chinese.text
    assert '<html lang="zh-Hans">' in chinese.text


def test_an_exposed_store_is_not_read(viewer: TestClient, bench: Bench, dialect: str) -> None:
    if dialect == "sqlite":
        Path(str(bench.hub.store.url.database)).chmod(0o644)
        assert "store.exposed" in viewer.get("/hub/").text
    else:
        assert viewer.get("/hub/").status_code == 200


def test_an_empty_store_says_what_to_do_first(viewer: TestClient, bench: Bench) -> None:
    answer = viewer.get("/hub/")

    assert answer.status_code == 200
    assert "Nothing has been synced yet" in answer.text
    assert 'href="../connections"' in answer.text
    assert "尚未同步任何数据" in viewer.get("/hub/", params=ZH).text


def test_the_page_needs_no_keys(viewer: TestClient, filled: Bench) -> None:
    filled.hub.settings.keyring.unlink()

    assert viewer.get("/hub/").status_code == 200
    assert viewer.get("/hub/rejects").status_code == 200


def test_the_overview_tells_how_each_stream_stands(viewer: TestClient, filled: Bench) -> None:
    said = text(viewer.get("/hub/").text)

    assert "Data is in; one stream left records out" in said
    assert re.search(r"employees \S* ?partly rejected just now \S+ \S+ 5 2 0 0 3 3", said)
    assert re.search(r"units \S* ?fresh just now \S+ \S+ 1 1 0 0 0 0", said)
    assert re.search(r"punches \S* ?waiting for the vendor never 0 0 0 0 0 0", said)
    assert "3 records wait in quarantine" in said
    assert "A date does not exist or cannot be read" in said


def test_a_failure_is_told_in_four_parts_in_the_viewers_language(
    viewer: TestClient, filled: Bench
) -> None:
    english, chinese = text(viewer.get("/hub/").text), text(viewer.get("/hub/", params=ZH).text)

    for part in ("What happened shelf did not answer.", "What to do HR IT: check", "Affected"):
        assert part in english
    assert "vendor.unreachable" in english
    for part in ("发生了什么", "如何处理 HR IT", "影响范围", "vendor.unreachable", "等待供应商"):
        assert part in chinese


def test_streams_with_the_same_trouble_share_one_message(viewer: TestClient, bench: Bench) -> None:
    at = datetime.now(UTC)
    with bench.hub.store.write() as tx:
        for stream in ("employees", "units"):
            sync = syncs.sync_id(tx, "default", "shelf_default", stream, "shelf")
            run = runs.start(tx, sync, holder="x", kind="sync", at=at)
            runs.finish(tx, run, at=at, error=AuthError(vendor="Shelf"))

    html = viewer.get("/hub/").text

    assert html.count("<code>auth.refused</code>") == 1
    assert "2 streams need attention" in html
    assert "employees, units" in html


def test_a_source_shows_its_runs(viewer: TestClient, filled: Bench) -> None:
    html = viewer.get("/hub/source", params={"connection": "shelf_default"}).text
    said = text(html)

    assert "done, some rejected" in said
    assert "vendor did not answer" in said
    # A run that an Airflow task began leads to that DAG run.
    assert "../dags/hub_shelf/runs/manual__2026-11-24T01%3A00%3A00%2B00%3A00" in html


def test_what_is_not_there_is_told_plainly(viewer: TestClient, filled: Bench) -> None:
    for address in (
        "/hub/source?connection=nobody",
        "/hub/records?connection=shelf_default&stream=employees&reason=date&rule=x&field=y",
        "/hub/records?connection=nobody&stream=employees&reason=date",
    ):
        answer = viewer.get(address)
        assert (answer.status_code, "page.not_found" in answer.text) == (404, True)


def test_rejects_are_grouped_by_reason_with_the_command_that_mends_them(
    viewer: TestClient, filled: Bench
) -> None:
    html = viewer.get("/hub/rejects").text
    said = text(html)

    assert "3 records wait in quarantine" in said
    assert said.index("A date does not exist") < said.index("A code is not known")
    assert "hrhub replay --connection shelf_default --stream employees --reason date" in said
    with filled.hub.store.read() as tx:
        records = quarantine.list_records(tx, "default")
    assert len(records) == 3
    for record in records:
        assert record.uid in html
        assert record.field_path in html
    chinese = viewer.get("/hub/rejects", params=ZH).text
    assert "日期不存在或无法读取" in chinese
    assert "之后运行" in chinese


def test_rejects_of_one_stream_only(viewer: TestClient, filled: Bench) -> None:
    only = {"connection": "shelf_default", "stream": "units"}
    assert "No record waits in quarantine" in viewer.get("/hub/rejects", params=only).text
    only["stream"] = "employees"
    assert "3 records wait" in viewer.get("/hub/rejects", params=only).text


def test_many_records_of_one_reason_are_paged(viewer: TestClient, bench: Bench) -> None:
    bench.put("employees", *(employee(n, hired="2020-02-30") for n in range(60)))
    bench.sync("employees")
    html = viewer.get("/hub/rejects").text

    [address] = re.findall(r'href="(records\?[^"]+)"', html)
    assert "Show all 60" in html
    first = viewer.get(f"/hub/{address.replace('&amp;', '&')}")
    [older] = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = viewer.get(f"/hub/{older.replace('&amp;', '&')}")
    uids = [re.findall(r'class="uid"><code>([^<]+)', page.text) for page in (first, second)]
    assert [len(found) for found in uids] == [50, 10]
    assert len({*uids[0], *uids[1]}) == 60
    assert 'rel="next"' not in second.text


def test_a_dag_run_shows_what_it_did_and_nothing_else(viewer: TestClient, filled: Bench) -> None:
    ask = {"dag_id": "hub_shelf", "run_id": "manual__2026-11-24T01:00:00+00:00"}

    said = text(viewer.get("/hub/", params=ask).text)
    by_hand = viewer.get(f"/hub/?dag_id={ask['dag_id']}&run_id={ask['run_id']}")  # "+" as it is

    assert "employees done, some rejected" in said
    assert "units" not in said
    assert "employees" in by_hand.text
    other = text(viewer.get("/hub/", params={**ask, "run_id": "manual__x"}).text)
    assert "have not begun a sync" in other


def test_a_dag_shows_its_syncs_only(viewer: TestClient, filled: Bench) -> None:
    said = text(viewer.get("/hub/?dag_id=hub_shelf").text)

    assert "Syncs of DAG hub_shelf" in said
    assert "employees" in said
    assert "punches" not in said
    assert "has worked with the hub yet" in text(viewer.get("/hub/?dag_id=other").text)


def test_a_chosen_language_stays_on_every_link(viewer: TestClient, filled: Bench) -> None:
    for address in ("/hub/", "/hub/rejects", "/hub/source?connection=shelf_default"):
        html = viewer.get(address, params={**ZH}).text if "?" not in address else ""
        html = html or viewer.get(f"{address}&lang=zh").text
        own = [h for h in re.findall(r'<a[^>]* href="([^"]+)"', html) if not h.startswith("../")]
        assert len(own) >= 4
        assert [h for h in own if "lang=" not in h] == []


def test_no_value_of_anybody_is_ever_on_the_page(viewer: TestClient, filled: Bench) -> None:
    pages = [
        viewer.get(address).text
        for address in ("/hub/", "/hub/rejects", "/hub/source?connection=shelf_default")
    ]

    assert all("shelf_default" in page for page in pages)
    for page in pages:
        assert not re.search(r"CANARY|2020-02-30|138000000|E000\d", page)


def test_names_from_outside_are_only_text(viewer: TestClient, bench: Bench) -> None:
    evil = "<script>alert(1)</script>\"'`"
    at = datetime.now(UTC) - timedelta(hours=1)
    with bench.hub.store.write() as tx:
        sync = syncs.sync_id(tx, "default", evil, evil, evil)
        run = runs.start(tx, sync, holder=f"{evil}/r/t/-1/1", kind="sync", at=at)
        runs.finish(tx, run, at=at, error=AuthError(vendor=evil, connection=evil))

    for address, params in (
        ("/hub/", {}),
        ("/hub/", {"dag_id": evil}),
        ("/hub/", {"dag_id": evil, "run_id": evil}),
        ("/hub/source", {"connection": evil}),
        ("/hub/rejects", {"connection": evil, "stream": evil}),
        ("/hub/nothing", {"lang": evil}),
    ):
        answer = viewer.get(address, params=params)
        assert answer.status_code in (200, 404)
        assert "<script" not in answer.text
        assert not re.search(r'(href|datetime)="[^"]*[<\']', answer.text)


def test_fifty_sources_with_many_runs_are_quick(viewer: TestClient, bench: Bench) -> None:
    """Not a benchmark: ten times the target, so that only a scan of the history fails."""
    from sqlalchemy import insert

    from hrhub.ambient import SystemClock, new_ids
    from hrhub.store.schema import hub_run

    clock, now = SystemClock(), datetime.now(UTC)
    with bench.hub.store.write() as tx:
        numbers = [
            syncs.sync_id(tx, "default", f"source_{n:02d}", stream, "shelf")
            for n in range(50)
            for stream in ("a", "b")
        ]
        ids = iter(new_ids(200 * len(numbers)))
        rows = [
            {
                "id": next(ids),
                "sync_id": number,
                "holder": "hub_a/r/t/-1/1",
                "kind": "sync",
                "status": "done",
                "started_at": now - n * timedelta(minutes=15),
                "finished_at": now - n * timedelta(minutes=15),
            }
            for number in numbers
            for n in range(200)
        ]
        tx.execute(insert(hub_run), rows)
    viewer.get("/hub/")
    began = clock.monotonic()

    answer = viewer.get("/hub/")

    took_s = clock.monotonic() - began
    assert "Everything is in" in answer.text
    assert answer.text.count('class="card source"') == 50
    assert took_s < 3.0


def stick(bench: Bench) -> None:
    """Let a write-back be refused, another be forgotten, and a report be unreadable."""
    hub, now = bench.hub, bench.hub.clock.now()
    ids = [
        hub.enqueue_write(
            REPORTER, "shelf_default", "commands", {"display_name": n}, actor="t", reason="hired"
        )
        for n in ("CANARY-ONE", "CANARY-TWO")
    ]
    received = Received(method="POST", path="/", body=b"CANARY")
    Inbox(hub).keep(REPORTER, "shelf_default", "hook", received, [], rule="hook.json")
    with hub.store.write() as tx:
        c = hub_outbox.c
        tx.execute(update(hub_outbox).values(next_try_at=now - timedelta(hours=2)))
        refused = {"state": "refused", "code": "sink.refused"}
        tx.execute(update(hub_outbox).where(c.id == ids[0]).values(refused))


def test_what_waits_to_go_out_or_has_come_in_is_told_with_what_to_do(
    viewer: TestClient, filled: Bench
) -> None:
    stick(filled)

    for address in ("/hub/", "/hub/source?connection=shelf_default"):
        said = text(viewer.get(address).text)
        assert said.count("One write-back waits for somebody") == 2
        assert "One report waits for somebody" in said
        assert "The vendor refused the record." in said
        assert "hrhub outbox list shelf_default --state refused" in said
        assert "hrhub inbox list shelf_default --state unreadable" in said
        assert "CANARY-ONE" not in said
    assert "1 条回写等待处理" in viewer.get("/hub/", params=ZH).text


def test_what_waits_is_no_matter_of_one_dag(viewer: TestClient, filled: Bench) -> None:
    stick(filled)

    assert "write-back" not in viewer.get("/hub/?dag_id=hub_shelf").text
