"""What refusals of Weaver's interfaces mean, and what people read about them."""

from __future__ import annotations

import msgspec

from hrhub.connector import VendorAnswer
from hrhub.connector.soap import SOAP_FAULTS
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ContractChanged, ScopeError, Transient
from hrhub.http.answer import Answer
from hrhub.http.soap import SoapCode

_soap = SoapCode()
_LOGIN_PAGES = (b"/login/Login.jsp", b"/wui/index.html#/?logintype")
_TOKEN_PATHS_OK = ("0", "1", "SUCCESS")
_DEAD = "token"


class _Named(msgspec.Struct):
    name: str = ""


class _Said(msgspec.Struct):
    code: int | str | _Named | None = None
    status: bool | str | None = None
    msg: str | None = None


_DECODER = msgspec.json.Decoder(_Said)


def code_of(answer: Answer) -> str | None:
    """Return the code of a refusal; all but SOAP faults come with status 200.

    ``code`` is "1", 0 or SUCCESS for good, a text, a number or an object otherwise. Some builds
    answer a dead token with the login page.
    """
    body = answer.body
    if body[:200].lstrip().startswith(b"<"):
        if any(page in body for page in _LOGIN_PAGES):
            return _DEAD
        return _soap(answer)
    try:
        said = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code = said.code.name if isinstance(said.code, _Named) else str(said.code)
    if code in _TOKEN_PATHS_OK or said.code is None:
        return None
    # Number and text of a dead token differ between builds; the word in it does not.
    return _DEAD if _DEAD in (said.msg or "").lower() else code


ERRORS = {
    **SOAP_FAULTS,
    _DEAD: VendorAnswer(AuthError, "auth.refused"),
    # 无权限调用此接口: the caller's address or token is not accepted.
    "2": VendorAnswer(AuthError, "weaver.address_unlisted"),
    "NO_PERMISSION": VendorAnswer(ScopeError, "auth.missing_right"),
    "USER_EXCEPTION": VendorAnswer(ScopeError, "weaver.user_unknown"),
    "PARAM_ERROR": VendorAnswer(ContractChanged, "weaver.form_refused"),
    "SYSTEM_INNER_ERROR": VendorAnswer(Transient, "vendor.server_error"),
    "FAIL": VendorAnswer(ContractChanged, "vendor.refused_request"),
}

_WAITS = "Syncs of connection {connection} stop before anything is read; stored data stays."
_UNWRITTEN = "One record was not written; the others were."
_NO_PLANS = "Plans and requests of workflows wait; the directory is still read."
_ZH_WAITS = "连接 {connection} 的同步在读取之前停止；已存储的数据保留。"
_ZH_UNWRITTEN = "一条记录未写入；其他记录不受影响。"
_ZH_NO_PLANS = "考勤计划和流程请求等待；组织与人员的读取继续。"

_EN = {
    "address_missing": (
        "Connection {connection} reads by SOAP and does not name the hub's own address.",
        _WAITS,
        "HR IT: enter the address that the OA sees, the one listed in HrmWebserviceIP.properties.",
    ),
    "address_unlisted": (
        "Weaver does not accept the hub as a caller.",
        _WAITS,
        "HR IT: with SOAP, list the hub's address in HrmWebserviceIP.properties; with REST, "
        "compare the secret and the digest, and the OA's clock (five minutes at most).",
    ),
    "application_missing": (
        "Connection {connection} lacks application id, user or the OA's public key.",
        _NO_PLANS,
        "HR IT: register the application once and enter APPID, secret, spk and the OA user's id.",
    ),
    "form_refused": (
        "Weaver refused the workflow's form ({vendor_code}).",
        _UNWRITTEN,
        "HR IT: compare the form's field names in the connection with the workflow's main form.",
    ),
    "person_incomplete": (
        "A person to be written has no work number or no name.",
        _UNWRITTEN,
        "HR: complete the person at the source, then deliver again.",
    ),
    "person_refused": (
        "Weaver refused a person ({vendor_code}).",
        _UNWRITTEN,
        "HR: look whether department, manager and identity number are known in the OA and not "
        "used twice, then deliver again.",
    ),
    "person_unanswered": (
        "Weaver did not say what became of a person.",
        "It is not known whether the record was written.",
        "Nobody at first: it is sent again, which does no harm.",
    ),
    "plan_incomplete": (
        "An attendance plan has no work number or no first day.",
        _UNWRITTEN,
        "HR: complete the employment, then deliver again.",
    ),
    "user_unknown": (
        "The OA user of connection {connection} is not known or may not start the workflow.",
        _NO_PLANS,
        "HR IT: enter the id (a number) of an OA user who may start it.",
    ),
    "workflow_missing": (
        "Connection {connection} names no workflow for attendance plans.",
        _NO_PLANS,
        "HR IT: enter the workflow's id in the connection.",
    ),
}
_ZH = {
    "address_missing": (
        "连接 {connection} 通过 SOAP 读取，但未填写 Hub 自身的地址。",
        _ZH_WAITS,
        "人事信息系统：填写 OA 所看到的地址，即 HrmWebserviceIP.properties 中所列的地址。",
    ),
    "address_unlisted": (
        "泛微不接受 Hub 的调用。",
        _ZH_WAITS,
        "人事信息系统：SOAP 方式请将 Hub 的地址加入 HrmWebserviceIP.properties；"
        "REST 方式请核对密钥、摘要算法和 OA 时钟（相差不超过五分钟）。",
    ),
    "application_missing": (
        "连接 {connection} 缺少应用 ID、用户或 OA 公钥。",
        _ZH_NO_PLANS,
        "人事信息系统：完成一次性注册，并填写 APPID、secret、spk 和 OA 用户 ID。",
    ),
    "form_refused": (
        "泛微拒绝了流程表单（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事信息系统：核对连接中的表单字段名与流程主表字段。",
    ),
    "person_incomplete": (
        "待写入的人员没有工号或姓名。",
        _ZH_UNWRITTEN,
        "人事：在来源处补全后重新发送。",
    ),
    "person_refused": (
        "泛微拒绝了一名人员（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事：检查部门、上级是否存在，证件号码是否重复，然后重新发送。",
    ),
    "person_unanswered": (
        "泛微没有说明一名人员的处理结果。",
        "无法确定该记录是否已写入。",
        "暂无需处理：将自动重发，重发无害。",
    ),
    "plan_incomplete": (
        "考勤计划缺少工号或开始日期。",
        _ZH_UNWRITTEN,
        "人事：补全任职信息后重新发送。",
    ),
    "user_unknown": (
        "连接 {connection} 的 OA 用户不存在，或无权发起该流程。",
        _ZH_NO_PLANS,
        "人事信息系统：填写有权发起该流程的 OA 用户 ID（数字）。",
    ),
    "workflow_missing": (
        "连接 {connection} 未填写考勤计划的流程。",
        _ZH_NO_PLANS,
        "人事信息系统：在连接中填写流程 ID。",
    ),
}

WORDS = words_of("weaver", en=_EN, zh=_ZH)
