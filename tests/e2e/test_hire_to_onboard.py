"""One person from interview to first day, on real Airflow processes and simulated vendors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.airflow.api import AirflowApi
from hrhub.airflow.connections import connection_json
from hrhub.airflow.runner import Runner
from hrhub.connector import registry
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import give
from hrhub.reading import By, Reader
from hrhub.sandbox.host import sandbox_of
from hrhub.sandbox.world import World, build_world
from hrhub.settings import Settings
from hrhub.store.schema import metadata
from tests.support.shelf import SHELF, ShelfConfig, put_page

ROOT = Path(__file__).parents[2]
DAG = "hire_to_onboard"
INBOX, STARTER = "hub_ai_interview_inbox", "hire_to_onboard_start"
INTERVIEWS = "ai_interview_default"
VENDORS = ("ai_interview", "background_cn", "social_security", "successfactors", "weaver", "wecom")
NUMBER = "9900001"
MAPPING = """
stream: shelf.employees
to: employee
key: empId
fields:
  work_no: empId
  display_name: name
  national_id: idCard
  mobile: {from: mobile, clean: cn_mobile}
  hire_date: {from: hired, formats: [iso]}
  employer_code: company
  status: {const: pending}
"""

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("processes"), pytest.mark.timeout(600)]


@dataclass
class Company:
    """What runs, and what is known."""

    api: AirflowApi
    hub: Hub
    vendors: dict[str, Any]
    person: str
    notify: str

    def woken(self, dag: str, run: str) -> None:
        """Run a DAG as its schedule would, and wait for its end."""
        body = {"dag_run_id": run, "logical_date": None}
        self.api.call("POST", f"/api/v2/dags/{dag}/dagRuns", body)
        self.ended(run, dag)

    def runs(self) -> list[str]:
        """Return the ids of the process's runs that an interview started."""
        told = self.api.call("GET", f"/api/v2/dags/{DAG}/dagRuns?limit=100")
        ids = (run["dag_run_id"] for run in told["dag_runs"])
        return [run for run in ids if run.startswith("interview_")]

    def start(self, run: str, *, dry_run: bool = False) -> None:
        """Start a run of the process."""
        conf = {"person": self.person, "notify": self.notify, "dry_run": dry_run}
        body = {"dag_run_id": run, "conf": conf, "logical_date": None}
        self.api.call("POST", f"/api/v2/dags/{DAG}/dagRuns", body)

    def states(self, run: str) -> dict[str, str]:
        """Return the state of every task of a run."""
        told = self.api.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances?limit=100")
        return {task["task_id"]: task["state"] or "" for task in told["task_instances"]}

    def until(self, run: str, task: str, *states: str, every: Any = None) -> dict[str, str]:
        """Wait for a task to be in one of some states, doing something between the looks."""
        deadline = time.monotonic() + 240
        while (now := self.states(run)).get(task) not in states:
            failed = [t for t, state in now.items() if state in ("failed", "upstream_failed")]
            assert not failed or "failed" in states, now
            assert time.monotonic() < deadline, now
            if every:
                every()
            time.sleep(0.3)
        return now

    def ended(self, run: str, dag: str = DAG) -> None:
        """Wait for the run itself: one that is cleared before its end is ended all the same."""
        deadline = time.monotonic() + 120
        path = f"/api/v2/dags/{dag}/dagRuns/{run}"
        while (now := self.api.call("GET", path)["state"]) != "success":
            assert now != "failed" and time.monotonic() < deadline, (dag, run, now)
            time.sleep(0.3)

    def answer(self, run: str, task: str, choice: str) -> None:
        """Answer a question as a person would, once it is asked."""
        # An answer that comes before the task has laid down its work is kept and not noticed.
        self.until(run, task, "awaiting_input")
        path = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails"
        self.api.call("PATCH", path, {"chosen_options": [choice]})

    def advance(self) -> None:
        """Let a day pass at the vendors of orders, and have them tell that something changed."""
        for name in ("background_cn", "social_security"):
            running = self.vendors[name]
            getattr(running, "platform" if name == "background_cn" else "desk").advance()
        table = metadata.tables["hub_order"]
        with self.hub.store.write() as tx:
            tx.execute(
                table.update()
                .values(next_at=self.hub.clock.now())
                # Whose result is being fetched is not called again, or it would never be settled.
                .where(table.c.next_at.is_not(None), table.c.result != "wanted")
            )

    def audited(self) -> list[str]:
        """Return what the audit chain says was done."""
        table = metadata.tables["hub_audit"]
        with self.hub.store.read() as tx:
            return list(tx.execute(select(table.c.action)).scalars())


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    place = tmp_path_factory.mktemp("process")
    home, mappings = place / "hub", place / "mappings"
    shutil.copytree(ROOT / "mappings", mappings)
    (mappings / "shelf").mkdir()
    (mappings / "shelf" / "employees.yaml").write_text(MAPPING, encoding="utf-8")
    ours, theirs = build_world(60, seed=7, punch_days=1), build_world(40, seed=8, punch_days=1)
    vendors, connections = _vendors(ours, theirs)
    kept = {name: os.environ.get(name) for name in ("HRHUB_MAPPINGS", "HRHUB_HOME")}
    os.environ |= {"HRHUB_MAPPINGS": str(mappings), "HRHUB_HOME": str(home)}
    try:
        settings = Settings.from_env()
        with open_hub(settings, create=True) as hub, Runner(home, say=_quiet) as runner:
            migration = runner.begin_migration()
            person, notify = _people(hub, place, ours, theirs, vendors)
            migration.wait()
            runner.start()
            migration.register(connections)
            runner.wait_until_healthy()
            api = runner.api
            api.log_in("admin", runner.home.password("admin"))
            deadline = time.monotonic() + 90
            unpause = {"is_paused": False}
            for dag in (DAG, INBOX, STARTER):
                while api.try_call("PATCH", f"/api/v2/dags/{dag}", unpause) is None:
                    assert time.monotonic() < deadline, "the DAG was never parsed"
                    time.sleep(0.3)
            yield Company(api, hub, vendors, person, notify)
    finally:
        for running in vendors.values():
            running.stop()
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _vendors(ours: World, theirs: World) -> tuple[dict[str, Any], dict[str, Any]]:
    vendors, connections = {}, {}
    for name in VENDORS:
        # The new employee is known to those who check people, not to those who are told of them.
        world = theirs if name == "successfactors" else ours
        sandbox, connector = sandbox_of(name), registry.get(name)
        options = {"outcome": "recommended"} if name == "ai_interview" else {}
        running = vendors[name] = sandbox.start(world, "127.0.0.1", 0, options)
        config = connector.config.model_validate(sandbox.connection(world, running))
        connections[f"{name}_default"] = connection_json(connector, config)
    return vendors, connections


