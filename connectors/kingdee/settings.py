"""Settings of a connection to Kingdee Cloud Galaxy."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class KingdeeConfig(ConnectorConfig):
    """One data centre (账套) and the user that the hub acts as."""

    url: str = setting(
        title="Address",
        help="Root of the installation, up to and with k3cloud, upper and lower case as there.",
        slot="host",
        example="https://example.ik3cloud.com/k3cloud",
        min_length=1,
    )
    data_center: str = setting(
        title="Data centre id",
        help="Id of the data centre (账套ID, acctID), from the page of third-party systems "
        "(第三方系统登录授权).",
        min_length=1,
    )
    user: str = setting(
        title="User",
        help="User of the integration; it needs the rights to query, and to save, submit and "
        "audit employees if the hub writes any.",
        slot="login",
        min_length=1,
    )
    sign_in: Literal["signature", "app_secret", "login_sign", "password"] = setting(
        "signature",
        title="Sign in by",
        help="signature: every request is signed (recommended). app_secret or login_sign: a "
        "session by application. password: a session by password, for installations of your own; "
        "the public cloud refuses it.",
    )
    app_id: str = setting(
        "",
        title="Application id",
        help="应用ID of the authorisation, such as 123456_wcsQ…; not needed with a password.",
    )
    app_secret: SecretStr = setting(
        SecretStr(""),
        title="Application secret",
        help="应用密钥 of the authorisation; not needed with a password.",
    )
    password: SecretStr = setting(
        SecretStr(""),
        title="Password",
        help="Password of the user; only with sign in by password.",
        slot="password",
    )
    language: int = setting(
        2052,
        title="Language",
        help="Language of names: 2052 Chinese, 1033 English, 3076 traditional.",
    )
    organisation: str = setting(
        "",
        title="Organisation",
        help="Number of the organisation that new employees belong to; needed to write any.",
    )
