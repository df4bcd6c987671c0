"""A simulated ZKTeco terminal: turns one request into the payloads of its answer.

It knows no sockets; ``servers.py`` carries the payloads. Quirks of real terminals are switches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from struct import Struct
from typing import Any

from connectors.zkteco.protocol import (
    BUFFER_REQUEST,
    CHUNK_REQUEST,
    EVENT,
    U32,
    USERS_ONLY,
    Command,
    Frame,
    is_intact,
    pack_payload,
    pack_time,
    scramble,
    unpack_payload,
    unpack_time,
)

_USER_72 = Struct("<HB8s24sIBHHHH24s")
_USER_28 = Struct("<HB5s8sIxBhI")
_LOG_40 = Struct("<H24sBIB8s")
_LOG_16 = Struct("<IIBB2xI")
_LOG_8 = Struct("<HBIB")
_LOG_8ZEM = Struct("<HBBI")
_EVENT = Struct("<24s8B")
_ATTENDANCE_EVENT = 1
_RESERVED = b"\0\0\0\0\xff\0\0\0"
_UDP_DATA = 1024


@dataclass(frozen=True, slots=True)
class Quirks:
    """What kind of terminal is simulated, and what goes wrong with it.

    Attributes:
        users: Record size of the user list: 72 or 28.
        log: Layout of the log: 40, 49, 16, 8 or 8zem.
        charset: Of names; gb18030 on Chinese firmware.
        comm_key: 0 for none.
        strict: Drop requests whose checksum is wrong.
        framing: ``whole``, ``split`` (a few bytes per segment) or ``glued`` (the frames of one
            answer in one segment).
        small_limit: Data sets up to this size come in one answer.
        sessions: How many sessions it bears.
        late_punch: A punch arrives after the count was told and before the log is read.
        chatty: It tells of that punch in an event frame that nobody registered for.
        lose_datagram: The first chunked answer on UDP loses one of its datagrams.
        cut_after: Close a TCP connection after so many bytes of answers; 0 for never.
        short_by: Leave so many bytes of the log out although its length counts them.
    """

    users: int = 72
    log: str = "40"
    charset: str = "gb18030"
    comm_key: int = 0
    strict: bool = True
    framing: str = "whole"
    small_limit: int = 1024
    sessions: int = 1
    late_punch: bool = False
    chatty: bool = False
    lose_datagram: bool = False
    cut_after: int = 0
    short_by: int = 0

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Quirks:
        """Read switches given as text; what is not a switch here is left to others."""
        given: dict[str, Any] = {}
        defaults = cls()
        for item in fields(cls):
            if (text := options.get(item.name)) is not None:
                kind = type(getattr(defaults, item.name))
                given[item.name] = text == "1" if kind is bool else kind(text)
        return cls(**given)


@dataclass(frozen=True, slots=True)
class TerminalUser:
    """Somebody the terminal knows."""

    uid: int
    user_id: str
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stamp:
    """One entry of the terminal's log; the time is packed, so that it can be no day at all."""

    uid: int
    user_id: str
    packed: int
    verify: int
    state: int


@dataclass(slots=True)
class _Session:
    number: int
    admitted: bool
    buffer: bytes = b""


