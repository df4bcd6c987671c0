"""Processes that are killed while they place orders or take results in: nothing comes twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import give
from hrhub.store.schema import hub_lease, hub_order, metadata
from tests.orders.conftest import add_person, settings_in
from tests.support.bureau import CONNECTION, Bureau, connector

ROOT = Path(__file__).parents[2]


@dataclass
class Site:
    """A hub in a place of its own, and workers that work on it."""

    hub: Hub
    bureau: Bureau
    place: Path
    person: str

    def worker(self, act: str) -> subprocess.Popen[bytes]:
        """Start a worker that waits for its go."""
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.support.order_worker",
                str(self.place),
                self.hub.settings.store_url,
                self.bureau.config.url,
                self.person,
                act,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/include:{ROOT}"},
        )
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        return process

    def killed_at(self, act: str, step: str, *, after: bool) -> None:
        """Let a worker be killed at a request, before or after the vendor has done it."""
        with self.worker(act) as process:

            def kill(name: str) -> None:
                if name.startswith(step):
                    process.send_signal(signal.SIGKILL)
                    process.wait()

            if after:
                self.bureau.after = kill
            else:
                self.bureau.before = kill
            go(process)
            assert process.wait(60) == -signal.SIGKILL
        self.bureau.before = self.bureau.after = lambda _: None
        self.time_passes()

    def time_passes(self) -> None:
        """Let claims, leases and what was put off run out."""
        past = self.hub.clock.now() - timedelta(days=1)
        with self.hub.store.write() as tx:
            tx.execute(update(hub_order).values(claimed_until=past))
            tx.execute(
                update(hub_order).where(hub_order.c.next_at.is_not(None)).values(next_at=past)
            )
            tx.execute(update(hub_lease).values(expires_at=past))

    def poll(self) -> None:
        """Look at the due orders."""
        self.hub.orders.poll(connector, self.bureau.config, CONNECTION, holder="test")

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        t = metadata.tables[table]
        with self.hub.store.read() as tx:
            return int(tx.execute(select(func.count()).select_from(t)).scalar_one())


def go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.flush()


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[Site]:
    vendor = Bureau()
    with open_hub(settings_in(tmp_path, store_url), create=True) as hub:
        person = add_person(hub, tmp_path)
        give(hub, person, "background_check", ["bureau"], actor="test", evidence="7")
        yield Site(hub, vendor, tmp_path, person)
    vendor.stop()


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("GET /packages", False),
        ("GET /orders", False),
        ("POST /orders", False),
        ("POST /orders", True),
    ],
)
def test_a_worker_that_is_killed_while_placing_leaves_one_order(
    site: Site, step: str, after: bool
) -> None:
    site.killed_at("place", step, after=after)

    order = site.hub.orders.place(
        connector, site.bureau.config, CONNECTION, "checks", "basic", site.person, actor="test"
    )

    assert order.status == "awaiting_subject"
    assert len(site.bureau.orders) == 1
    assert site.count("service_order") == 1
    assert site.hub.verify().ok


def test_what_a_killed_worker_began_is_ended_by_the_next_look(site: Site) -> None:
    site.killed_at("place", "POST /orders", after=True)

    site.poll()

    assert len(site.bureau.orders) == 1
    (order_id,) = all_ids(site)
    assert site.hub.orders.get(order_id).status == "awaiting_subject"


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_that_is_killed_while_taking_a_result_in_loses_and_doubles_nothing(
    site: Site, after: bool
) -> None:
    site.hub.orders.place(
        connector, site.bureau.config, CONNECTION, "checks", "basic", site.person, actor="test"
    )
    site.bureau.move("done")
    site.time_passes()
    site.killed_at("poll", "GET /orders/B0001/report", after=after)

    site.poll()

    (order_id,) = all_ids(site)
    order = site.hub.orders.get(order_id)
    assert (order.status, order.result, order.next_at) == ("completed", "full", None)
    assert site.count("background_check") == 1
    assert site.hub.verify().ok


def test_workers_that_are_killed_at_random_moments_leave_one_order(site: Site) -> None:
    moments = random.Random(20261124)
    for _ in range(3):
        with site.worker("place") as process:
            go(process)
            try:
                process.wait(moments.uniform(0.0, 0.4))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
        site.time_passes()

    site.hub.orders.place(
        connector, site.bureau.config, CONNECTION, "checks", "basic", site.person, actor="test"
    )

    assert len(site.bureau.orders) == 1
    assert site.count("service_order") == 1


def all_ids(site: Site) -> list[str]:
    with site.hub.store.read() as tx:
        return list(tx.execute(select(hub_order.c.order_id)).scalars())
