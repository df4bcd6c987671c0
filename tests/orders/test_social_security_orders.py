"""Contribution records end to end: consent, order, months, and the resume held against them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.social_security import connector
from connectors.social_security.sandbox import RunningGateway, sandbox
from connectors.social_security.sandbox.history import SELF, Month, history
from hrhub.ambient import FakeClock
from hrhub.errors import ConsentError
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import give
from hrhub.pipeline.verification import verification, verifications
from hrhub.sandbox.world import World, WorldPerson, build_world
from hrhub.settings import Settings
from tests.support.papers import Papers, job, put_mappings
from tests.support.reading import rows

SHIPPED = Path(__file__).parents[2] / "mappings" / "social_security"
CONN = "social_security_default"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(130, seed=7, faulty=0)


@pytest.fixture
def hub(store_url: str, tmp_path: Path, world: World) -> Iterator[Hub]:
    mappings = put_mappings(tmp_path / "mappings")
    shutil.copytree(SHIPPED, mappings / "social_security")
    home = tmp_path / "home"
    settings = Settings(home, store_url, home / "keyring.json", home / "landing", mappings)
    clock = FakeClock(world.now)
    with open_hub(settings, create=True, clock=clock, ports=MemoryPorts(clock)) as opened:
        yield opened


@pytest.fixture
def gateway(world: World) -> Iterator[RunningGateway]:
    running = sandbox.start(world, "127.0.0.1", 0, {"clock": "world"})
    yield running
    running.stop()


def months_of(world: World, person: WorldPerson) -> list[Month]:
    return [m for m in history(world, person) if m.payer is not SELF]


def text(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def test_records_that_were_ordered_are_held_against_the_resume(
    hub: Hub, gateway: RunningGateway, world: World, tmp_path: Path
) -> None:
    """The resume tells the truth but for one job, which it begins a year early."""
    person = next(
        p
        for p in world.people[:28]
        if len({m.payer.name for m in months_of(world, p)}) == 2
        and all(m.status == "PAID" and m.kind == "NORMAL" for m in months_of(world, p))
        and not any(m.payer is SELF for m in history(world, p))
        and "人力资源" not in str([m.payer.name for m in months_of(world, p)])
    )
    names = list(dict.fromkeys(m.payer.name for m in months_of(world, person)))
    spans = [[m.number for m in months_of(world, person) if m.payer.name == name] for name in names]
    papers = Papers(hub, tmp_path / "pages")
    person_id = papers.candidate(
        "C1", name=person.display_name, idCard=person.national_id, mobile=person.mobile
    )
    papers.resume(
        job(names[0], text(min(spans[0]) - 12), text(max(spans[0]))),
        job(
            names[1],
            text(min(spans[1])),
            None if person.spells[-1].end_date is None else text(max(spans[1])),
        ),
    )
    config = connector.config(**sandbox.connection(world, gateway), months=300)
    want = (connector, config, CONN, "contributions", "CONTRIBUTION_DETAIL", person_id)
    with pytest.raises(ConsentError):
        hub.orders.place(*want, actor="test")
    assert gateway.requests == []

    give(hub, person_id, "social_security_query", ["social_security"], actor="test", evidence="f1")
    order = hub.orders.place(*want, actor="test")
    for _ in range(5):
        gateway.desk.advance()
        hub.clock.sleep(86_400)
        hub.orders.poll(connector, config, CONN, holder="test")
    assert hub.orders.get(order.id).status == "completed"
    stored = list(rows(hub, "social_security_month", "subject_id"))
    assert {r["order_id"] for r in stored} == {order.id}
    assert {(str(r["month"])[:7], r["payer_name"]) for r in stored} == {
        (text(m.number), m.payer.name) for m in months_of(world, person)
    }
    before = len(stored)
    hub.orders.fetch(connector, config, order.id, holder="test")
    assert len(list(rows(hub, "social_security_month", "subject_id"))) == before

    hub.verify_employment(person_id, actor="test")

    [found] = verifications(hub, undecided=False)
    found = verification(hub, found.id, actor="test", reveal=True, reason="recruiting")
    [start] = [d for d in found.differences if d.severity != "info"]
    assert (start.code, start.delta_months, start.severity) == (
        "START_EARLIER_THAN_RECORD",
        12,
        "high",
    )
    assert start.claimed["employer"] == names[0]
