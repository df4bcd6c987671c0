"""PUSH (ADMS): terminals that call us with users and punches, and come for user commands.

Sources: s0x90/zkteco-adms (conversation, commands, return codes), saifulcoder/adms-server-ZKTeco
(handshake, time zone). A terminal proves itself by its serial number only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from connectors.zkteco.pushed import lines_of, pushed_page
from hrhub.connector import (
    Ask,
    ConnectorConfig,
    Delivery,
    Event,
    EventReceiver,
    Fetched,
    Planned,
    Pushed,
    Received,
    Reply,
    Session,
    Sink,
    Write,
    WriteStatus,
)
from hrhub.errors import AuthError, RowRejected

LARGEST_PUSH = 8 << 20
_COMMANDS_AT_ONCE = 20
_SECRET = re.compile(rb"(?i)\b(Passwd|Password)=[^\t\r\n]*")
_WORK_NO = re.compile(r"[0-9A-Za-z]{1,24}")
_RESULT = re.compile(rb"ID=(\d{1,18})&Return=(-?\d{1,9})(?:&|\s|$)")
_SUMMER, _WINTER = datetime(2026, 7, 1), datetime(2026, 1, 1)


class PushSettings(Protocol):
    """What push needs of a connection's configuration."""

    timezone: str
    device_id: str | None
    push_serials: tuple[str, ...]
    push_charset: str


def _settings(config: ConnectorConfig) -> PushSettings:
    return cast(PushSettings, config)


def _action(received: Received) -> str:
    """Return the last part of the path; some firmware appends ``.aspx``."""
    return received.path.rpartition("/")[2].lower().removesuffix(".aspx")


def _table(received: Received) -> str:
    """Return which table a request uploads; empty when it uploads none."""
    if received.method != "POST" or _action(received) != "cdata":
        return ""
    return received.query.get("table", "").upper()


def _lines(received: Received) -> list[bytes]:
    """Return the lines that the hub reads: punches, and users without their passwords.

    What else comes along (fingerprints, faces, photos, menus that were opened) is none of them.
    """
    table = _table(received)
    if table == "ATTLOG":
        return lines_of(received.body)
    if table == "OPERLOG":
        return [
            _SECRET.sub(rb"\1=", line)
            for line in lines_of(received.body)
            if line.startswith(b"USER ")
        ]
    return []


@dataclass(frozen=True, kw_only=True)
class Push(EventReceiver):
    """The conversation with terminals below ``/iclock``."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Take only terminals that the connection names."""
        if received.query.get("SN", "") not in _settings(config).push_serials:
            raise AuthError("event.refused", vendor="ZKTeco", rule="serial")

    def keepable(self, config: ConnectorConfig, received: Received) -> Received:
        """Leave biometrics and passwords out: they are not kept, not even sealed."""
        return replace(received, body=b"\n".join(_lines(received)))

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return one event for the lines of an upload; a resent upload is the same event."""
        lines = _lines(received)
        if not lines:
            return ()
        query, table = received.query, _table(received)
        stamp = query.get("Stamp") or query.get("OpStamp") or ""
        mark = sha256("\n".join((query.get("SN", ""), table, stamp, "")).encode())
        mark.update(b"\n".join(lines))
        return [Event(id=mark.hexdigest(), type=table.lower())]

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the punches or users that were uploaded."""
        lines, settings = _lines(received), _settings(config)
        if not lines:
            return ()
        device = settings.device_id or received.query["SN"]
        if _table(received) == "ATTLOG":
            meta = {"device": device, "zone": settings.timezone}
            return [Pushed(stream="punches", page=pushed_page(lines, meta))]
        meta = {"device": device, "charset": settings.push_charset}
        return [Pushed(stream="users", page=pushed_page(lines, meta))]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Answer a handshake with options, an upload with the number of its lines.

        All lines count, known, unreadable and unread ones too: a terminal that hears of fewer
        sends the same ones for ever.
        """
        action = _action(received)
        if action == "cdata" and received.method == "GET":
            return _text(_options(received.query["SN"], config.timezone))
        if _table(received) in ("ATTLOG", "OPERLOG"):
            return _text(f"OK: {len(lines_of(received.body))}")
        known = action in ("cdata", "registry", "devicecmd", "ping")
        return _text("OK") if known else Reply(status=404)

    def ask(self, config: ConnectorConfig, received: Received) -> Ask | None:
        """Tell which terminal asks for commands."""
        if _action(received) != "getrequest":
            return None
        return Ask(sink=TERMINAL_USERS.name, subject=received.query["SN"], most=_COMMANDS_AT_ONCE)

    def hand_out(
        self, config: ConnectorConfig, received: Received, writes: Sequence[Write]
    ) -> Reply:
        """Return commands as lines, ``OK`` when there are none.

        Raises:
            RowRejected: A value would be cut short by the protocol or has no such characters.
        """
        charset = _settings(config).push_charset
        try:
            body = "".join(f"C:{w.number}:{_command(w.values)}\n" for w in writes).encode(charset)
        except UnicodeEncodeError:
            raise RowRejected("encoding", "display_name", charset) from None
        return Reply(body=body or b"OK", content_type=f"text/plain; charset={charset}")

    def fetched(self, config: ConnectorConfig, received: Received) -> Sequence[Fetched]:
        """Read what became of commands; 0 is done, anything else the terminal's refusal."""
        if _action(received) != "devicecmd":
            return ()
        results = (_RESULT.match(line) for line in lines_of(received.body))
        return [
            Fetched(
                subject=received.query["SN"],
                number=int(found[1]),
                status=WriteStatus.REFUSED if int(found[2]) else WriteStatus.WRITTEN,
                vendor_code=found[2].decode(),
            )
            for found in results
            if found
        ]


