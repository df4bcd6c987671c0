"""Write-backs and reports at the command line, with a simulated WeCom and a real inbox process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from connectors.hikvision.sandbox import sandbox as terminal
from connectors.wecom import connector as wecom
from connectors.wecom.sandbox import RunningWecom, sandbox
from hrhub.ambient import SystemClock
from hrhub.connector import Received
from hrhub.errors import ExitStatus
from hrhub.pipeline import open_hub
from hrhub.sandbox.world import World
from tests.cli.conftest import SHIPPED, Desk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def vendor(world: World) -> Iterator[RunningWecom]:
    running = sandbox.start(world, "127.0.0.1", 0, {})
    assert isinstance(running, RunningWecom)
    yield running
    running.stop()


@pytest.fixture
def conn(desk: Desk, world: World, vendor: RunningWecom) -> str:
    desk.env(HRHUB_MAPPINGS=str(SHIPPED))
    return desk.connect("wecom", sandbox.connection(world, vendor))


def ask(conn: str, work_no: str) -> str:
    """Ask for a message; return the write's id."""
    with open_hub() as hub:
        return hub.enqueue_write(
            wecom, conn, "messages", {"work_no": work_no}, actor="test", reason="hired"
        )


def test_a_write_back_is_shown_masked_tried_dry_and_sent(
    desk: Desk, world: World, conn: str
) -> None:
    work_no = next(spell.user_id for _, spell in world.employed)
    asked = ask(conn, work_no)

    shown = desk("outbox", "show", asked, "--json")
    dry = desk("outbox", "deliver", conn, "--dry-run", "--json")
    listed = desk("outbox", "list", conn, "--json")
    sent = desk("outbox", "deliver", conn, "--json")
    after = desk("outbox", "show", asked)

    assert shown.doc["state"] == "pending"
    assert [w["target"] for w in dry.doc["writes"]] == ["POST /message/send"]
    assert work_no not in shown.out + dry.out + listed.out + sent.out + after.out
    assert [c["n"] for c in listed.doc["counts"]] == [1]
    assert (sent.status, sent.doc["sent"]) == (0, 1)
    assert "its values are not kept any more" in after.out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_refused_write_back_says_what_to_do_and_is_let_go(
    desk: Desk, conn: str, language: str
) -> None:
    asked = ask(conn, "nobody-of-this-number")

    sent = desk("outbox", "deliver", conn)
    listed = desk("outbox", "list", "--json", "--lang", language)
    wrong = desk("outbox", "drop", asked, "--reason", "because")
    dropped = desk("outbox", "drop", asked, "--reason", "wrong")
    again = desk("outbox", "retry", asked, "--reason", "vendor_back", "--json")

    [row] = listed.doc["writes"]
    assert (sent.status, row["state"]) == (5, "refused")
    assert row["code"] == "wecom.recipient_unknown"
    assert row["do"] == wecom.words[language]["wecom.recipient_unknown"]["do"]
    assert (wrong.status, dropped.status) == (2, 0)
    assert again.doc["error"]["code"] == "outbox.state"


def post(port: int, conn: str, report: Received) -> int:
    """Send a report the way the vendor would; return the status of the answer."""
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        path = f"/{conn}/callback?{urlencode(dict(report.query))}"
        line.request(report.method, path, report.body, dict(report.headers))
        return line.getresponse().status
    finally:
        line.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_encrypted_callback_reaches_the_store_through_a_served_inbox(
    desk: Desk, conn: str, vendor: RunningWecom, workers: str
) -> None:
    command = [sys.executable, "-m", "hrhub.cli", "inbox", "serve", conn]
    server = subprocess.Popen(
        [*command, "--port", "0", "--workers", workers],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert server.stderr
    try:
        port = int(server.stderr.readline().split("port ")[1].split(";")[0])
        assert f"/{conn}/callback" in server.stderr.readline()
        genuine = vendor.report("callback", SystemClock().now())
        forged = vendor.report("callback", SystemClock().now())
        answers = [post(port, conn, genuine) for _ in range(3)]
        bad = post(
            port,
            conn,
            Received(
                method="POST",
                path=forged.path,
                query={**forged.query, "msg_signature": "0" * 40},
                body=forged.body,
            ),
        )
    finally:
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)

    listed = desk("inbox", "list", conn, "--json")
    [kept] = listed.doc["requests"]
    shown = desk("inbox", "show", kept["id"], "--json")
    drained = desk("inbox", "drain", conn, "--json")

    assert (answers, bad) == ([200] * 3, 401)
    assert "Traceback" not in said
    assert kept["state"] == "waiting"
    assert "msg_signature" in shown.doc["query_names"]
    assert str(genuine.query["msg_signature"]) not in json.dumps(shown.doc)
    [row] = drained.doc["connections"]
    assert (row["requests"], row["employees: changed"] > 0) == (1, True)
    assert desk("inbox", "drain").out.strip() == "no report waits"


def test_a_server_that_cannot_start_says_why(desk: Desk, conn: str, people: str) -> None:
    refused = [
        desk("inbox", "serve", people, "--json"),
        desk("inbox", "serve", "nobody", "--json"),
        desk("inbox", "serve", conn, "--mount", f"{conn}/callback", "--json"),
        desk("inbox", "listen", f"{conn}/callback", "--json"),
        desk("inbox", "listen", "nobody/push", "--json"),
    ]

    codes = [said.doc["error"]["code"] for said in refused]
    assert codes == [
        "inbox.no_receiver",
        "connection.unknown",
        "inbox.mount",
        "inbox.no_line",
        "connection.unknown",
    ]


@pytest.mark.parametrize(("lines", "breaks"), [("over", 0), ("cut", 1)])
def test_a_terminal_is_listened_to_until_the_time_is_over(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch, lines: str, breaks: int
) -> None:
    slept: list[float] = []
    steady = SystemClock.monotonic
    # The first wait after a line takes all the time there is.
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: slept.append(seconds))
    monkeypatch.setattr(SystemClock, "monotonic", lambda self: steady(self) + 3600 * len(slept))
    running = terminal.start(world, "127.0.0.1", 0, {"lines": lines})
    try:
        conn = desk.connect("hikvision", terminal.connection(world, running))
        said = desk("inbox", "listen", f"{conn}/push", "--for", "600", "--json")
        listed = desk("inbox", "list", conn, "--json")
    finally:
        running.stop()

    assert said.status == (ExitStatus.RETRYABLE if breaks else ExitStatus.DONE)
    assert said.doc["breaks"] == breaks
    assert said.doc["kept"] == sum(row["n"] for row in listed.doc["counts"]) > 0
    assert slept == [5.0]
    assert said.err.count("(vendor.page_cut)") == breaks
    assert ("error" in said.doc) == bool(breaks)
