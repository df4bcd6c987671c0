"""Members of WeCom are the people that SuccessFactors brought, though their mobile is withheld."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connectors.successfactors import connector as successfactors
from connectors.successfactors.sandbox import sandbox as successfactors_sandbox
from connectors.wecom import connector as wecom
from connectors.wecom.sandbox import sandbox as wecom_sandbox
from hrhub.ambient import SystemClock
from hrhub.pipeline import open_hub
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings

MAPPINGS = Path(__file__).parents[3] / "mappings"


def test_members_join_the_people_of_another_system_by_work_number(tmp_path: Path) -> None:
    world = build_world(60, punch_days=2)
    home = tmp_path / "hub"
    store = f"sqlite:///{home}/store.db"
    settings = Settings(
        home=home,
        store_url=store,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    jobs = (
        (successfactors, successfactors_sandbox, ("people", "employments")),
        (wecom, wecom_sandbox, tuple(stream.name for stream in wecom.in_order())),
    )

    with open_hub(settings, create=True, clock=SystemClock()) as hub:
        for connector, sandbox, streams in jobs:
            running = sandbox.start(world, "127.0.0.1", 0, {})
            try:
                config = connector.config.model_validate(sandbox.connection(world, running))
                for stream in streams:
                    hub.sync(connector, config, connector.name, stream, holder="test")
            finally:
                running.stop()

    # Two people are in quarantine at SuccessFactors for their identity numbers; WeCom shows none.
    with sa.create_engine(store).connect() as database:
        people, punches, days, leave, steps = (
            database.execute(sa.text(f"select count(*) from {table}")).scalar()
            for table in (
                "person",
                "attendance_punch",
                "attendance_day",
                "leave_request",
                "approval_step",
            )
        )
    employed = {p.person_id for p, _ in world.employed}
    good = {p.person_id for p in world.people if not p.faulty}
    assert people == len(good | employed)
    assert punches == sum(1 for _ in world.punches())
    truth = wecom_sandbox.truth(world)
    assert days == truth["days"].pulled > 0
    assert leave == truth["leave_requests"].pulled > 0
    assert steps == truth["approvals"].pulled > leave
