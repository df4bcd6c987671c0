"""WeCom's error codes ("全局错误码"), and what people read about errors that only WeCom has."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ConfigError, ContractChanged, ScopeError, Throttled, Transient

ERRORS = {
    "-1": VendorAnswer(Transient, "vendor.server_error"),
    "40001": VendorAnswer(AuthError, "auth.refused"),
    "40013": VendorAnswer(AuthError, "wecom.corp_unknown"),
    "40014": VendorAnswer(AuthError, "auth.refused"),
    "40029": VendorAnswer(ScopeError, "wecom.login_again"),
    "41001": VendorAnswer(AuthError, "auth.refused"),
    "42001": VendorAnswer(AuthError, "auth.refused"),
    "42003": VendorAnswer(ScopeError, "wecom.login_again"),
    "42022": VendorAnswer(ScopeError, "wecom.login_again"),
    "45009": VendorAnswer(Throttled, "vendor.throttled"),
    "45033": VendorAnswer(Throttled, "vendor.throttled"),
    "45035": VendorAnswer(Transient, "vendor.server_error"),
    "6000": VendorAnswer(Transient, "vendor.server_error"),
    "48002": VendorAnswer(ScopeError, "wecom.not_callable"),
    "48009": VendorAnswer(ScopeError, "wecom.ids_only"),
    "60003": VendorAnswer(ContractChanged, "wecom.department_gone"),
    "60011": VendorAnswer(ScopeError, "wecom.outside_range"),
    "60020": VendorAnswer(ScopeError, "wecom.address_untrusted"),
    "301002": VendorAnswer(ConfigError, "wecom.agent_wrong"),
    "301021": VendorAnswer(ContractChanged, "wecom.member_gone"),
    "301022": VendorAnswer(Transient, "vendor.server_error"),
    "301026": VendorAnswer(Transient, "vendor.server_error"),
    "301055": VendorAnswer(ScopeError, "wecom.not_callable"),
}

_STOPS = "The stream {stream} stopped; what it stored before stays."
_WAITS = "Syncs of connection {connection} stop before anything is read; stored data stays."
_UNSENT = "One message was not sent; the others were."
_UNWRITTEN = "One member was not written; the others were."
_ZH_STOPS = "数据流 {stream} 已停止；此前存储的数据保留。"
_ZH_WAITS = "连接 {connection} 的同步在读取之前停止；已存储的数据保留。"
_ZH_UNSENT = "一条消息未发送；其他消息不受影响。"
_ZH_UNWRITTEN = "一名成员未写入；其他成员不受影响。"

_EN = {
    "address_untrusted": (
        "WeCom does not trust the address from which the hub calls ({vendor_code}).",
        _WAITS,
        "HR IT: enter the hub's public address under the application's trusted addresses "
        "(企业可信IP); it takes about a minute. If the address changes, give the hub a fixed one.",
    ),
    "agent_missing": (
        "Connection {connection} names no application id, so no message can be sent.",
        "Messages wait; reading goes on.",
        "HR IT: enter the AgentId of the application in the connection.",
    ),
    "agent_wrong": (
        "The application id of connection {connection} does not belong to its secret.",
        "Messages wait; reading goes on.",
        "HR IT: copy AgentId and secret from the same application's page.",
    ),
    "contacts_secret_needed": (
        "Connection {connection} holds the secret of an application, which may not write members.",
        "Members wait; reading goes on.",
        "HR IT: write members through a second connection with the secret of contact sync "
        "(通讯录同步), editing allowed and the hub's address entered there.",
    ),
    "corp_unknown": (
        "WeCom does not know the enterprise id of connection {connection}.",
        _WAITS,
        "HR IT: copy the enterprise id (企业ID) from My Enterprise in the console.",
    ),
    "department_gone": (
        "A department was deleted while stream {stream} was being read.",
        _STOPS,
        "Nobody at first: the next run reads the new tree. HR IT: look at the visible range if "
        "it stays.",
    ),
    "email_taken": (
        "Another member has the mail address already ({vendor_code}).",
        _UNWRITTEN,
        "HR: find out whose it is; correct it in the source, or at WeCom.",
    ),
    "ids_only": (
        "WeCom gives this secret user ids only, since it is called from a new address.",
        _WAITS,
        "HR IT: use the secret of a self-built application instead of contact sync (通讯录同步).",
    ),
    "login_again": (
        "WeCom does not take the login ({vendor_code}): it works once, for five minutes.",
        "Nobody was logged in.",
        "The person: open the page from WeCom again.",
    ),
    "login_stranger": (
        "Somebody who is no member of the enterprise came from WeCom's login.",
        "Nobody was logged in.",
        "HR IT: make the person a member, if it is one of yours.",
    ),
    "member_gone": (
        "A member was deleted while stream {stream} was being read.",
        _STOPS,
        "Nobody: the next run asks for those who are there.",
    ),
    "member_incomplete": (
        "A member lacks work number or name.",
        _UNWRITTEN,
        "HR: enter both in the source.",
    ),
    "member_refused": (
        "WeCom does not take a value of a member ({vendor_code}).",
        _UNWRITTEN,
        "HR IT: look up the code among WeCom's global error codes (全局错误码); HR: correct the "
        "value in the source.",
    ),
    "member_unreachable": (
        "A new member has neither mobile number nor mail address ({vendor_code}).",
        _UNWRITTEN,
        "HR: enter one of the two in the source.",
    ),
    "mobile_taken": (
        "Another member has the mobile number already ({vendor_code}).",
        _UNWRITTEN,
        "HR: if it is the same person under another user id, change that id to the work number in "
        "the console; otherwise correct the number.",
    ),
    "nobody_visible": (
        "WeCom shows connection {connection} not a single member.",
        "The stream {stream} stopped; nobody is taken for a leaver.",
        "HR IT: put the whole enterprise into the visible range (可见范围) of the application.",
    ),
    "not_callable": (
        "The application may not use what stream {stream} reads ({vendor_code}).",
        _STOPS,
        "HR IT: list the application as callable (可调用接口的应用) under check-in (打卡) or "
        "approval (审批).",
    ),
    "outside_range": (
        "Stream {stream} asked for somebody outside the application's visible range.",
        _STOPS,
        "HR IT: put the whole enterprise into the visible range (可见范围) of the application.",
    ),
    "recipient_unknown": (
        "No member, or more than one, carries the work number that a message is for.",
        _UNSENT,
        "HR: enter the work number in the member's field that the connection names, once only.",
    ),
    "recipient_unlicensed": (
        "The recipient has no base licence of WeCom.",
        _UNSENT,
        "HR IT: assign a licence to the member in the console.",
    ),
    "text_too_long": (
        "The text of messages of connection {connection} is longer than WeCom takes.",
        "Messages wait; reading goes on.",
        "HR IT: shorten the text in the connection; a Chinese character counts three bytes of "
        "2048.",
    ),
    "unit_unknown": (
        "WeCom has no department for the unit of a member.",
        _UNWRITTEN,
        "HR IT: enter the unit's code and the department's id under Departments of units in the "
        "connection.",
    ),
    "user_id_unfit": (
        "A work number cannot be a user id of WeCom ({vendor_code}).",
        _UNWRITTEN,
        "HR: use letters, digits and _-@. only, 64 at most, a letter or digit first.",
    ),
}
_ZH = {
    "address_untrusted": (
        "企业微信不信任 Hub 的出口地址（{vendor_code}）。",
        _ZH_WAITS,
        "人事信息系统：将 Hub 的公网地址加入该应用的“企业可信IP”，约一分钟生效；"
        "若地址会变化，请为 Hub 配置固定出口。",
    ),
    "agent_missing": (
        "连接 {connection} 未填写应用的 AgentId，无法发送消息。",
        "消息等待；读取继续。",
        "人事信息系统：在连接中填写该应用的 AgentId。",
    ),
    "agent_wrong": (
        "连接 {connection} 的 AgentId 与其 Secret 不属于同一应用。",
        "消息等待；读取继续。",
        "人事信息系统：从同一应用页面复制 AgentId 和 Secret。",
    ),
    "contacts_secret_needed": (
        "连接 {connection} 使用的是应用的 Secret，无权写入成员。",
        "成员等待写入；读取继续。",
        "人事信息系统：另建一个使用“通讯录同步” Secret 的连接来写入成员，"
        "并在该处开启编辑权限、加入 Hub 的地址。",
    ),
    "corp_unknown": (
        "企业微信不认识连接 {connection} 的企业 ID。",
        _ZH_WAITS,
        "人事信息系统：从管理后台“我的企业”复制企业 ID。",
    ),
    "department_gone": (
        "读取数据流 {stream} 期间有部门被删除。",
        _ZH_STOPS,
        "暂无需处理：下次运行会读取新的组织架构。人事信息系统：若持续出现，请检查应用可见范围。",
    ),
    "email_taken": (
        "该邮箱已被另一成员使用（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：核实邮箱归属，在源系统或企业微信中更正。",
    ),
    "ids_only": (
        "由于调用地址是新的，企业微信只向该 Secret 提供成员 ID。",
        _ZH_WAITS,
        "人事信息系统：请改用自建应用的 Secret，而不是通讯录同步的 Secret。",
    ),
    "login_again": (
        "企业微信不再接受该登录（{vendor_code}）：每次登录仅可使用一次，五分钟内有效。",
        "没有人登录。",
        "登录者：从企业微信重新打开页面。",
    ),
    "login_stranger": (
        "通过企业微信登录的人不是企业成员。",
        "没有人登录。",
        "人事信息系统：若确为本企业员工，请将其加入通讯录。",
    ),
    "member_gone": (
        "读取数据流 {stream} 期间有成员被删除。",
        _ZH_STOPS,
        "无需处理：下次运行只查询现有成员。",
    ),
    "member_incomplete": (
        "成员缺少工号或姓名。",
        _ZH_UNWRITTEN,
        "人事：在源系统中补全两者。",
    ),
    "member_refused": (
        "企业微信不接受成员的某个字段值（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事信息系统：在企业微信“全局错误码”中查询该代码；人事：在源系统中更正该值。",
    ),
    "member_unreachable": (
        "新成员既无手机号也无邮箱（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：在源系统中填写其中之一。",
    ),
    "mobile_taken": (
        "该手机号已被另一成员使用（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：若为同一人使用其他账号，请在管理后台将账号改为工号；否则更正手机号。",
    ),
    "nobody_visible": (
        "企业微信没有向连接 {connection} 显示任何成员。",
        "数据流 {stream} 已停止；没有人被视为离职。",
        "人事信息系统：将整个企业加入该应用的可见范围。",
    ),
    "not_callable": (
        "该应用无权使用数据流 {stream} 所读的接口（{vendor_code}）。",
        _ZH_STOPS,
        "人事信息系统：在“打卡”或“审批”的“可调用接口的应用”中加入该应用。",
    ),
    "outside_range": (
        "数据流 {stream} 查询了应用可见范围之外的人员。",
        _ZH_STOPS,
        "人事信息系统：将整个企业加入该应用的可见范围。",
    ),
    "recipient_unknown": (
        "没有成员、或有多名成员使用该消息对应的工号。",
        _ZH_UNSENT,
        "人事：在连接所指定的成员字段中填写工号，且不得重复。",
    ),
    "recipient_unlicensed": (
        "接收人没有企业微信基础账号许可。",
        _ZH_UNSENT,
        "人事信息系统：在管理后台为该成员分配许可。",
    ),
    "text_too_long": (
        "连接 {connection} 的消息文本超过企业微信允许的长度。",
        "消息等待；读取继续。",
        "人事信息系统：缩短连接中的文本；一个汉字占 3 字节，上限 2048 字节。",
    ),
    "unit_unknown": (
        "成员所属单位在企业微信中没有对应的部门。",
        _ZH_UNWRITTEN,
        "人事信息系统：在连接的 departments 设置中填写单位代码与部门 ID。",
    ),
    "user_id_unfit": (
        "该工号不能作为企业微信账号（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：只使用字母、数字和 _-@.，最多 64 位，首位须为字母或数字。",
    ),
}

WORDS = words_of("wecom", en=_EN, zh=_ZH)
