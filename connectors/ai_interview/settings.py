"""Settings of a connection to an AI-interview platform."""

from __future__ import annotations

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class AiInterviewConfig(ConnectorConfig):
    """One access at one platform."""

    url: str = setting(
        title="Address",
        help="Root of the platform's interface, as it was given to you.",
        slot="host",
        example="https://ai-interview.pingan.example/openapi/v1",
        min_length=1,
    )
    access_id: str = setting(
        title="Access id", help="Issued by the platform.", slot="login", min_length=1
    )
    access_secret: SecretStr = setting(
        title="Access secret", help="Belongs to the access id.", slot="password"
    )
    callback_secret: SecretStr = setting(
        SecretStr(""),
        title="Callback secret",
        help="Proves that callbacks come from the platform. Without it they are all refused.",
    )
    callback_url: str = setting(
        "",
        title="Our address for callbacks",
        help="Where the platform reaches the hub's inbox for this connection. Empty: as agreed "
        "with the platform.",
        example="https://hub.company.example/ai_interview_default/callback",
    )
    expire_days: int = setting(
        7, title="Days to answer", help="How long an invitation is good for.", ge=1, le=60
    )
    notify: bool = setting(
        True,
        title="Platform invites",
        help="The platform sends the invitation. If not, whoever placed the order passes its link "
        "on.",
    )
