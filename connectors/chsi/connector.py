"""CHSI (学信网): education verified with the person's own online report."""

from __future__ import annotations

from connectors.chsi.orders import VENDOR, reports
from connectors.chsi.settings import ChsiConfig
from connectors.chsi.words import ERRORS, WORDS
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.auth import ApiKey, Auth
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, ChsiConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, ChsiConfig)
    return ApiKey(config.api_key, name="Authorization", prefix="Bearer ")


def _check(session: Session) -> Checked:
    """Ask for the kinds of report: proves the key, and tells what may be checked."""
    packages = reports.catalog(session)
    return Checked(VENDOR, {"reports": ", ".join(p.code for p in packages) or "none"})


connector = Connector(
    name="chsi",
    title="CHSI education reports (学信网)",
    version="1.0.0",
    config=ChsiConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(reports,),
    errors=ERRORS,
    code_of=JsonCode("code"),
    words=WORDS,
    rate=Rate(per_s=5, burst=5),
    evidence="assumed",
)
