"""What a terminal's refusals mean, and what people read about them."""

from __future__ import annotations

import msgspec

from hrhub.connector import VendorAnswer
from hrhub.connector.wording import words_of
from hrhub.errors import AuthError, ConfigError, ContractChanged, Transient
from hrhub.http.answer import Answer
from hrhub.http.xml import parse_xml

_LOCKED = "locked"


class _Said(msgspec.Struct):
    statusCode: int = 1
    subStatusCode: str = ""


_DECODER = msgspec.json.Decoder(_Said)


def status_of(answer: Answer) -> str | None:
    """Return a refusal's word in lower case; None for good. Errors may come with status 200."""
    try:
        said = _DECODER.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None if answer.status < 300 else "refused"
    if said.statusCode in (0, 1):
        return None
    return (said.subStatusCode or str(said.statusCode)).lower()


def code_of(answer: Answer) -> str | None:
    """Return a refusal's word if the table has it, of JSON and of XML, also of a lock-out.

    Other words are about one person or one search: who asked looks at them, and a search that was
    refused has no status.
    """
    body = answer.body
    word = None
    if body[:200].lstrip().startswith(b"<"):
        word = _of_xml(answer)
    elif body[:1] == b"{":
        word = status_of(answer)
    return word if word in ERRORS else None


def _of_xml(answer: Answer) -> str | None:
    if b"lockStatus" not in answer.body and b"ResponseStatus" not in answer.body:
        return None
    try:
        root = parse_xml(answer.body)
    except ContractChanged:
        return None
    lock = root.findtext(".//{*}lockStatus") or root.findtext(".//lockStatus") or ""
    if lock in ("locked", "lock"):
        return _LOCKED
    number = root.findtext(".//{*}statusCode") or "1"
    word = root.findtext(".//{*}subStatusCode") or number
    return None if number in ("0", "1") else word.lower()


ERRORS = {
    _LOCKED: VendorAnswer(ConfigError, "hikvision.locked"),
    "devicebusy": VendorAnswer(Transient, "vendor.server_error"),
    "2": VendorAnswer(Transient, "vendor.server_error"),
    "3": VendorAnswer(Transient, "vendor.server_error"),
    "notsupport": VendorAnswer(ConfigError, "hikvision.not_supported"),
    "invalidoperation": VendorAnswer(ConfigError, "hikvision.not_supported"),
    "methodnotallowed": VendorAnswer(ConfigError, "hikvision.not_supported"),
    "rebootrequired": VendorAnswer(ContractChanged, "hikvision.reboot"),
    "unauthorized": VendorAnswer(AuthError, "auth.refused"),
}

_STOPS = "The stream {stream} stopped; what it stored before stays. The terminal keeps its log."
_UNWRITTEN = "One person was not written to the terminal; the others were."
_ZH_STOPS = "数据流 {stream} 已停止；此前存储的数据保留。终端保留其记录。"
_ZH_UNWRITTEN = "一名人员未写入终端；其他人员不受影响。"

_EN = {
    "clock_wrong": (
        "The clock of the terminal of connection {connection} is {seconds} seconds off.",
        _STOPS,
        "HR IT: set the terminal's time server (NTP); then run the sync again. Punches stamped "
        "meanwhile carry the wrong time.",
    ),
    "full": (
        "The terminal of connection {connection} holds as many people as it can.",
        _UNWRITTEN,
        "HR IT: remove leavers from the terminal, or use a larger one.",
    ),
    "locked": (
        "The terminal of connection {connection} is locked after wrong passwords.",
        _STOPS,
        "HR IT: correct the password in the connection, wait half an hour, then run "
        "`hrhub check {connection}` once. Trying again earlier begins the wait anew.",
    ),
    "not_supported": (
        "The terminal of connection {connection} does not have what {stream} asks for.",
        _STOPS,
        "HR IT: this model has no search of events or persons; leave the stream out of the DAG.",
    ),
    "other_terminal": (
        "The terminal of connection {connection} is another one than the one that posts.",
        _STOPS,
        "HR IT: correct the address or the serial number in the connection: a punch that is read "
        "and posted would count twice.",
    ),
    "person_incomplete": (
        "A person to be written has no work number or no name.",
        _UNWRITTEN,
        "HR: complete the person at the source, then deliver again.",
    ),
    "person_refused": (
        "The terminal refused a person ({vendor_code}).",
        _UNWRITTEN,
        "HR IT: compare the length of number and name with the terminal's limits (32 and 128).",
    ),
    "reboot": (
        "The terminal of connection {connection} wants to be restarted.",
        _STOPS,
        "HR IT: restart it on the spot; the hub never does.",
    ),
}
_ZH = {
    "clock_wrong": (
        "连接 {connection} 的终端时钟偏差 {seconds} 秒。",
        _ZH_STOPS,
        "人事信息系统：为终端设置时间服务器（NTP），然后重新同步。在此期间的打卡时间是错误的。",
    ),
    "full": (
        "连接 {connection} 的终端人员已满。",
        _ZH_UNWRITTEN,
        "人事信息系统：从终端删除离职人员，或更换容量更大的终端。",
    ),
    "locked": (
        "连接 {connection} 的终端因密码错误被锁定。",
        _ZH_STOPS,
        "人事信息系统：修正连接中的密码，等待半小时，然后运行一次 `hrhub check {connection}`。"
        "提前重试会重新计时。",
    ),
    "not_supported": (
        "连接 {connection} 的终端不支持 {stream} 所需的功能。",
        _ZH_STOPS,
        "人事信息系统：该型号不支持事件或人员查询；请在 DAG 中去掉该数据流。",
    ),
    "other_terminal": (
        "连接 {connection} 的终端序列号与推送终端的序列号不同。",
        _ZH_STOPS,
        "人事信息系统：修正连接中的地址或序列号，否则同一次打卡会被计两次。",
    ),
    "person_incomplete": (
        "待写入的人员没有工号或姓名。",
        _ZH_UNWRITTEN,
        "人事：在来源处补全后重新发送。",
    ),
    "person_refused": (
        "终端拒绝了一名人员（{vendor_code}）。",
        _ZH_UNWRITTEN,
        "人事信息系统：检查工号与姓名长度是否超出终端限制（32 与 128）。",
    ),
    "reboot": (
        "连接 {connection} 的终端需要重启。",
        _ZH_STOPS,
        "人事信息系统：请在现场重启；Hub 不会执行此操作。",
    ),
}

WORDS = words_of("hikvision", en=_EN, zh=_ZH)
