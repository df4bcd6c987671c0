"""Sealed segments: landed pages and other bytes too long for an envelope.

::

    header 40   C1 01 suite flags | dek_id 16 | salt 16 | log2(chunk) u8 | 3 zero
    chunks      64 KiB of ciphertext and a 16-byte tag each; the last one is shorter or as long

The key is ``HKDF(DEK, salt, "HIHL1")``, the nonce ``7 zero || u32 counter || last_flag``, the
additional data ``"HIHL1" || lp(tenant, sync_id, stream, batch_uid) || header``. The flag makes a
cut file fail: without its last chunk a segment does not open.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from hrhub.ambient import random_bytes
from hrhub.crypto.envelope import MAGIC, DataKey
from hrhub.crypto.errors import unreadable
from hrhub.crypto.files import new_private_file
from hrhub.crypto.framing import lp
from hrhub.crypto.suites import TAG_BYTES, Aead
from hrhub.errors import StorageError

HEADER_BYTES = 40
CHUNK_LOG2 = 16
CHUNK_BYTES = 1 << CHUNK_LOG2
_SALT_BYTES = 16
_MAX_CHUNKS = 1 << 32
_SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class SegmentPlace:
    """Where a segment belongs; it opens nowhere else."""

    tenant: str
    sync_id: int | str
    stream: str
    batch_uid: str

    def frame(self) -> bytes:
        """Return the place as additional data."""
        return b"HIHL1" + lp(self.tenant, str(self.sync_id), self.stream, self.batch_uid)


@dataclass(frozen=True, slots=True)
class Segment:
    """What the manifest keeps of a written segment.

    ``sha256_ct`` is over the file; ``hmac_pt`` is over the plaintext under the tenant's page key
    and shows repeated pages. Both are 32 bytes.
    """

    sha256_ct: bytes
    hmac_pt: bytes
    plain_bytes: int
    file_bytes: int


class StreamSealer:
    """Write chunks to a stream; holds the last one back because it is flagged.

    Args:
        out: Where to.
        key: The data key.
        place: What the stream is bound to: :meth:`SegmentPlace.frame`, or another frame with a
            label of its own.
        page_key: Key of the MAC over the plaintext.
    """

    def __init__(self, out: BinaryIO, key: DataKey, place: bytes, page_key: bytes) -> None:
        salt = random_bytes(_SALT_BYTES)
        header = _header(key, salt)
        self._out = out
        self._cipher = _cipher(key, salt)
        self._aad = place + header
        self._held = bytearray()
        self._counter = 0
        self._plain_bytes = 0
        self._file_bytes = 0
        self._digest = hashlib.sha256()
        self._mac = key.suite.hmac_stream(page_key)
        self._emit(header)

    def write(self, data: bytes) -> None:
        """Add plaintext."""
        self._mac.update(data)
        self._plain_bytes += len(data)
        missing = CHUNK_BYTES - len(self._held)
        if len(data) <= missing:
            self._held += data
            return
        rest = memoryview(data)
        if self._held:
            self._chunk(b"".join((self._held, rest[:missing])), last=False)
            rest = rest[missing:]
        whole = (len(rest) - 1) // CHUNK_BYTES * CHUNK_BYTES
        for at in range(0, whole, CHUNK_BYTES):
            self._chunk(rest[at : at + CHUNK_BYTES], last=False)
        self._held = bytearray(rest[whole:])

    def finish(self) -> Segment:
        """Write the last chunk and return what was written."""
        self._chunk(bytes(self._held), last=True)
        self._held.clear()
        return Segment(
            self._digest.digest(), self._mac.finalize(), self._plain_bytes, self._file_bytes
        )

    def _chunk(self, data: bytes | memoryview, *, last: bool) -> None:
        self._emit(self._cipher.encrypt(_nonce(self._counter, last=last), data, self._aad))
        self._counter += 1

    def _emit(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._file_bytes += len(data)


def write_segment(
    path: Path, data: bytes, key: DataKey, place: SegmentPlace, *, page_key: bytes
) -> Segment:
    """Write a segment file that is complete or absent; return what the manifest keeps.

    The file is written as ``<name>.tmp`` (mode 0600), synced and renamed. The caller syncs the
    directory, once for all the files that it writes, and adds the manifest rows after that.

    Args:
        path: Where the segment will stand; nothing may stand there yet.
        data: The plaintext.
        key: The batch's data key.
        place: Where the segment belongs.
        page_key: ``TenantKeys.fingerprint_key("landing.page")``.

    Raises:
        StorageError: The directory cannot be written or is full (``landing.unwritable``).
    """
    staged = path.with_name(path.name + ".tmp")
    with unwritable():
        if path.exists():
            raise FileExistsError
        with new_private_file(staged) as file:
            try:
                sealer = StreamSealer(file, key, place.frame(), page_key)
                sealer.write(data)
                segment = sealer.finish()
                file.flush()
                os.fsync(file.fileno())
                staged.rename(path)
            except BaseException:
                staged.unlink(missing_ok=True)
                raise
    return segment


def read_segment(path: Path, key: DataKey, place: SegmentPlace) -> bytes:
    """Return the whole plaintext of a segment file.

    Nothing is returned before the last chunk was checked, so a cut page is never parsed.

    Raises:
        StorageError: There is no such file or it cannot be read (``landing.missing``).
        EnvelopeError: The segment was changed, cut, moved, or belongs to another key.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageError("landing.missing", errno=error.errno) from None
    return open_segment(data, key, place)


