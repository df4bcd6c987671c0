"""Reports of vendors: kept before they are answered, once in effect, and none is lost."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hrhub.ambient import SystemClock
from hrhub.errors import ConfigError, PluginError, Refused, StorageError
from hrhub.inbox import patience
from hrhub.pipeline.drain import Drained
from hrhub.pipeline.inbox import Inbox
from hrhub.store import inbox as table
from hrhub.store.schema import hub_inbox, hub_inbox_event
from tests.pipeline.conftest import Bench
from tests.support.reporter import REPORTER, Served, served, sign

ROOT = Path(__file__).parents[2]
CONNECTION = "shelf_default"


@pytest.fixture
def box(bench: Bench) -> Iterator[Served]:
    """The inbox of the bench's hub, served."""
    with served(bench.hub, bench.config) as running:
        yield running


def event(number: int, **more: Any) -> bytes:
    """Return a report."""
    return json.dumps({"id": f"e-{number}", "type": "changed", **more}).encode()


def drain(bench: Bench, holder: str = "drainer") -> Drained:
    """Drain the inbox."""
    return bench.hub.drain(REPORTER, bench.config, CONNECTION, holder=holder)


def states(bench: Bench) -> list[str]:
    """Return the states of all requests in the order in which they came."""
    return [row.state for row in sorted(bench.rows("hub_inbox"), key=lambda row: row.number)]


def test_a_genuine_report_is_kept_sealed_and_answered_as_the_vendor_wants(
    bench: Bench, box: Served
) -> None:
    answer = box.report(event(1, name="王小芳"))

    [row] = bench.rows("hub_inbox")
    assert answer == (200, b"thanks")
    assert (row.state, row.events, row.receiver) == ("waiting", 1, "hook")
    assert "王小芳".encode() not in row.sealed_request
    with bench.hub.store.read() as tx:
        kept = table.get(tx, "default", row.id)
        assert kept is not None
        received = Inbox(bench.hub).open(tx, kept)
    assert received is not None
    assert received.body == event(1, name="王小芳")


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Signature": "0" * 64, "X-Time": "2026-01-01T00:00:00+00:00"}],
    ids=["unsigned", "forged"],
)
def test_what_is_not_genuine_is_refused_and_nothing_of_it_is_kept(
    bench: Bench, box: Served, headers: dict[str, str]
) -> None:
    answer = box.call("/shelf_default/hook", event(1), headers)

    assert answer == (401, b"")
    assert bench.count("hub_inbox") == 0
    assert box.fates() == {"refused": 1}


def test_a_genuine_report_that_is_too_old_is_refused(bench: Bench, box: Served) -> None:
    status, _ = box.report(event(1), SystemClock().now() - timedelta(hours=2))

    assert (status, bench.count("hub_inbox")) == (401, 0)


def test_a_repeated_report_is_answered_again_and_kept_once(bench: Bench, box: Served) -> None:
    answers = {box.report(event(1)) for _ in range(3)}

    assert answers == {(200, b"thanks")}
    assert bench.count("hub_inbox") == 1
    assert box.fates() == {"kept": 1, "repeated": 2}


def test_a_report_is_known_again_after_it_was_worked_on(bench: Bench, box: Served) -> None:
    box.report(event(1))
    drain(bench)

    box.report(event(1))

    assert states(bench) == ["done"]


def test_a_report_that_cannot_be_read_is_kept_for_people(bench: Bench, box: Served) -> None:
    status, _ = box.report(b"not json")

    [row] = bench.rows("hub_inbox")
    assert (status, row.state, row.code, row.rule) == (
        200,
        "unreadable",
        "inbox.unreadable",
        "hook.json",
    )
    assert drain(bench).requests == 0
    Inbox(bench.hub).retry(row.id, "connector_mended", actor="cli:test")
    assert drain(bench).unreadable == 1
    Inbox(bench.hub).discard(row.id, "not_needed", actor="cli:test")
    assert states(bench) == ["discarded"]
    with pytest.raises(Refused):
        Inbox(bench.hub).retry(row.id, "connector_mended", actor="cli:test")


