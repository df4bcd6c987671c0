"""How terminals lay out users and punches in bytes, and how pages of them are read.

A data set names neither its record size nor its layout; both are told from its length, from the
number of records the terminal counts, and from whether the dates make sense. The page that a
stream yields therefore begins with four bytes of ours, size and layout, before the records.

Sources: pyzk ``zk/base.py`` (28, 72, 8, 16, 40), pyzk issues 56, 92, 99 (8 bytes of ZEM500 and
MA300) and 211 (records longer than 40), adrobinoga/zk-protocol.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from itertools import chain
from struct import Struct
from typing import Any
from zoneinfo import ZoneInfo

from connectors.zkteco.protocol import pack_time, unpack_time
from hrhub.errors import ContractChanged, RowRejected

PAGE_HEADER = Struct("<HH")
USER_ID_BYTES = 24
PAGE_RECORDS = 20_000
_OLDEST = pack_time(datetime(2005, 1, 1))
_STATES = frozenset((0, 1, 2, 3, 4, 5, 15, 255))
"""Known keys; undefined is 255, or 15 where a layout has a nibble for it."""
_SAMPLE = 256
_CLEAR = 0.9
_LIKELY = 0.5


@dataclass(frozen=True)
class PunchLayout:
    """Where a punch record keeps its fields.

    ``fields`` unpacks user (uid, number or text), verify, state, time and work code in the order
    of ``order``; ``time_at`` is the offset of the packed time. ``by_uid`` layouts name the user by
    the terminal's internal number only.
    """

    number: int
    name: str
    size: int
    time_at: int
    fields: Struct
    order: tuple[str, ...]
    by_uid: bool = False

    @cached_property
    def page_size(self) -> int:
        """Bytes of a record inside a page: layouts by uid get the user id text appended."""
        return self.size + (USER_ID_BYTES if self.by_uid else 0)

    def read(self, raw: bytes | memoryview) -> dict[str, Any]:
        """Unpack the fields of one record."""
        read = dict(zip(self.order, self.fields.unpack_from(raw), strict=True))
        if "nibbles" in read:
            state, verify = divmod(read.pop("nibbles"), 16)
            read |= {"verify": verify, "state": state}
        return read

    def times(self, records: bytes | memoryview, size: int) -> Iterator[int]:
        """Return the packed times of a run of records, in order."""
        stride = Struct(f"<{self.time_at}xI{size - self.time_at - 4}x")
        return chain.from_iterable(stride.iter_unpack(records))


PUNCH_LAYOUTS = (
    PunchLayout(1, "40", 40, 27, Struct("<2x24sBIB"), ("user", "verify", "time", "state")),
    PunchLayout(
        2, "16", 16, 4, Struct("<IIBB2xI"), ("user", "time", "verify", "state", "work_code")
    ),
    PunchLayout(3, "8", 8, 3, Struct("<HBIB"), ("uid", "verify", "time", "state"), by_uid=True),
    PunchLayout(4, "8zem", 8, 4, Struct("<HBxI"), ("uid", "nibbles", "time"), by_uid=True),
)
_PUNCH_LAYOUT = {layout.number: layout for layout in PUNCH_LAYOUTS}
_PUNCH_LAYOUT_BY_NAME = {layout.name: layout for layout in PUNCH_LAYOUTS}


@dataclass(frozen=True, slots=True)
class UserLayout:
    """Where a user record keeps what the hub reads; ``secret`` spans the keypad password."""

    number: int
    size: int
    name: slice
    user_id: slice
    secret: slice
    text_id: bool

    def user_text(self, raw: bytes | memoryview) -> bytes:
        """Return the user id as text, up to its first NUL."""
        field = bytes(raw[self.user_id])
        if not self.text_id:
            return str(int.from_bytes(field, "little")).encode()
        return field.partition(b"\0")[0]


USER_LAYOUTS = (
    UserLayout(1, 72, slice(11, 35), slice(48, 72), slice(3, 11), text_id=True),
    UserLayout(2, 28, slice(8, 16), slice(24, 28), slice(3, 8), text_id=False),
)
_USER_LAYOUT = {layout.number: layout for layout in USER_LAYOUTS}


def choose_punch_layout(records: bytes, counted: int, latest: datetime) -> tuple[PunchLayout, int]:
    """Tell the layout and the record size of a non-empty log.

    Candidates are the sizes that divide the log evenly, first those that agree best with the
    number of punches the terminal counted; a punch that arrives between counting and reading
    makes the two differ. The first whose sampled dates and states nearly all make sense is taken.

    Args:
        records: The data set without its length.
        counted: Punches that GET_FREE_SIZES told just before.
        latest: Local time after which a punch makes no sense.

    Raises:
        ContractChanged: No known layout makes sense (code ``zkteco.layout_unknown``).
    """
    length = len(records)
    longer = {length // n for n in (counted, counted + 1) if n and length % n == 0} | {49}
    sizes = [(layout, layout.size) for layout in PUNCH_LAYOUTS]
    sizes += [(PUNCH_LAYOUTS[0], size) for size in sorted(longer) if 40 < size <= 255]
    sizes.sort(key=lambda c: abs(length // c[1] - counted))
    likely: tuple[PunchLayout, int] | None = None
    best = _LIKELY
    for layout, size in sizes:
        if length % size:
            continue
        share = _sense(records, layout, size, latest)
        if share >= _CLEAR:
            return layout, size
        if share >= best:
            likely, best = (layout, size), share
    if likely is None:
        raise ContractChanged("zkteco.layout_unknown", bytes=length, counted=counted)
    return likely


def _sense(records: bytes, layout: PunchLayout, size: int, latest: datetime) -> float:
    """Return the share of sampled records that could be punches in this layout."""
    count = len(records) // size
    newest = pack_time(latest)
    good = 0
    sample = range(0, count, max(1, count // _SAMPLE))
    for index in sample:
        read = layout.read(records[index * size : (index + 1) * size])
        good += (
            _OLDEST <= read["time"] <= newest
            and read["state"] in _STATES
            and _could_name_a_user(read)
        )
    return good / len(sample)


def _could_name_a_user(read: dict[str, Any]) -> bool:
    """Tell whether the user of a record has the form of one."""
    if "uid" in read:
        return bool(read["uid"])
    user = read["user"]
    if isinstance(user, int):
        return bool(user)
    text, _, rest = user.partition(b"\0")
    return text.isalnum() and not any(rest)


def choose_user_layout(records: bytes, counted: int) -> UserLayout:
    """Tell the layout of a non-empty user list, like :func:`choose_punch_layout`.

    Raises:
        ContractChanged: Neither layout fits (code ``zkteco.layout_unknown``).
    """
    length = len(records)
    fitting = [
        (abs(length // layout.size - counted), layout.number, layout)
        for layout in USER_LAYOUTS
        if length % layout.size == 0 and _names_users(records, layout)
    ]
    if not fitting:
        raise ContractChanged("zkteco.layout_unknown", bytes=length, counted=counted)
    return min(fitting)[2]


def _names_users(records: bytes, layout: UserLayout) -> bool:
    """Tell whether most sampled records hold an internal number and a user id."""
    count = len(records) // layout.size
    sample = range(0, count, max(1, count // _SAMPLE))
    good = 0
    for index in sample:
        raw = records[index * layout.size : (index + 1) * layout.size]
        good += any(raw[:2]) and layout.user_text(raw).isalnum() and raw[2] < 16
    return good >= _LIKELY * len(sample)


def user_ids(records: bytes, layout: UserLayout) -> dict[int, bytes]:
    """Return user ids, padded to 24 bytes, by the terminal's internal number."""
    size = layout.size
    return {
        int.from_bytes(records[at : at + 2], "little"): layout.user_text(
            records[at : at + size]
        ).ljust(USER_ID_BYTES, b"\0")
        for at in range(0, len(records), size)
    }


