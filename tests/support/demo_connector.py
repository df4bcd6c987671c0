"""A connector for these tests: every kind of setting, two streams that depend on each other."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, field_validator

from hrhub.connector import Checked, Connector, ConnectorConfig, Session, Stream, setting


class DemoConfig(ConnectorConfig):
    """All kinds of settings."""

    api_host: str = setting(
        title="Base URL", help="Root of the API.", slot="host", example="https://api.example.com"
    )
    port: int = setting(443, title="Port", help="Port.", slot="port", ge=1, le=65535)
    client_id: str = setting(title="Client id", help="Who we are.", slot="login")
    password: SecretStr = setting(title="API key", help="Secret.", slot="password")
    comm_key: SecretStr | None = setting(None, title="Comm key", help="Second secret.")
    region: Literal["cn", "intl"] = setting("cn", title="Region", help="Where.")
    page_size: int = setting(200, title="Page size", help="Records per page.", ge=1, le=1000)
    strict: bool = setting(False, title="Strict", help="Refuse odd answers.")
    shops: tuple[str, ...] = setting((), title="Shops", help="Codes to read.")

    @field_validator("client_id")
    @classmethod
    def _no_blank(cls, value: str) -> str:
        if " " in value:
            raise ValueError(f"{value} has a blank")
        return value


def _check(session: Session) -> Checked:
    raise NotImplementedError


demo = Connector(
    name="demo",
    title="Demo 系统",
    version="1.0.0",
    config=DemoConfig,
    check=_check,
    streams=(
        Stream(name="jobs", title="Jobs", feed="assignment", key=("id",), after=("people",)),
        Stream(name="people", title="People", feed="person", key=("id",)),
    ),
)
