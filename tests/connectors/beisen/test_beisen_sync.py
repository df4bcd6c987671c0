"""Beisen into a store: joined with another system, a fault in the middle, and twice alike."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connectors.beisen import connector as beisen
from connectors.beisen.sandbox import RunningBeisen
from connectors.beisen.sandbox import sandbox as beisen_sandbox
from hrhub.ambient import SystemClock
from hrhub.pipeline import open_hub
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings

MAPPINGS = Path(__file__).parents[3] / "mappings"
STREAMS = ("organizations", "positions", "employees")


def test_a_fault_in_the_middle_loses_nobody_and_a_second_sync_changes_nothing(
    tmp_path: Path,
) -> None:
    world = build_world(60, seed=3, punch_days=1)
    home = tmp_path / "hub"
    store = f"sqlite:///{home}/store.db"
    settings = Settings(
        home=home,
        store_url=store,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    tenant = beisen_sandbox.start(world, "127.0.0.1", 0, {})
    try:
        with open_hub(settings, create=True, clock=SystemClock()) as hub:
            given = beisen_sandbox.connection(world, tenant) | {"page_size": 20}
            ours = beisen.config.model_validate(given)
            fail_once_in_the_middle(tenant)
            first = [hub.sync(beisen, ours, "beisen", s, holder="test") for s in STREAMS]
            again = [hub.sync(beisen, ours, "beisen", s, holder="test") for s in STREAMS]
    finally:
        tenant.stop()

    faulty = sum(p.faulty for p in world.people)
    assert first[-1].quarantined == faulty
    assert sum(c.quarantined for c in first[:-1]) == 0
    assert sum(c.inserted + c.updated for c in again) == 0
    with sa.create_engine(store).connect() as database:
        people, leavers, units = (
            database.execute(sa.text(f"select count({of}")).scalar()
            for of in (
                "*) from person",
                "*) from employee where status = 'terminated'",
                "distinct code) from org_unit",
            )
        )
    assert people == len(world.people) - faulty
    assert leavers == sum(
        not p.spells[-1].employed_on(world.as_of) for p in world.people if not p.faulty
    )
    assert units == len(world.org_units) + 1


def fail_once_in_the_middle(tenant: RunningBeisen) -> None:
    """Cut the answer to the first request that goes on with a scroll of employees."""
    whole = tenant._answer
    cut: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        reply = whole(asked)
        if not cut and "Employee" in asked.path and asked.json()["scrollId"]:
            cut.append(asked)
            return Reply(reply.body, reply.status, reply.headers, keep=40)
        return reply

    tenant._answer = answer
