"""Settings of a connection to Yibeidiao."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, field_validator

from hrhub.connector import ConnectorConfig, setting


class YibeidiaoConfig(ConnectorConfig):
    """One company account."""

    url: str = setting(
        title="Address",
        help="Root of the interface. It speaks plain HTTP and signs no body: reach it through a "
        "proxy with TLS or a private line, and enter that address.",
        slot="host",
        example="https://yibeidiao-gateway.example.com",
        min_length=1,
    )
    key: str = setting(
        title="Key",
        help="32 letters and digits, from customer service.",
        slot="login",
        min_length=1,
    )
    token: SecretStr = setting(
        title="Token", help="Signs requests and never travels.", slot="password", min_length=1
    )
    packages: tuple[str, ...] = setting(
        title="What is ordered",
        help="One per line: a package's number, or item:copies with commas, then = and what people "
        "read. There is no list to ask for.",
        example="12=Standard check",
        min_length=1,
    )
    consent: Literal["sms", "offline"] = setting(
        "sms",
        title="Consent at the platform",
        help="sms: the person signs on the phone and fills in the rest. offline: on paper. The "
        "hub orders nothing without a consent of its own either way.",
    )

    @field_validator("packages")
    @classmethod
    def _packages_are_named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a package without a name."""
        if not all(code.strip() and title.strip() for code, title in map(_parted, value)):
            raise ValueError("a package is a number or items, then = and a name")
        return value

    def offered(self) -> dict[str, str]:
        """Return names of packages by code."""
        return {code.strip(): title.strip() for code, title in map(_parted, self.packages)}


def _parted(line: str) -> tuple[str, str]:
    code, _, title = line.partition("=")
    return code, title