def _people(
    hub: Hub, place: Path, ours: World, theirs: World, vendors: dict[str, Any]
) -> tuple[str, str]:
    """Let the hub know who is to be hired, and who in HR gets the notice."""
    new = next(p for p in ours.people if not p.faulty)
    row = {"empId": NUMBER, "name": new.display_name, "idCard": new.national_id}
    row |= {"mobile": new.mobile, "hired": "2027-01-04", "company": theirs.companies[0].code}
    put_page(place / "shelf", "employees", 1, [row])
    hub.sync(SHELF, ShelfConfig(folder=str(place / "shelf")), "ats", "employees", holder="test")
    wecom = registry.get("wecom")
    members = wecom.config.model_validate(sandbox_of("wecom").connection(ours, vendors["wecom"]))
    for stream in ("departments", "employees"):
        hub.sync(wecom, members, "wecom_default", stream, holder="test")
    reader = Reader(hub.store, hub.keys)
    (person,) = reader.find(By.NATIONAL_ID, new.national_id, actor="test")
    _, spell = ours.employed[5]
    (notify,) = reader.find(By.WORK_NO, spell.user_id, actor="test")
    return person.id, notify.id


def _quiet(_: str) -> None:
    return None


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(company: Company) -> None:
    company.start("dry", dry_run=True)

    states = company.until("dry", "employee_to_successfactors", "skipped")

    assert states["show"] == "success"
    assert company.vendors["background_cn"].platform.orders == {}
    assert company.vendors["weaver"].office.requests == []


def test_without_consent_nothing_is_ordered_and_the_run_ends_red(company: Company) -> None:
    company.start("refused")
    company.answer("refused", "approve_hire", "Approve")

    company.until("refused", "checks.order_background", "failed")
    company.until("refused", "checks.order_records", "failed")

    assert company.vendors["background_cn"].platform.orders == {}
    assert "order.refused" in company.audited()


