"""Record layouts: telling them, cutting them, decoding them."""

from __future__ import annotations

from datetime import datetime
from struct import pack
from typing import Any

import pytest

from connectors.zkteco.protocol import pack_time
from connectors.zkteco.records import (
    PAGE_HEADER,
    PunchRecords,
    UserRecords,
    choose_punch_layout,
    choose_user_layout,
    newest_time,
    punch_pages,
    window_start,
)
from hrhub.errors import ContractChanged, RowRejected

LATEST = datetime(2026, 11, 21)
META = {"device": "T1", "zone": "Asia/Shanghai"}


def punch_40(at: datetime | int, user_id: str = "0010086", state: int = 0, size: int = 40) -> bytes:
    packed = at if isinstance(at, int) else pack_time(at)
    raw = pack("<H24sBIB8s", 7, user_id.encode(), 15, packed, state, b"\0\0\0\0\xff\0\0\0")
    return raw.ljust(size, b"\0")


def days(*numbers: int) -> list[bytes]:
    return [punch_40(datetime(2026, 11, day, 9)) for day in numbers]


def decoded(raw: bytes, layout: str = "40", **meta: str) -> dict[str, Any]:
    return PunchRecords().decode(raw, {**META, "layout": layout, **meta})


@pytest.mark.parametrize("body", [b"", b"\x28", PAGE_HEADER.pack(40, 1) + b"x" * 41, b"\0\0\1\0"])
def test_a_body_cut_inside_a_record_is_refused(body: bytes) -> None:
    with pytest.raises(ContractChanged) as caught:
        PunchRecords().split(body)

    assert caught.value.code == "vendor.page_broken"


def test_noise_has_no_layout() -> None:
    with pytest.raises(ContractChanged) as caught:
        choose_punch_layout(b"\xee" * 1600, 40, LATEST)

    assert caught.value.code == "zkteco.layout_unknown"


def test_a_user_list_of_neither_size_has_no_layout() -> None:
    with pytest.raises(ContractChanged):
        choose_user_layout(b"\x01" * 71, 1)


def test_a_day_that_does_not_exist_is_rejected_and_only_that() -> None:
    february = pack_time(datetime(2026, 2, 1, 9)) + 29 * 86_400

    with pytest.raises(RowRejected) as caught:
        decoded(punch_40(february))

    assert (caught.value.reason, caught.value.field_path) == ("date", "time")


def test_a_punch_of_a_uid_that_the_user_list_lacks_is_rejected() -> None:
    log = pack("<HBIB", 9, 1, pack_time(LATEST), 0)
    layout, size = choose_punch_layout(log, 1, LATEST)
    (body,) = punch_pages(log, layout, size, 0, {8: b"20417".ljust(24, b"\0")})
    (raw,) = PunchRecords().split(body)

    with pytest.raises(RowRejected) as caught:
        decoded(raw, "8")

    assert caught.value.reason == "reference"


@pytest.mark.parametrize(("user_id", "reason"), [("", "required"), ("工号一", "encoding")])
def test_a_punch_without_a_readable_user_id_is_rejected(user_id: str, reason: str) -> None:
    with pytest.raises(RowRejected) as caught:
        decoded(punch_40(LATEST, user_id))

    assert caught.value.reason == reason


def test_a_name_in_another_character_set_is_rejected() -> None:
    raw = pack("<HB8s24sI9x24s", 1, 0, b"", "测试".encode("gb18030"), 0, b"20417")

    with pytest.raises(RowRejected) as caught:
        UserRecords().decode(raw, {"device": "T1", "layout": 1, "charset": "utf-8"})

    assert (caught.value.reason, caught.value.field_path) == ("encoding", "name")


def test_a_name_cut_inside_a_character_keeps_the_whole_ones() -> None:
    name = ("测" * 9).encode("utf-8")[:24]
    raw = pack("<HB8s24sI9x24s", 1, 0, b"", name[:23], 0, b"20417")

    doc = UserRecords().decode(raw, {"device": "T1", "layout": 1, "charset": "utf-8"})

    assert doc["name"] == "测" * 7


def test_an_empty_name_is_absent() -> None:
    raw = pack("<HB8s24sI9x24s", 1, 0, b"", b"", 0, b"20417")

    assert UserRecords().decode(raw, {"device": "T1", "layout": 1, "charset": "gb18030"}) == {
        "device": "T1",
        "user_id": "20417",
    }


def test_the_published_record_of_a_zem_terminal() -> None:
    raw = bytes.fromhex("07002800A8EBA71E")
    layout, size = choose_punch_layout(raw, 1, LATEST)

    doc = decoded(raw + b"20417".ljust(24, b"\0"), "8zem")

    assert (layout.name, size) == ("8zem", 8)
    assert (doc["time"], doc["verify"], doc["state"]) == ("2016-01-01T19:02:00", 8, 2)


@pytest.mark.parametrize("counted", [3, 2])
def test_a_punch_that_arrives_after_the_count_does_not_confuse_the_size(counted: int) -> None:
    log = b"".join(days(17, 18, 19))

    assert choose_punch_layout(log, counted, LATEST)[1] == 40


@pytest.mark.parametrize("size", [41, 49, 52])
def test_longer_records_are_read_by_their_real_size(size: int) -> None:
    log = b"".join(raw.ljust(size, b"\0") for raw in days(17, 18, 19))

    layout, found = choose_punch_layout(log, 3, LATEST)

    assert (layout.name, found) == ("40", size)


def test_the_window_begins_at_its_first_punch_and_keeps_what_arrived_later() -> None:
    lost_clock = punch_40(datetime(2000, 1, 1, 0, 5))
    log = b"".join([*days(1, 2, 16, 17), lost_clock, *days(18)])
    layout, size = choose_punch_layout(log, 6, LATEST)

    first = window_start(log, layout, size, datetime(2026, 11, 16), LATEST)

    assert first == 2


def test_a_future_stamp_of_long_ago_does_not_open_the_window() -> None:
    log = b"".join([punch_40(datetime(2087, 8, 26)), *days(1, 2, 17)])
    layout, size = choose_punch_layout(log, 4, LATEST)

    assert window_start(log, layout, size, datetime(2026, 11, 16), LATEST) == 3


def test_a_log_cleared_since_is_taken_whole() -> None:
    log = b"".join(days(1, 2))
    layout, size = choose_punch_layout(log, 2, LATEST)

    assert window_start(log, layout, size, datetime(2026, 11, 16), LATEST) == 0


def test_the_newest_time_is_one_that_exists_and_is_not_in_the_future() -> None:
    february = pack_time(datetime(2026, 2, 1, 9)) + 29 * 86_400
    log = punch_40(datetime(2026, 1, 5)) + punch_40(february) + punch_40(datetime(2087, 8, 26))
    layout, size = choose_punch_layout(punch_40(datetime(2026, 1, 5)), 1, LATEST)

    assert newest_time(log, layout, size, LATEST) == datetime(2026, 1, 5)


def test_the_offset_follows_the_zone_through_the_year() -> None:
    winter = decoded(punch_40(datetime(2026, 1, 5, 9)), zone="Europe/Berlin")
    summer = decoded(punch_40(datetime(2026, 7, 5, 9)), zone="Europe/Berlin")

    assert (winter["utc_offset_min"], summer["utc_offset_min"]) == (60, 120)
