"""The gateway's error codes, and what people read about them."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
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
    "10001": VendorAnswer(AuthError, "auth.refused"),
    "10002": VendorAnswer(AuthError, "social_security.signature"),
    "10003": VendorAnswer(AuthError, "social_security.cipher"),
    "10004": VendorAnswer(ConfigError, "social_security.clock"),
    "10005": VendorAnswer(ScopeError, "social_security.address"),
    "10006": VendorAnswer(ContractChanged, "social_security.duplicate"),
    "20001": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "20002": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "20003": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "30001": VendorAnswer(ConsentError, "social_security.no_authorisation"),
    "30002": VendorAnswer(ConsentError, "social_security.authorisation_over"),
    "30003": VendorAnswer(ConsentError, "social_security.beyond_authorisation"),
    "40001": VendorAnswer(ContractChanged, "social_security.no_area"),
    "40002": VendorAnswer(Throttled, "social_security.closed"),
    "40003": VendorAnswer(Transient, "vendor.timeout"),
    "50029": VendorAnswer(Throttled, "vendor.throttled"),
    "50030": VendorAnswer(Throttled, "social_security.quota"),
    "99999": VendorAnswer(Transient, "vendor.server_error"),
}

WORDS = {
    "en": {
        "social_security.address": {
            "what": "The gateway does not accept requests from this machine's address.",
            "who": "All orders of this connection stop; nothing was sent on.",
            "do": "HR IT: have the provider enter the address under which the hub leaves your "
            "network into its list.",
        },
        "social_security.answer_refused": {
            "what": "The gateway's answer cannot be trusted ({rule}).",
            "who": "This order waits; nothing was taken from the answer.",
            "do": "HR IT: compare platform's public key and dialect with what the provider issued. "
            "Ask the provider if both are right.",
        },
        "social_security.authorisation_over": {
            "what": "The person's authorisation has run out or was revoked.",
            "who": "This order ends; other orders go on.",
            "do": "HR: ask the person again, and place a new order if they agree.",
        },
        "social_security.beyond_authorisation": {
            "what": "More months or kinds of insurance were asked for than the person agreed to.",
            "who": "This order stops; nothing was read.",
            "do": "Integration engineer: report this as a fault of the connector.",
        },
        "social_security.cipher": {
            "what": "The gateway could not decrypt what was sent.",
            "who": "All orders of this connection stop; nothing was read.",
            "do": "HR IT: compare dialect and SM4 key (or the platform's public key) with what the "
            "provider issued.",
        },
        "social_security.clock": {
            "what": "The gateway finds this machine's clock more than five minutes off.",
            "who": "All orders of this connection stop; nothing was sent on.",
            "do": "HR IT: set the machine's clock by a time server.",
        },
        "social_security.closed": {
            "what": "The social-security system of that place is closed; many close at night and "
            "at the end of the month.",
            "who": "The order waits; it is not lost and not billed twice.",
            "do": "Nobody: it is tried again by itself.",
        },
        "social_security.duplicate": {
            "what": "The gateway has had another request under the same number.",
            "who": "This order stops; no second query was made.",
            "do": "Integration engineer: see that no other program uses this application id.",
        },
        "social_security.no_area": {
            "what": "The gateway has no data of one of the areas that were asked for.",
            "who": "This order stops; nothing was read.",
            "do": "HR IT: correct the connection's areas, or leave them empty.",
        },
        "social_security.no_authorisation": {
            "what": "The gateway knows no authorisation of that number.",
            "who": "This order stops; nothing was read.",
            "do": "HR: place the order again; the person is asked once more.",
        },
        "social_security.no_result": {
            "what": "There is no result for this order yet.",
            "who": "The result of the order waits.",
            "do": "Nobody: the person has to sign first, then the query takes up to a day.",
        },
        "social_security.quota": {
            "what": "The queries that the provider allows per day are used up.",
            "who": "Orders wait until tomorrow; none is lost.",
            "do": "HR IT: ask the provider for more if this happens often.",
        },
        "social_security.signature": {
            "what": "The gateway refused our signature.",
            "who": "All orders of this connection stop; nothing was sent on.",
            "do": "HR IT: check application secret and key pair, and that our public key is "
            "registered with the provider.",
        },
    },
    "zh": {
        "social_security.address": {
            "what": "网关不接受来自本机地址的请求。",
            "who": "该连接的所有订单停止；没有向后转发任何数据。",
            "do": "HR IT：请服务商将本系统的出口地址加入其白名单。",
        },
        "social_security.answer_refused": {
            "what": "网关的应答不可信（{rule}）。",
            "who": "该订单等待；没有采用应答中的任何内容。",
            "do": "HR IT：将平台公钥和加密方式与服务商发放的核对；若均正确，请询问服务商。",
        },
        "social_security.authorisation_over": {
            "what": "本人的授权已过期或已撤销。",
            "who": "该订单结束；其他订单继续。",
            "do": "人事：再次征求本人同意，同意后重新下单。",
        },
        "social_security.beyond_authorisation": {
            "what": "查询的月份或险种超出本人授权范围。",
            "who": "该订单停止；没有读取任何数据。",
            "do": "集成工程师：将此作为连接器缺陷上报。",
        },
        "social_security.cipher": {
            "what": "网关无法解密所发送的内容。",
            "who": "该连接的所有订单停止；没有读取任何数据。",
            "do": "HR IT：将加密方式和 SM4 密钥（或平台公钥）与服务商发放的核对。",
        },
        "social_security.clock": {
            "what": "网关认为本机时钟偏差超过五分钟。",
            "who": "该连接的所有订单停止；没有向后转发任何数据。",
            "do": "HR IT：用时间服务器校准本机时钟。",
        },
        "social_security.closed": {
            "what": "该地区的社保系统暂停服务；许多地区夜间及月末关闭。",
            "who": "该订单等待；不会丢失，也不会重复计费。",
            "do": "无需处理：会自动重试。",
        },
        "social_security.duplicate": {
            "what": "网关已收到同一流水号的另一请求。",
            "who": "该订单停止；没有产生第二次查询。",
            "do": "集成工程师：确认没有其他程序使用该应用编号。",
        },
        "social_security.no_area": {
            "what": "网关没有所查地区之一的数据。",
            "who": "该订单停止；没有读取任何数据。",
            "do": "HR IT：更正连接的地区代码，或留空。",
        },
        "social_security.no_authorisation": {
            "what": "网关没有该编号的授权。",
            "who": "该订单停止；没有读取任何数据。",
            "do": "人事：重新下单，将再次征求本人同意。",
        },
        "social_security.no_result": {
            "what": "该订单尚无结果。",
            "who": "该订单的结果等待中。",
            "do": "无需处理：本人须先签署授权，之后查询最长需要一天。",
        },
        "social_security.quota": {
            "what": "服务商每日允许的查询次数已用完。",
            "who": "订单等待至次日；不会丢失。",
            "do": "HR IT：若经常发生，请向服务商申请更多次数。",
        },
        "social_security.signature": {
            "what": "网关拒绝了我方签名。",
            "who": "该连接的所有订单停止；没有向后转发任何数据。",
            "do": "HR IT：检查应用密钥和密钥对，并确认在服务商登记的是我方公钥。",
        },
    },
}
