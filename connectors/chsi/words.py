"""The checker's codes, and what people read about errors that only it has."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import ConfigError, ConsentError, Throttled, Transient

ERRORS = {
    "CAPTCHA_REQUIRED": VendorAnswer(Throttled, "chsi.captcha"),
    "CONSENT_MISSING": VendorAnswer(ConsentError, "chsi.consent"),
    "TYPE_NOT_COVERED": VendorAnswer(ConfigError, "chsi.not_covered"),
    "SOURCE_CLOSED": VendorAnswer(Transient, "vendor.server_error"),
}

_EN = {
    "captcha": (
        "The checker was stopped by a question that tells people from machines.",
        "Education checks of connection {connection} wait; none is lost or asked for twice.",
        "Nobody: the hub goes on after a minute. If it comes back every day, HR IT: ask the "
        "checker whether it has a contract with CHSI.",
    ),
    "consent": (
        "The checker has no consent of the person.",
        "This education check was not begun.",
        "HR: put the person's consent on record, then order again.",
    ),
    "not_covered": (
        "This kind of report is not part of the contract with the checker.",
        "This education check was not ordered.",
        "HR: choose another kind of report, or have the contract extended.",
    ),
}
_ZH = {
    "captcha": (
        "核验方被要求输入验证码。",
        "连接 {connection} 的学历核验等待；没有丢失，也没有重复申请。",
        "无需处理：Hub 一分钟后继续。如果每天都出现，人事信息系统："
        "询问核验方是否与学信网签有协议。",
    ),
    "consent": (
        "核验方没有该人员的授权。",
        "该学历核验未开始。",
        "人事：登记当事人的授权，然后重新下单。",
    ),
    "not_covered": (
        "该报告类型不在与核验方的合同范围内。",
        "该学历核验未下单。",
        "人事：选择其他报告类型，或扩展合同。",
    ),
}

WORDS = words_of("chsi", en=_EN, zh=_ZH)
