"""The port-4370 protocol of ZKTeco terminals: frames, checksum, comm key, packed time.

Pure functions, shared by the connector and by the simulated terminal. All integers are little
endian. A payload is command, checksum, session id and reply id (u16 each) followed by data; on TCP
it travels behind an eight-byte prefix with its length, on UDP it is one datagram.

Sources: adrobinoga/zk-protocol (``protocol.md``), pyzk ``zk/base.py``, node-zklib.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from struct import Struct

MAGIC = b"\x50\x50\x82\x7d"
PREFIX = Struct("<4sI")
HEADER = Struct("<HHHH")
BUFFER_REQUEST = Struct("<bhii")
CHUNK_REQUEST = Struct("<ii")
U32 = Struct("<I")

MAX_PAYLOAD = 64 << 20
"""A prefix that announces more is not a frame: one million 40-byte records take 40 MB."""
CHUNK_TCP = 0xFFC0
CHUNK_UDP = 16 * 1024
"""What clients ask for per READ_BUFFER; larger chunks were seen to fail."""


class Command(IntEnum):
    """Requests and replies that the hub or its simulated terminal use.

    Nothing that changes the device is here except the switch for its keypad: the hub never clears
    a log (14, 15), sets a clock (202), opens a door (31) or restarts a device (1004, 1005).
    """

    USERS = 9
    OPTION = 11
    PUNCHES = 13
    FREE_SIZES = 50
    GET_TIME = 201
    REGISTER_EVENTS = 500
    CONNECT = 1000
    EXIT = 1001
    ENABLE = 1002
    DISABLE = 1003
    VERSION = 1100
    AUTH = 1102
    PREPARE_DATA = 1500
    DATA = 1501
    FREE_BUFFER = 1502
    FILL_BUFFER = 1503
    READ_BUFFER = 1504
    OK = 2000
    ERROR = 2001
    UNAUTH = 2005


EVENT = int(Command.REGISTER_EVENTS)
"""Unasked frames carry the command with which events are registered."""
USERS_ONLY = 5
"""Function argument of USERS that leaves biometric templates out."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One payload, taken apart."""

    command: int
    session: int
    reply: int
    data: bytes


def checksum(payload: bytes) -> int:
    """Return the checksum of a payload whose checksum field is zero.

    The rule is the ones' complement of the ones' complement sum of 16-bit words, as in IP. Since
    65536 leaves 1 when divided by 65535, that sum is the payload, read as one number, modulo
    65535; all zeros is the only sum of 0.
    """
    total = int.from_bytes(payload, "little") % 0xFFFF
    return 0xFFFF ^ (total or (0xFFFF if any(payload) else 0))


def is_intact(payload: bytes) -> bool:
    """Tell whether a payload's checksum fits; the two forms of zero are taken as equal."""
    return int.from_bytes(payload, "little") % 0xFFFF == 0


def pack_payload(command: int, session: int, reply: int, data: bytes = b"") -> bytes:
    """Build a payload with its checksum."""
    bare = HEADER.pack(command, 0, session, reply) + data
    return HEADER.pack(command, checksum(bare), session, reply) + data


def unpack_payload(payload: bytes) -> Frame:
    """Take a payload apart.

    Raises:
        ValueError: It is shorter than its header.
    """
    if len(payload) < HEADER.size:
        raise ValueError("payload shorter than its header")
    command, _, session, reply = HEADER.unpack_from(payload)
    return Frame(command, session, reply, payload[HEADER.size :])


def tcp_frame(payload: bytes) -> bytes:
    """Put the TCP prefix in front of a payload."""
    return PREFIX.pack(MAGIC, len(payload)) + payload


def payload_length(prefix: bytes) -> int:
    """Return the length that a TCP prefix announces.

    Raises:
        ValueError: These are not the eight bytes of a prefix, or the length cannot be.
    """
    magic, length = PREFIX.unpack(prefix)
    if magic != MAGIC or not HEADER.size <= length <= MAX_PAYLOAD:
        raise ValueError("not a frame prefix")
    return int(length)


def scramble(comm_key: int, session: int, tick: int = 50) -> bytes:
    """Return the four bytes that answer UNAUTH: the comm key mixed with the session id.

    The device reads ``tick`` from the third byte before it compares. This hides the key from a
    glance only; the network has to protect it.
    """
    reversed_key = int(f"{comm_key & 0xFFFFFFFF:032b}"[::-1], 2)
    mixed = ((reversed_key + session) & 0xFFFFFFFF).to_bytes(4, "little")
    _, b, c, d = (x ^ y for x, y in zip(mixed, b"ZKSO", strict=True))
    return bytes((c ^ tick, d ^ tick, tick, b ^ tick))


def pack_time(at: datetime) -> int:
    """Pack a device-local time of the years 2000 to 2099 into 32 bits."""
    days = (at.year % 100) * 372 + (at.month - 1) * 31 + at.day - 1
    return days * 86_400 + at.hour * 3_600 + at.minute * 60 + at.second


def unpack_time(packed: int) -> datetime:
    """Return the device-local time of 32 packed bits.

    Every month counts 31 days in this form, so a damaged record can hold a 30 February.

    Raises:
        ValueError: There is no such day.
    """
    days, second = divmod(packed, 86_400)
    months, day = divmod(days, 31)
    year, month = divmod(months, 12)
    return datetime(
        2000 + year, month + 1, day + 1, second // 3_600, second // 60 % 60, second % 60
    )
