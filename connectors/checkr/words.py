"""What people read about errors that only Checkr has."""

from __future__ import annotations

WORDS = {
    "en": {
        "checkr.conflict": {
            "what": "Checkr is still at work on the same order, or has had too many orders for one "
            "person within a day.",
            "who": "This order waits; no second one was placed.",
            "do": "Nobody: it is tried again by itself. HR: if it stays, look the candidate up in "
            "Checkr's dashboard.",
        },
        "checkr.no_report": {
            "what": "Checkr has no report for this order yet.",
            "who": "The result of the order waits.",
            "do": "Nobody: the person has to complete the invitation first.",
        },
    },
    "zh": {
        "checkr.conflict": {
            "what": "Checkr 仍在处理同一订单，或一天内对同一人下单过多。",
            "who": "该订单等待；没有重复下单。",
            "do": "无需处理：会自动重试。人事：若持续存在，请在 Checkr 控制台查看该候选人。",
        },
        "checkr.no_report": {
            "what": "该订单在 Checkr 尚无报告。",
            "who": "该订单的结果等待中。",
            "do": "无需处理：候选人需先完成邀请。",
        },
    },
}
