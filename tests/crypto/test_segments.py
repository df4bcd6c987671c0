"""Landed pages: complete or absent, and unreadable anywhere else."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrhub.ambient import random_bytes
from hrhub.crypto import (
    DataKey,
    EnvelopeError,
    SegmentPlace,
    StreamSealer,
    open_segment,
    read_segment,
    seal_segment,
    write_segment,
)
from hrhub.crypto.segments import CHUNK_BYTES, HEADER_BYTES, segment_dek_id
from hrhub.crypto.suites import SUITES
from hrhub.errors import StorageError

PLACE = SegmentPlace("acme", 7, "employees", "batch-1")
PAGE_KEY = bytes(range(32))
SEALED_CHUNK = CHUNK_BYTES + 16


def sealed(key: DataKey, data: bytes) -> bytes:
    return seal_segment(data, key, PLACE, page_key=PAGE_KEY)[0]


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_segment_cut_between_chunks_is_refused(data_key: DataKey, chunks: int) -> None:
    blob = sealed(data_key, bytes(chunks * CHUNK_BYTES))

    for kept in range(chunks):
        with pytest.raises(EnvelopeError):
            open_segment(blob[: HEADER_BYTES + kept * SEALED_CHUNK], data_key, PLACE)


def test_a_segment_cut_anywhere_is_refused(data_key: DataKey) -> None:
    blob = sealed(data_key, b"a short page")

    for length in range(len(blob)):
        with pytest.raises(EnvelopeError):
            open_segment(blob[:length], data_key, PLACE)


def test_every_flipped_bit_is_refused(data_key: DataKey) -> None:
    blob = sealed(data_key, b"a short page")

    for bit in range(8 * len(blob)):
        broken = bytearray(blob)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(EnvelopeError):
            open_segment(bytes(broken), data_key, PLACE)


def test_chunks_that_are_swapped_repeated_dropped_or_added_are_refused(data_key: DataKey) -> None:
    blob = sealed(data_key, random_bytes(3 * CHUNK_BYTES))
    head = blob[:HEADER_BYTES]
    a, b, c = (blob[HEADER_BYTES + i * SEALED_CHUNK :][:SEALED_CHUNK] for i in range(3))

    for chunks in ((b, a, c), (a, a, c), (a, c), (a, b, c, c), (c,), (a, b, c + b"\0")):
        with pytest.raises(EnvelopeError):
            open_segment(head + b"".join(chunks), data_key, PLACE)


def test_an_empty_last_chunk_after_others_is_refused(data_key: DataKey) -> None:
    salt = bytes(16)
    header = bytes((0xC1, 1, data_key.suite.number, 0)) + data_key.dek_id + salt
    header += bytes((16, 0, 0, 0))
    cipher = data_key.suite.aead(data_key.derive(b"HIHL1", data_key.suite.key_bytes, salt))
    aad = PLACE.frame() + header
    full = cipher.encrypt(bytes(12), bytes(CHUNK_BYTES), aad)
    empty = cipher.encrypt(bytes(10) + b"\x01\x01", b"", aad)

    with pytest.raises(EnvelopeError):
        open_segment(header + full + empty, data_key, PLACE)


@pytest.mark.parametrize(
    "moved",
    [{"tenant": "other"}, {"sync_id": 8}, {"stream": "employee"}, {"batch_uid": "batch-2"}],
    ids=lambda m: next(iter(m)),
)
def test_a_segment_moved_elsewhere_is_refused(data_key: DataKey, moved: dict[str, object]) -> None:
    with pytest.raises(EnvelopeError):
        open_segment(sealed(data_key, b"page"), data_key, replace(PLACE, **moved))  # type: ignore[arg-type]


def test_a_segment_of_another_key_is_refused(data_key: DataKey) -> None:
    same_id = DataKey(random_bytes(32), data_key.dek_id, "acme", data_key.suite)
    blob = sealed(data_key, b"page")

    with pytest.raises(EnvelopeError):
        open_segment(blob, same_id, PLACE)


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]
)
def test_pages_of_every_size_come_back(data_key: DataKey, tmp_path: Path, size: int) -> None:
    data = random_bytes(size)
    path = tmp_path / "batch-1.seg"

    segment = write_segment(path, data, data_key, PLACE, page_key=PAGE_KEY)

    assert read_segment(path, data_key, PLACE) == data
    assert segment.plain_bytes == size
    assert segment.file_bytes == path.stat().st_size
    assert segment.file_bytes == HEADER_BYTES + size + 16 * max(1, -(-size // CHUNK_BYTES))
    assert segment.sha256_ct == hashlib.sha256(path.read_bytes()).digest()
    assert segment_dek_id(path) == data_key.dek_id


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from((0, 1, 99, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1))))
def test_how_a_stream_was_cut_into_writes_leaves_no_trace(
    data_key: DataKey, sizes: list[int]
) -> None:
    pieces = [bytes((n % 251,)) * size for n, size in enumerate(sizes)]
    out = io.BytesIO()

    sealer = StreamSealer(out, data_key, PLACE.frame(), PAGE_KEY)
    for piece in pieces:
        sealer.write(piece)
    segment = sealer.finish()

    whole, as_one = seal_segment(b"".join(pieces), data_key, PLACE, page_key=PAGE_KEY)
    assert open_segment(out.getvalue(), data_key, PLACE) == b"".join(pieces)
    assert segment.hmac_pt == as_one.hmac_pt
    assert segment.file_bytes == len(whole) == len(out.getvalue())


def test_a_repeated_page_shows_in_its_keyed_hash_only(profile: int) -> None:
    one, other = (
        DataKey(random_bytes(32), random_bytes(16), "acme", SUITES[profile]) for _ in range(2)
    )

    a = seal_segment(b"page", one, PLACE, page_key=PAGE_KEY)
    b = seal_segment(b"page", other, replace(PLACE, batch_uid="batch-2"), page_key=PAGE_KEY)
    c = seal_segment(b"page", one, PLACE, page_key=bytes(32))

    assert a[1].hmac_pt == b[1].hmac_pt == SUITES[profile].hmac(PAGE_KEY, b"page")
    assert a[1].hmac_pt != c[1].hmac_pt
    assert a[1].sha256_ct != b[1].sha256_ct


def test_nothing_stands_at_the_path_before_it_is_whole_and_nothing_after_a_failure(
    data_key: DataKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "batch-1.seg"
    seen: list[tuple[list[str], int]] = []

    def fail(_: int) -> None:
        seen.append(([p.name for p in tmp_path.iterdir()], staged.stat().st_mode & 0o777))
        raise OSError(ENOSPC, "full")

    staged = tmp_path / "batch-1.seg.tmp"
    monkeypatch.setattr("hrhub.crypto.segments.os.fsync", fail)
    with pytest.raises(StorageError) as caught:
        write_segment(path, bytes(200_000), data_key, PLACE, page_key=PAGE_KEY)

    assert caught.value.code == "landing.unwritable"
    assert seen == [(["batch-1.seg.tmp"], 0o600)]
    assert list(tmp_path.iterdir()) == []


def test_no_plaintext_reaches_the_disk(data_key: DataKey, tmp_path: Path) -> None:
    path = tmp_path / "batch-1.seg"

    write_segment(path, b"canary" * 20_000, data_key, PLACE, page_key=PAGE_KEY)

    assert b"canary" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["batch-1.seg"]


def test_a_landed_segment_is_never_overwritten(data_key: DataKey, tmp_path: Path) -> None:
    path = tmp_path / "batch-1.seg"
    path.write_bytes(b"landed")

    with pytest.raises(StorageError) as caught:
        write_segment(path, b"page", data_key, PLACE, page_key=PAGE_KEY)

    assert caught.value.code == "landing.unwritable"
    assert path.read_bytes() == b"landed"


def test_what_another_writer_has_begun_is_refused_and_left_alone(
    data_key: DataKey, tmp_path: Path
) -> None:
    begun = tmp_path / "batch-1.seg.tmp"
    begun.write_bytes(b"half")

    with pytest.raises(StorageError):
        write_segment(tmp_path / "batch-1.seg", b"page", data_key, PLACE, page_key=PAGE_KEY)

    assert begun.read_bytes() == b"half"


def test_a_missing_directory_or_file_is_a_storage_error(data_key: DataKey, tmp_path: Path) -> None:
    path = tmp_path / "gone" / "batch-1.seg"

    with pytest.raises(StorageError):
        write_segment(path, b"page", data_key, PLACE, page_key=PAGE_KEY)
    for read in (lambda: read_segment(path, data_key, PLACE), lambda: segment_dek_id(path)):
        with pytest.raises(StorageError) as caught:
            read()
        assert caught.value.code == "landing.missing"


def test_a_file_that_is_no_segment_names_no_key(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"plain")

    with pytest.raises(EnvelopeError):
        segment_dek_id(tmp_path / "x")