def _text(text: str) -> Reply:
    return Reply(body=text.encode("ascii"))


def _options(serial: str, timezone: str) -> str:
    """Return the answer to a handshake, for old firmware (``Stamp``) and new.

    Stamp 0 has the terminal send all that it holds. What is known already changes nothing, and
    what it gathered while nobody listened is not lost. Biometrics are not asked for.
    """
    options = [
        f"GET OPTION FROM: {serial}",
        *(f"{name}=0" for name in ("Stamp", "OpStamp", "ATTLOGStamp", "OPERLOGStamp")),
        *(f"{name}=9999" for name in ("PhotoStamp", "ATTPHOTOStamp")),
        "ErrorDelay=30",
        "Delay=10",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransFlag=TransData AttLog\tEnrollUser\tChgUser",
        "Realtime=1",
        "Encrypt=None",
        "ServerVer=2.4.1",
        "PushProtVer=2.4.1",
    ]
    # The terminal sets its clock by this. It knows no summer time, so where there is one it keeps
    # the zone that was set by hand.
    zone = ZoneInfo(timezone)
    offset = zone.utcoffset(_SUMMER)
    if offset is not None and offset == zone.utcoffset(_WINTER):
        minutes = int(offset.total_seconds()) // 60
        options.append(f"TimeZone={minutes if minutes % 60 else minutes // 60}")
    return "\n".join(options) + "\n"


def _command(values: Mapping[str, object]) -> str:
    """Return the command that puts a user into a terminal, or takes one who left out of it."""
    number, name = str(values["work_no"]), str(values.get("display_name") or "")
    if not _WORK_NO.fullmatch(number):
        raise RowRejected("policy", "work_no", "zkteco.user_id")
    if values.get("status") == LEFT:
        return f"DATA DELETE USERINFO PIN={number}"
    if not name.isprintable():
        raise RowRejected("policy", "display_name", "zkteco.separator")
    return f"DATA UPDATE USERINFO PIN={number}\tName={name}"


LEFT = "terminated"


@dataclass(frozen=True, kw_only=True)
class TerminalUsers(Sink):
    """Users of terminals: who is employed is entered, who has left is removed."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what a terminal would be told."""
        return [
            Planned(key=w.key, target="DATA DELETE USERINFO", fields=("PIN",))
            if w.values.get("status") == LEFT
            else Planned(key=w.key, target="DATA UPDATE USERINFO", fields=("PIN", "Name"))
            for w in writes
        ]


TERMINAL_USERS = TerminalUsers(
    name="terminal_users",
    title="Terminal users",
    fields=("work_no", "display_name", "status"),
    required=("work_no",),
    delivery=Delivery.IDEMPOTENT,
    batch=_COMMANDS_AT_ONCE,
    fetched=True,
)
