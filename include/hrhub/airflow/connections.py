"""Airflow connections as checked configurations, and back.

Airflow itself is imported only when a connection has to be looked up there, so the command line
can use connections from the environment without it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from hrhub.airflow.forms import (
    CONNECTION_TYPE_PREFIX,
    STANDARD_SLOTS,
    connection_type,
    entered,
    places,
    written,
)
from hrhub.connector import Connector, ConnectorConfig, registry
from hrhub.errors import ConfigError

_ENVIRONMENT_PREFIX = "AIRFLOW_CONN_"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A connection that is ready for use; its configuration hides secrets in its repr."""

    conn_id: str
    connector: Connector
    config: ConnectorConfig


def resolve(conn_id: str) -> Resolved:
    """Look a connection up and check it.

    The environment (``AIRFLOW_CONN_<ID>``, JSON) comes first, then Airflow's own lookup: secrets
    backends and, inside a task, the execution API.

    Raises:
        ConfigError: There is no such connection, it is not of an ``hr_…`` type, or a setting is
            wrong; the context names fields, never values.
        PluginError: The connector of its type cannot be used.
    """
    fields = _from_environment(conn_id) or _from_airflow(conn_id)
    kind = str(fields.get("conn_type") or "").replace("-", "_")
    if not kind.startswith(CONNECTION_TYPE_PREFIX):
        raise ConfigError(
            "connection.foreign_type",
            connection=conn_id,
            known=", ".join(connection_type(name) for name in registry.names()),
        )
    connector = registry.get(kind.removeprefix(CONNECTION_TYPE_PREFIX))
    return Resolved(conn_id, connector, config_of(connector, fields, conn_id))


def config_of(connector: Connector, fields: Mapping[str, Any], conn_id: str) -> ConnectorConfig:
    """Check the fields of a connection against the connector's configuration model.

    ``fields`` are ``host``, ``port``, ``login``, ``password`` and ``extra`` (mapping or JSON text).
    What the form left empty takes its default.

    Raises:
        ConfigError: With the names of wrong fields and the rule each breaks.
    """
    extra = _extra_of(connector, fields, conn_id)
    values: dict[str, Any] = {}
    for place in places(connector.config):
        source, key = (extra, place.key) if place.slot == "extra" else (fields, place.slot)
        value = source.get(key)
        if place.slot == "extra":
            extra.pop(key, None)
        if value is not None and value != "":
            values[place.name] = entered(value, place.shape)
    wrong = [f"{name} (unknown)" for name in sorted(extra)]
    try:
        config = connector.config.model_validate(values)
    except ValidationError as error:
        # Messages of custom validators may quote the input: only places and rules leave here.
        wrong += [
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'} ({problem['type']})"
            for problem in error.errors(
                include_url=False, include_context=False, include_input=False
            )
        ]
    if wrong:
        raise ConfigError(
            "config.invalid",
            connection=conn_id,
            connector=connector.name,
            vendor=connector.title,
            fields=", ".join(wrong),
        ) from None
    return config


def connection_json(connector: Connector, config: ConnectorConfig) -> dict[str, Any]:
    """Return a configuration as the fields of an Airflow connection, secrets in clear.

    The result is for registering the connection (Airflow encrypts password and extra) or for
    ``AIRFLOW_CONN_<ID>``; it must not be logged.
    """
    fields: dict[str, Any] = {"conn_type": connection_type(connector.name)}
    extra: dict[str, Any] = {}
    dumped = config.model_dump(mode="json")
    for place in places(type(config)):
        value = getattr(config, place.name)
        if value is None:
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else dumped[place.name]
        if place.slot in STANDARD_SLOTS:
            fields[place.slot] = written(text, place.shape)
        else:
            extra[place.key] = written(text, place.shape)
    return {**fields, "extra": extra}


def _extra_of(connector: Connector, fields: Mapping[str, Any], conn_id: str) -> dict[str, Any]:
    raw = fields.get("extra") or {}
    try:
        extra = json.loads(raw) if isinstance(raw, str) else dict(raw)
    except json.JSONDecodeError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigError(
            "config.invalid",
            connection=conn_id,
            connector=connector.name,
            vendor=connector.title,
            fields="extra (json_object)",
        )
    return extra


def _from_environment(conn_id: str) -> dict[str, Any] | None:
    """Read ``AIRFLOW_CONN_<ID>`` when it is JSON; a URI is left to Airflow."""
    text = os.environ.get(_ENVIRONMENT_PREFIX + conn_id.upper(), "").strip()
    if not text.startswith("{"):
        return None
    try:
        fields: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        raise ConfigError(
            "config.invalid",
            connection=conn_id,
            fields=f"{_ENVIRONMENT_PREFIX}{conn_id.upper()} (json_object)",
        ) from None
    return fields


def _from_airflow(conn_id: str) -> dict[str, Any]:
    if not re.fullmatch(r"[\w.-]{1,250}", conn_id):
        raise ConfigError("connection.unknown", connection=conn_id)
    try:
        from airflow.sdk import BaseHook
        from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError
    except ImportError:
        raise ConfigError("connection.unknown", connection=conn_id) from None
    try:
        found = BaseHook.get_connection(conn_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise ConfigError("connection.unknown", connection=conn_id) from None
    return {
        "conn_type": found.conn_type,
        "host": found.host,
        "port": found.port,
        "login": found.login,
        "password": found.password,
        "extra": found.extra,
    }
