"""Devices come for their writes, in order, and every write is settled once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from hrhub.ambient import SystemClock
from hrhub.connector import Connector, Delivery
from hrhub.errors import ConfigError, PluginError
from hrhub.pipeline.outbox import Outbox
from hrhub.store.schema import hub_outbox
from tests.pipeline.conftest import Bench
from tests.support.reporter import REPORTER, Served, commands, served

CONNECTION = "shelf_default"


@dataclass
class Gate:
    """A served inbox that a device calls."""

    bench: Bench
    box: Served
    connector: Connector

    def ask(self, name: str, device: str = "device-1") -> str:
        """Ask for a command; return the write's id."""
        return self.bench.hub.enqueue_write(
            self.connector,
            CONNECTION,
            "commands",
            {"display_name": name},
            subject=device,
            actor="test",
            reason="hired",
        )

    def fetch(self) -> list[str]:
        """Let the device ask; return the lines it gets."""
        path = "/iclock/getrequest?SN=device-1"
        status, body = self.box.call(path, method="GET")
        assert status == 200
        return body.decode().splitlines()

    def say(self, *lines: str) -> None:
        """Let the device tell what became of commands."""
        body = "\n".join(lines).encode()
        assert self.box.call("/iclock/devicecmd?SN=device-1", body)[0] == 200

    def done(self, *lines: str, code: int = 0) -> None:
        """Let the device tell how the commands that it got ended."""
        self.say(*(f"ID={line.split(':')[1]}&Return={code}" for line in lines))

    def states(self, *ids: str) -> list[str]:
        """Return the states of writes."""
        return [Outbox(self.bench.hub).get(i).state for i in ids]

    def wait(self) -> None:
        """Let the time pass that a device has for its answer."""
        with self.bench.hub.store.write() as tx:
            past = SystemClock().now() - timedelta(hours=1)
            tx.execute(update(hub_outbox).values(claimed_until=past))


@pytest.fixture(params=["idempotent"])
def gate(bench: Bench, request: pytest.FixtureRequest) -> Iterator[Gate]:
    """A gate whose device is in a network that may call."""
    connector = replace(REPORTER, sinks=(commands(Delivery(request.param)),))
    config = bench.config.model_copy(update={"event_networks": ("127.0.0.0/8",)})
    with served(bench.hub, config, mounts=["shelf_default/device"], connector=connector) as box:
        yield Gate(bench, box, connector)


def test_a_device_gets_its_commands_in_order_and_others_get_none(gate: Gate) -> None:
    ids = [gate.ask(name) for name in ("一", "二", "三")]
    other = gate.ask("四", "device-2")

    first = gate.fetch()
    meanwhile = gate.fetch()
    gate.done(*first)
    second = gate.fetch()
    gate.done(*second)

    assert [line.split(" ")[1] for line in first + second] == ["一", "二", "三"]
    assert meanwhile == ["OK"]
    assert gate.states(*ids, other) == ["sent", "sent", "sent", "pending"]
    assert gate.fetch() == ["OK"]


def test_a_command_without_an_answer_is_handed_out_again(gate: Gate) -> None:
    asked = gate.ask("一")
    lost = gate.fetch()
    gate.wait()

    again = gate.fetch()
    gate.done(*again)
    gate.done(*again)

    assert (lost, gate.states(asked)) == (again, ["sent"])


@pytest.mark.parametrize("gate", ["none"], indirect=True)
def test_a_command_that_must_not_come_twice_waits_for_a_person_or_a_late_answer(
    gate: Gate,
) -> None:
    asked, later = gate.ask("一"), gate.ask("二")
    got = gate.fetch()[:1]
    with gate.bench.hub.store.write() as tx:
        mine = hub_outbox.c.id == later
        tx.execute(update(hub_outbox).where(mine).values(doubtful=False, holder=None, attempts=0))
    gate.wait()

    assert gate.fetch() == ["OK"]
    assert gate.states(asked, later) == ["unknown", "pending"]
    gate.done(got[0])
    assert gate.states(asked) == ["sent"]
    assert [line.split(" ")[1] for line in gate.fetch()] == ["二"]


def test_a_command_that_the_device_refuses_does_not_hold_up_the_next(gate: Gate) -> None:
    asked, later = gate.ask("一"), gate.ask("二")
    one, two = gate.fetch()
    gate.done(one, code=-1002)
    gate.done(two)

    row = Outbox(gate.bench.hub).get(asked)
    assert (row.state, row.code, row.vendor_code) == ("refused", "sink.refused", "-1002")
    assert gate.states(later) == ["sent"]


def test_a_command_that_has_no_words_at_the_device_is_refused_alone(gate: Gate) -> None:
    good, bad, last = gate.ask("一"), gate.ask("二;三"), gate.ask("四")
    for _ in range(3):
        gate.done(*(line for line in gate.fetch() if line != "OK"))

    assert gate.states(good, bad, last) == ["sent", "refused", "sent"]


def test_an_answer_to_a_command_that_nobody_gave_changes_nothing(gate: Gate) -> None:
    asked = gate.ask("一")
    number = Outbox(gate.bench.hub).get(asked).number

    gate.say(f"ID={number}&Return=0", "ID=999999&Return=0")

    assert gate.states(asked) == ["pending"]


def test_what_a_device_says_of_another_one_s_command_counts_for_nothing(gate: Gate) -> None:
    theirs = gate.ask("一", device="device-2")
    mine = gate.ask("二")
    (line,) = gate.fetch()
    number = int(line.split(":")[1])
    with gate.bench.hub.store.write() as tx:
        tx.execute(update(hub_outbox).where(hub_outbox.c.id == theirs).values(doubtful=True))

    gate.say(*(f"ID={n}&Return=0" for n in (number - 1, number)))

    assert gate.states(theirs, mine) == ["pending", "sent"]


def test_nothing_is_sent_to_a_device_that_comes_for_it(gate: Gate) -> None:
    asked = gate.ask("一")
    hub, config = gate.bench.hub, gate.bench.config

    done = hub.deliver(gate.connector, config, CONNECTION, holder="worker")
    with pytest.raises(ConfigError) as caught:
        hub.deliver(gate.connector, config, CONNECTION, "commands", holder="worker")

    assert (sum(done.counts().values()), gate.states(asked)) == (0, ["pending"])
    assert caught.value.code == "outbox.fetched"


def test_devices_cannot_be_asked_whether_a_write_arrived() -> None:
    with pytest.raises(PluginError):
        replace(REPORTER, sinks=(commands(Delivery.LOOKUP),))
