"""The scanner finds planted values in every place and disguise, and lets fakes pass."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.recording import scan
from tests.support.persons import mails, mobiles, resident_ids

ID = "11010519491231002X"
PLANTED = {
    "resident_id": ID,
    "mobile": "13900001234",
    "mail": "a.test@example.org",
    "private_key": "-----BEGIN RSA PRIVATE KEY-----",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "access_key": "AKIA" + "A1B2C3D4E5F6G7H8",
}


def _json(text: str) -> str:
    return json.dumps({"note": "".join(f"\\u{ord(c):04x}" for c in text)}).replace("\\\\u", "\\u")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _url_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": _percent,
    "json": _json,
    "base64": _base64,
    "url_base64": _url_base64,
    "percent_in_percent": lambda t: quote(_percent(t)),
    "base64_in_percent": lambda t: quote(_base64(t), safe=""),
    "json_in_base64": lambda t: _base64(_json(t)),
    "base64_in_base64": lambda t: _base64(_base64(t)),
}
PLACES = [
    '{{"a": ["{}"]}}',
    '{{"{}": 1}}',
    "/v1/people/{}/jobs",
    "?q={}&page=2",
    "see [{}], please",
    "{}",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_value_is_found(kind: str, disguise: str, place: str) -> None:
    text = place.format(DISGUISES[disguise](PLANTED[kind]))

    assert kind in {finding.kind for finding in scan("body", text)}


@settings(max_examples=60, deadline=None)
@given(st.one_of(resident_ids(), mobiles(), mails()), st.sampled_from(sorted(DISGUISES)))
def test_any_person_is_found_in_any_disguise(value: str, disguise: str) -> None:
    assert scan("body", f'{{"x":"{DISGUISES[disguise](value)}"}}')


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_known_secret_is_found_in_any_disguise(disguise: str) -> None:
    text = f'{{"x": "{DISGUISES[disguise]("s3cret-of-ours")}"}}'

    assert "known" in {f.kind for f in scan("body", text, known=["s3cret-of-ours"])}


def test_a_known_number_inside_of_a_longer_one_is_chance() -> None:
    assert scan("body", '{"id": "99100000421"}', known=["100000"]) == []


def test_fakes_pass() -> None:
    assert scan("body", f'{{"id": "{ID}"}}', allowed=[ID]) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "110105194902310021", "at": 1699999999999}',
        '{"order": "B13900001234567", "uid": "66b1d0f3a4c5e60021aa10ff"}',
        '{"version": "1.2.3", "mail": "nobody at example"}',
    ],
)
def test_what_only_looks_alike_is_not_found(text: str) -> None:
    assert scan("body", text) == []


def test_a_finding_never_carries_the_value() -> None:
    (finding,) = scan("answer 3", f'{{"id": "{ID}"}}')

    assert ID not in repr(finding)
    assert finding.place == "answer 3"
