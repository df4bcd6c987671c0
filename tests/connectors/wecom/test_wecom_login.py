"""Login with WeCom: who is let in, who is not, and by what people are known; failures first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.wecom import logged_in, login_address
from connectors.wecom.sandbox import CORP_ID
from hrhub.errors import AuthError, ScopeError

Serve = Callable[..., Any]


def test_a_code_that_nobody_was_given_lets_nobody_in(serve: Serve) -> None:
    served = serve()

    with pytest.raises(ScopeError) as refused:
        logged_in(served.session(), "made-up")

    assert (refused.value.code, refused.value.context["vendor_code"]) == (
        "wecom.login_again",
        "40029",
    )
    assert "made-up" not in str(refused.value)
    # A refused code says nothing against our own credentials: they are not fetched anew.
    assert [r.path for r in served.running.requests].count("/cgi-bin/gettoken") == 1


def test_a_code_lets_in_once(serve: Serve) -> None:
    served = serve()
    code = served.running.enterprise.visit(served.running.enterprise.members[0]["userid"])
    session = served.session()
    logged_in(session, code)

    with pytest.raises(ScopeError) as refused:
        logged_in(session, code)

    assert refused.value.context["vendor_code"] == "42022"


def test_a_code_is_too_old_after_five_minutes(serve: Serve) -> None:
    served = serve()
    code = served.running.enterprise.visit("wx00001")
    served.running.enterprise.forget_visits()

    with pytest.raises(ScopeError) as refused:
        logged_in(served.session(), code)

    assert refused.value.context["vendor_code"] == "42003"


def test_somebody_from_elsewhere_is_not_let_in(serve: Serve) -> None:
    served = serve()

    with pytest.raises(ScopeError) as refused:
        logged_in(served.session(), served.running.enterprise.visit(None))

    assert refused.value.code == "wecom.login_stranger"


def test_a_member_outside_the_visible_range_is_told_as_such(serve: Serve) -> None:
    served = serve(visible="no")

    with pytest.raises(ScopeError) as refused:
        logged_in(served.session(), served.running.enterprise.visit("wx00001"))

    assert refused.value.code == "wecom.outside_range"


def test_a_wrong_secret_is_told_as_one(serve: Serve) -> None:
    served = serve()

    with pytest.raises(AuthError):
        logged_in(served.session(secret="another"), served.running.enterprise.visit("wx00001"))


def test_everybody_is_known_by_work_number_though_mobile_and_mail_are_withheld(
    serve: Serve,
) -> None:
    served = serve()
    session = served.session()
    members = [m["userid"] for m in served.running.enterprise.members[:12]]

    visitors = [logged_in(session, served.running.enterprise.visit(m)) for m in members]

    assert [v.user_id for v in visitors] == members
    assert [v.work_no for v in visitors] == [s.user_id for _, s in served.world.employed[:12]]
    assert visitors[0].user_id not in repr(visitors[0])


def test_a_member_without_the_field_of_the_work_number_has_none(serve: Serve) -> None:
    served = serve()
    code = served.running.enterprise.visit(served.running.enterprise.members[0]["userid"])

    assert logged_in(served.session(work_no_field="another"), code).work_no is None


def test_the_address_names_enterprise_application_state_and_the_way_back(serve: Serve) -> None:
    config = serve().session().config

    address = urlsplit(login_address(config, "https://hr.example.cn/back?page=1&x=2", "s-1"))

    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.netloc, address.fragment) == ("open.weixin.qq.com", "wechat_redirect")
    assert asked["appid"] == CORP_ID
    assert asked["redirect_uri"] == "https://hr.example.cn/back?page=1&x=2"
    assert (asked["scope"], asked["state"], asked["response_type"]) == (
        "snsapi_base",
        "s-1",
        "code",
    )
