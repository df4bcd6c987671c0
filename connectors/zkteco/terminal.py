"""The conversation with one terminal: connect, ask, read a data set, leave.

A terminal bears few sessions and keeps a broken one until it times out, so a session is always
left, and a keypad that was locked is always unlocked, whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connectors.zkteco.protocol import (
    BUFFER_REQUEST,
    CHUNK_REQUEST,
    CHUNK_TCP,
    CHUNK_UDP,
    EVENT,
    MAX_PAYLOAD,
    PREFIX,
    U32,
    Command,
    Frame,
    is_intact,
    pack_payload,
    payload_length,
    scramble,
    tcp_frame,
    unpack_payload,
    unpack_time,
)
from hrhub.errors import AuthError, ContractChanged, Transient, VendorError

if TYPE_CHECKING:
    from hrhub.http.tcp import ByteStream, Datagrams

_STRAYS = 256
"""Frames nobody waits for, late answers and events, that are passed over in one exchange."""
_UDP_TRIES = 3
_PARTING_S = 2.0


class Wire(Protocol):
    """Carry payloads to and from a terminal."""

    chunk: int
    """Bytes to ask for at a time."""
    tries: int
    """How often a chunk is asked for when part of it got lost."""

    def send(self, payload: bytes) -> None:
        """Send one payload and begin the time for its answer."""
        ...

    def receive(self) -> bytes:
        """Return the next payload."""
        ...

    def restart(self, timeout_s: float | None = None) -> None:
        """Begin the time for an answer anew."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class TcpWire:
    """Payloads on a byte stream: cut by their length, however the bytes come in."""

    chunk = CHUNK_TCP
    tries = 1

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.restart = stream.restart
        self.close = stream.close

    def send(self, payload: bytes) -> None:
        """Send one payload."""
        self._stream.send_all(tcp_frame(payload))

    def receive(self) -> bytes:
        """Return the next payload.

        Raises:
            ContractChanged: What answers is no terminal (code ``zkteco.not_a_terminal``).
        """
        try:
            length = payload_length(self._stream.recv_exactly(PREFIX.size))
        except ValueError:
            raise ContractChanged("zkteco.not_a_terminal") from None
        return self._stream.recv_exactly(length)


