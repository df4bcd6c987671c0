"""Airflow connections become checked configurations, and nothing secret shows on the way."""

from __future__ import annotations

import json

import pytest

from hrhub.airflow.connections import config_of, connection_json, resolve
from hrhub.airflow.forms import places
from hrhub.connector import registry
from hrhub.errors import ConfigError
from tests.support.demo_connector import DemoConfig, demo

SECRET = "s3cr3t-of-the-test"
GOOD = {"host": "https://api.example.com", "login": "hub", "password": SECRET}


def test_missing_and_wrong_settings_are_named_together_without_their_values() -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(demo, {"login": f"a {SECRET}", "extra": {"page_size": SECRET}}, "x")

    assert caught.value.code == "config.invalid"
    fields = str(caught.value.context["fields"])
    assert "api_host (missing)" in fields
    assert "password (missing)" in fields
    assert "client_id (value_error)" in fields
    assert "page_size (int_parsing)" in fields
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_extra_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(demo, {**GOOD, "extra": {"regoin": "cn"}}, "x")

    assert caught.value.context["fields"] == "regoin (unknown)"


def test_an_extra_that_is_no_json_object_is_refused() -> None:
    for extra in ("{broken", "[1]"):
        with pytest.raises(ConfigError) as caught:
            config_of(demo, {**GOOD, "extra": extra}, "x")

        assert caught.value.context["fields"] == "extra (json_object)"


def test_empty_form_fields_take_the_default() -> None:
    config = config_of(demo, {**GOOD, "port": None, "extra": {"region": "", "shops": None}}, "x")

    assert config == DemoConfig(api_host=GOOD["host"], client_id="hub", password=SECRET)


def test_a_list_is_entered_as_text_with_commas() -> None:
    config = config_of(demo, {**GOOD, "extra": {"shops": "A1, B2 ,,C3"}}, "x")

    assert config.shops == ("A1", "B2", "C3")


def test_a_configuration_survives_the_way_through_a_connection() -> None:
    config = DemoConfig(
        api_host="https://h.example",
        port=8443,
        client_id="hub",
        password=SECRET,
        comm_key="k-9182",
        region="intl",
        page_size=7,
        strict=True,
        shops=("A", "B"),
        timezone="Europe/Berlin",
        allow_networks=("10.0.0.0/8", "192.168.1.0/24"),
    )

    fields = connection_json(demo, config)
    stored = {**fields, "extra": json.dumps(fields["extra"])}

    assert config_of(demo, stored, "x") == config
    assert fields["conn_type"] == "hr_demo"
    assert fields["password"] == SECRET
    assert fields["extra"]["shops"] == "A, B"


def test_secrets_do_not_show_in_the_repr_of_what_is_resolved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "get", lambda name: demo)
    monkeypatch.setenv("AIRFLOW_CONN_X", json.dumps({"conn_type": "hr_demo", **GOOD}))

    found = resolve("x")

    assert found.config.password.get_secret_value() == SECRET
    assert SECRET not in repr(found)


def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", json.dumps({"conn_type": "http", "host": "h"}))

    with pytest.raises(ConfigError) as caught:
        resolve("x")

    assert caught.value.code == "connection.foreign_type"


def test_a_damaged_variable_is_named_and_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", '{"password": "' + SECRET)

    with pytest.raises(ConfigError) as caught:
        resolve("x")

    assert "AIRFLOW_CONN_X" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_connection_that_nobody_knows_is_said_so() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve("nobody_knows_it")

    assert caught.value.code == "connection.unknown"


def test_secret_extras_have_keys_that_airflow_masks() -> None:
    from airflow.sdk._shared.secrets_masker import DEFAULT_SENSITIVE_FIELDS

    configs = [DemoConfig, *(registry.get(name).config for name in registry.names())]
    keys = [p.key for c in configs for p in places(c) if p.secret and p.slot == "extra"]

    assert "comm_key_secret" in keys
    assert [k for k in keys if not any(part in k for part in DEFAULT_SENSITIVE_FIELDS)] == []
