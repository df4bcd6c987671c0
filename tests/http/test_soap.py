from __future__ import annotations

import base64
import hashlib
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from hrhub.ambient import SystemClock
from hrhub.connector import VendorAnswer
from hrhub.connector.soap import SOAP_FAULTS
from hrhub.errors import (
    AuthError,
    ContractChanged,
    HrHubError,
    PluginError,
    ScopeError,
    Transient,
)
from hrhub.http.limits import Limits
from hrhub.http.retry import RetryPlan
from hrhub.http.soap import SoapCode, SoapService, UsernameToken
from hrhub.http.testing import Reply, ScriptedServer, local_client
from hrhub.http.xml import parse_xml

WSDL = Path(__file__).parent / "soap" / "people.wsdl"
PROLOG = '<?xml version="1.0"?>'
ONCE = RetryPlan(tries=1)
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:people">'
    "<s:Body>{}</s:Body></s:Envelope>"
)
GOOD = "<p:GetPersonResponse><p:name>{}</p:name></p:GetPersonResponse>"


def xml(inner: str, status: int = 200, prolog: str = "") -> Reply:
    body = (prolog + ENVELOPE.format(inner)).encode()
    return Reply(body, status, {"content-type": "text/xml; charset=utf-8"})


def fault(code: str, detail: str = "") -> Reply:
    text = f"<faultcode>s:{code}</faultcode><faultstring>Zhang San</faultstring>"
    return xml(f"<s:Fault>{text}<detail>{detail}</detail></s:Fault>", 500)


def service(url: str, token: UsernameToken | None = None, **options: Any) -> SoapService:
    errors = {**SOAP_FAULTS, "E7": VendorAnswer(ScopeError, "auth.missing_right")}
    options.setdefault("retry", ONCE)
    client = local_client(url, errors=errors, code_of=SoapCode("code"), **options)
    return SoapService(client, WSDL, path="/people", token=token)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (fault("Client"), ContractChanged, "vendor.refused_request"),
        (fault("Server"), Transient, "vendor.server_error"),
        (fault("FailedAuthentication"), AuthError, "auth.refused"),
        (fault("Server", "<code>E7</code>"), ScopeError, "auth.missing_right"),
        (fault("Odd").but(status=200), ContractChanged, "vendor.refused_request"),
        (Reply.html(), ContractChanged, "vendor.wrong_content_type"),
        (xml(GOOD.format("x")).but(keep=60), Transient, "vendor.page_cut"),
        (xml("<p:Other/>"), ContractChanged, "vendor.contract_changed"),
        (Reply(b"<s:Envelope>", 200), ContractChanged, "vendor.page_broken"),
        (Reply(b"<a/>", 200), ContractChanged, "vendor.contract_changed"),
    ],
)
def test_what_is_no_good_answer_becomes_an_error_without_its_text(
    reply: Reply, kind: type[HrHubError], code: str
) -> None:
    with ScriptedServer([reply]) as server, pytest.raises(HrHubError) as caught:
        service(server.url).call("GetPerson", id="7")

    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "Zhang" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE s SYSTEM "{url}/x.dtd">',
        '<!DOCTYPE s [<!ENTITY b SYSTEM "{url}/secret">]>',
        '<!DOCTYPE s [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        "<!-- c --><!DOCTYPE s>",
    ],
    ids=["bomb", "external dtd", "external entity", "file entity", "behind a comment"],
)
def test_a_document_type_is_refused_and_nothing_is_fetched(doctype: str) -> None:
    with ScriptedServer(
        lambda _: xml(GOOD.format("&b;"), prolog=PROLOG + doctype.format(url=server.url))
    ) as server:
        with pytest.raises(ContractChanged) as caught:
            service(server.url).call("GetPerson", id="7")
        assert (caught.value.code, caught.value.context["rule"]) == (
            "vendor.body_refused",
            "doctype",
        )
        assert [request.path for request in server.requests] == ["/people"]


