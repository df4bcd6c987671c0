"""ZKTeco attendance terminals: read over port 4370, or pushing to us. Who is known, who punched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import SecretStr, field_validator, model_validator

from connectors.zkteco.protocol import USERS_ONLY, Command
from connectors.zkteco.push import LARGEST_PUSH, TERMINAL_USERS, Push
from connectors.zkteco.pushed import OrPushed, punch_of_line, user_of_line
from connectors.zkteco.records import (
    PAGE_RECORDS,
    PunchRecords,
    UserRecords,
    choose_punch_layout,
    choose_user_layout,
    newest_time,
    punch_pages,
    user_ids,
    user_pages,
    window_start,
)
from connectors.zkteco.terminal import TcpWire, Terminal, UdpWire
from connectors.zkteco.words import WORDS
from hrhub.connector import (
    Checked,
    Completeness,
    Connector,
    ConnectorConfig,
    Cursor,
    Deletes,
    Mode,
    Page,
    Session,
    Stream,
    setting,
)
from hrhub.errors import ConfigError


class ZktecoConfig(ConnectorConfig):
    """One terminal that is read, or any number of terminals that push."""

    host: str = setting(
        "",
        title="Terminal",
        help="Address of the terminal in your network; name its network under allowed private "
        "networks too. Empty for terminals that only push.",
        slot="host",
        example="10.20.3.17",
    )
    port: int = setting(
        4370, title="Port", help="Port of the terminal.", slot="port", ge=1, le=65_535
    )
    comm_key: SecretStr | None = setting(
        None,
        title="Comm key",
        help="The number entered in the terminal under Comm. > PC connection; empty when it is 0.",
        slot="password",
    )
    protocol: Literal["tcp", "udp"] = setting(
        "tcp", title="Protocol", help="UDP for old terminals, or where TCP answers come damaged."
    )
    charset: Literal["gb18030", "utf-8"] = setting(
        "gb18030",
        title="Character set of names",
        help="GB18030 on Chinese firmware, UTF-8 on newer international firmware.",
    )
    device_id: str | None = setting(
        None,
        title="Device id",
        help="Stands in for the serial number, for terminals that have none or share one.",
        pattern=r"[A-Za-z0-9_.-]{1,64}",
    )
    lookback_days: int = setting(
        3,
        title="Days to look back",
        help="Punches older than the newest known one by more than this are not read again.",
        ge=1,
        le=366,
    )
    lock_keypad: bool = setting(
        False,
        title="Lock the keypad while reading",
        help="Nobody can punch for those seconds; only for terminals that lose punches otherwise.",
    )
    verify_checksum: bool = setting(
        True,
        title="Verify checksums",
        help="Turn off only for firmware that is known to compute them wrongly.",
    )
    timeout_s: float = setting(
        30.0,
        title="Time-out in seconds",
        help="How long one answer may take.",
        gt=0,
        le=300,
    )

    push_serials: tuple[str, ...] = setting(
        (),
        title="Terminals that push",
        help="Serial numbers of the terminals that may push here; all others are refused. With a "
        "terminal address above, only that terminal's own number.",
        example="CKJM201260001",
    )
    push_charset: Literal["utf-8", "gb18030"] = setting(
        "utf-8",
        title="Character set of pushed names",
        help="UTF-8 on current push firmware, GB18030 on old Chinese firmware.",
    )

    @model_validator(mode="after")
    def _one_way_to_know_who_left(self) -> Self:
        """Keep a terminal's whole user list from removing users that other terminals pushed."""
        if not (self.host or self.push_serials):
            raise ValueError("name a terminal to read, or terminals that push")
        if len(self.push_serials) > 1 and (self.host or self.device_id):
            raise ValueError("several terminals that push need a connection without host and id")
        return self

    @field_validator("comm_key")
    @classmethod
    def _comm_key_is_a_number(cls, value: SecretStr | None) -> SecretStr | None:
        """Take an empty key and 0 as none; refuse what no terminal can hold."""
        text = value.get_secret_value().strip() if value else ""
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and int(text) < 1 << 32):
            raise ValueError("a comm key is a number of up to 32 bits")
        return SecretStr(text) if int(text) else None


@contextmanager
def _connected(session: Session) -> Iterator[tuple[ZktecoConfig, Terminal]]:
    """Open a session with the terminal and leave it in any case."""
    config = session.config
    assert isinstance(config, ZktecoConfig)
    if not config.host:
        raise ConfigError("config.invalid", fields="host")
    wire = (
        TcpWire(session.tcp.connect(config.host, config.port, timeout_s=config.timeout_s))
        if config.protocol == "tcp"
        else UdpWire(session.tcp.udp(config.host, config.port, timeout_s=config.timeout_s))
    )
    terminal = Terminal(wire, verify_checksum=config.verify_checksum)
    try:
        terminal.connect(int(config.comm_key.get_secret_value()) if config.comm_key else None)
        yield config, terminal
    finally:
        terminal.leave()


