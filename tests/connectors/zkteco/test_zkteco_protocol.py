"""Frames, checksum, comm key and packed time, against published captures."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.zkteco.protocol import (
    checksum,
    is_intact,
    pack_payload,
    pack_time,
    payload_length,
    scramble,
    tcp_frame,
    unpack_payload,
    unpack_time,
)


def test_a_prefix_of_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError):
        payload_length(b"HTTP/1.1")


@pytest.mark.parametrize("length", [0, 7, (64 << 20) + 1, 0xFFFFFFFF])
def test_a_prefix_with_an_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError):
        payload_length(b"\x50\x50\x82\x7d" + length.to_bytes(4, "little"))


def test_a_payload_shorter_than_its_header_is_refused() -> None:
    with pytest.raises(ValueError):
        unpack_payload(b"\xd0\x07\x00\x00\x00\x00\x00")


def test_the_thirtieth_of_february_is_no_time() -> None:
    with pytest.raises(ValueError):
        unpack_time(pack_time(datetime(2026, 2, 1)) + 29 * 86_400)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60)
def test_one_changed_byte_is_noticed(data: bytes, position: int, change: int) -> None:
    payload = bytearray(pack_payload(2000, 7, 8, data))

    payload[position % len(payload)] ^= change

    assert not is_intact(bytes(payload))


@pytest.mark.parametrize(
    ("capture", "expected"),
    [("0b0000 00c5c005007e4f5300", 0xEF58), ("f40100000001000064", 0xFCA7)],
)
def test_checksums_of_published_captures(capture: str, expected: int) -> None:
    assert checksum(bytes.fromhex(capture.replace(" ", ""))) == expected


@pytest.mark.parametrize("capture", ["0b0058efc5c005007e4f5300", "f401a7fc0001000064"])
def test_published_captures_are_intact(capture: str) -> None:
    assert is_intact(bytes.fromhex(capture))


def test_the_comm_key_vector() -> None:
    assert scramble(12345, 0x1A2B).hex(" ") == "6d e1 32 63"


@pytest.mark.parametrize(
    ("packed", "at"),
    [
        (0x2368B36B, datetime(2018, 6, 25, 17, 50, 35)),
        (0x3222B910, datetime(2026, 3, 2, 9, 0, 0)),
        (0x1EA7EBA8, datetime(2016, 1, 1, 19, 2, 0)),
    ],
)
def test_published_packed_times(packed: int, at: datetime) -> None:
    assert unpack_time(packed) == at
    assert pack_time(at) == packed


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59)).map(
        lambda at: at.replace(microsecond=0)
    )
)
@settings(max_examples=60)
def test_packing_a_time_keeps_it(at: datetime) -> None:
    assert unpack_time(pack_time(at)) == at


@given(
    st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFE), st.binary(max_size=80)
)
@settings(max_examples=60)
def test_what_is_packed_can_be_unpacked(
    command: int, session: int, reply: int, data: bytes
) -> None:
    payload = pack_payload(command, session, reply, data)

    frame = unpack_payload(payload)

    assert (frame.command, frame.session, frame.reply, frame.data) == (
        command, session, reply, data,
    )  # fmt: skip
    assert is_intact(payload)
    assert payload_length(tcp_frame(payload)[:8]) == len(payload)
