"""Social security: contribution records by order, with the person's authorisation."""

from __future__ import annotations

from connectors.social_security.envelope import Envelopes
from connectors.social_security.events import Callback
from connectors.social_security.gateway import VENDOR, told
from connectors.social_security.orders import contributions
from connectors.social_security.settings import SocialSecurityConfig
from connectors.social_security.words import ERRORS, WORDS
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, SocialSecurityConfig)
    return f"{config.url.rstrip('/')}/api/v1"


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, SocialSecurityConfig)
    return Envelopes(config).auth


def _check(session: Session) -> Checked:
    """Ask for the quota: proves both keys, the secret and the dialect."""
    quota = told(session, "si/quota", {})
    config = session.config
    assert isinstance(config, SocialSecurityConfig)
    return Checked(
        VENDOR, {"dialect": config.dialect, "queries left today": str(quota.get("remaining", "?"))}
    )


connector = Connector(
    name="social_security",
    title=VENDOR,
    version="1.0.0",
    config=SocialSecurityConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(contributions,),
    # Tries after 30 s, 2 min, 10 min, 1 h, 6 h and 24 h, one after the other.
    events=(Callback(name="callback", title="Callback", stale_after_s=32 * 3600),),
    errors=ERRORS,
    code_of=JsonCode("code", in_success=True),
    words=WORDS,
    # 10 a second for the application; some are left to others.
    rate=Rate(per_s=8, burst=10),
    evidence="assumed",
)