def user_pages(records: bytes, layout: UserLayout) -> Iterator[bytes]:
    """Cut a user list into page bodies; keypad passwords are blanked, nobody needs them."""
    size = layout.size
    cleared = bytearray(records)
    blank = bytes(layout.secret.stop - layout.secret.start)
    for at in range(0, len(cleared), size):
        cleared[at + layout.secret.start : at + layout.secret.stop] = blank
    yield from _pages(PAGE_HEADER.pack(size, layout.number), bytes(cleared), size)


def punch_pages(
    records: bytes, layout: PunchLayout, size: int, first: int, users: Mapping[int, bytes]
) -> Iterator[bytes]:
    """Cut a log, from record ``first`` on, into page bodies.

    Layouts by uid get the user id appended to each record: the terminal gives a uid away again
    when a user is deleted, so it must be resolved while the user list is at hand.
    """
    kept = memoryview(records)[first * size :]
    header = PAGE_HEADER.pack(layout.page_size if layout.by_uid else size, layout.number)
    if not layout.by_uid:
        yield from _pages(header, kept, size)
        return
    nobody = bytes(USER_ID_BYTES)
    for at in range(0, len(kept), PAGE_RECORDS * size):
        part = kept[at : at + PAGE_RECORDS * size]
        uids = chain.from_iterable(Struct("<H6x").iter_unpack(part))
        raws = chain.from_iterable(Struct("8s").iter_unpack(part))
        yield header + b"".join(
            raw + users.get(uid, nobody) for uid, raw in zip(uids, raws, strict=True)
        )


