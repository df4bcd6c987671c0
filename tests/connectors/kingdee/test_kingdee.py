"""Kingdee: ways to sign in, refusals inside good answers, rows, cards written; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.kingdee import connector
from connectors.kingdee.bills import Rows, code_of
from connectors.kingdee.sandbox import APP_SECRET, PASSWORD
from connectors.kingdee.signing import client_secret, signed
from hrhub.connector import Write, WriteStatus
from hrhub.errors import AuthError, ConfigError, ContractChanged, HrHubError, RowRejected
from hrhub.http.answer import Answer, Headers

Serve = Callable[..., Any]
SIGN_INS = ["signature", "app_secret", "login_sign", "password"]


@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_wrong_credentials_are_told_whatever_the_way_to_sign_in(serve: Serve, sign_in: str) -> None:
    wrong = {"app_secret": "another", "password": "another"}

    with pytest.raises(AuthError) as refused:
        connector.check(serve(sign_in=sign_in).session(**wrong))

    assert refused.value.code == "auth.refused"


def test_a_public_tenant_takes_no_password(serve: Serve) -> None:
    with pytest.raises(AuthError):
        connector.check(serve(sign_in="password", public="yes").session())


@pytest.mark.parametrize(
    ("sign_in", "name"),
    [("signature", "app_id"), ("app_secret", "app_secret"), ("password", "password")],
)
def test_what_a_way_to_sign_in_needs_is_asked_for(serve: Serve, sign_in: str, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(sign_in=sign_in).session(**{name: ""})

    assert (refused.value.code, refused.value.context["setting"]) == (
        "kingdee.setting_missing",
        name,
    )


@pytest.mark.parametrize("app_id", ["", "123456", "123456_short", "123456_" + "*" * 32])
def test_an_application_id_of_another_form_is_refused(app_id: str) -> None:
    with pytest.raises(ConfigError) as refused:
        client_secret(app_id)

    assert refused.value.code == "kingdee.app_id_malformed"


@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_every_way_to_sign_in_reads(serve: Serve, sign_in: str) -> None:
    served = serve(sign_in=sign_in)

    assert connector.check(served.session()).facts["organisation"]
    assert len(served.docs("departments")) == len(served.world.departments)


@pytest.mark.parametrize("sign_in", ["app_secret", "login_sign", "password"])
def test_a_lost_session_is_made_anew_once(serve: Serve, sign_in: str) -> None:
    served = serve(sign_in=sign_in)
    session = served.session()
    connector.check(session)
    served.running.galaxy.expire_sessions()

    connector.check(session)

    logins = {"ValidateUser", "LoginByAppSecret", "LoginBySign"}
    assert sum(name in logins for name in served.operations()) == 2


def test_credentials_do_not_show(serve: Serve) -> None:
    for sign_in in SIGN_INS:
        session = serve(sign_in=sign_in).session()
        assert connector.auth is not None
        shown = repr(connector.auth(session.config)) + repr(session)
        assert not [secret for secret in (APP_SECRET, PASSWORD) if secret in shown]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Result": {"ResponseStatus": {"IsSuccess": False, "MsgCode": 1}}}, "1"),
        ({"ResponseStatus": {"IsSuccess": False, "MsgCode": "4"}}, "4"),
        ([[{"Result": {"ResponseStatus": {"IsSuccess": False, "MsgCode": 9}}}]], "9"),
        ([[{"Result": {"ResponseStatus": {"IsSuccess": False, "ErrorCode": 500}}}]], "500"),
        ([[{"Result": {"ResponseStatus": {"IsSuccess": False}}}]], "refused"),
        ({"Result": {"ResponseStatus": {"IsSuccess": False, "MsgCode": 11}}}, None),
        ({"Result": {"ResponseStatus": {"IsSuccess": True, "MsgCode": 0}}}, None),
        ({"LoginResultType": 1}, None),
        ([["E1", "x"]], None),
        ([], None),
    ],
)
def test_a_refusal_is_found_wherever_it_stands(body: Any, code: str | None) -> None:
    answer = Answer(200, Headers({}), json.dumps(body).encode(), True)

    assert code_of(answer) == code


def test_a_row_that_lost_a_column_is_refused() -> None:
    with pytest.raises(RowRejected) as refused:
        Rows(("FID", "FName")).decode(b'["1"]', {})

    assert refused.value.rule == "columns"


def test_a_refusal_is_never_taken_for_rows() -> None:
    with pytest.raises(ContractChanged):
        Rows(("FID",)).split(b'[[{"Result":{}}]]')


def test_a_field_that_the_installation_lacks_is_told(serve: Serve) -> None:
    session = serve().session()
    data = {"FormId": "BD_Department", "FieldKeys": "FNumber,fName"}

    with pytest.raises(ConfigError) as refused:
        session.http.post(connector.stream("departments").path, json={"data": data})

    assert refused.value.code == "kingdee.field_unknown"


def test_an_employee_with_several_posts_comes_once_with_the_main_one(serve: Serve) -> None:
    served = serve()
    docs = served.docs("employees")
    jobs = {
        spell.user_id: spell.jobs[-1].position_code
        for person in served.world.people
        for spell in person.spells
    }

    assert len({doc["FID"] for doc in docs}) == len(docs) == len(jobs)
    assert {doc["FStaffNumber"]: doc["FPost"]["FNumber"] for doc in docs} == jobs


def test_pages_go_on_until_one_is_short(serve: Serve) -> None:
    served = serve()
    stream = connector.stream("employees")
    request = stream.request(served.session())  # type: ignore[attr-defined]

    assert request.json["data"]["OrderString"] == "FID ASC"
    assert stream.pages.first(request).value("data.Limit") == 2000  # type: ignore[attr-defined]


def _employee(served: Any, **values: Any) -> Write:
    person, spell = served.world.employed[3]
    own = {"work_no": spell.user_id, "display_name": person.display_name}
    return Write(key="write-1", values=own | values)


def _newcomer(**values: Any) -> Write:
    own = {"work_no": "9900001", "display_name": "测试新", "mobile": "+8613900012345"}
    return Write(key="write-2", values=own | values)


def test_a_card_without_name_is_refused_before_anything_is_sent(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks

    (written,) = sink.write(served.session(), [Write(key="1", values={"work_no": "1"})])

    assert written.status is WriteStatus.REFUSED
    assert served.running.requests == []


def test_a_new_card_needs_an_organisation(serve: Serve) -> None:
    (sink,) = connector.sinks

    with pytest.raises(ConfigError) as refused:
        sink.write(serve().session(organisation=""), [_newcomer()])

    assert refused.value.code == "kingdee.organisation_missing"


def test_a_card_in_approval_is_left_to_people(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks
    served.running.galaxy.forms.change(_id_of(served), {"FDocumentStatus": "B"})

    (written,) = sink.write(served.session(), [_employee(served, mobile="13900099999")])

    assert (written.status, written.code) == (WriteStatus.REFUSED, "kingdee.in_approval")


def test_a_new_employee_is_saved_submitted_and_audited_once(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks
    before = served.running.galaxy.forms.count()

    first, again = (sink.write(served.session(), [_newcomer()])[0] for _ in range(2))

    assert (first.status, again.status) == (WriteStatus.WRITTEN, WriteStatus.UNCHANGED)
    assert first.vendor_id == again.vendor_id
    card = served.running.galaxy.forms.employee(int(first.vendor_id))
    assert (card["FDocumentStatus"], card["FMobile"]) == ("C", "13900012345")
    assert served.running.galaxy.forms.count() == before + 1


def test_a_changed_employee_is_opened_saved_and_approved_again(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks

    (written,) = sink.write(served.session(), [_employee(served, mobile="13900099999")])

    assert written.status is WriteStatus.WRITTEN
    assert served.operations() == ["ExecuteBillQuery", "UnAudit", "Save", "Submit", "Audit"]
    assert served.running.galaxy.forms.employee(_id_of(served))["FMobile"] == "13900099999"


@pytest.mark.parametrize("lost", ["Save", "Submit", "Audit"])
def test_a_try_that_broke_off_is_finished_by_the_next(serve: Serve, lost: str) -> None:
    served = serve()
    (sink,) = connector.sinks
    answer = served.running.galaxy.answer
    broken: list[str] = []

    def lose_one(asked: Any) -> Any:
        reply = answer(asked)
        if f".{lost}." in asked.path and not broken:
            broken.append(lost)
            return type(reply)(b"", 502)
        return reply

    served.running._answer = lose_one
    with pytest.raises(HrHubError):
        sink.write(served.session(), [_newcomer()])

    found = sink.find(served.session(), _newcomer())
    (written,) = sink.write(served.session(), [_newcomer()])

    assert (found is not None) == (lost == "Audit")
    assert written.status in (WriteStatus.WRITTEN, WriteStatus.UNCHANGED)
    card = served.running.galaxy.forms.employee(int(written.vendor_id))
    assert card["FDocumentStatus"] == "C"


def test_a_leaver_is_forbidden_and_somebody_who_returns_is_not(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks
    card = _id_of(served)

    sink.write(served.session(), [_employee(served, status="terminated")])
    gone = served.running.galaxy.forms.employee(card)["FForbidStatus"]
    sink.write(served.session(), [_employee(served, status="active")])

    assert (gone, served.running.galaxy.forms.employee(card)["FForbidStatus"]) == ("B", "A")


def test_a_leaver_whom_the_vendor_never_knew_changes_nothing(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks

    (written,) = sink.write(served.session(), [_newcomer(status="terminated")])

    assert written.status is WriteStatus.UNCHANGED
    assert served.operations() == ["ExecuteBillQuery"]


def test_a_quote_in_a_work_number_stays_a_quote(serve: Serve) -> None:
    (sink,) = connector.sinks

    assert sink.find(serve().session(), _newcomer(work_no="x' or '1'='1")) is None


def test_a_signature_is_the_base64_of_the_hexadecimal_digest() -> None:
    # HMAC-SHA256, RFC 4231 test case 2, written as Kingdee writes it.
    assert signed("what do ya want for nothing?", "Jefe") == (
        "NWJkY2MxNDZiZjYwNzU0ZTZhMDQyNDI2MDg5NTc1Yzc1YTAwM2YwODlkMjczOTgzOWRlYzU4Yjk2NGVjMzg0Mw=="
    )


def _id_of(served: Any) -> int:
    _, spell = served.world.employed[3]
    text = f"FStaffNumber='{spell.user_id}'"
    ((card,),) = served.running.galaxy.forms.query("BD_Empinfo", ["FID"], text, "", 0, 1)
    return int(card)