def _device(config: ZktecoConfig, terminal: Terminal) -> str:
    """Return the name under which the terminal's records are filed.

    Raises:
        ConfigError: The terminal has no serial number and none is configured.
    """
    device = config.device_id or terminal.option("~SerialNumber")
    if not device:
        raise ConfigError("zkteco.no_serial")
    return device


def _our_local_time(session: Session) -> datetime:
    return session.clock.now().astimezone(ZoneInfo(session.config.timezone)).replace(tzinfo=None)


def check(session: Session) -> Checked:
    """Connect and tell which terminal answered, what it holds and how its clock stands.

    Terminals that only push cannot be called; how many are expected is all there is to tell.
    """
    if isinstance(session.config, ZktecoConfig) and not session.config.host:
        return Checked("ZKTeco", {"push_terminals": str(len(session.config.push_serials))})
    with _connected(session) as (config, terminal):
        serial = _device(config, terminal)
        counts = terminal.counts()
        at, ours = terminal.local_time(), _our_local_time(session)
        facts = {
            "serial_number": serial,
            "model": terminal.option("~DeviceName"),
            "firmware": terminal.firmware(),
            "users": str(counts.users),
            "punches": f"{counts.punches} of {counts.punch_capacity}",
            "clock_offset_s": str(round((at - ours).total_seconds())) if at else "unreadable",
        }
    return Checked("ZKTeco", {name: fact for name, fact in facts.items() if fact})


@dataclass(frozen=True, kw_only=True)
class UserStream(Stream):
    """The terminal's user list, always whole."""

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield all users; nothing is yielded before the whole list is here."""
        with _connected(session) as (config, terminal):
            device = _device(config, terminal)
            records, layout = _read_users(terminal)
        if layout is None:
            return
        meta = {"device": device, "layout": layout.number, "charset": config.charset}
        total = len(records) // layout.size
        for body in user_pages(records, layout):
            yield Page(body=body, meta=meta, total=total, completeness=Completeness.PROVED)


def _read_users(terminal: Terminal) -> tuple[bytes, Any]:
    """Return the user list and its layout; no layout when there is no user."""
    counted = terminal.counts().users
    records = terminal.data_set(Command.USERS, USERS_ONLY) if counted else b""
    return records, choose_user_layout(records, counted) if records else None


@dataclass(frozen=True, kw_only=True)
class PunchStream(Stream):
    """The terminal's log. It is always sent whole; the window is cut here.

    The cursor is ``{"device": …, "newest": local time of the newest punch}``. Another device at
    the same address is read from the start.
    """

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield the punches of the window; nothing is yielded before the whole log is here."""
        with _connected(session) as (config, terminal):
            device = _device(config, terminal)
            at = terminal.local_time()
            with terminal.locked_keypad(config.lock_keypad):
                counted = terminal.counts().punches
                records = terminal.data_set(Command.PUNCHES) if counted else b""
            if not records:
                return
            ours = _our_local_time(session)
            latest = max(at or ours, ours) + timedelta(days=1)
            layout, size = choose_punch_layout(records, counted, latest)
            users = {}
            if layout.by_uid:
                listed, user_layout = _read_users(terminal)
                users = user_ids(listed, user_layout) if user_layout else {}
        known = _newest_known(cursor, device)
        first = 0
        if known is not None:
            since = known - timedelta(days=config.lookback_days)
            first = window_start(records, layout, size, since, latest)
        newest = max(
            (t for t in (known, newest_time(records, layout, size, latest)) if t), default=None
        )
        total = len(records) // size - first
        last = (total - 1) // PAGE_RECORDS
        meta = {"device": device, "layout": layout.name, "zone": config.timezone}
        for number, body in enumerate(punch_pages(records, layout, size, first, users)):
            yield Page(
                body=body,
                cursor={"device": device, "newest": newest.isoformat()}
                if newest and number == last
                else None,
                meta=meta,
                total=total,
                completeness=Completeness.PROVED,
            )


def _newest_known(cursor: Cursor, device: str) -> datetime | None:
    """Return the time that a cursor of this device holds."""
    if not isinstance(cursor, dict) or cursor.get("device") != device:
        return None
    return datetime.fromisoformat(cursor["newest"])


connector = Connector(
    name="zkteco",
    title="ZKTeco 考勤机",
    version="1.0.0",
    config=ZktecoConfig,
    check=check,
    streams=(
        UserStream(
            name="users",
            title="Terminal users",
            feed="device_user",
            key=("user_id",),
            records=OrPushed(UserRecords(), user_of_line),
            mode=Mode.FULL,
            deletes=Deletes.ABSENT,
        ),
        PunchStream(
            name="punches",
            title="Punches",
            feed="punch",
            key=("device", "user_id", "time", "state"),
            records=OrPushed(PunchRecords(), punch_of_line),
            mode=Mode.INCREMENTAL,
            after=("users",),
        ),
    ),
    sinks=(TERMINAL_USERS,),
    events=(
        Push(
            name="push",
            title="PUSH (ADMS)",
            signed=False,
            prefix="/iclock",
            largest_bytes=LARGEST_PUSH,
        ),
    ),
    words=WORDS,
    evidence="client-proven",
)
