"""Kingdee into a store: people joined with those of another system, and twice alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.kingdee import connector as kingdee
from connectors.kingdee.sandbox import RunningKingdee
from connectors.kingdee.sandbox import sandbox as kingdee_sandbox
from connectors.wecom import connector as wecom
from connectors.wecom.sandbox import sandbox as wecom_sandbox
from hrhub.ambient import SystemClock
from hrhub.errors import AuthError
from hrhub.pipeline import open_hub
from hrhub.sandbox.rest import Reply
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings

MAPPINGS = Path(__file__).parents[3] / "mappings"
STREAMS = ("organisations", "departments", "posts", "employees")


def test_employees_join_the_members_of_another_system_and_a_second_sync_changes_nothing(
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
    members = wecom_sandbox.start(world, "127.0.0.1", 0, {"withheld": "no"})
    centre = kingdee_sandbox.start(world, "127.0.0.1", 0, {"sign_in": "app_secret"})
    try:
        with open_hub(settings, create=True, clock=SystemClock()) as hub:
            ours = wecom.config.model_validate(wecom_sandbox.connection(world, members))
            theirs = kingdee.config.model_validate(kingdee_sandbox.connection(world, centre))
            for stream in ("departments", "employees"):
                hub.sync(wecom, ours, "wecom", stream, holder="test")

            refuse_everything(centre)
            with pytest.raises(AuthError):
                hub.sync(kingdee, theirs, "kingdee", "organisations", holder="test")
            answer_again(centre)
            first = [hub.sync(kingdee, theirs, "kingdee", s, holder="test") for s in STREAMS]
            again = [hub.sync(kingdee, theirs, "kingdee", s, holder="test") for s in STREAMS]
    finally:
        members.stop()
        centre.stop()

    truth = kingdee_sandbox.truth(world)
    assert [c.seen for c in first] == [truth[s].pulled for s in STREAMS]
    assert sum(c.quarantined for c in first) == 0
    assert sum(c.inserted + c.updated for c in again) == 0
    with sa.create_engine(store).connect() as database:
        people, spells = (
            database.execute(sa.text(f"select count(*) from {table}")).scalar()
            for table in ("person", "employment")
        )
    assert people == len(world.people)
    assert spells >= sum(len(p.spells) for p in world.people)


def refuse_everything(centre: RunningKingdee) -> None:
    centre._answer = lambda asked: Reply.json({"LoginResultType": 0})


def answer_again(centre: RunningKingdee) -> None:
    centre._answer = centre.galaxy.answer
