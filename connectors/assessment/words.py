"""The platforms' codes, and what people read about errors that only they have."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ContractChanged, ScopeError, Throttled, Transient
from hrhub.http.answer import Answer
from hrhub.http.lookup import find_text

_REFUSED = VendorAnswer(ContractChanged, "vendor.refused_request")
_NOT_READY = VendorAnswer(Transient, "assessment.not_ready")


def code_of(answer: Answer) -> str | None:
    """Return the code of a refusal: a number in an envelope, or the last part of a problem's type.

    Envelopes come with status 200 (talebase); problems (RFC 9457) never do.
    """
    code = find_text(answer.body, "code")
    if code is not None:
        return None if code == "0" else code
    if answer.status < 400:
        return None
    return (find_text(answer.body, "type") or "").rpartition("/")[2] or None


ERRORS = {
    "40001": _REFUSED,
    "40101": VendorAnswer(AuthError, "auth.refused"),
    "40102": VendorAnswer(AuthError, "auth.refused"),
    "40103": VendorAnswer(AuthError, "auth.refused"),
    "40301": VendorAnswer(ScopeError, "auth.missing_right"),
    "40401": _REFUSED,
    "40404": _NOT_READY,
    "40901": _REFUSED,
    "40902": _REFUSED,
    "42201": _REFUSED,
    "42901": VendorAnswer(Throttled, "vendor.throttled"),
    "50000": VendorAnswer(Transient, "vendor.server_error"),
    "validation": _REFUSED,
    "not-found": _REFUSED,
    "idempotency-conflict": _REFUSED,
    "not-cancellable": _REFUSED,
    "results-not-ready": _NOT_READY,
    "rate-limited": VendorAnswer(Throttled, "vendor.throttled"),
}

_EN = {
    "not_ready": (
        "The platform has not scored this assessment yet.",
        "The report of this order waits; other orders go on.",
        "Nobody: the hub asks again. If it stays for days, ask the platform.",
    ),
    "sign_in": (
        "Connection {connection} signs its requests, which the dialect {dialect} does not know.",
        "Nothing was sent.",
        "HR IT: choose to sign in by token, or the dialect talebase.",
    ),
}
_ZH = {
    "not_ready": (
        "平台尚未完成该测评的评分。",
        "该订单的报告等待；其他订单继续。",
        "无需处理：Hub 会再次查询。如持续数日，请联系平台。",
    ),
    "sign_in": (
        "连接 {connection} 选择了请求签名，而方言 {dialect} 不支持。",
        "未发送任何内容。",
        "人事信息系统：改用令牌登录，或选择方言 talebase。",
    ),
}

WORDS = words_of("assessment", en=_EN, zh=_ZH)