def _pages(header: bytes, records: bytes | memoryview, size: int) -> Iterator[bytes]:
    """Cut records into page bodies."""
    for at in range(0, len(records), PAGE_RECORDS * size):
        yield header + records[at : at + PAGE_RECORDS * size]


def window_start(
    records: bytes, layout: PunchLayout, size: int, since: datetime, latest: datetime
) -> int:
    """Return the index of the first punch that may be new.

    The log is in order of arrival. Whatever stands after the first punch of the window is kept,
    so a punch stamped by a clock that had lost its date is not dropped for looking old. A log
    without any punch of the window was cleared since and is taken whole.
    """
    low, high = pack_time(since), pack_time(latest)
    return next((i for i, t in enumerate(layout.times(records, size)) if low <= t <= high), 0)


def newest_time(
    records: bytes, layout: PunchLayout, size: int, latest: datetime
) -> datetime | None:
    """Return the newest time in a log that exists and is not after ``latest``."""
    high = pack_time(latest)
    times = [t for t in layout.times(records, size) if t <= high]
    while times:
        newest = max(times)
        try:
            return unpack_time(newest)
        except ValueError:
            times = [t for t in times if t < newest]
    return None


def _split(body: bytes) -> Sequence[bytes]:
    """Cut a page body into its records.

    Raises:
        ContractChanged: The body has no header or ends inside a record.
    """
    if len(body) >= PAGE_HEADER.size:
        size, _ = PAGE_HEADER.unpack_from(body)
        rest = memoryview(body)[PAGE_HEADER.size :]
        if size and len(rest) % size == 0:
            return list(chain.from_iterable(Struct(f"{size}s").iter_unpack(rest)))
    raise ContractChanged("vendor.page_broken", bytes=len(body))


def user_id_of(text: bytes) -> str:
    """Return the user id that a field holds.

    Raises:
        RowRejected: It is empty, or holds what no terminal can.
    """
    try:
        user_id = text.decode("ascii").strip()
    except UnicodeDecodeError:
        raise RowRejected("encoding", "user_id", "ascii") from None
    if not user_id:
        raise RowRejected("required", "user_id", "not_empty")
    return user_id


_zone = cache(ZoneInfo)


def punch_document(
    meta: Mapping[str, str | int],
    user_id: str,
    at: datetime,
    verify: int,
    state: int,
    work_code: int | str | None,
) -> dict[str, Any]:
    """Return a punch as the mapping reads it, the same whichever way it came to us."""
    zone = str(meta["zone"])
    offset = _zone(zone).utcoffset(at) or timedelta()
    doc = {
        "device": meta["device"],
        "user_id": user_id,
        "time": at.isoformat(),
        "zone": zone,
        "utc_offset_min": int(offset.total_seconds()) // 60,
        "verify": verify,
        "state": state,
    }
    if work_code:
        doc["work_code"] = str(work_code)
    return doc


class PunchRecords:
    """Pages of punches."""

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page body into raw records."""
        return _split(body)

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one punch: who, when (local, without zone), how verified, which key.

        Raises:
            RowRejected: The day does not exist, or the record names no user.
        """
        layout = _PUNCH_LAYOUT_BY_NAME[str(meta["layout"])]
        read = layout.read(raw)
        if layout.by_uid:
            user = bytes(raw[layout.size :]).rstrip(b"\0")
            if not user:
                raise RowRejected("reference", "uid", "user")
        else:
            user = read["user"]
            user = str(user).encode() if isinstance(user, int) else user.partition(b"\0")[0]
        user_id = user_id_of(user)
        try:
            at = unpack_time(read["time"])
        except ValueError:
            raise RowRejected("date", "time", "packed_time") from None
        return punch_document(
            meta, user_id, at, read["verify"], read["state"], read.get("work_code")
        )

    def group_key(self, raw: bytes | memoryview) -> str:
        """Punches are not grouped."""
        raise NotImplementedError


class UserRecords:
    """Pages of terminal users."""

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page body into raw records."""
        return _split(body)

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one user: id and name; an empty name is absent.

        A terminal cuts a long name at its 24th (or 8th) byte, if need be inside a character; such
        a tail is left off. Bytes that the character set does not know are a reject.

        Raises:
            RowRejected: The name is in another character set, or there is no user id.
        """
        layout = _USER_LAYOUT[int(meta["layout"])]
        user_id = user_id_of(layout.user_text(raw))
        charset = str(meta["charset"])
        try:
            name = codecs.getincrementaldecoder(charset)().decode(
                bytes(raw[layout.name]).partition(b"\0")[0]
            )
        except UnicodeDecodeError:
            raise RowRejected("encoding", "name", charset) from None
        doc: dict[str, Any] = {"device": meta["device"], "user_id": user_id}
        if name.strip():
            doc["name"] = name.strip()
        return doc

    def group_key(self, raw: bytes | memoryview) -> str:
        """Users are not grouped."""
        raise NotImplementedError
