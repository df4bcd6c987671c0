"""The demo's verdict: a stream is well only if its run ended well and counts as the truth does."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from hrhub.airflow.api import AirflowApi
from hrhub.airflow.board import Board, Line
from hrhub.airflow.follow import first_runs
from hrhub.ambient import FakeClock
from hrhub.errors import Transient


def line(seen: int = 10, rejected: int = 2, *, done: bool = True, known: bool = True) -> Line:
    counts = {"seen": seen, "inserted": seen - rejected, "quarantined": rejected}
    return Line("v", "s", counts, (10, 2) if known else None, 1.0, done)


@pytest.mark.parametrize(
    "wrong",
    [line(seen=9), line(rejected=3), line(done=False), Line("v", "s", {}, (1, 0), None, True)],
)
def test_a_stream_that_differs_from_the_truth_is_not_well(wrong: Line) -> None:
    assert not wrong.agrees


def test_a_stream_that_counts_as_the_truth_does_is_well() -> None:
    assert line().agrees
    assert line(seen=1, rejected=0, known=False).agrees


def test_the_table_names_what_was_expected_where_it_differs() -> None:
    out = io.StringIO()

    Board(Console(file=out, width=140)).table([line(), line(seen=9)])

    assert "10 there, 2 of them faulty" in out.getvalue()


class _Airflow(BaseHTTPRequestHandler):
    """Answers as Airflow does while a DAG runs; the run ends at the third look."""

    asked: list[tuple[str, str]]
    looks: int

    def do_GET(self) -> None:
        type(self).asked.append(("GET", self.path))
        path = self.path.partition("?")[0]
        if path.endswith("/dagRuns"):
            made = ("POST", "/api/v2/dags/d/dagRuns") in self.asked
            self._answer(
                {"dag_runs": [{"dag_run_id": i} for i in (["new"] if made else []) + ["old"]]}
            )
        elif path.endswith("/dagRuns/new"):
            type(self).looks += 1
            self._answer({"state": "failed" if self.looks > 2 else "running"})
        elif path.endswith("/taskInstances"):
            self._answer(
                {
                    "task_instances": [
                        {"task_id": "a.pull", "state": "failed"},
                        {"task_id": "a.load", "state": "upstream_failed"},
                        {"task_id": "publish", "state": None},
                    ]
                }
            )
        elif path == "/api/v2/dags/d":
            self._answer({"dag_id": "d"})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        type(self).asked.append(("POST", self.path))
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({})

    do_PATCH = do_POST

    def _answer(self, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[AirflowApi]:
    handler = type("Handler", (_Airflow,), {"asked": [], "looks": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield AirflowApi(server.server_port, timeout_s=5)
    server.shutdown()
    server.server_close()


def follow(api: AirflowApi, dag_id: str):
    [followed] = follow_all(api, [dag_id])
    return followed


def follow_all(api: AirflowApi, dag_ids: list[str], at_once: int = 2):
    return first_runs(
        api,
        dag_ids,
        at_once=at_once,
        clock=FakeClock(),
        timeout_s=60,
        watch=lambda *_: None,
        tend=lambda: None,
    )


def test_a_dag_that_never_appears_ends_the_waiting(api: AirflowApi) -> None:
    with pytest.raises(Transient) as caught:
        follow(api, "missing")

    assert caught.value.code == "runner.run_not_ended"


def test_a_server_that_is_gone_is_said_so() -> None:
    with pytest.raises(Transient) as caught:
        AirflowApi(9, timeout_s=1).call("GET", "/x?token=1")

    assert caught.value.code == "runner.airflow_silent"
    assert "token" not in str(caught.value)


def test_the_new_run_is_followed_to_its_end_and_names_the_task_to_look_at(api: AirflowApi) -> None:
    followed = follow(api, "d")

    assert (followed.run_id, followed.state) == ("new", "failed")
    assert followed.failed_tasks == ["a.pull"]
