"""The configuration of one connection to a vendor system.

One pydantic model per connector is the single source of the Airflow connection form, of
``hrhub spec``, of the documentation table and of the list of values that logs must drop.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo

AirflowSlot = Literal["host", "port", "login", "password", "extra"]


def setting(
    default: Any = ...,
    *,
    title: str,
    help: str,
    slot: AirflowSlot = "extra",
    example: str | None = None,
    **constraints: Any,
) -> Any:
    """Declare a setting with the words that people see.

    ``slot`` says which standard field of an Airflow connection holds it; anything else is an extra
    field of the form. A secret is typed :class:`pydantic.SecretStr`; nothing else marks it.
    """
    return Field(
        default,
        title=title,
        description=help,
        examples=[example] if example else None,
        json_schema_extra={"slot": slot},
        **constraints,
    )


class ConnectorConfig(BaseModel):
    """Base of all connector configurations: what every connection can set."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timezone: str = setting(
        "Asia/Shanghai",
        title="Time zone",
        help="Zone of vendor times that carry none (IANA name).",
    )
    allow_networks: tuple[str, ...] = setting(
        (),
        title="Allowed private networks",
        help="Networks in CIDR form that this connection may reach although they are not public, "
        "for vendors on your premises. Empty: public addresses only.",
        example="10.20.0.0/16",
    )
    event_networks: tuple[str, ...] = setting(
        (),
        title="Networks that report",
        help="Networks in CIDR form that events of this connection may come from. Empty: from "
        "anywhere where the vendor signs its events, from nowhere where it does not.",
        example="203.0.113.0/24",
    )
    ca_bundle: str = setting(
        "",
        title="Certificate authority",
        help="PEM, as text or path of a file, of the authority to trust instead of the public "
        "ones, for vendors whose certificate your own authority signed. Verification cannot be "
        "switched off.",
        example="/etc/hrhub/company-ca.pem",
    )
    client_cert: SecretStr | None = setting(
        None,
        title="Client certificate",
        help="PEM, as text or path of a file, of the certificate (chain) that this connection "
        "shows to vendors that demand one (mutual TLS).",
        example="/etc/hrhub/client.pem",
    )
    client_key: SecretStr | None = setting(
        None,
        title="Client key",
        help="PEM, as text or path of a file, of its private key, not encrypted; empty if it "
        "stands beside the certificate. A key entered here is never written to a disk in clear.",
        example="/etc/hrhub/client.key",
    )
    proxy: str = setting(
        "",
        title="Proxy",
        help="Address of an HTTP proxy for this connection. Proxy variables of the environment "
        "are not read.",
        example="http://proxy.internal:3128",
    )
    proxy_login: SecretStr | None = setting(
        None,
        title="Proxy login",
        help="User and password for the proxy, with a colon between them, if it asks for them.",
        example="svc-hrhub:password",
    )


def is_secret(info: FieldInfo) -> bool:
    """Tell whether a setting is a secret."""
    return info.annotation is SecretStr or SecretStr in get_args(info.annotation)


def secrets_of(config: ConnectorConfig) -> tuple[str, ...]:
    """Return the secret values of a configuration, for log redaction only."""
    return tuple(
        value.get_secret_value()
        for name in type(config).model_fields
        if isinstance(value := getattr(config, name), SecretStr)
    )
