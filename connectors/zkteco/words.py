"""What people read about errors that only terminals have."""

from __future__ import annotations

WORDS = {
    "en": {
        "zkteco.busy": {
            "what": "The terminal of connection {connection} has no free session.",
            "who": "Its punches wait in the terminal; nothing was lost.",
            "do": "HR IT: close other software that is connected to the terminal (it bears only "
            "few connections). The sync is tried again by itself.",
        },
        "zkteco.checksum": {
            "what": "An answer of the terminal of connection {connection} arrived damaged.",
            "who": "Nothing of this reading was stored; the sync is tried again by itself.",
            "do": "HR IT: if it comes back, check the cable and try protocol UDP; turn checksums "
            "off only if ZKTeco confirms that this firmware computes them wrongly.",
        },
        "zkteco.command_refused": {
            "what": "The terminal of connection {connection} refused request {command} with "
            "reply {reply}.",
            "who": "The stream {stream} stopped before anything was stored.",
            "do": "Integration engineer: compare the firmware that `hrhub check {connection}` "
            "shows with the connector's README; newer models may speak PUSH only.",
        },
        "zkteco.layout_unknown": {
            "what": "The terminal of connection {connection} sent {bytes} bytes in a record "
            "layout that the connector does not know ({counted} records counted).",
            "who": "The stream {stream} stopped before anything was stored.",
            "do": "Integration engineer: check whether the terminal's clock is right; then report "
            "model and firmware to the connector's maintainers.",
        },
        "zkteco.no_serial": {
            "what": "The terminal of connection {connection} has no serial number.",
            "who": "Its punches cannot be told from another terminal's, so none are read.",
            "do": "HR IT: set the device id in the connection and never change it again.",
        },
        "zkteco.not_a_terminal": {
            "what": "What answers at the address of connection {connection} does not speak the "
            "terminal's protocol.",
            "who": "Its syncs stop; nothing was stored.",
            "do": "HR IT: check address and port (usually 4370).",
        },
    },
    "zh": {
        "zkteco.busy": {
            "what": "连接 {connection} 的考勤机没有空闲会话。",
            "who": "打卡记录留在考勤机中等待；没有丢失数据。",
            "do": "HR IT：关闭其他正在连接该考勤机的软件（它只支持少量连接）。同步会自动重试。",
        },
        "zkteco.checksum": {
            "what": "连接 {connection} 的考勤机有一个应答在传输中损坏。",
            "who": "本次读取没有写入任何数据；同步会自动重试。",
            "do": "HR IT：若再次出现，请检查网线并改用 UDP；仅当厂商确认固件有误时才关闭校验。",
        },
        "zkteco.command_refused": {
            "what": "连接 {connection} 的考勤机拒绝了请求 {command}，应答码 {reply}。",
            "who": "数据流 {stream} 在写入之前停止。",
            "do": "集成工程师：将 `hrhub check {connection}` 显示的固件与连接器 README 对照；"
            "较新机型可能只支持 PUSH。",
        },
        "zkteco.layout_unknown": {
            "what": "连接 {connection} 的考勤机发来 {bytes} 字节，格式未知（计数 {counted}）。",
            "who": "数据流 {stream} 在写入之前停止。",
            "do": "集成工程师：先检查考勤机时钟是否正确，再将型号和固件报告给连接器维护者。",
        },
        "zkteco.no_serial": {
            "what": "连接 {connection} 的考勤机没有序列号。",
            "who": "无法与其他考勤机的打卡区分，因此不读取。",
            "do": "HR IT：在连接中设置设备编号，之后不要更改。",
        },
        "zkteco.not_a_terminal": {
            "what": "连接 {connection} 的地址上应答的不是考勤机协议。",
            "who": "该连接的同步停止；没有写入任何数据。",
            "do": "HR IT：检查地址和端口（通常为 4370）。",
        },
    },
}
