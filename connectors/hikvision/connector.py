"""Hikvision access terminals: punches and users of a terminal; people written to it."""

from __future__ import annotations

from connectors.hikvision.persons import Persons
from connectors.hikvision.push import LARGEST_POST, Posts
from connectors.hikvision.settings import HikvisionConfig
from connectors.hikvision.terminal import JSON, Punches, Rows, Search, ask_terminal
from connectors.hikvision.words import ERRORS, WORDS, code_of
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Deletes,
    Delivery,
    Mode,
    Session,
)
from hrhub.http.auth import Auth, Digest
from hrhub.http.budget import Rate
from hrhub.http.paging import SearchPosition


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, HikvisionConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, HikvisionConfig)
    return Digest(config.user, config.password)


def _check(session: Session) -> Checked:
    """Ask who the terminal is and what time it has."""
    terminal = ask_terminal(session)
    facts = {"serial": terminal.serial, "model": terminal.model, "clock": f"{terminal.drift_s} s"}
    return Checked("Hikvision", facts)


users = Search(
    name="users",
    title="Users of the terminal",
    feed="device_user",
    key=("person",),
    path="/ISAPI/AccessControl/UserInfo/Search",
    params=JSON,
    json={"UserInfoSearchCond": {}},
    records=Rows("UserInfoSearch.UserInfo"),
    pages=SearchPosition(
        ask="UserInfoSearchCond",
        answer="UserInfoSearch",
        size=30,
        records="UserInfoSearch.UserInfo",
    ),
    mode=Mode.FULL,
    volatile=("numOfCard", "numOfFP", "numOfFace"),
    deletes=Deletes.ABSENT,
)
punches = Punches(
    name="punches",
    title="Punches",
    feed="punch",
    key=("device", "time", "person", "minor"),
    path="/ISAPI/AccessControl/AcsEvent",
    params=JSON,
    json={"AcsEventCond": {"picEnable": False}},
    records=Rows("AcsEvent.InfoList"),
    # The total may change while it is read, and is not used.
    pages=SearchPosition(
        ask="AcsEventCond", answer="AcsEvent", size=30, records="AcsEvent.InfoList"
    ),
    # The name as it was keyed in; who it is the number tells.
    volatile=("name", "mask", "picturesNumber"),
    after=("users",),
    deletes=Deletes.INVISIBLE,
)

connector = Connector(
    name="hikvision",
    title="Hikvision access terminal",
    version="1.0.0",
    config=HikvisionConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(users, punches),
    sinks=(
        Persons(
            name="persons",
            title="People at the terminal",
            fields=("work_no", "display_name", "hire_date", "end_date", "status"),
            required=("work_no", "display_name"),
            delivery=Delivery.IDEMPOTENT,
        ),
    ),
    events=(
        Posts(
            name="push",
            title="HTTP host and alertStream",
            signed=False,
            listens=True,
            # Most firmware forgets the path that it was given.
            prefix="/",
            largest_bytes=LARGEST_POST,
        ),
    ),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    # It does one thing at a time.
    rate=Rate(per_s=5, burst=5),
    evidence="client-proven",
)
