"""The connection forms that Airflow shows are the configuration models of the connectors."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from hrhub.airflow.forms import form_behaviour, form_fields
from hrhub.airflow.provider import get_provider_info
from hrhub.connector import registry
from hrhub.errors import PluginError
from tests.support.demo_connector import DemoConfig, demo


def test_a_connector_that_cannot_be_imported_takes_no_other_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def get(name: str) -> object:
        if name == "refused":
            raise PluginError("plugin.invalid", connector=name)
        if name == "broken":
            raise AttributeError(name)
        return demo

    monkeypatch.setattr(registry, "names", lambda: ["broken", "demo", "refused"])
    monkeypatch.setattr(registry, "get", get)

    types = [t["connection-type"] for t in get_provider_info()["connection-types"]]

    assert types == ["hr_demo"]


def test_every_installed_connector_has_a_form_that_airflow_accepts() -> None:
    info = get_provider_info()
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())

    jsonschema.validate(info, schema)
    assert [t["connection-type"] for t in info["connection-types"]] == [
        f"hr_{name}" for name in registry.names()
    ]


def test_settings_without_a_standard_field_become_form_fields() -> None:
    fields = form_fields(DemoConfig)

    assert {"timezone", "comm_key_secret", "region", "page_size", "strict", "shops"} <= set(fields)
    assert {"api_host", "port", "client_id", "password", "comm_key"} & set(fields) == set()
    assert fields["region"]["schema"] == {
        "type": ["string", "null"],
        "enum": ["cn", "intl"],
        "default": "cn",
    }
    assert fields["page_size"]["schema"] == {"type": ["integer", "null"], "default": 200}
    assert fields["strict"]["schema"] == {"type": ["boolean", "null"], "default": False}
    assert fields["shops"]["schema"]["type"] == ["string", "null"]
    assert "commas" in fields["shops"]["description"]


def test_a_secret_is_a_password_field_without_default() -> None:
    schema = form_fields(DemoConfig)["comm_key_secret"]["schema"]

    assert schema == {"type": ["string", "null"], "format": "password"}


def test_standard_fields_are_relabelled_and_the_unused_hidden() -> None:
    behaviour = form_behaviour(DemoConfig)

    assert behaviour["hidden-fields"] == ["schema"]
    assert behaviour["relabeling"] == {
        "host": "Base URL",
        "port": "Port",
        "login": "Client id",
        "password": "API key",
    }
    assert behaviour["placeholders"] == {"host": "https://api.example.com", "port": "443"}