def seal_segment(
    data: bytes, key: DataKey, place: SegmentPlace, *, page_key: bytes
) -> tuple[bytes, Segment]:
    """Seal bytes into a segment in memory, for values too long for an envelope."""
    out = io.BytesIO()
    sealer = StreamSealer(out, key, place.frame(), page_key)
    sealer.write(data)
    segment = sealer.finish()
    return out.getvalue(), segment


def open_segment(data: bytes, key: DataKey, place: SegmentPlace) -> bytes:
    """Return the plaintext of a segment in memory.

    Raises:
        EnvelopeError: The segment was changed, cut, moved, or belongs to another key.
    """
    return b"".join(open_stream(io.BytesIO(data), key, place.frame()))


def open_stream(source: BinaryIO, key: DataKey, place: bytes) -> Iterator[bytes]:
    """Yield the plaintext of a sealed stream chunk by chunk, each checked before it is given.

    That the stream is whole is known only when the last chunk was given.

    Raises:
        EnvelopeError: The stream was changed, cut, moved, or belongs to another key.
    """
    header = source.read(HEADER_BYTES)
    salt = header[20:36]
    if header != _header(key, salt):
        raise unreadable("header")
    cipher = _cipher(key, salt)
    aad = place + header
    chunk = source.read(_SEALED_CHUNK_BYTES)
    counter = 0
    while True:
        following = source.read(_SEALED_CHUNK_BYTES)
        # Only an empty segment has an empty chunk: otherwise the last one holds something.
        if len(chunk) < TAG_BYTES + (counter > 0):
            raise unreadable("length")
        try:
            yield cipher.decrypt(_nonce(counter, last=not following), chunk, aad)
        except InvalidTag:
            raise unreadable("tag") from None
        if not following:
            return
        chunk = following
        counter += 1


def segment_dek_id(path: Path) -> bytes:
    """Return the id of the key that a segment file names; proves nothing about the file.

    Raises:
        StorageError: There is no such file or it cannot be read (``landing.missing``).
        EnvelopeError: This is not a segment.
    """
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise StorageError("landing.missing", errno=error.errno) from None
    if len(header) != HEADER_BYTES or not header.startswith(MAGIC):
        raise unreadable("header")
    return header[4:20]


def _header(key: DataKey, salt: bytes) -> bytes:
    start = MAGIC + bytes((key.suite.number, 0))
    return start + key.dek_id + salt + bytes((CHUNK_LOG2, 0, 0, 0))


def _cipher(key: DataKey, salt: bytes) -> Aead:
    return key.suite.aead(key.derive(b"HIHL1", key.suite.key_bytes, salt))


def _nonce(counter: int, *, last: bool) -> bytes:
    if counter >= _MAX_CHUNKS:
        raise unreadable("length")
    return bytes(7) + counter.to_bytes(4, "big") + bytes((last,))


@contextlib.contextmanager
def unwritable() -> Iterator[None]:
    """Name what the system says when the landing zone cannot be written.

    Raises:
        StorageError: ``landing.unwritable``.
    """
    try:
        yield
    except OSError as error:
        raise StorageError("landing.unwritable", errno=error.errno) from None