def test_the_test_of_an_address_is_answered_and_not_kept(bench: Bench, box: Served) -> None:
    headers = {
        "X-Signature": "9" * 64,
        "X-Time": SystemClock().now().isoformat(),
    }
    refused = box.call("/shelf_default/hook?challenge=abc", b"", headers, "GET")
    answered = box.call(
        "/shelf_default/hook?challenge=abc", b"", {**headers, "X-Signature": sign(b"")}, "GET"
    )

    assert (refused[0], answered) == (401, (200, b"abc"))
    assert bench.count("hub_inbox") == 0


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/nobody/hook", "POST", 404),
        ("/shelf_default/other", "POST", 404),
        ("/shelf_default/hook", "PUT", 405),
        ("/../etc/passwd", "POST", 404),
        ("/-/health", "GET", 200),
        ("/-/metrics", "GET", 200),
    ],
)
def test_only_what_is_served_answers(box: Served, path: str, method: str, status: int) -> None:
    assert box.call(path, b"", None, method)[0] == status


def test_other_connections_than_the_named_ones_do_not_exist(bench: Bench) -> None:
    with served(bench.hub, bench.config, connections=["shelf_default"]) as box:
        assert box.call("/shelf_other/hook")[0] == 404
        assert box.report(event(1))[0] == 200


@pytest.mark.parametrize("said", [True, False], ids=["announced", "chunked"])
def test_a_body_that_is_too_large_is_refused(bench: Bench, box: Served, said: bool) -> None:
    with socket.create_connection(("127.0.0.1", box.port), timeout=30) as line:
        head = b"POST /shelf_default/hook HTTP/1.1\r\nHost: x\r\n"
        if said:
            line.sendall(head + b"Content-Length: 99999999\r\n\r\n")
        else:
            line.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
            for _ in range(20):
                try:
                    line.sendall(chunk)
                except OSError:
                    break
        answer = line.recv(100)

    assert answer.startswith(b"HTTP/1.1 413")
    assert box.fates() == {"too_large": 1}
    assert bench.count("hub_inbox") == 0


def test_a_packed_body_is_refused(box: Served) -> None:
    assert box.call("/shelf_default/hook", b"x", {"Content-Encoding": "gzip"})[0] == 415


def test_a_body_that_drips_in_is_not_waited_for(bench: Bench) -> None:
    with (
        served(bench.hub, bench.config, body_s=0.2) as box,
        socket.create_connection(("127.0.0.1", box.port), timeout=30) as line,
    ):
        line.sendall(
            b"POST /shelf_default/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab"
        )
        answer = line.recv(100)

        assert answer.startswith(b"HTTP/1.1 408")
        assert box.fates() == {"too_slow": 1}


def test_a_head_that_drips_in_is_not_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.2)
    with (
        served(bench.hub, bench.config) as box,
        socket.create_connection(("127.0.0.1", box.port), timeout=30) as line,
    ):
        line.sendall(b"POST /shelf_default/hook HTTP/1.1\r\nHost:")

        assert line.recv(100) == b""


def test_a_flood_loses_no_report_that_was_answered_well(bench: Bench, box: Served) -> None:
    with ThreadPoolExecutor(60) as senders:
        answers = list(senders.map(lambda n: box.report(event(n))[0], range(300)))

    taken = answers.count(200)
    assert set(answers) <= {200, 503}
    assert bench.count("hub_inbox") == bench.count("hub_inbox_event") == taken
    assert taken > 200