class SimulatedTerminal:
    """One terminal with its users, its log and its sessions.

    Args:
        users: Its users.
        stamps: Its log, in order of arrival; read once, when it is first asked for.
        quirks: Its kind.
        clock: Tells its local time.
        serial: Its serial number.
    """

    def __init__(
        self,
        users: Sequence[TerminalUser],
        stamps: Iterable[Stamp],
        quirks: Quirks,
        clock: Callable[[], datetime],
        serial: str = "CKJM201260001",
    ) -> None:
        self.users = users
        self.quirks = quirks
        self.serial = serial
        self.enabled = True
        self.refused = 0
        self.seen: list[int] = []
        self._clock = clock
        self._lock = threading.RLock()
        self._sessions: dict[int, _Session] = {}
        self._next_session = 0x1A2B
        self._lost_one = not quirks.lose_datagram
        self.stamps = stamps
        self._log: bytearray | None = None
        self._count = 0
        self._last: Stamp | None = None

    @property
    def open_sessions(self) -> int:
        """How many sessions have not been left."""
        return len(self._sessions)

    def answer(self, payload: bytes) -> list[bytes]:
        """Return the payloads that answer one request; none if it is dropped."""
        frame = unpack_payload(payload)
        if self.quirks.strict and not is_intact(payload):
            self.refused += 1
            return []
        with self._lock:
            self.seen.append(frame.command)
            return self._answer(frame)

    def leave(self, number: int) -> None:
        """Forget a session, as when its connection breaks."""
        with self._lock:
            self._sessions.pop(number, None)

    def _answer(self, frame: Frame) -> list[bytes]:
        if frame.command == Command.CONNECT:
            return self._connect(frame)
        session = self._sessions.get(frame.session)
        if session is None:
            return [pack_payload(Command.ERROR, frame.session, frame.reply)]
        if frame.command == Command.AUTH:
            tick = frame.data[2] if len(frame.data) == 4 else 0
            session.admitted = frame.data == scramble(self.quirks.comm_key, session.number, tick)
        if not session.admitted and frame.command != Command.EXIT:
            return [pack_payload(Command.UNAUTH, session.number, frame.reply)]
        if frame.command == Command.READ_BUFFER:
            return self._chunk(frame, session)
        before = self._count
        command, data = self._simple(frame, session)
        answer = [pack_payload(command, session.number, frame.reply, data)]
        if self.quirks.chatty and frame.command == Command.FILL_BUFFER and self._count > before:
            answer.insert(0, self._event())
        return answer

    def _connect(self, frame: Frame) -> list[bytes]:
        if len(self._sessions) >= self.quirks.sessions:
            return [pack_payload(Command.ERROR, 0, frame.reply)]
        self._next_session = self._next_session % 0xFFFE + 1
        session = _Session(self._next_session, admitted=not self.quirks.comm_key)
        self._sessions[session.number] = session
        command = Command.OK if session.admitted else Command.UNAUTH
        return [pack_payload(command, session.number, frame.reply)]

    def _simple(self, frame: Frame, session: _Session) -> tuple[int, bytes]:
        """Answer a request whose answer is one frame."""
        data = b""
        match frame.command:
            case Command.AUTH:
                pass
            case Command.FREE_BUFFER:
                session.buffer = b""
            case Command.EXIT:
                del self._sessions[session.number]
            case Command.ENABLE | Command.DISABLE:
                self.enabled = frame.command == Command.ENABLE
            case Command.VERSION:
                data = b"Ver 6.60 Apr 28 2017\0"
            case Command.GET_TIME:
                data = U32.pack(pack_time(self._clock()))
            case Command.FREE_SIZES:
                data = self._sizes()
            case Command.OPTION:
                data = self._option(frame.data)
            case Command.FILL_BUFFER:
                return self._fill(frame, session)
            case _:
                return Command.ERROR, b""
        return Command.OK, data

    def _option(self, asked: bytes) -> bytes:
        name = asked.partition(b"\0")[0].decode("ascii", "replace")
        value = {
            "~SerialNumber": self.serial,
            "~Platform": "ZMM220_TFT",
            "~DeviceName": "K40/ID",
            "~OS": "1",
        }.get(name, "")
        return f"{name}={value}\0".encode()

    def _sizes(self) -> bytes:
        counts = [0] * 23
        log = self._log_bytes()
        counts[4], counts[8] = len(self.users), self._count
        counts[15], counts[16] = 3_000, max(100_000, 2 * len(log))
        return b"".join(Struct("<i").pack(n) for n in counts)

    def _fill(self, frame: Frame, session: _Session) -> tuple[int, bytes]:
        _, inner, argument, _ = BUFFER_REQUEST.unpack(frame.data)
        short = 0
        if inner == Command.USERS and argument == USERS_ONLY:
            records = b"".join(map(self._user_bytes, self.users))
        elif inner == Command.PUNCHES:
            if self.quirks.late_punch and self.enabled:
                self._arrive()
            records, short = bytes(self._log_bytes()), self.quirks.short_by
        else:
            return Command.ERROR, b""
        buffer = U32.pack(len(records)) + records[: len(records) - short]
        if len(buffer) <= self.quirks.small_limit:
            return Command.DATA, buffer
        session.buffer = buffer
        return Command.OK, b"\0" + U32.pack(len(buffer)) * 2 + U32.pack(0)

    def _chunk(self, frame: Frame, session: _Session) -> list[bytes]:
        start, length = CHUNK_REQUEST.unpack(frame.data)
        part = session.buffer[start : start + length]
        announce = U32.pack(len(part)) + U32.pack(0x1000)
        return [
            pack_payload(Command.PREPARE_DATA, session.number, frame.reply, announce),
            pack_payload(Command.DATA, session.number, frame.reply, part),
            pack_payload(Command.OK, session.number, frame.reply),
        ]

    def _log_bytes(self) -> bytearray:
        if self._log is None:
            self._log = bytearray()
            for stamp in self.stamps:
                self._log += self._stamp_bytes(stamp)
                self._count += 1
                self._last = stamp
        return self._log

    def _arrive(self) -> None:
        """Let one more person punch, one second after the last."""
        log = self._log_bytes()
        if self._last is not None:
            last = self._last
            late = Stamp(last.uid, last.user_id, last.packed + 1, last.verify, last.state)
            log += self._stamp_bytes(late)
            self._count += 1
            self._last = late

    def _event(self) -> bytes:
        """Return the event of the last punch; its session field holds the kind of event."""
        assert self._last is not None
        last, at = self._last, unpack_time(self._last.packed)
        data = _EVENT.pack(
            last.user_id.encode(), last.verify, last.state,
            at.year - 2000, at.month, at.day, at.hour, at.minute, at.second,
        )  # fmt: skip
        return pack_payload(EVENT, _ATTENDANCE_EVENT, 0, data)

    def _user_bytes(self, user: TerminalUser) -> bytes:
        name = user.name.encode(self.quirks.charset)
        if self.quirks.users == 28:
            return _USER_28.pack(user.uid, 0, b"4711", name[:8], 0, 1, 0, int(user.user_id))
        return _USER_72.pack(
            user.uid, 0, b"4711", name[:24], 0, 1, 0, 0, 0, 0, user.user_id.encode()
        )

    def _stamp_bytes(self, stamp: Stamp) -> bytes:
        uid, packed, verify, state = stamp.uid, stamp.packed, stamp.verify, stamp.state
        match self.quirks.log:
            case "16":
                return _LOG_16.pack(int(stamp.user_id), packed, verify, state, 0)
            case "8":
                return _LOG_8.pack(uid, verify, packed, state)
            case "8zem":
                return _LOG_8ZEM.pack(uid, state << 4 | verify & 15, 0, packed)
        long = _LOG_40.pack(uid, stamp.user_id.encode(), verify, packed, state, _RESERVED)
        return long.ljust(int(self.quirks.log), b"\0")

    def datagrams(self, payloads: Iterable[bytes]) -> list[bytes]:
        """Cut the data frames of a chunked answer for UDP: 1024 bytes of data each."""
        out: list[bytes] = []
        for payload in payloads:
            frame = unpack_payload(payload)
            if frame.command != Command.DATA or len(frame.data) <= _UDP_DATA:
                out.append(payload)
                continue
            for at in range(0, len(frame.data), _UDP_DATA):
                part = frame.data[at : at + _UDP_DATA]
                out.append(pack_payload(Command.DATA, frame.session, frame.reply, part))
        if len(out) > 3 and not self._lost_one:
            self._lost_one = True
            del out[2]
        return out
