"""Login with WeCom ("网页授权"): where a browser is sent, and who came back with a code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from connectors.wecom.directory import own_fields
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Session
from hrhub.errors import ContractChanged, ScopeError

_AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who logged in.

    Attributes:
        user_id: The member's user id, as stream ``employees`` has it.
        work_no: The work number in the member's field that the connection names, if it is there.
    """

    user_id: str = field(repr=False)
    work_no: str | None = field(repr=False)


def login_address(config: WecomConfig, return_to: str, state: str) -> str:
    """Return the address that asks WeCom who is in front of the browser.

    Args:
        config: The connection.
        return_to: Where the browser comes back to with ``code`` and ``state``; its domain has to
            be entered as the application's trusted domain.
        state: A value that only this browser's session knows. Compare it when it comes back:
            otherwise somebody can be logged in as somebody else.
    """
    query = {
        "appid": config.corp_id,
        "redirect_uri": return_to,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
        "agentid": str(config.agent_id),
    }
    return f"{_AUTHORIZE}?{urlencode(query)}#wechat_redirect"


def logged_in(session: Session, code: str) -> Visitor:
    """Return who came back with a code; it works once, for five minutes.

    The work number says who that is in the hub even where mobile and mail are withheld.

    Raises:
        ScopeError: ``wecom.login_again``: the code is wrong, old or used. ``wecom.login_stranger``:
            whoever it is is no member of the enterprise. ``wecom.outside_range``: a member whom
            the application may not see.
    """
    said = session.http.get("/auth/getuserinfo", params={"code": code}).json()
    user_id = _text(said, "userid")
    if user_id is None:
        if _text(said, "openid") is not None or _text(said, "external_userid") is not None:
            raise ScopeError("wecom.login_stranger", vendor="WeCom")
        raise ContractChanged("vendor.key_missing", path="userid")
    config = session.config
    assert isinstance(config, WecomConfig)
    member = session.http.get("/user/get", params={"userid": user_id}).json()
    return Visitor(user_id, own_fields(member).get(config.work_no_field) or None)


def _text(said: dict[str, Any], name: str) -> str | None:
    found = said.get(name)
    return found if isinstance(found, str) and found else None
