"""Assessment platforms: tests ordered with consent, reports with their scales, signed callbacks."""

from __future__ import annotations

from connectors.assessment.events import Callback
from connectors.assessment.orders import assessments, dialect_of, settings
from connectors.assessment.settings import AssessmentConfig
from connectors.assessment.signing import auth_of
from connectors.assessment.words import ERRORS, WORDS, code_of
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, AssessmentConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, AssessmentConfig)
    return auth_of(config)


def _check(session: Session) -> Checked:
    """Ask for the packages: proves the credentials and tells what may be ordered."""
    packages = assessments.catalog(session)
    facts = {
        "dialect": dialect_of(settings(session)).name,
        "packages": ", ".join(p.code for p in packages) or "none",
    }
    return Checked("Assessment platform", facts)


connector = Connector(
    name="assessment",
    title="Assessment platform (generic)",
    version="1.0.0",
    config=AssessmentConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(assessments,),
    # Both dialects sign a callback when it is sent, and allow five minutes.
    events=(Callback(name="callback", title="Callback", stale_after_s=300),),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    # 60 a minute for a client (shl), 10 a second (talebase): the lower one always holds.
    rate=Rate(per_s=1, burst=20),
    evidence="assumed",
)