def test_a_store_that_is_away_is_told_to_the_vendor_and_nothing_counts_as_kept(
    bench: Bench, box: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.report(event(1))

    def away() -> Any:
        raise StorageError("store.unavailable")

    monkeypatch.setattr(bench.hub.store, "write", away)
    monkeypatch.setattr(bench.hub.store, "read", away)
    answer, health = box.report(event(2)), box.call("/-/health", method="GET")
    monkeypatch.undo()

    assert (answer[0], health[0]) == (503, 503)
    assert box.report(event(2)) == (200, b"thanks")
    assert bench.count("hub_inbox") == 2


def test_an_unsigned_receiver_is_closed_unless_the_connection_names_networks(
    bench: Bench,
) -> None:
    line = b"7;2026-11-02T08:00:00"
    path = "/shelf_default/device/iclock/cdata?SN=device-1"
    elsewhere = bench.config.model_copy(update={"event_networks": ("10.0.0.0/8",)})
    here = bench.config.model_copy(update={"event_networks": ("127.0.0.0/8",)})
    answers = []
    for config in (bench.config, elsewhere, here):
        with served(bench.hub, config) as box:
            answers.append(box.call(path, line))

    assert answers == [(401, b""), (401, b""), (200, b"OK: 1")]


def test_a_device_that_calls_fixed_paths_is_served_at_its_prefix(bench: Bench) -> None:
    config = bench.config.model_copy(update={"event_networks": ("127.0.0.0/8",)})
    with served(bench.hub, config, mounts=["shelf_default/device"]) as box:
        alive = box.call("/iclock/getrequest?SN=device-1", method="GET")
        stranger = box.call("/iclock/cdata?SN=device-9", b"7;2026-11-02T08:00:00")
        pushed = box.call(
            "/iclock/cdata?SN=device-1", b"7;2026-11-02T08:00:00\n7;2026-11-02T17:00:00"
        )

    assert (alive, stranger[0], pushed) == ((200, b"OK"), 401, (200, b"OK: 2"))
    assert bench.count("hub_inbox") == 1


@pytest.mark.parametrize(
    "mounts", [["shelf_default/hook"], ["nonsense"], ["shelf_default/device"] * 2]
)
def test_a_mount_that_leads_nowhere_stops_the_start(bench: Bench, mounts: list[str]) -> None:
    with pytest.raises(ConfigError), served(bench.hub, bench.config, mounts=mounts):
        pass


def hire(bench: Bench) -> None:
    """Let the store know the employee 7."""
    bench.put("employees", {"empId": "7", "name": "王芳", "hired": "2026-01-01", "state": 1})
    bench.sync("employees")


def test_records_that_came_with_a_report_are_stored_once(bench: Bench, box: Served) -> None:
    hire(bench)
    rows = [{"no": "7", "at": f"2026-11-02T{hour:02d}:00:00"} for hour in (8, 12, 17)]
    box.report(event(1, rows=rows[:2]))
    box.report(event(2, rows=rows[1:]))

    done = drain(bench)
    again = drain(bench)

    assert (done.requests, done.errors, again.requests) == (2, {}, 0)
    assert done.streams["punches"].inserted == 3
    assert bench.count("attendance_punch") == 3
    [run] = [row for row in bench.rows("hub_run") if row.kind == "push"]
    assert run.status == "done"


def test_a_named_stream_is_read_once_for_many_reports(bench: Bench, box: Served) -> None:
    bench.put("people", {"id": "1", "name": "王芳"})
    for number in (3, 1, 2):
        box.report(event(number, stream="people"))

    done = drain(bench)

    assert (done.requests, done.streams["people"].inserted) == (3, 1)
    assert len([row for row in bench.rows("hub_run") if row.kind == "sync"]) == 1


def test_a_stream_that_cannot_be_read_keeps_its_reports_waiting(
    bench: Bench, box: Served, damage: Callable[..., None]
) -> None:
    (bench.shelf / "people").mkdir(parents=True)
    (bench.shelf / "people" / "0001.fail").write_text("")
    box.report(event(1, stream="people"))
    box.report(event(2))

    first = drain(bench)

    assert (first.requests, first.again) == (1, 1)
    assert first.errors["people"].code == "vendor.unreachable"
    assert sorted(states(bench)) == ["done", "waiting"]
    assert drain(bench).again == 0
    (bench.shelf / "people" / "0001.fail").unlink()
    damage("hub_inbox", {"state": "waiting"}, next_try_at=SystemClock().now())
    assert drain(bench).requests == 1


def test_pages_that_a_pull_landed_still_wait_for_their_load(bench: Bench, box: Served) -> None:
    hire(bench)
    bench.put("punches", {"no": "7", "at": "2026-11-01T08:00:00"})
    pulled = bench.hub.pull(REPORTER, bench.config, CONNECTION, "punches", holder="dag")
    box.report(event(1, rows=[{"no": "7", "at": "2026-11-02T08:00:00"}]))

    drain(bench)
    bench.hub.load(pulled.run_id, REPORTER, holder="dag")

    assert bench.count("attendance_punch") == 2


def test_two_drains_at_once_do_the_work_once(bench: Bench, box: Served) -> None:
    hire(bench)
    for number in range(20):
        row = {"no": "7", "at": f"2026-11-02T08:{number:02d}:00"}
        box.report(event(number, rows=[row]))
    done: list[Drained] = []
    threads = [
        threading.Thread(target=lambda n=n: done.append(drain(bench, f"drainer-{n}")))
        for n in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(d.requests for d in done) == 20
    assert sum(d.streams["punches"].inserted for d in done if d.streams) == 20
    assert bench.count("attendance_punch") == 20


def test_large_reports_are_worked_on_a_few_at_a_time(
    bench: Bench, box: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hrhub.pipeline.drain.BYTES_AT_ONCE", 1_000)
    bench.put("people", {"id": "1", "name": "王芳"})
    for number in range(4):
        box.report(event(number, stream="people", more="x" * 400))
    box.report(event(9, stream="people", more="x" * 2_000))

    assert drain(bench).requests == 5
    assert len([row for row in bench.rows("hub_run") if row.kind == "sync"]) == 3


def test_a_drain_that_died_leaves_its_reports_to_the_next(bench: Bench, box: Served) -> None:
    box.report(event(1))
    past = SystemClock().now() - timedelta(hours=1)
    with bench.hub.store.write() as tx:
        tx.execute(update(hub_inbox).values(holder="dead", claimed_until=past))

    assert drain(bench).requests == 1


def test_settled_reports_go_after_a_week_and_their_ids_after_a_month(
    bench: Bench, box: Served
) -> None:
    for number in range(3):
        box.report(event(number))
    drain(bench)
    week, month = (SystemClock().now() - timedelta(days=n) for n in (8, 31))
    with bench.hub.store.write() as tx:
        tx.execute(update(hub_inbox).values(updated_at=week))
        old = select(hub_inbox_event.c.event_key).limit(1).scalar_subquery()
        tx.execute(
            update(hub_inbox_event)
            .where(hub_inbox_event.c.event_key == old)
            .values(received_at=month)
        )

    drain(bench)

    assert (bench.count("hub_inbox"), bench.count("hub_inbox_event")) == (0, 2)


def test_a_report_sealed_with_a_lost_key_waits_for_people(
    bench: Bench, box: Served, damage: Callable[..., None]
) -> None:
    box.report(event(1))
    [row] = bench.rows("hub_inbox")
    damage("hub_inbox", {"id": row.id}, sealed_request=row.sealed_request[:-1] + b"x")

    assert drain(bench).unreadable == 1
    assert bench.rows("hub_inbox")[0].code == "inbox.sealed"


def test_receivers_need_a_prefix_that_is_one() -> None:
    bad = replace(REPORTER.events[0], prefix="iclock/")
    with pytest.raises(PluginError):
        replace(REPORTER, events=(bad,))


def test_a_server_killed_between_keeping_and_answering_keeps_one_report(bench: Bench) -> None:
    url = bench.hub.store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.support.inbox_worker"]
    places = [str(bench.hub.settings.home), url, str(bench.shelf)]
    server = subprocess.Popen(
        [*command, *places], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout and server.stdin
    port = int(server.stdout.readline())
    body = event(1)
    headers = {"X-Signature": sign(body), "X-Time": SystemClock().now().isoformat()}

    with pytest.raises((OSError, HTTPException)):
        Served(port, None).call("/shelf_default/hook", body, headers)  # type: ignore[arg-type]
    server.wait(30)
    server.stdin.close()
    server.stdout.close()
    with served(bench.hub, bench.config) as box:
        answer = box.report(body)

    assert answer == (200, b"thanks")
    assert box.fates() == {"repeated": 1}
    assert states(bench) == ["waiting"]
    assert drain(bench).requests == 1
