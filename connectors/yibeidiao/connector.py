"""Background checks by Yibeidiao (易背调): orders that are created, paid and polled."""

from __future__ import annotations

from connectors.yibeidiao.orders import checks
from connectors.yibeidiao.settings import YibeidiaoConfig
from connectors.yibeidiao.signing import VENDOR, Signed
from connectors.yibeidiao.words import ERRORS, WORDS
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode

_NOBODY = "hrhub-connection-check"


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, YibeidiaoConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, YibeidiaoConfig)
    return Signed(config.key, config.token)


def _check(session: Session) -> Checked:
    """Ask for an order that is not there: proves key and token without ordering anything."""
    checks.find(session, _NOBODY)
    packages = ", ".join(package.code for package in checks.catalog(session))
    return Checked(VENDOR, {"packages": packages})


connector = Connector(
    name="yibeidiao",
    title="Yibeidiao background checks (易背调)",
    version="1.0.0",
    config=YibeidiaoConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(checks,),
    errors=ERRORS,
    code_of=JsonCode("code", in_success=True),
    words=WORDS,
    rate=Rate(per_s=5, burst=5),
    evidence="documented",
)
