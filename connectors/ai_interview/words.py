"""The platform's codes, and what people read about errors that only it has."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ContractChanged, ScopeError, Throttled, Transient

VENDOR = "AI-interview platform"

ERRORS = {
    "10001": VendorAnswer(AuthError, "auth.refused"),
    "10002": VendorAnswer(AuthError, "auth.refused"),
    "10003": VendorAnswer(AuthError, "auth.refused"),
    "10004": VendorAnswer(AuthError, "auth.refused"),
    "40000": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "40300": VendorAnswer(ScopeError, "ai_interview.not_allowed"),
    "40400": VendorAnswer(ContractChanged, "ai_interview.unknown"),
    "42900": VendorAnswer(Throttled, "vendor.throttled"),
    "50000": VendorAnswer(Transient, "vendor.server_error"),
}

_EN = {
    "not_allowed": (
        "The platform does not allow this to the access id of connection {connection}.",
        "Interviews of this connection wait; nobody was invited twice.",
        "HR IT: have the platform open invitations and results to this access id.",
    ),
    "unknown": (
        "The platform of connection {connection} knows no such position, invitation or person.",
        "What was asked for was not done.",
        "HR: look whether it was deleted at the platform. HR IT: look whether the connection leads "
        "to the right account.",
    ),
    "write_lacks": (
        "The write does not name the order, the decision or who took it.",
        "It was not sent to the platform.",
        "HR IT: give the write all fields that it needs, then send it once more.",
    ),
}
_ZH = {
    "not_allowed": (
        "平台不允许连接 {connection} 的 accessId 执行此操作。",
        "该连接的面试等待；没有重复邀请。",
        "人事信息系统：请平台为该 accessId 开通邀请与结果接口。",
    ),
    "unknown": (
        "连接 {connection} 的平台没有该岗位、邀请或人员。",
        "所请求的操作未执行。",
        "人事：检查平台上是否已删除。人事信息系统：检查连接是否指向正确的账户。",
    ),
    "write_lacks": (
        "该写入没有指明订单、决定或决定人。",
        "未发送到平台。",
        "人事信息系统：补全写入所需字段，然后重新发送。",
    ),
}

WORDS = words_of("ai_interview", en=_EN, zh=_ZH)
