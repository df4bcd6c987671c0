"""Settings of a connection to WeCom."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from hrhub.connector import ConnectorConfig, setting


class WecomConfig(ConnectorConfig):
    """One self-built application of one enterprise, or its contact sync."""

    url: str = setting(
        "https://qyapi.weixin.qq.com",
        title="Address",
        help="Root of WeCom's interface; change it for a private deployment only.",
        slot="host",
        min_length=1,
    )
    corp_id: str = setting(
        title="Enterprise id",
        help="企业ID, under My Enterprise (我的企业) at the foot of the page.",
        slot="login",
        example="ww7a1b2c3d4e5f6071",
        min_length=1,
    )
    secret: SecretStr = setting(
        title="Application secret",
        help="Secret of the self-built application. It must be listed as callable under check-in "
        "(打卡), its visible range must cover everybody to be read, and this machine's address "
        "must be among its trusted addresses (企业可信IP). To write members, make a second "
        "connection with the secret of contact sync (通讯录同步): it alone may write the "
        "directory, and it reads nothing here.",
        slot="password",
    )
    agent_id: int = setting(
        0,
        title="Application id",
        help="AgentId of the application; needed to send messages only. Contact sync has none.",
        ge=0,
    )
    history_from: date = setting(
        date(2026, 1, 1),
        title="Attendance from",
        help="First day of check-ins, daily reports and approvals to read when nothing was read "
        "before.",
    )
    lookback_days: int = setting(
        3,
        title="Days read again",
        help="How far before the last reading check-ins are asked for again: phones without "
        "network hand them in late.",
        ge=0,
        le=30,
    )
    revised_days: int = setting(
        45,
        title="Days revised",
        help="How many days before the last reading daily reports are asked for again: leave and "
        "corrections that are approved later change them.",
        ge=0,
        le=180,
    )
    page_size: int = setting(
        100,
        title="People per call",
        help="For how many people attendance is asked for at once; WeCom takes 100 at most.",
        ge=1,
        le=100,
    )
    work_no_field: str = setting(
        "工号",
        title="Field of the work number",
        help="Name of the member field of your own that holds the work number; messages find "
        "their recipient by it. The mapping of the employees names it as well.",
        min_length=1,
    )
    hire_date_field: str = setting(
        "入职日期",
        title="Field of the day of entry",
        help="Name of the member field of your own that holds the day of entry; new members get "
        "it filled in. Empty: they do not. The mapping of the employees names it as well.",
    )
    departments: dict[str, int] = setting(
        {},
        title="Departments of units",
        help="Code of a unit of the hub -> id of the department that its members are written to. "
        "Empty: codes are the ids, as they are when units are read from WeCom.",
    )
    home_department: int = setting(
        1,
        title="Department of new members",
        help="Id of the department of new members whose unit is not known; 1 is the root.",
        ge=1,
    )
    notice_text: str = setting(
        "人事系统中有一项待办需要您处理。",
        title="Text of messages",
        help="What employees are sent, followed by a reference number; 2048 bytes together.",
        min_length=1,
        max_length=600,
    )
    callback_token: SecretStr = setting(
        SecretStr(""),
        title="Callback token",
        help="Token of the callback settings (接收事件服务器). Empty: no report is taken.",
    )
    callback_key: SecretStr = setting(
        SecretStr(""),
        title="Callback key",
        help="EncodingAESKey of the callback settings, 43 letters and digits.",
    )
