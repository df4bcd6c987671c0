"""Settings of a connection to somebody who may check education reports."""

from __future__ import annotations

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class ChsiConfig(ConnectorConfig):
    """One account at an institution's access or at a contracted provider."""

    url: str = setting(
        title="Address",
        help="Root of the interface of whoever checks for you under contract. Never the public "
        "site of CHSI: its terms forbid machines.",
        slot="host",
        example="https://verify.provider.example",
        min_length=1,
    )
    api_key: SecretStr = setting(
        title="API key", help="Issued with the contract.", slot="password", min_length=1
    )
