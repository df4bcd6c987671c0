"""Background checks by Chinese platforms: orders with consent, reports, signed callbacks."""

from __future__ import annotations

from connectors.background_cn.events import Callback
from connectors.background_cn.orders import checks
from connectors.background_cn.settings import BackgroundConfig
from connectors.background_cn.signing import VENDOR, auth_of
from connectors.background_cn.words import ERRORS, WORDS
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, BackgroundConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, BackgroundConfig)
    return auth_of(config)


def _check(session: Session) -> Checked:
    """Ask for the packages: proves the signature and tells what may be ordered."""
    packages = checks.catalog(session)
    return Checked(VENDOR, {"packages": ", ".join(p.code for p in packages) or "none"})


connector = Connector(
    name="background_cn",
    title="Background checks (China)",
    version="1.0.0",
    config=BackgroundConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(checks,),
    # Tries after 1, 5 and 15 minutes, 1, 6 and 24 hours, each signed when it is sent (assumed).
    events=(Callback(name="callback", title="Callback"),),
    errors=ERRORS,
    code_of=JsonCode("code", in_success=True),
    words=WORDS,
    # 20 a second for the application; some are left to others.
    rate=Rate(per_s=15, burst=20),
    evidence="assumed",
)
