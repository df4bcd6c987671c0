"""Ids, clocks, settings, the model and the contract's own checks."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from hrhub.ambient import FakeClock, new_ids
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    JsonRecords,
    Session,
    Stream,
    setting,
)
from hrhub.connector.config import secrets_of
from hrhub.errors import ContractChanged, PluginError, RowRejected
from hrhub.model import ENTITIES, FEEDS, Kind, Privacy
from hrhub.settings import Settings


def _check(session: Session) -> Checked:
    return Checked("x")


def _connector(*streams: Stream, name: str = "demo", api: int = 1) -> Connector:
    return Connector(
        name=name,
        title="Demo",
        version="1",
        config=ConnectorConfig,
        check=_check,
        streams=streams,
        hrhub_api=api,
    )


def _stream(name: str, *after: str, key: tuple[str, ...] = ("id",)) -> Stream:
    return Stream(name=name, title=name, feed="person", key=key, after=after)


@pytest.mark.parametrize(
    ("rule", "build"),
    [
        ("api_version", lambda: _connector(_stream("aa"), api=2)),
        ("name", lambda: _connector(_stream("aa"), name="Bad Name")),
        ("names_unique", lambda: _connector(_stream("aa"), _stream("aa"))),
        ("names_valid", lambda: _connector(_stream("A b"))),
        ("offers_something", lambda: _connector()),
        ("stream_has_key", lambda: _connector(_stream("aa", key=()))),
        ("after_names_a_stream", lambda: _connector(_stream("aa", "bb"))),
    ],
)
def test_a_connector_that_breaks_the_contract_is_refused(rule: str, build: object) -> None:
    with pytest.raises(PluginError) as raised:
        build()  # type: ignore[operator]

    assert raised.value.context["rule"] == rule


def test_streams_come_after_those_they_need() -> None:
    connector = _connector(_stream("cc", "bb"), _stream("aa"), _stream("bb", "aa"))

    assert [s.name for s in connector.in_order()] == ["aa", "bb", "cc"]


def test_streams_that_need_each_other_are_refused() -> None:
    with pytest.raises(PluginError):
        _connector(_stream("ab", "bc"), _stream("bc", "ab")).in_order()


@pytest.mark.parametrize("body", [b"", b'{"d": {"rows": [{"a": 1}', b"<html>", b"\xff"])
def test_a_broken_page_is_not_split(body: bytes) -> None:
    with pytest.raises(ContractChanged, match=r"vendor\.page_broken"):
        JsonRecords("d.rows").split(body)


@pytest.mark.parametrize("body", [b"{}", b'{"d": {}}', b'{"d": {"rows": {}}}', b"[]"])
def test_a_page_without_its_list_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(ContractChanged, match=r"vendor\.records_missing"):
        JsonRecords("d.rows").split(body)


def test_a_record_is_split_without_being_read_and_decoded_exactly() -> None:
    form = JsonRecords("d.rows", group_by=("a", "b"))
    raws = form.split(b'{"d": {"rows": [{"a": 1, "b": "x", "c": 0.1}], "more": 1}}')

    assert bytes(raws[0]) == b'{"a": 1, "b": "x", "c": 0.1}'
    assert str(form.decode(raws[0], {})["c"]) == "0.1"
    assert form.group_key(raws[0]) == "1\x1fx"


def test_a_record_that_is_no_object_is_refused_alone() -> None:
    with pytest.raises(RowRejected):
        JsonRecords().decode(b"17", {})


def test_a_setting_that_nobody_declared_is_refused_without_its_value() -> None:
    with pytest.raises(ValidationError) as raised:
        ConnectorConfig(secret_thing="hunter2")  # type: ignore[call-arg]

    assert "hunter2" not in str(raised.value)


def test_secrets_are_known_by_type_and_never_shown() -> None:
    class Config(ConnectorConfig):
        key: SecretStr = setting(title="Key", help="Secret.")

    config = Config(key=SecretStr("hunter2"))

    assert secrets_of(config) == ("hunter2",)
    assert "hunter2" not in repr(config)


def test_ids_are_version_seven_ordered_and_unique() -> None:
    ids = new_ids(10_000)

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {uuid.UUID(i).version for i in ids} == {7}


def test_a_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    before = clock.now()
    clock.sleep(90)

    assert (clock.now() - before).total_seconds() == clock.monotonic() == 90


def test_settings_follow_from_the_home() -> None:
    settings = Settings.from_env({"HRHUB_HOME": "/srv/hub", "HRHUB_LANG": "zh_CN"})

    assert settings.store_url == "sqlite:////srv/hub/store.db"
    assert settings.keyring == Path("/srv/hub/keyring.json")
    assert settings.language == "zh"
    assert (settings.mappings / "zkteco").is_dir()


def test_every_feed_field_lands_in_a_field_of_its_entity_and_kind() -> None:
    for feed in FEEDS.values():
        for part in (feed, *feed.children.values()):
            for field in part.fields:
                if field.target is None:
                    assert field.reference is None
                    continue
                entity, name = field.target.split(".")
                landing = ENTITIES[entity].by_name[name]
                if field.reference:
                    assert (landing.kind, landing.ref) == (Kind.REF, field.reference)
                else:
                    assert landing.kind is field.field.kind


def test_what_identifies_or_reaches_a_person_is_never_an_open_column() -> None:
    closed = {
        "person.display_name",
        "person.birth_date",
        "person.gender",
        "person_identifier.number",
        "person_contact.value",
        "employee.work_no",
        "attendance_punch.direction",
    }

    for path in closed:
        entity, name = path.split(".")
        assert ENTITIES[entity].by_name[name].privacy is not Privacy.OPEN
    assert ENTITIES["person_identifier"].by_name["number"].privacy is Privacy.SENSITIVE


def test_rows_that_hold_personal_values_have_a_subject_whose_key_seals_them() -> None:
    for entity in ENTITIES.values():
        sealed = [f for f in entity.fields if f.privacy is not Privacy.OPEN]
        assert bool(sealed) == bool(entity.subject), entity.name


def test_codes_are_closed_and_references_point_somewhere() -> None:
    for entity in ENTITIES.values():
        for field in entity.fields:
            assert bool(field.codes) == (field.kind is Kind.CODE), field.name
            assert (field.ref in ENTITIES) == (field.kind is Kind.REF), field.name
