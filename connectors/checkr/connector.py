"""Checkr: candidates of the account, screenings as orders, signed webhooks."""

from __future__ import annotations

from connectors.checkr.events import Webhook
from connectors.checkr.orders import screenings
from connectors.checkr.settings import CheckrConfig
from connectors.checkr.words import WORDS
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Deletes,
    HttpStream,
    JsonRecords,
    Mode,
    Session,
)
from hrhub.http.auth import Auth, Basic
from hrhub.http.budget import Rate
from hrhub.http.paging import PageNumber


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, CheckrConfig)
    return f"{config.url.rstrip('/')}/v1"


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, CheckrConfig)
    # The key is the user name and the password is empty (programming guide, "Authentication").
    return Basic(config.api_key, "")


def _check(session: Session) -> Checked:
    """Ask for the account: proves the key, and tells whether it may order."""
    account = session.http.get("/account").json()
    facts = {
        "account": str(account.get("name", "unknown")),
        "may_order": "yes" if account.get("api_authorized") else "not yet approved by Checkr",
    }
    return Checked("Checkr", facts)


candidates = HttpStream(
    name="candidates",
    title="Candidates",
    feed="candidate",
    key=("id",),
    path="/candidates",
    records=JsonRecords("data"),
    # Candidates have no time of change, so a cursor would see new ones only: all are read, and
    # the hub compares them before it decodes them.
    mode=Mode.FULL,
    pages=PageNumber(size=100, size_name="per_page", records="data", total="count"),
    total="count",
    volatile=("report_ids", "geo_ids"),
    deletes=Deletes.ABSENT,
)

connector = Connector(
    name="checkr",
    title="Checkr",
    version="1.0.0",
    config=CheckrConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(candidates,),
    orders=(screenings,),
    events=(Webhook(name="webhook", title="Webhook", stale_after_s=25 * 3600),),
    words=WORDS,
    # 1200 a minute for the account, all programs together; the hub leaves some to others.
    rate=Rate(per_s=15, burst=30),
    evidence="documented",
)
