"""Settings of a connection to a social-security gateway."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import SecretStr, model_validator

from hrhub.connector import ConnectorConfig, setting

Dialect = Literal["sm4_gcm", "sm4_cbc", "sm4_derived", "rsa_aes"]


class SocialSecurityConfig(ConnectorConfig):
    """One application at one gateway."""

    url: str = setting(
        title="Address",
        help="Root of the gateway, as the provider gave it; without /api.",
        slot="host",
        example="https://gateway.example",
        min_length=1,
    )
    app_id: str = setting(
        title="Application id",
        help="appId issued by the provider.",
        slot="login",
        min_length=1,
        max_length=32,
    )
    app_secret: SecretStr = setting(
        title="Application secret",
        help="appSecret issued with it; it ends the text that is signed.",
        slot="password",
    )
    dialect: Dialect = setting(
        "sm4_gcm",
        title="Dialect",
        help="How messages are signed and encrypted. The first three sign with SM2: SM4 in GCM, in "
        "CBC, or in ECB under a key derived from appId and appSecret. rsa_aes signs with RSA and "
        "wraps an AES key. The wrong one is refused, never guessed around.",
    )
    private_key: SecretStr = setting(
        title="Our private key",
        help="Signs what is sent. SM2: 32 bytes in hexadecimal or base64, or PKCS #8. RSA: PEM, "
        "not encrypted, 2048 bits or more.",
    )
    public_key: str = setting(
        "",
        title="Our public key",
        help="SM2 only: the key registered with the provider; the signature covers it.",
    )
    platform_key: str = setting(
        title="Platform's public key",
        help="Checks the provider's signatures. SM2: hexadecimal, base64 or PEM. RSA: PEM.",
        min_length=1,
    )
    cipher_key: SecretStr = setting(
        SecretStr(""),
        title="SM4 key",
        help="Key for sm4_gcm and sm4_cbc, 16 bytes in hexadecimal.",
    )
    area_codes: tuple[str, ...] = setting(
        (),
        title="Areas",
        help="Places to ask, as six-digit codes (GB/T 2260). Empty: wherever the person was.",
        example="110000",
    )
    months: int = setting(
        84,
        title="Months back",
        help="How many months before this one are asked for.",
        ge=1,
        le=480,
    )
    channel: Literal["H5", "ESSCARD"] = setting(
        "H5",
        title="Way of consent",
        help="H5: a page with real-name login. ESSCARD: the electronic social-security card.",
    )
    valid_days: int = setting(
        30,
        title="Days of consent",
        help="How long the person's authorisation at the gateway holds.",
        ge=1,
        le=365,
    )
    redirect_url: str = setting(
        "",
        title="Return page",
        help="Where the person's browser goes after signing.",
    )

    @model_validator(mode="after")
    def _has_what_the_dialect_needs(self) -> Self:
        if self.dialect in ("sm4_gcm", "sm4_cbc") and not self.cipher_key.get_secret_value():
            raise ValueError("cipher_key: needed by this dialect")
        if self.dialect != "rsa_aes" and not self.public_key:
            raise ValueError("public_key: needed to sign with SM2")
        return self