@contextmanager
def _inbox(company: Company) -> Iterator[str]:
    """Run the hub's inbox in a process of its own; yield the address for callbacks."""
    connector, running = registry.get("ai_interview"), company.vendors["ai_interview"]
    settings = sandbox_of("ai_interview").connection(running.platform.world, running)
    connection = connection_json(connector, connector.config.model_validate(settings))
    server = subprocess.Popen(
        [sys.executable, "-m", "hrhub.cli", "inbox", "serve", INTERVIEWS, "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "COLUMNS": "200",
            f"AIRFLOW_CONN_{INTERVIEWS.upper()}": json.dumps(connection),
        },
    )
    assert server.stderr
    try:
        port = int(server.stderr.readline().split("port ")[1].split(";")[0])
        yield f"http://127.0.0.1:{port}/{INTERVIEWS}/callback"
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def _interviewed(company: Company) -> str:
    """Let the person pass an AI interview whose platform tells of it, twice; return the run."""
    hub, running = company.hub, company.vendors["ai_interview"]
    connector = registry.get("ai_interview")
    settings = sandbox_of("ai_interview").connection(running.platform.world, running)
    give(hub, company.person, "ai_interview", ["ai_interview"], actor="test", evidence="file 6")
    with _inbox(company) as address:
        config = connector.config.model_validate({**settings, "callback_url": address})
        hub.orders.place(
            connector, config, INTERVIEWS, "interviews", "P5", company.person, actor="test"
        )
        for _ in range(4):
            running.advance()
        running.hooks.wait()
        company.woken(INBOX, "told")
        company.woken(STARTER, "passed")
        (run,) = company.runs()
        running.hooks.repeat(address)
        running.hooks.wait()
        company.woken(INBOX, "told_again")
        company.woken(STARTER, "passed_again")
    assert company.runs() == [run], "a repeated webhook starts no second run"
    for dag in (INBOX, STARTER):  # their schedules have nothing more to do here
        company.api.call("PATCH", f"/api/v2/dags/{dag}", {"is_paused": True})
    return run


def test_who_passed_is_checked_approved_hired_planned_and_told_once(company: Company) -> None:
    company.api.call("POST", "/api/v2/variables", {"key": "hrhub_notify", "value": company.notify})
    for purpose, vendor in (
        ("background_check", "background_cn"),
        ("social_security_query", "social_security"),
    ):
        give(company.hub, company.person, purpose, [vendor], actor="test", evidence="file 7")
    hired = _interviewed(company)
    company.answer(hired, "approve_hire", "Approve")
    company.until(hired, "verify", "success", every=company.advance)
    company.answer(hired, "approve_onboarding", "Approve")
    states = company.until(hired, "notice_by_wecom", "success")
    company.until(hired, "plan_to_weaver", "success")

    assert states["employee_to_successfactors"] == "success"
    _assert_told_once(company)

    company.ended(hired)
    cleared = {"dry_run": False, "dag_run_id": hired, "task_ids": ["employee_to_successfactors"]}
    cleared |= {"include_downstream": True, "only_failed": False, "reset_dag_runs": True}
    company.api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", cleared)
    company.until(hired, "notice_by_wecom", "success")
    company.until(hired, "plan_to_weaver", "success")

    _assert_told_once(company)
    assert {"order.place", "outbox.add", "verification.run", "process.start"} <= set(
        company.audited()
    )


def _assert_told_once(company: Company) -> None:
    tenant, office = company.vendors["successfactors"], company.vendors["weaver"].office
    assert len(tenant.rows("EmpJob", userId=NUMBER)) == 1
    assert [request["gh"] for request in office.requests] == [NUMBER]
    assert len(company.vendors["wecom"].enterprise.delivered) == 1
    assert len(company.vendors["background_cn"].platform.orders) == 1


def test_a_rejection_ends_the_run_without_telling_anybody(company: Company) -> None:
    before = len(company.vendors["wecom"].enterprise.delivered)
    company.start("rejected")
    company.answer("rejected", "approve_hire", "Reject")

    states = company.until("rejected", "employee_to_successfactors", "skipped")

    assert states["verify"] == "skipped"
    assert len(company.vendors["wecom"].enterprise.delivered) == before
