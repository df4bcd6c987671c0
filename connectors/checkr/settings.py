"""Settings of a connection to Checkr."""

from __future__ import annotations

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class CheckrConfig(ConnectorConfig):
    """One Checkr account."""

    url: str = setting(
        "https://api.checkr.com",
        title="Address",
        help="Checkr's interface; for trials https://api.checkr-staging.com, which has keys and "
        "candidates of its own.",
        slot="host",
        min_length=1,
    )
    api_key: SecretStr = setting(
        title="Secret API key",
        help="A secret key of the account, not a publishable one. It also proves that webhooks "
        "come from Checkr.",
        slot="password",
    )
    timezone: str = setting(
        "UTC", title="Time zone", help="Zone of vendor times that carry none; Checkr's carry one."
    )
    work_country: str = setting(
        "US",
        title="Country of work",
        help="Country in which people who are screened will work (two letters). Candidates "
        "outside the US do not show up in Checkr's lists.",
        pattern=r"[A-Z]{2}",
    )
    work_state: str = setting(
        "CA",
        title="State of work",
        help="State in which they will work; needed in the US.",
        pattern=r"[A-Z]{0,3}",
    )
    node: str = setting(
        "", title="Node", help="Custom id of the node to order under; only for account hierarchies."
    )
