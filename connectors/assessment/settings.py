"""Settings of a connection to an assessment platform."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class AssessmentConfig(ConnectorConfig):
    """One account at one platform, and the dialect that it speaks."""

    url: str = setting(
        title="Address",
        help="Root of the platform's interface with its version, as it was given to you.",
        slot="host",
        example="https://api.vendor.example/v1",
        min_length=1,
    )
    dialect: Literal["shl", "talebase"] = setting(
        "shl",
        title="Dialect",
        help="shl: international platforms (problem+json, order_id). talebase: Chinese platforms "
        "(code and data, testeeId).",
    )
    client_id: str = setting(
        title="Client id", help="Client id, or appId.", slot="login", min_length=1
    )
    client_secret: SecretStr = setting(
        title="Client secret", help="Client secret, or appSecret.", slot="password", min_length=1
    )
    sign_in: Literal["token", "signature"] = setting(
        "token",
        title="Sign in by",
        help="token: an access token. signature: every request is signed (talebase only).",
    )
    callback_secret: SecretStr = setting(
        SecretStr(""),
        title="Secret of callbacks",
        help="Checks that callbacks are genuine. Empty with talebase: the client secret.",
    )
    language: str = setting("zh-CN", title="Language", help="Language of tests and reports.")
    norm: str = setting(
        "",
        title="Norm group",
        help="Code of the norm group that scores are read against; empty: the package's own.",
    )
    expires_days: int = setting(
        14, title="Days to take it", help="After so many days an invitation ends.", ge=1, le=90
    )
