"""The token service and what people learn when it says no."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.successfactors import connector
from connectors.successfactors.sandbox.tokens import new_identity
from hrhub.ambient import FakeClock
from hrhub.errors import AuthError, ConfigError, HrHubError, Transient
from tests.connectors.successfactors.asking import ask, assertion


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"audience": "elsewhere"}, "audience"),
        ({"recipient": "https://elsewhere.example/oauth/token"}, "recipient"),
        ({"subject": "nobody"}, "invalid user"),
        ({"attributes": {"api_key": "another"}}, "Invalid client"),
        ({"now": datetime.now(UTC) - timedelta(hours=1)}, "expired"),
        ({"now": datetime.now(UTC) + timedelta(hours=1)}, "expired"),
    ],
)
def test_an_assertion_that_says_something_wrong_gets_the_vendors_401_envelope(
    tenant: Any, changes: dict[str, Any], told: str
) -> None:
    answer = ask(tenant, assertion(tenant, **changes))

    assert answer.status_code == 401
    assert answer.json()["errorHttpCode"] == "401"
    assert told in answer.json()["errorMessage"]


def test_an_assertion_changed_after_signing_is_refused(tenant: Any) -> None:
    xml = base64.b64decode(assertion(tenant))
    changed = xml.replace(b"sfapi_hrhub", b"sfapi_admin")
    assert changed != xml

    answer = ask(tenant, base64.b64encode(changed).decode())

    assert answer.status_code == 401
    assert "signature" in answer.json()["errorMessage"]


def test_an_unsigned_assertion_and_rubbish_are_refused(tenant: Any) -> None:
    for junk in ("", "AAAA", base64.b64encode(b"<a/>").decode(), "not base64!"):
        assert ask(tenant, junk).status_code == 401


def test_company_ids_are_told_apart_by_case(tenant: Any) -> None:
    answer = ask(tenant, assertion(tenant), company_id=tenant.settings()["company_id"].lower())

    assert answer.status_code == 401
    assert "LGN0008" in answer.json()["errorMessage"]


def test_the_same_token_is_given_until_a_new_one_is_demanded(tenant: Any) -> None:
    first = ask(tenant, assertion(tenant)).json()
    second = ask(tenant, assertion(tenant)).json()
    third = ask(tenant, assertion(tenant), new_token="true").json()

    assert first["access_token"] == second["access_token"] != third["access_token"]
    assert second["expires_in"] <= first["expires_in"] <= 86_400
    check = f"{tenant.settings()['api_host']}/oauth/validate"
    bearer = {"Authorization": f"Bearer {third['access_token']}"}
    dead = {"Authorization": f"Bearer {first['access_token']}"}
    assert requests.get(check, headers=bearer, timeout=5).status_code == 200
    assert requests.get(check, headers=dead, timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"company_id": "SOMEONEELSE"}, "successfactors.company_unknown"),
        ({"client_id": "another-key"}, "successfactors.client_unknown"),
        ({"user_id": "nobody"}, "successfactors.user_unknown"),
    ],
)
def test_check_says_which_setting_is_wrong(
    tenant: Any, settings: dict[str, str], code: str
) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(tenant.session(**settings))

    assert refused.value.code == code
    assert code in connector.words["en"]


def test_check_says_that_the_private_key_does_not_belong_to_the_certificate(tenant: Any) -> None:
    stranger, _ = new_identity("stranger", datetime.now(UTC))

    with pytest.raises(AuthError) as refused:
        connector.check(tenant.session(private_key=stranger))

    assert refused.value.code == "successfactors.key_mismatch"


def test_check_says_that_the_private_key_is_none(tenant: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        connector.check(tenant.session(private_key="not a key"))

    assert refused.value.code == "auth.key_unusable"


def test_check_says_that_our_clock_is_wrong(tenant: Any) -> None:
    late = FakeClock(datetime.now(UTC) - timedelta(days=1))

    with pytest.raises(AuthError) as refused:
        connector.check(tenant.session(clock=late))

    assert refused.value.code == "successfactors.assertion_expired"


def test_check_says_that_nobody_answers(tenant: Any) -> None:
    session = tenant.session()
    tenant.running.stop()

    with pytest.raises(Transient) as failed:
        connector.check(session)

    assert failed.value.code == "vendor.unreachable"


def test_check_tells_who_answered(tenant: Any) -> None:
    checked = connector.check(tenant.session())

    assert checked.facts["company"] == tenant.settings()["company_id"]
    assert checked.facts["companies_visible"] == "yes"


def test_a_key_pasted_on_one_line_works(tenant: Any) -> None:
    one_line = tenant.settings()["private_key"].strip().replace("\n", "\\n")

    connector.check(tenant.session(private_key=one_line))


def test_no_secret_shows_in_errors_or_reprs(tenant: Any) -> None:
    session = tenant.session(user_id="nobody")
    key = tenant.settings()["private_key"].splitlines()[1]

    with pytest.raises(HrHubError) as refused:
        connector.check(session)

    for text in (repr(session.config), str(refused.value), repr(connector.auth(session.config))):
        assert key not in text
        assert "assertion" not in text
