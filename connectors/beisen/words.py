"""What refusals of the open platform mean, and what people read about them."""

from __future__ import annotations

import msgspec

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ContractChanged, ScopeError, Throttled, Transient
from hrhub.http.answer import Answer

RULE = "417"
"""A rule of the business was broken, whatever the interface."""


class _Said(msgspec.Struct):
    code: int | str | None = None
    pascal: int | str | None = msgspec.field(default=None, name="Code")
    error: str | None = None


_DECODER = msgspec.json.Decoder(_Said)


def code_of(answer: Answer) -> str | None:
    """Return the code of a refusal: a text, a number, in either case, or a word of the token call.

    A refusal by status 403 has no code of its own and is named by its status.
    """
    if answer.status == 403:
        return "403"
    try:
        said = _DECODER.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code = said.code if said.code is not None else said.pascal
    if code is None:
        return said.error or None
    return None if str(code) == "200" else str(code)


ERRORS = {
    "invalid_tenantid": VendorAnswer(AuthError, "auth.refused"),
    "invalid_client": VendorAnswer(AuthError, "auth.refused"),
    "invalid_grant": VendorAnswer(AuthError, "auth.refused"),
    "400": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "403": VendorAnswer(ScopeError, "beisen.interface_closed"),
    RULE: VendorAnswer(ContractChanged, "beisen.rule_refused"),
    "429": VendorAnswer(Throttled, "vendor.throttled"),
    "500": VendorAnswer(Transient, "vendor.server_error"),
}

_WAITS = "The sync of this stream stops; stored data stays."
_ZH_WAITS = "该数据流的同步停止；已存储的数据保留。"

_EN = {
    "interface_closed": (
        "Beisen does not open this interface to the hub.",
        _WAITS,
        "HR IT: in iTalent's back office, grant the interface to the hub's connector and put the "
        "hub's public address on the list of trusted addresses.",
    ),
    "rule_refused": (
        "Beisen refused a request by one of its own rules ({vendor_code}).",
        _WAITS,
        "HR IT: look up the time of this error in the connector's call log in iTalent, which holds "
        "the rule in words.",
    ),
    "scroll_lost": (
        "Beisen forgot its place in a long list several times; the next page must be asked for "
        "within ten seconds.",
        _WAITS,
        "Nobody at first: the window is read again. If it stays, lower the setting page_size.",
    ),
    "tenant_missing": (
        "Connection {connection} signs in by application id and names no tenant.",
        "Syncs of connection {connection} stop before anything is read; stored data stays.",
        "HR IT: enter the tenant id, or choose to sign in by AppKey.",
    ),
}
_ZH = {
    "interface_closed": (
        "北森未向 Hub 开放此接口。",
        _ZH_WAITS,
        "人事信息系统：在 iTalent 后台为 Hub 的连接器授权该接口，并将 Hub 的公网地址加入可信 IP。",
    ),
    "rule_refused": (
        "北森按其业务规则拒绝了请求（{vendor_code}）。",
        _ZH_WAITS,
        "人事信息系统：按出错时间查看 iTalent 中该连接器的调用日志，其中有规则说明。",
    ),
    "scroll_lost": (
        "北森多次丢失长列表的读取位置；下一页必须在十秒内请求。",
        _ZH_WAITS,
        "暂无需处理：将重新读取该时间段。如持续出现，请调小 page_size。",
    ),
    "tenant_missing": (
        "连接 {connection} 使用应用 ID 登录，但未填写租户 ID。",
        "连接 {connection} 的同步在读取之前停止；已存储的数据保留。",
        "人事信息系统：填写租户 ID，或改用 AppKey 登录。",
    ),
}

WORDS = words_of("beisen", en=_EN, zh=_ZH)
