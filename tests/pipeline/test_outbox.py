"""Write-backs reach the vendor once in effect, in order, and say so when a person has to look."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hrhub.ambient import FakeClock, SystemClock
from hrhub.errors import AuthError, ConfigError, Fenced, Refused
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.backup import backup, restore
from hrhub.pipeline.delivery import WAITS, Delivered
from hrhub.pipeline.outbox import Outbox
from hrhub.store import outbox as table
from hrhub.store.claims import Claim
from hrhub.store.outbox import Queued
from hrhub.store.schema import hub_audit, hub_dek, hub_outbox
from tests.support.port_worker import settings
from tests.support.registrar import REGISTRAR, Registrar, registrar

ROOT = Path(__file__).parents[2]
CONNECTION = "registrar_1"


@dataclass
class Desk:
    """A hub with an outbox, and the vendor that it writes to."""

    hub: Hub
    vendor: Registrar
    clock: FakeClock
    home: Path

    def ask(self, name: str, sink: str = "lookup", **more: Any) -> str:
        """Ask for a card; return the write's id."""
        more = {"actor": "test", "reason": "hired", **more}
        return self.hub.enqueue_write(REGISTRAR, CONNECTION, sink, {"display_name": name}, **more)

    def deliver(self, holder: str = "worker") -> Delivered:
        """Deliver what is due."""
        return self.hub.deliver(REGISTRAR, self.vendor.config, CONNECTION, holder=holder)

    def row(self, write_id: str) -> Queued:
        """Return a write."""
        return Outbox(self.hub).get(write_id)


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A hub on a clock of its own, and a vendor that listens."""
    clock = FakeClock(SystemClock().now())
    home = tmp_path / "home"
    with (
        registrar() as vendor,
        open_hub(
            settings(home, store_url), create=True, clock=clock, ports=MemoryPorts(clock)
        ) as hub,
    ):
        yield Desk(hub, vendor, clock, home)


def test_a_write_is_sent_once_and_its_values_are_forgotten(desk: Desk) -> None:
    asked = desk.ask("王芳")

    first, second = desk.deliver(), desk.deliver()

    row = desk.row(asked)
    assert (first.sent, second.sent, desk.vendor.names) == (1, 0, ["王芳"])
    assert (row.state, row.sealed_values, row.doubtful) == ("sent", None, False)
    with desk.hub.store.read() as tx:
        assert Outbox(desk.hub).vendor_id(tx, row) == "card-0"


def test_nothing_of_a_write_is_stored_in_clear(desk: Desk) -> None:
    desk.ask("欧阳修远", key="onboarding of Ouyang")

    with desk.hub.store.read() as tx:
        [row] = tx.execute(select(hub_outbox)).all()
    shown = b" ".join(v if isinstance(v, bytes) else str(v).encode() for v in row)

    assert "欧阳修远".encode() not in shown
    assert b"Ouyang" not in shown


def test_a_write_is_decided_with_its_cause_or_not_at_all(desk: Desk) -> None:
    class Crash(Exception):
        pass

    with pytest.raises(Crash), desk.hub.store.write() as tx:
        desk.ask("王芳", tx=tx)
        raise Crash

    assert desk.deliver().sent == 0


def test_asking_twice_for_the_same_write_is_one_write(desk: Desk) -> None:
    one, two = desk.ask("王芳", key="hire-1"), desk.ask("王芳", key="hire-1")

    desk.deliver()

    assert one == two
    assert desk.vendor.names == ["王芳"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"work_no": "100"}, "outbox.field_missing"),
        ({"display_name": "x", "salary": 1}, "outbox.field_unknown"),
    ],
)
def test_a_write_that_the_sink_cannot_make_is_refused_at_once(
    desk: Desk, values: dict[str, Any], code: str
) -> None:
    with pytest.raises((Refused, ConfigError)) as caught:
        desk.hub.enqueue_write(
            REGISTRAR, CONNECTION, "lookup", values, actor="test", reason="hired"
        )

    assert caught.value.code == code


def test_free_text_is_no_reason(desk: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        desk.ask("王芳", reason="because Wang Fang starts on Monday")

    assert caught.value.code == "outbox.reason"


@pytest.mark.parametrize("sink", ["idempotent", "lookup"])
def test_a_lost_answer_does_not_write_twice(desk: Desk, sink: str) -> None:
    asked = desk.ask("王芳", sink)
    # The client repeats what may be repeated; every answer of this delivery is lost.
    desk.vendor.faults.extend(["lost"] * 6)

    first = desk.deliver()
    desk.vendor.faults.clear()
    desk.clock.sleep(WAITS[0].total_seconds())
    second = desk.deliver()

    assert (first.again, second.sent) == (1, 1)
    assert desk.vendor.names == ["王芳"]
    assert desk.row(asked).state == "sent"


def test_a_blind_write_whose_answer_is_lost_waits_for_a_person(desk: Desk) -> None:
    asked, later = (desk.ask(name, "blind", subject="door-7") for name in ("王芳", "李强"))
    other = desk.ask("张伟", "blind")
    desk.vendor.faults.append("lost")

    done = desk.deliver()

    assert (done.unknown, done.sent) == (1, 1)
    assert [desk.row(i).state for i in (asked, later, other)] == ["unknown", "pending", "sent"]
    Outbox(desk.hub).drop(asked, "arrived", actor="cli:test")
    assert desk.deliver().sent == 1
    assert desk.vendor.names == ["王芳", "张伟", "李强"]


def test_a_person_who_looked_can_have_a_blind_write_sent_again(desk: Desk) -> None:
    asked = desk.ask("王芳", "blind")
    desk.vendor.faults.append("broken")
    desk.deliver()

    Outbox(desk.hub).retry(asked, "not_arrived", actor="cli:test")
    desk.deliver()

    assert desk.vendor.names == ["王芳"]
    with desk.hub.store.read() as tx:
        acts = tx.execute(select(hub_audit.c.action).order_by(hub_audit.c.seq)).scalars().all()
    assert acts == ["outbox.add", "outbox.deliver", "outbox.retry", "outbox.deliver"]


def test_a_vendor_that_asks_to_wait_is_waited_for_and_it_counts_as_no_try(desk: Desk) -> None:
    asked = desk.ask("王芳", "blind")
    desk.vendor.faults.append("throttled")

    first = desk.deliver()
    too_soon = desk.deliver()
    desk.clock.sleep(120)

    assert (first.again, too_soon.sent, desk.row(asked).attempts) == (1, 0, 0)
    assert desk.deliver().sent == 1


def test_refused_credentials_stop_the_delivery_and_lose_nothing(desk: Desk) -> None:
    asked, other = desk.ask("王芳", "blind"), desk.ask("李强", "blind")
    desk.vendor.faults.append("password")

    with pytest.raises(AuthError):
        desk.deliver()

    assert [desk.row(i).state for i in (asked, other)] == ["pending", "pending"]
    assert desk.deliver().sent == 2


def test_a_refused_write_does_not_hold_up_others(desk: Desk) -> None:
    asked, other = desk.ask("王芳", subject="a"), desk.ask("李强", subject="a")
    desk.vendor.faults.append("refused")

    done = desk.deliver()

    row = desk.row(asked)
    assert (done.refused, done.sent, desk.row(other).state) == (1, 1, "sent")
    assert (row.state, row.code, row.vendor_code) == ("refused", "sink.refused", "no_such_unit")
    with pytest.raises(Refused) as caught:
        Outbox(desk.hub).retry(asked, "mended_at_vendor", actor="cli:test")
    assert caught.value.code == "outbox.overtaken"


def test_a_write_that_never_arrives_is_given_up_within_a_day_and_not_earlier(desk: Desk) -> None:
    asked = desk.ask("王芳")
    spent = timedelta()
    tries = 0
    while desk.row(asked).state == "pending":
        desk.vendor.faults.append("broken")
        desk.deliver()
        tries += 1
        if tries <= len(WAITS):
            desk.clock.sleep(WAITS[tries - 1].total_seconds())
            spent += WAITS[tries - 1]

    assert (desk.row(asked).state, tries) == ("dead", 8)
    assert timedelta(hours=20) < spent < timedelta(hours=24)
    assert desk.vendor.entries == []


def test_writes_about_one_subject_arrive_in_the_order_in_which_they_were_asked_for(
    desk: Desk,
) -> None:
    for name in ("一", "二", "三"):
        desk.ask(name, "batched", subject="door-7")
    desk.vendor.faults.append("broken")

    desk.deliver()
    desk.clock.sleep(60)
    desk.deliver()

    assert desk.vendor.names == ["一", "二", "三"]


def test_a_batch_goes_in_one_call_and_after_a_failure_one_by_one(desk: Desk) -> None:
    for number in range(5):
        desk.ask(f"人{number}", "batched")
    desk.vendor.faults.append("lost")

    first = desk.deliver()
    desk.clock.sleep(60)
    second = desk.deliver()

    assert (first.again, second.sent, desk.vendor.calls) == (5, 5, 1)
    assert sorted(desk.vendor.names) == [f"人{n}" for n in range(5)]


def test_two_workers_at_once_send_every_write_once(desk: Desk) -> None:
    for number in range(12):
        desk.ask(f"人{number}", "blind")
    done: list[Delivered] = []
    threads = [
        threading.Thread(target=lambda n=n: done.append(desk.deliver(f"worker-{n}")))
        for n in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(d.sent for d in done) == 12
    assert sorted(desk.vendor.names) == sorted(f"人{n}" for n in range(12))


def test_a_worker_whose_claim_was_taken_over_does_not_note_anything(desk: Desk) -> None:
    asked = desk.ask("王芳")

    def steal() -> None:
        with desk.hub.store.write() as tx:
            tx.execute(update(hub_outbox).values(holder="another"))

    desk.vendor.after = steal

    with pytest.raises(Fenced):
        desk.deliver()

    assert (desk.row(asked).state, desk.row(asked).doubtful) == ("pending", True)


def _kill(desk: Desk, sink: str, *, at: str) -> None:
    """Let a worker process begin to deliver and kill it before or after the vendor acted."""
    url = desk.hub.store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.support.delivery_worker"]
    worker = subprocess.Popen(
        [*command, str(desk.home), url, desk.vendor.url, sink], cwd=ROOT, stdout=subprocess.PIPE
    )

    def die() -> None:
        worker.kill()
        worker.wait(30)

    setattr(desk.vendor, at, die)
    worker.wait(120)
    assert worker.stdout
    worker.stdout.close()
    setattr(desk.vendor, at, lambda: None)
    with desk.hub.store.write() as tx:
        tx.execute(update(hub_outbox).values(claimed_until=desk.clock.now() - timedelta(hours=1)))


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("sink", ["idempotent", "lookup", "blind"])
def test_a_worker_killed_while_it_sends_leaves_a_write_that_is_settled_once(
    desk: Desk, sink: str, at: str
) -> None:
    asked = desk.ask("王芳", sink)
    _kill(desk, sink, at=at)
    assert desk.row(asked).doubtful

    done = desk.deliver()

    # In both cases the vendor has the entry: its server was at work when the worker died.
    assert desk.vendor.names == ["王芳"]
    assert (done.sent, done.unknown) == ((0, 1) if sink == "blind" else (1, 0))


def test_a_dry_run_shows_target_and_masked_values_and_writes_nothing(desk: Desk) -> None:
    asked = desk.hub.enqueue_write(
        REGISTRAR,
        CONNECTION,
        "lookup",
        {"display_name": "王小芳", "mobile": "+8613900001111", "org_unit": "D7"},
        actor="test",
        reason="hired",
    )

    [planned] = desk.hub.plan_delivery(REGISTRAR, desk.vendor.config, CONNECTION)

    assert (planned.id, planned.target) == (asked, "POST /lookup")
    assert planned.fields == ("display_name", "mobile", "org_unit")
    assert planned.values["display_name"] == "王***"
    assert planned.values["mobile"] == "139***11"
    assert desk.vendor.calls == 0
    assert desk.row(asked).attempts == 0


def test_a_write_of_somebody_erased_is_dropped(desk: Desk) -> None:
    asked = desk.ask("王芳")
    with desk.hub.store.write() as tx:
        tx.execute(
            update(hub_dek)
            .where(hub_dek.c.purpose == "outbox")
            .values(state="destroyed", wrapped=bytes(60), commit=bytes(32))
        )

    done = desk.deliver()

    assert (done.dropped, desk.vendor.entries) == (1, [])
    assert (desk.row(asked).state, desk.row(asked).code) == ("dropped", "outbox.erased")


def test_a_claim_lasts_as_long_as_its_worker_lives(desk: Desk) -> None:
    asked = desk.ask("王芳")
    past = desk.clock.now() - timedelta(hours=1)
    with Claim(desk.hub.store, hub_outbox, "slow", renew_s=0.01):
        with desk.hub.store.write() as tx:
            tx.execute(update(hub_outbox).values(holder="slow", claimed_until=past))
        renewed = select(hub_outbox.c.claimed_until)
        while True:
            with desk.hub.store.read() as tx:
                if tx.execute(renewed).scalar_one() > past:
                    break
        assert desk.deliver("other").sent == 0

    assert desk.deliver("other").sent == 1
    assert desk.row(asked).state == table.SENT


@pytest.mark.parametrize(
    ("sink", "state", "cards"),
    [("lookup", "sent", 1), ("idempotent", "sent", 1), ("blind", "unknown", 1)],
)
def test_a_write_sent_after_a_backup_is_not_blindly_sent_again_after_its_restore(
    desk: Desk, tmp_path: Path, sink: str, state: str, cards: int
) -> None:
    asked = desk.ask("王芳", sink)
    backup(desk.hub, tmp_path / "hub.backup", actor="test")
    assert desk.deliver().sent == 1

    restore(desk.hub.settings, tmp_path / "hub.backup", actor="test", replace=True)
    desk.deliver()

    assert (desk.row(asked).state, len(desk.vendor.names)) == (state, cards)