def test_a_document_type_does_not_hide_behind_another_encoding() -> None:
    body = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16")
    with pytest.raises(ContractChanged) as caught:
        parse_xml(body)
    assert caught.value.code == "vendor.body_refused"


def test_a_slow_answer_ends_with_the_operation_s_time() -> None:
    slow = xml(GOOD.format("x")).but(drip_s=0.02)
    limits = Limits(request_s=0.3, total_s=0.3)
    with ScriptedServer([slow]) as server, pytest.raises(Transient) as caught:
        service(server.url, limits=limits, clock=SystemClock()).call("GetPerson", id="7")
    assert caught.value.code == "vendor.timeout"


@pytest.mark.parametrize("operation", ["Nothing", "GetPerson"])
def test_a_call_that_the_wsdl_does_not_know_is_not_sent(operation: str) -> None:
    with ScriptedServer([]) as server, pytest.raises(PluginError) as caught:
        service(server.url).call(operation, wrong="7")
    assert caught.value.context["rule"] == "soap_request"
    assert server.requests == []


@pytest.mark.parametrize(
    ("where", "rule"),
    [
        ("{url}/types.xsd", "wsdl"),
        ("../types.xsd", "wsdl_not_shipped"),
        ("/etc/hostname", "wsdl_not_shipped"),
    ],
)
def test_a_schema_that_is_not_shipped_beside_the_wsdl_is_not_read(
    where: str, rule: str, tmp_path: Path
) -> None:
    shutil.copy(WSDL.parent / "types.xsd", tmp_path)
    folder = tmp_path / "wsdl"
    folder.mkdir()
    with ScriptedServer([]) as server:
        text = WSDL.read_text(encoding="utf-8").replace("types.xsd", where.format(url=server.url))
        (folder / "people.wsdl").write_text(text, encoding="utf-8")
        with pytest.raises(PluginError) as caught:
            SoapService(local_client(server.url), folder / "people.wsdl")
        assert caught.value.context["rule"] == rule
        assert server.requests == []


def test_only_idempotent_operations_are_sent_again() -> None:
    plan = RetryPlan(tries=3)
    with ScriptedServer([fault("Server"), xml(GOOD.format("x"))]) as server:
        assert service(server.url, retry=plan).call("GetPerson", id="7", idempotent=True) == "x"
    with ScriptedServer([fault("Server")]) as server, pytest.raises(Transient):
        service(server.url, retry=plan).call("GetPerson", id="7")
    assert len(server.requests) == 1


def test_an_operation_goes_to_the_connection_s_address_and_leaves_no_trace_in_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer([xml(GOOD.format("甲乙"))]) as server:
        assert service(server.url).call("GetPerson", id="number-7") == "甲乙"
    (sent,) = server.requests
    assert (sent.path, sent.headers["soapaction"]) == ("/people", '"urn:get"')
    assert b"number-7" in sent.body
    assert "number-7" not in caplog.text and "甲乙" not in caplog.text


def test_the_security_header_proves_the_password_anew_in_every_request() -> None:
    token = UsernameToken("hub", "s3cret")
    assert "s3cret" not in repr(token)
    with ScriptedServer([xml(GOOD.format("x"))] * 2) as server:
        made = service(server.url, token)
        made.call("GetPerson", id="7")
        made.call("GetPerson", id="7")
    nonces = set()
    for request in server.requests:
        assert b"s3cret" not in request.body
        found = {
            name: parse_xml(request.body).findtext(f".//{{*}}{name}") or ""
            for name in ("Username", "Password", "Nonce", "Created")
        }
        nonce = base64.b64decode(found["Nonce"])
        expected = hashlib.sha1(nonce + found["Created"].encode() + b"s3cret").digest()
        assert found["Username"] == "hub"
        assert base64.b64decode(found["Password"]) == expected
        nonces.add(nonce)
    assert len(nonces) == 2
