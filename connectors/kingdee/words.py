"""Kingdee's refusal numbers (``MsgCode``), and what people read about its own errors."""

from __future__ import annotations

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ConfigError, ContractChanged

ERRORS = {
    # The text speaks of a lost session and means: signing in anew failed as well.
    "1": VendorAnswer(AuthError, "auth.refused"),
    "4": VendorAnswer(ConfigError, "kingdee.form_unknown"),
    "8": VendorAnswer(ContractChanged, "vendor.refused_request"),
    "9": VendorAnswer(ConfigError, "kingdee.field_unknown"),
}

_STOPS = "The stream {stream} stopped; what it stored before stays."
_UNWRITTEN = "One employee was not written; the others were."
_ZH_STOPS = "数据流 {stream} 已停止；此前存储的数据保留。"
_ZH_UNWRITTEN = "一名员工未写入；其他员工不受影响。"

_EN = {
    "app_id_malformed": (
        "The application id of connection {connection} is not one of Kingdee's.",
        "Nothing was read or written.",
        "HR IT: copy the whole 应用ID, with the part after the underscore, from the page of "
        "third-party systems.",
    ),
    "field_unknown": (
        "Kingdee does not know a field that stream {stream} asks for.",
        _STOPS,
        "HR IT: compare the form's fields with those in the connector's README; versions and "
        "modules differ.",
    ),
    "form_unknown": (
        "Kingdee does not know the form that stream {stream} reads.",
        _STOPS,
        "HR IT: the module is not installed, or the user may not see it; sync the other streams.",
    ),
    "in_approval": (
        "The employee's card is being approved in Kingdee and cannot be changed.",
        _UNWRITTEN,
        "HR: finish or withdraw the approval in Kingdee, then deliver again.",
    ),
    "organisation_missing": (
        "Connection {connection} names no organisation for new employees.",
        "Employees to be written wait; reading goes on.",
        "HR IT: enter the organisation's number in the connection.",
    ),
    "refused_card": (
        "Kingdee refused the employee's card ({vendor_code}).",
        _UNWRITTEN,
        "HR: look at the fields named with it, correct them at their source, then deliver again.",
    ),
    "setting_missing": (
        "Connection {connection} lacks {setting}, which its way to sign in needs.",
        "Nothing was read or written.",
        "HR IT: enter it, or choose another way to sign in.",
    ),
}
_ZH = {
    "app_id_malformed": (
        "连接 {connection} 的应用 ID 不是金蝶的格式。",
        "未读取也未写入任何数据。",
        "人事信息系统：从“第三方系统登录授权”复制完整的应用 ID，包括下划线之后的部分。",
    ),
    "field_unknown": (
        "金蝶不认识数据流 {stream} 查询的某个字段。",
        _ZH_STOPS,
        "人事信息系统：对照连接器 README 检查该表单的字段；版本与模块之间有差异。",
    ),
    "form_unknown": (
        "金蝶不认识数据流 {stream} 读取的表单。",
        _ZH_STOPS,
        "人事信息系统：该模块未安装，或该用户无权查看；请只同步其他数据流。",
    ),
    "in_approval": (
        "该员工的资料在金蝶中正在审批，无法修改。",
        _ZH_UNWRITTEN,
        "人事：在金蝶中完成或撤回审批，然后重新发送。",
    ),
    "organisation_missing": (
        "连接 {connection} 未填写新员工所属的组织。",
        "待写入的员工等待；读取继续。",
        "人事信息系统：在连接中填写组织编码。",
    ),
    "refused_card": (
        "金蝶拒绝了该员工的资料（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：查看所列字段，在来源处更正后重新发送。",
    ),
    "setting_missing": (
        "连接 {connection} 缺少 {setting}，其登录方式需要该项。",
        "未读取也未写入任何数据。",
        "人事信息系统：填写该项，或选择其他登录方式。",
    ),
}

WORDS = words_of("kingdee", en=_EN, zh=_ZH)
