"""AI interviews: people are invited with their consent, signed callbacks tell of results."""

from __future__ import annotations

from connectors.ai_interview.events import Callback
from connectors.ai_interview.orders import interviews
from connectors.ai_interview.settings import AiInterviewConfig
from connectors.ai_interview.sinks import decisions, erasures
from connectors.ai_interview.words import ERRORS, VENDOR, WORDS
from hrhub.connector import Checked, Connector, ConnectorConfig, Session
from hrhub.http.answer import Outgoing
from hrhub.http.auth import Auth, ClientCredentials
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode


class _AccessToken(ClientCredentials):
    """A token beside which every request names the access id."""

    def _place(self, request: Outgoing, token: str) -> None:
        ClientCredentials._place(self, request, token)
        request.headers["X-Access-Id"] = self.client_id


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, AiInterviewConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, AiInterviewConfig)
    return _AccessToken(
        "/auth/token",
        config.access_id,
        config.access_secret,
        style="json",
        id_name="accessId",
        secret_name="accessSecret",
        token_path="data.token",
        life_path="data.expiresIn",
        life_s=7200,
        code_path="code",
    )


def _check(session: Session) -> Checked:
    """Ask for the positions: proves the access and tells what people can be interviewed for."""
    positions = interviews.catalog(session)
    return Checked(VENDOR, {"positions": ", ".join(p.code for p in positions) or "none"})


connector = Connector(
    name="ai_interview",
    title="AI interviews",
    version="1.0.0",
    config=AiInterviewConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    orders=(interviews,),
    sinks=(decisions, erasures),
    # Tries after 10 and 60 seconds, 10 minutes, 1, 6 and 24 hours, each signed when it is sent.
    events=(Callback(name="callback", title="Callback", stale_after_s=300),),
    errors=ERRORS,
    # An invitation that is there already is told by a code of its own beside the invitation.
    code_of=JsonCode("code", ok=("0", "40900"), in_success=True),
    words=WORDS,
    # 20 a second; some are left to others.
    rate=Rate(per_s=15, burst=15),
    evidence="assumed",
)