class UdpWire:
    """Payloads as datagrams."""

    chunk = CHUNK_UDP
    tries = _UDP_TRIES

    def __init__(self, datagrams: Datagrams) -> None:
        self._datagrams = datagrams
        self.send = datagrams.send
        self.receive = datagrams.recv
        self.restart = datagrams.restart
        self.close = datagrams.close


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the terminal says it holds."""

    users: int
    punches: int
    punch_capacity: int


class Terminal:
    """One session with a terminal.

    Args:
        wire: Carries payloads.
        verify_checksum: Refuse answers whose checksum is wrong.
    """

    def __init__(self, wire: Wire, *, verify_checksum: bool = True) -> None:
        self._wire = wire
        self._verify = verify_checksum
        self._session = 0
        self._reply = 0

    def connect(self, comm_key: int | None) -> None:
        """Open the session.

        Raises:
            AuthError: The comm key is wrong, or one is needed and none is configured.
            Transient: The terminal has no session left (code ``zkteco.busy``).
        """
        answer = self._ask(Command.CONNECT)
        if answer.command not in (Command.OK, Command.UNAUTH):
            raise Transient("zkteco.busy", reply=answer.command)
        self._session = answer.session
        if answer.command == Command.UNAUTH:
            if comm_key is None:
                raise AuthError("auth.refused", reason="comm_key_missing")
            answer = self._ask(Command.AUTH, scramble(comm_key, self._session))
            if answer.command != Command.OK:
                raise AuthError("auth.refused", reason="comm_key")

    def leave(self) -> None:
        """End the session, if there is one, and close the connection; never raises VendorError."""
        try:
            if self._session:
                with suppress(VendorError):
                    self._send(Command.EXIT)
                    self._wire.restart(_PARTING_S)
                    self._answer()
        finally:
            self._wire.close()

    @contextmanager
    def locked_keypad(self, wanted: bool) -> Iterator[None]:
        """Keep people from punching inside the block, if wanted; unlock in any case.

        Raises:
            VendorError: The keypad could not be unlocked; an error of the block goes first.
        """
        if not wanted:
            yield
            return
        try:
            self.ask(Command.DISABLE)
            yield
        except BaseException:
            with suppress(VendorError):
                self.ask(Command.ENABLE)
            raise
        self.ask(Command.ENABLE)

    def ask(self, command: Command, data: bytes = b"") -> bytes:
        """Send a request that is answered by OK and return the answer's data.

        Raises:
            ContractChanged: The terminal refused it (code ``zkteco.command_refused``).
        """
        answer = self._ask(command, data)
        if answer.command != Command.OK:
            raise ContractChanged(
                "zkteco.command_refused", command=int(command), reply=answer.command
            )
        return answer.data

    def option(self, name: str) -> str:
        """Return the value of an option; empty when the terminal does not know it."""
        answer = self._ask(Command.OPTION, name.encode() + b"\0")
        if answer.command != Command.OK:
            return ""
        text = answer.data.partition(b"\0")[0].decode("ascii", "replace")
        return text.partition("=")[2].strip()

    def firmware(self) -> str:
        """Return what the terminal says about its firmware."""
        text = self.ask(Command.VERSION).partition(b"\0")[0]
        return text.decode("ascii", "replace").strip()

    def local_time(self) -> datetime | None:
        """Return the terminal's clock, without zone; None when it shows no existing time."""
        data = self.ask(Command.GET_TIME)
        try:
            return unpack_time(int.from_bytes(data[:4], "little"))
        except ValueError:
            return None

    def counts(self) -> Counts:
        """Return how many users and punches there are."""
        data = self.ask(Command.FREE_SIZES)
        if len(data) < 68:
            raise ContractChanged("zkteco.command_refused", command=50, bytes=len(data))
        users, punches, capacity = (
            int.from_bytes(data[at : at + 4], "little") for at in (16, 32, 64)
        )
        return Counts(users, punches, capacity)

    def data_set(self, inner: Command, argument: int = 0) -> bytes:
        """Read a whole data set and return its records.

        Raises:
            Transient: Part of it is missing (code ``vendor.page_cut``).
            ContractChanged: The terminal does not offer it.
        """
        answer = self._ask(Command.FILL_BUFFER, BUFFER_REQUEST.pack(1, inner, argument, 0))
        if answer.command == Command.DATA:
            whole = answer.data
        elif answer.command == Command.OK and len(answer.data) >= 5:
            whole = self._buffer(int.from_bytes(answer.data[1:5], "little"))
            self.ask(Command.FREE_BUFFER)
        else:
            raise ContractChanged(
                "zkteco.command_refused", command=int(inner), reply=answer.command
            )
        expected = int.from_bytes(whole[: U32.size], "little")
        if expected != max(len(whole) - U32.size, 0):
            raise Transient("vendor.page_cut", expected=expected, received=len(whole) - U32.size)
        return whole[U32.size :]

    def _buffer(self, size: int) -> bytes:
        if size > MAX_PAYLOAD:
            raise ContractChanged("zkteco.command_refused", bytes=size)
        parts = []
        for start in range(0, size, self._wire.chunk):
            parts.append(self._chunk(start, min(self._wire.chunk, size - start)))
        return b"".join(parts)

    def _chunk(self, start: int, length: int) -> bytes:
        """Read one chunk; on UDP, once more when datagrams of it got lost."""
        for _ in range(self._wire.tries):
            part = self._chunk_once(start, length)
            if len(part) == length:
                return part
        raise Transient("vendor.page_cut", expected=length, received=len(part))

    def _chunk_once(self, start: int, length: int) -> bytes:
        answer = self._ask(Command.READ_BUFFER, CHUNK_REQUEST.pack(start, length))
        if answer.command == Command.DATA:
            return answer.data
        if answer.command != Command.PREPARE_DATA:
            raise ContractChanged(
                "zkteco.command_refused", command=int(Command.READ_BUFFER), reply=answer.command
            )
        parts: list[bytes] = []
        while (answer := self._answer()).command == Command.DATA:
            parts.append(answer.data)
        return b"".join(parts)

    def _ask(self, command: Command, data: bytes = b"") -> Frame:
        self._send(command, data)
        return self._answer()

    def _send(self, command: Command, data: bytes = b"") -> None:
        self._reply = (self._reply + 1) % 0xFFFF
        self._wire.send(pack_payload(command, self._session, self._reply, data))

    def _answer(self) -> Frame:
        """Return the next frame that answers the last request.

        Raises:
            Transient: It was damaged on its way (code ``zkteco.checksum``).
            ContractChanged: What comes is never an answer.
        """
        for _ in range(_STRAYS):
            payload = self._wire.receive()
            try:
                frame = unpack_payload(payload)
            except ValueError:
                raise ContractChanged("zkteco.not_a_terminal") from None
            if self._verify and not is_intact(payload):
                raise Transient("zkteco.checksum", command=frame.command)
            if frame.command != EVENT and frame.reply == self._reply:
                return frame
        raise ContractChanged("zkteco.not_a_terminal")
