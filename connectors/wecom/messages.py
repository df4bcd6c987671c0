"""Messages to employees, sent in the name of the application.

WeCom suppresses a message that equals one sent to the same people within
``duplicate_check_interval`` seconds, four hours at most. A number made of the write's key stands in
the text, so that the same write is the same message and another write never is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.wecom.directory import user_ids_by_work_no
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ConfigError, ContractChanged

_INTERVAL_S = 4 * 3600
_MOST_BYTES = 2048
_ALL_INVALID = "81013"


@dataclass(frozen=True, kw_only=True)
class Messages(Sink):
    """A text message to one employee, found by work number."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        fields = ("touser", "agentid", "msgtype", "text.content", "enable_duplicate_check")
        return [
            Planned(key=write.key, target="POST /message/send", fields=fields) for write in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Send one message per write.

        Raises:
            ConfigError: ``wecom.agent_missing``: the connection names no application id.
        """
        config = session.config
        assert isinstance(config, WecomConfig)
        if not any(write.values.get("work_no") for write in writes):
            return [_refused(write, "wecom.recipient_unknown") for write in writes]
        if not config.agent_id:
            raise ConfigError("wecom.agent_missing", vendor="WeCom")
        people = user_ids_by_work_no(session, config.work_no_field)
        return [
            self._send(session, config, write, people.get(str(write.values.get("work_no"))))
            for write in writes
        ]

    def _send(
        self, session: Session, config: WecomConfig, write: Write, user_id: str | None
    ) -> Written:
        if user_id is None:
            return _refused(write, "wecom.recipient_unknown")
        text = f"{config.notice_text}\n{_reference(write.key)}"
        if len(text.encode()) > _MOST_BYTES:
            return _refused(write, "wecom.text_too_long")
        body = {
            "touser": user_id,
            "msgtype": "text",
            "agentid": config.agent_id,
            "text": {"content": text},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _INTERVAL_S,
        }
        try:
            said = session.http.post("/message/send", json=body, idempotent=True).json()
        except ContractChanged as error:
            if error.context.get("vendor_code") == _ALL_INVALID:
                return _refused(write, "wecom.recipient_unknown", _ALL_INVALID)
            raise
        return _outcome(write, said)


def _outcome(write: Write, said: dict[str, Any]) -> Written:
    # An error code of 0 says that the call was good; who got nothing stands beside it.
    if said.get("invaliduser"):
        return _refused(write, "wecom.recipient_unknown")
    if said.get("unlicenseduser"):
        return _refused(write, "wecom.recipient_unlicensed")
    # No id is kept: WeCom does not say which id a suppressed repetition gets.
    return Written(key=write.key, status=WriteStatus.WRITTEN)


def _refused(write: Write, code: str, vendor_code: str | None = None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=vendor_code)


def _reference(key: str) -> str:
    """Return a number that follows from the key and says nothing about anybody."""
    return f"No. {hashlib.sha256(key.encode()).hexdigest()[:16]}"
