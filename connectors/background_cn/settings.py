"""Settings of a connection to a background-check platform."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting

SignType = Literal["HMAC-SHA256", "RSA2", "SM2", "MD5"]


class BackgroundConfig(ConnectorConfig):
    """One application at one platform."""

    url: str = setting(
        title="Address",
        help="Root of the platform's interface, as it was given to you.",
        slot="host",
        example="https://openapi.platform.example",
        min_length=1,
    )
    app_id: str = setting(
        title="Application id", help="Issued by the platform.", slot="login", min_length=1
    )
    sign_type: SignType = setting(
        "HMAC-SHA256",
        title="Signature",
        help="As agreed with the platform. MD5 covers no body that holds lists; take it only where "
        "nothing else is offered.",
    )
    secret: SecretStr = setting(
        SecretStr(""),
        title="Secret",
        help="Shared secret for HMAC-SHA256 and MD5.",
        slot="password",
    )
    private_key: SecretStr = setting(
        SecretStr(""),
        title="Our private key",
        help="For RSA2 (PEM, not encrypted, 2048 bits or more) and SM2 (32 bytes in hexadecimal).",
    )
    public_key: str = setting(
        "", title="Our public key", help="SM2 only: the key registered with the platform."
    )
    platform_key: str = setting(
        "",
        title="Platform's public key",
        help="Checks callbacks that are signed with RSA2 or SM2.",
    )
    field_key: SecretStr = setting(
        SecretStr(""),
        title="Key of single fields",
        help="AES-256 key in hexadecimal. With it, identity and mobile number are encrypted one by "
        "one, inside TLS.",
    )
    consent_mode: Literal["CANDIDATE_SIGN", "UPLOADED"] = setting(
        "CANDIDATE_SIGN",
        title="Consent at the platform",
        help="CANDIDATE_SIGN: the platform asks the person once more. UPLOADED: what was signed "
        "with you is enough. The hub orders nothing without a consent of its own either way.",
    )
