"""A reported approval from the inbox into the store, beside what the streams have read."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connectors.wecom import connector
from connectors.wecom.sandbox import sandbox
from hrhub.ambient import FakeClock
from hrhub.pipeline import open_hub
from hrhub.pipeline.inbox import Inbox
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from tests.support.vendor import MAPPINGS

CONNECTION = "wecom_default"


def test_a_reported_approval_is_stored_as_it_came_and_makes_no_second_step(tmp_path: Path) -> None:
    world = build_world(60, punch_days=1)
    home = tmp_path / "hub"
    settings = Settings(
        home=home,
        store_url=f"sqlite:///{home}/store.db",
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    count = sa.text("select count(*) from approval_step where removed_at is null")
    versions = sa.text("select max(row_version) from approval_step")
    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        config = connector.config.model_validate(sandbox.connection(world, running))
        with open_hub(settings, create=True, clock=FakeClock(world.now)) as hub:
            for stream in ("departments", "employees", "leave_requests", "approvals"):
                hub.sync(connector, config, CONNECTION, stream, holder="test")
            with hub.store.read() as tx:
                before = tx.execute(count).scalar_one()
                assert tx.execute(versions).scalar_one() == 1
            form = next(f for f in running.enterprise.forms if f["sp_status"] == 1)
            form["sp_status"] = 2
            for node in form["sp_record"]:
                node["details"][0] |= {"sp_status": 2, "sptime": form["apply_time"] + 90}
            for node in form.get("process_list", {}).get("node_list", ()):
                for step in node["sub_node_list"]:
                    step |= {"sp_yj": 2, "sptime": form["apply_time"] + 90}
            received = running.approval(world.now, form["sp_no"])
            receiver = connector.receiver("callback")
            receiver.verify(config, received, world.now)
            events = receiver.parse(config, received)

            kept = Inbox(hub).keep(connector, CONNECTION, "callback", received, events)
            done = hub.drain(connector, config, CONNECTION, holder="drainer")

            assert kept
            assert (done.requests, done.errors) == (1, {})
            assert done.streams.keys() == {"approvals", "leave_requests"}
            assert done.streams["approvals"].updated == 1
            with hub.store.read() as tx:
                assert tx.execute(count).scalar_one() == before
                assert tx.execute(versions).scalar_one() == 2
            again = Inbox(hub).keep(connector, CONNECTION, "callback", received, events)
            assert not again
    finally:
        running.stop()
