"""What people read about errors that only SuccessFactors has."""

from __future__ import annotations

_WAIT_EN = "The sync waits and is tried again by itself; nothing was lost."
_STOP_EN = "Syncs of connection {connection} stop before anything is read; stored data stays."
_STREAM_EN = "The stream {stream} stopped; what it stored before stays."
_WAIT_ZH = "同步会等待并自动重试；没有丢失数据。"
_STOP_ZH = "连接 {connection} 的同步在读取之前停止；已存数据保持不变。"
_STREAM_ZH = "数据流 {stream} 已停止；此前写入的数据保持不变。"

WORDS = {
    "en": {
        "successfactors.assertion_expired": {
            "what": "SuccessFactors found our signed assertion out of its time.",
            "who": _STOP_EN,
            "do": "HR IT: set the clock of the machine that runs the hub (NTP).",
        },
        "successfactors.client_unknown": {
            "what": "SuccessFactors does not know the API key of connection {connection}.",
            "who": _STOP_EN,
            "do": "HR IT: compare the API key with Manage OAuth2 Client Applications.",
        },
        "successfactors.company_unknown": {
            "what": "SuccessFactors does not know the company id of connection {connection} "
            "on this host.",
            "who": _STOP_EN,
            "do": "HR IT: check company id (upper and lower case count) and API host; both stand "
            "under Show version information.",
        },
        "successfactors.cursor_unreadable": {
            "what": "The stored position of stream {stream} was not written by this connector.",
            "who": _STREAM_EN,
            "do": "Integration engineer: reset the stream's position; the next run reads it in "
            "full.",
        },
        "successfactors.entity_missing": {
            "what": "SuccessFactors does not offer what stream {stream} reads ({vendor_code}).",
            "who": _STREAM_EN,
            "do": "HR IT: give the technical user the OData permission for this entity, or take "
            "the stream out of the sync if the tenant does not use it.",
        },
        "successfactors.extra_field_unknown": {
            "what": "The tenant has no field {field_path} for stream {stream}.",
            "who": _STREAM_EN,
            "do": "HR IT: correct the further fields of connection {connection}.",
        },
        "successfactors.field_missing": {
            "what": "Stream {stream} needs fields that the tenant does not show: {fields} "
            "({vendor_code}).",
            "who": _STREAM_EN,
            "do": "HR IT: check the field permissions of the technical user. Integration engineer: "
            "if the data model changed, refresh the OData metadata on the tenant.",
        },
        "successfactors.hire_incomplete": {
            "what": "An employee to be written lacks work number, name, hire date or company.",
            "who": "One employee was not written; the others were.",
            "do": "HR: complete the employment in its source, then deliver again.",
        },
        "successfactors.key_changed": {
            "what": "On this tenant the key of {entity} is ({found}), not ({expected}).",
            "who": _STREAM_EN,
            "do": "Integration engineer: report it to the connector's maintainers; read with the "
            "wrong key, records would overwrite each other.",
        },
        "successfactors.key_mismatch": {
            "what": "SuccessFactors could not verify our signature.",
            "who": _STOP_EN,
            "do": "HR IT: the private key of connection {connection} must belong to the "
            "certificate uploaded to the OAuth client, and that must not have expired.",
        },
        "successfactors.login_closed": {
            "what": "SuccessFactors does not let this kind of login or this address in "
            "({vendor_code}).",
            "who": _STOP_EN,
            "do": "HR IT: allow the hub's address in the tenant's IP restrictions.",
        },
        "successfactors.metadata_broken": {
            "what": "The tenant's description of stream {stream} cannot be read ({bytes} bytes).",
            "who": _STREAM_EN,
            "do": "Integration engineer: open $metadata of the entity with the technical user; "
            "report it to SAP support if it is broken there too.",
        },
        "successfactors.metadata_busy": {
            "what": "SuccessFactors is rebuilding its OData metadata.",
            "who": _WAIT_EN,
            "do": "Nobody at first. HR IT: if it lasts longer than an hour, open a ticket with SAP "
            "and name the correlation id {correlation}.",
        },
        "successfactors.no_odata_right": {
            "what": "The technical user may not use the OData API ({vendor_code}).",
            "who": _STOP_EN,
            "do": "HR IT: grant the OData API export permission to the technical user's role.",
        },
        "successfactors.not_api_host": {
            "what": "The address of connection {connection} is not an API host of SuccessFactors "
            "({vendor_code}).",
            "who": _STOP_EN,
            "do": "HR IT: enter the tenant's API host, not the address where people log in.",
        },
        "successfactors.odata_off": {
            "what": "OData is switched off on the tenant ({vendor_code}).",
            "who": _STOP_EN,
            "do": "HR IT: have it enabled in Provisioning.",
        },
        "successfactors.query_refused": {
            "what": "SuccessFactors refused the query of stream {stream}.",
            "who": _STREAM_EN,
            "do": "Integration engineer: if snapshot paging is not supported here, turn it off in "
            "the connection; else report it with correlation id {correlation}.",
        },
        "successfactors.query_too_heavy": {
            "what": "SuccessFactors gave up on a page of stream {stream} (HTTP {status}).",
            "who": _WAIT_EN,
            "do": "HR IT: if it goes on, lower the rows per page of connection {connection}.",
        },
        "successfactors.row_refused": {
            "what": "SuccessFactors refused a part of an employee ({vendor_code}).",
            "who": "One employee was not written whole; the others were.",
            "do": "HR IT: check that the codes of company, department, position and event reason "
            "exist on the tenant, and what fields it demands; then deliver again.",
        },
        "successfactors.token_rejected": {
            "what": "SuccessFactors rejected our access token, and a fresh one too "
            "({vendor_code}).",
            "who": _STOP_EN,
            "do": "HR IT: check that the OAuth client is enabled and bound to the technical user.",
        },
        "successfactors.user_unknown": {
            "what": "SuccessFactors does not know the technical user of connection {connection}.",
            "who": _STOP_EN,
            "do": "HR IT: enter the user id, not the login name, or set the kind of user; the user "
            "must be active.",
        },
        "successfactors.window_lost": {
            "what": "SuccessFactors has forgotten where the reading of stream {stream} stood.",
            "who": _WAIT_EN,
            "do": "Nobody: the next run reads the same window from its first page.",
        },
    },
    "zh": {
        "successfactors.assertion_expired": {
            "what": "SuccessFactors 认为我方签名断言不在有效时间内。",
            "who": _STOP_ZH,
            "do": "HR IT：校准运行集成平台的机器时钟（NTP）。",
        },
        "successfactors.client_unknown": {
            "what": "SuccessFactors 不认识连接 {connection} 的 API key。",
            "who": _STOP_ZH,
            "do": "HR IT：与“管理 OAuth2 客户端应用程序”中的 API key 核对。",
        },
        "successfactors.company_unknown": {
            "what": "SuccessFactors 在该主机上不认识连接 {connection} 的公司 ID。",
            "who": _STOP_ZH,
            "do": "HR IT：检查公司 ID（区分大小写）和 API 主机；二者见“显示版本信息”。",
        },
        "successfactors.cursor_unreadable": {
            "what": "数据流 {stream} 的已存位置不是由本连接器写入的。",
            "who": _STREAM_ZH,
            "do": "集成工程师：重置该数据流的位置；下次运行将全量读取。",
        },
        "successfactors.entity_missing": {
            "what": "SuccessFactors 不提供数据流 {stream} 要读取的内容（{vendor_code}）。",
            "who": _STREAM_ZH,
            "do": "HR IT：为技术用户授予该实体的 OData 权限；"
            "若租户未使用该实体，则从同步中去掉该数据流。",
        },
        "successfactors.extra_field_unknown": {
            "what": "租户中没有数据流 {stream} 的字段 {field_path}。",
            "who": _STREAM_ZH,
            "do": "HR IT：更正连接 {connection} 的附加字段。",
        },
        "successfactors.field_missing": {
            "what": "数据流 {stream} 需要的字段租户未提供：{fields}（{vendor_code}）。",
            "who": _STREAM_ZH,
            "do": "HR IT：检查技术用户的字段权限。集成工程师：若数据模型有变，"
            "请在租户中刷新 OData 元数据。",
        },
        "successfactors.hire_incomplete": {
            "what": "待写入的员工缺少工号、姓名、入职日期或公司。",
            "who": "一名员工未写入；其他员工不受影响。",
            "do": "人事：在来源处补全任职信息，然后重新发送。",
        },
        "successfactors.key_changed": {
            "what": "该租户中 {entity} 的键是（{found}），而不是（{expected}）。",
            "who": _STREAM_ZH,
            "do": "集成工程师：请报告给连接器维护者；用错误的键读取会使记录互相覆盖。",
        },
        "successfactors.key_mismatch": {
            "what": "SuccessFactors 无法验证我方签名。",
            "who": _STOP_ZH,
            "do": ""
            "HR IT：连接 {connection} 的私钥必须与上传到 OAuth 客户端的证书匹配，且证书未过期。",
        },
        "successfactors.login_closed": {
            "what": "SuccessFactors 不允许此种登录方式或此地址（{vendor_code}）。",
            "who": _STOP_ZH,
            "do": "HR IT：在租户的 IP 限制中放行集成平台的地址。",
        },
        "successfactors.metadata_broken": {
            "what": "租户对数据流 {stream} 的描述无法读取（{bytes} 字节）。",
            "who": _STREAM_ZH,
            "do": "集成工程师：用技术用户打开该实体的 $metadata；若同样损坏，请报告 SAP 支持。",
        },
        "successfactors.metadata_busy": {
            "what": "SuccessFactors 正在重建 OData 元数据。",
            "who": _WAIT_ZH,
            "do": "暂无需处理。HR IT：若超过一小时，请向 SAP 提单并提供关联号 {correlation}。",
        },
        "successfactors.no_odata_right": {
            "what": "技术用户无权使用 OData API（{vendor_code}）。",
            "who": _STOP_ZH,
            "do": "HR IT：为技术用户的角色授予 OData API 导出权限。",
        },
        "successfactors.not_api_host": {
            "what": "连接 {connection} 的地址不是 SuccessFactors 的 API 主机（{vendor_code}）。",
            "who": _STOP_ZH,
            "do": "HR IT：填写租户的 API 主机，而不是员工登录的地址。",
        },
        "successfactors.odata_off": {
            "what": "租户已关闭 OData（{vendor_code}）。",
            "who": _STOP_ZH,
            "do": "HR IT：请在 Provisioning 中启用。",
        },
        "successfactors.query_refused": {
            "what": "SuccessFactors 拒绝了数据流 {stream} 的查询。",
            "who": _STREAM_ZH,
            "do": "集成工程师：若此处不支持快照分页，请在连接中关闭；"
            "否则请附关联号 {correlation} 报告。",
        },
        "successfactors.query_too_heavy": {
            "what": "SuccessFactors 放弃了数据流 {stream} 的一页（HTTP {status}）。",
            "who": _WAIT_ZH,
            "do": "HR IT：若持续出现，请调低连接 {connection} 的每页行数。",
        },
        "successfactors.row_refused": {
            "what": "SuccessFactors 拒绝了一名员工的部分数据（{vendor_code}）。",
            "who": "一名员工未完整写入；其他员工不受影响。",
            "do": "人事信息系统：检查公司、部门、职位和事件原因的代码是否存在于该租户，"
            "以及租户要求的字段，然后重新发送。",
        },
        "successfactors.token_rejected": {
            "what": "SuccessFactors 拒绝了访问令牌，新令牌也被拒绝（{vendor_code}）。",
            "who": _STOP_ZH,
            "do": "HR IT：检查 OAuth 客户端是否启用并绑定技术用户。",
        },
        "successfactors.user_unknown": {
            "what": "SuccessFactors 不认识连接 {connection} 的技术用户。",
            "who": _STOP_ZH,
            "do": "HR IT：填写用户 ID 而不是登录名，或设置用户类型；该用户必须有效。",
        },
        "successfactors.window_lost": {
            "what": "SuccessFactors 已忘记数据流 {stream} 读到哪里。",
            "who": _WAIT_ZH,
            "do": "无需处理：下次运行会从第一页重新读取同一窗口。",
        },
    },
}
