"""The platform's codes, and what people read about errors that only it has."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import (
    AuthError,
    ConfigError,
    ConsentError,
    ContractChanged,
    ScopeError,
    Throttled,
    Transient,
)

ERRORS = {
    "1001": VendorAnswer(AuthError, "auth.refused"),
    "1002": VendorAnswer(ConfigError, "background.clock"),
    "1003": VendorAnswer(Transient, "vendor.server_error"),
    "1004": VendorAnswer(ScopeError, "background.address"),
    "2001": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "2002": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "2003": VendorAnswer(ConfigError, "background.package"),
    "3001": VendorAnswer(ConsentError, "background.consent"),
    "3002": VendorAnswer(ConsentError, "background.consent"),
    "4001": VendorAnswer(ConfigError, "background.balance"),
    "4029": VendorAnswer(Throttled, "vendor.throttled"),
    "5000": VendorAnswer(Transient, "vendor.server_error"),
}

_WAITS = "Background checks of connection {connection} wait; nobody was ordered twice."
_ZH_WAITS = "连接 {connection} 的背景调查等待；没有重复下单。"

_EN = {
    "address": (
        "The platform does not accept the address from which the hub calls.",
        _WAITS,
        "HR IT: have the hub's public address put on the platform's list.",
    ),
    "balance": (
        "The balance at the platform is too low for another order.",
        _WAITS,
        "HR: top it up with the platform; orders go on by themselves.",
    ),
    "clock": (
        "The platform finds the hub's time stamp too old or too new.",
        _WAITS,
        "HR IT: set the clock of the machine that runs the hub (NTP); five minutes are allowed.",
    ),
    "consent": (
        "The platform has no consent of the person, or it has ended.",
        "This background check stays where it is; nothing was looked into.",
        "HR: ask the person to sign the platform's request, then order again.",
    ),
    "key_missing": (
        "Connection {connection} lacks {setting}, which its kind of signature needs.",
        "Nothing was sent.",
        "HR IT: enter it in the connection, or choose another kind of signature.",
    ),
    "package": (
        "The package is not part of the contract with the platform.",
        "This background check was not ordered.",
        "HR: choose another package, or have the contract extended.",
    ),
}
_ZH = {
    "address": (
        "平台不接受 Hub 的调用地址。",
        _ZH_WAITS,
        "人事信息系统：请平台将 Hub 的公网地址加入白名单。",
    ),
    "balance": (
        "平台余额不足，无法继续下单。",
        _ZH_WAITS,
        "人事：请向平台充值；订单会自动继续。",
    ),
    "clock": (
        "平台认为 Hub 的时间戳过旧或过新。",
        _ZH_WAITS,
        "人事信息系统：校准运行 Hub 的机器的时钟（NTP）；允许偏差五分钟。",
    ),
    "consent": (
        "平台没有该人员的授权，或授权已到期。",
        "该背景调查保持原状；没有开展任何核查。",
        "人事：请当事人签署平台的授权请求，然后重新下单。",
    ),
    "key_missing": (
        "连接 {connection} 缺少 {setting}，其签名方式需要该项。",
        "未发送任何内容。",
        "人事信息系统：在连接中填写该项，或选择其他签名方式。",
    ),
    "package": (
        "该套餐不在与平台的合同范围内。",
        "该背景调查未下单。",
        "人事：选择其他套餐，或扩展合同。",
    ),
}

WORDS = words_of("background", en=_EN, zh=_ZH)
