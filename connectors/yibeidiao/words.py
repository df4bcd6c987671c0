"""The platform's codes, and what people read about errors that only it has."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ConfigError, ContractChanged, Throttled, Transient

ERRORS = {
    "1001": VendorAnswer(AuthError, "auth.refused"),
    "1002": VendorAnswer(ConfigError, "yibeidiao.clock"),
    "2001": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "2002": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "2404": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "4001": VendorAnswer(ConfigError, "yibeidiao.balance"),
    "4029": VendorAnswer(Throttled, "vendor.throttled"),
    "5000": VendorAnswer(Transient, "vendor.server_error"),
}

_EN = {
    "balance": (
        "The balance at Yibeidiao is too low for another check.",
        "Checks of connection {connection} wait unpaid; none is ordered twice.",
        "HR: top it up with the platform; orders go on by themselves.",
    ),
    "clock": (
        "Yibeidiao finds the hub's time stamp too old or too new.",
        "Checks of connection {connection} wait; nothing was ordered.",
        "HR IT: set the clock of the machine that runs the hub (NTP); ten minutes are allowed.",
    ),
    "unsigned": (
        "An answer of Yibeidiao is not signed with the token of connection {connection}.",
        "The answer was not used; the order stays as it was.",
        "HR IT: compare key and token with those issued, and find out who answers at the address.",
    ),
}
_ZH = {
    "balance": (
        "易背调账户余额不足，无法继续核查。",
        "连接 {connection} 的背景调查等待支付；没有重复下单。",
        "人事：请向平台充值；订单会自动继续。",
    ),
    "clock": (
        "易背调认为 Hub 的时间戳过旧或过新。",
        "连接 {connection} 的背景调查等待；没有下单。",
        "人事信息系统：校准运行 Hub 的机器的时钟（NTP）；允许偏差十分钟。",
    ),
    "unsigned": (
        "易背调的一个应答不是用连接 {connection} 的 token 签名的。",
        "该应答未被采用；订单保持原状。",
        "人事信息系统：核对 key 与 token，并查明该地址由谁应答。",
    ),
}

WORDS = words_of("yibeidiao", en=_EN, zh=_ZH)
