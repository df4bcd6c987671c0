"""The archive file: the rows of a store in one sealed, compressed stream.

::

    magic 8 "HRHUBAR1" | u32 length | preamble (JSON) | sealed stream

The preamble names the archive, the store's schema version, and the archive's own key, which the key
provider has wrapped: whoever has another key ring opens nothing. The stream is a segment
(:mod:`hrhub.crypto.segments`) bound to the preamble, so every changed bit and every missing byte is
found. Its plaintext is a zlib stream of frames ``u32 length | msgpack``:

====================================  ==========================================================
``["table", name, [columns]]``        what the rows that follow are
``["rows", [[…], …]]``                rows in the plain form of :mod:`hrhub.store.transfer`
``["end", facts]``                    when it was made, the rows and SHA-256 of each table
====================================  ==========================================================
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec

from hrhub.ambient import new_id, random_bytes
from hrhub.crypto import DataKey, EnvelopeError, KeyProvider, StreamSealer, open_stream
from hrhub.crypto.files import new_private_file, sync_directory
from hrhub.crypto.suites import suite_of
from hrhub.errors import ConfigError, KeysUnavailable, Refused, StorageError
from hrhub.store.migrations import HEAD, REVISIONS

_MAGIC = b"HRHUBAR1"
_FORMAT = 1
_MOST_PREAMBLE_BYTES = 4096
_LEVEL = 1
"""Sealed values do not shrink; the rest does at the lowest level already."""

Rows = Sequence[Sequence[Any]]


class _Preamble(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    archive: str
    schema: str
    program: str
    profile: int
    key_ref: str
    wrapped: bytes


class _Table(msgspec.Struct, array_like=True, frozen=True):
    rows: int
    sha256: bytes


class Head(msgspec.Struct, array_like=True, frozen=True):
    """Where a chain ended: how many links it had, and the MAC of the last one."""

    seq: int
    mac: bytes


class Facts(msgspec.Struct, frozen=True):
    """What an archive says of itself at its end.

    Attributes:
        taken_at: ISO 8601, the moment of the snapshot.
        tables: Rows and checksum of each table.
        erasures: Where each tenant's erasure ledger ended.
    """

    taken_at: str
    tables: dict[str, _Table]
    erasures: dict[str, Head] = {}

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(table.rows for table in self.tables.values())


class ArchiveWriter:
    """Write an archive that is complete or absent; leave the block without commit to drop it.

    Args:
        path: Where it will stand; nothing may stand there yet.
        provider: Wraps the archive's key.
        profile: 1 (AES-256-GCM) or 2 (SM4-GCM).
        program: Version of this program.

    Raises:
        Refused: There is something at ``path`` already (``archive.exists``).
        StorageError: It cannot be written (``archive.unwritable``).
    """

    def __init__(self, path: Path, provider: KeyProvider, *, profile: int, program: str) -> None:
        self._path = path
        self._staged = path.with_name(path.name + ".part")
        self._provider = provider
        self._profile = profile
        self._program = program
        self._tables: dict[str, list[Any]] = {}
        self._digest = hashlib.sha256()
        self._name = ""
        self._zip = zlib.compressobj(_LEVEL)
        self.archive = new_id()

    def __enter__(self) -> Self:
        key = random_bytes(32)
        key_ref = self._provider.current()
        wrapped = self._provider.wrap(key_ref, key, _context(self.archive))
        preamble = msgspec.json.encode(
            _Preamble(_FORMAT, self.archive, HEAD, self._program, self._profile, key_ref, wrapped)
        )
        opening = _opening(preamble)
        data_key = _data_key(self.archive, self._profile, key)
        with _disk(), contextlib.ExitStack() as opened:
            if self._path.exists():
                raise Refused("archive.exists", path=str(self._path))
            self._staged.unlink(missing_ok=True)  # what a killed backup left
            self._file = opened.enter_context(new_private_file(self._staged))
            self._file.write(opening)
            self._sealer = StreamSealer(self._file, data_key, _bound(opening), key)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._staged.unlink(missing_ok=True)

    def table(self, name: str, columns: Sequence[str]) -> None:
        """Begin a table."""
        self._end_table()
        self._name = str(name)
        self._tables[self._name] = [0, b""]
        self._frame(["table", str(name), [str(column) for column in columns]])

    def rows(self, rows: Rows) -> None:
        """Add rows of the table begun last."""
        self._tables[self._name][0] += len(rows)
        self._digest.update(self._frame(["rows", rows]))

    def commit(self, taken_at: str, erasures: Mapping[str, Head]) -> Facts:
        """Finish the file and return what it says of itself."""
        self._end_table()
        facts = Facts(
            taken_at, {name: _Table(*of) for name, of in self._tables.items()}, dict(erasures)
        )
        self._frame(["end", facts])
        with _disk():
            self._sealer.write(self._zip.flush())
            self._sealer.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._stack.close()
            try:
                self._path.hardlink_to(self._staged)
            except FileExistsError:
                raise Refused("archive.exists", path=str(self._path)) from None
            sync_directory(self._path.absolute().parent)
        return facts

    def _end_table(self) -> None:
        if self._name:
            self._tables[self._name][1] = self._digest.digest()
        self._digest = hashlib.sha256()

    def _frame(self, message: Any) -> bytes:
        body = msgspec.msgpack.encode(message)
        packed = self._zip.compress(len(body).to_bytes(4, "big") + body)
        if packed:
            with _disk():
                self._sealer.write(packed)
        return body


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose key fits; :meth:`check` it before anything is done with its rows.

    Attributes:
        archive: Its id.
        program: Version of the program that made it.
    """

    path: Path
    archive: str
    program: str
    _key: DataKey = field(repr=False)
    _opening: bytes = field(repr=False)

    def check(self) -> Facts:
        """Read it to its end and return what it says of itself.

        Raises:
            Refused: It is damaged or cut (``archive.broken``).
        """
        facts: Facts | None = None
        tables: dict[str, list[Any]] = {}
        name, digest = "", hashlib.sha256()
        for body in self._frames():
            kind, *rest = _decoded(body)
            if kind == "table":
                if name:
                    tables[name][1] = digest.digest()
                name, digest = rest[0], hashlib.sha256()
                tables[name] = [0, b""]
            elif kind == "rows":
                tables[name][0] += len(rest[0])
                digest.update(body)
            else:
                if name:
                    tables[name][1] = digest.digest()
                facts = msgspec.convert(rest[0], Facts)
        if facts is None or facts.tables != {n: _Table(*of) for n, of in tables.items()}:
            raise self._broken()
        return facts

    def tables(self) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
        """Yield (table, columns, rows), some rows at a time, in the order they were written.

        Raises:
            Refused: It is damaged or cut (``archive.broken``).
        """
        name, columns = "", ()
        for body in self._frames():
            kind, *rest = _decoded(body)
            if kind == "table":
                name, columns = rest[0], tuple(rest[1])
            elif kind == "rows":
                yield name, columns, rest[0]

    def _frames(self) -> Iterator[bytes]:
        held = bytearray()
        unzip = zlib.decompressobj()
        try:
            with self.path.open("rb") as source:
                source.seek(len(self._opening))
                for chunk in open_stream(source, self._key, _bound(self._opening)):
                    held += unzip.decompress(chunk)
                    at = 0
                    while len(held) - at >= 4:
                        end = at + 4 + int.from_bytes(held[at : at + 4], "big")
                        if len(held) < end:
                            break
                        yield bytes(held[at + 4 : end])
                        at = end
                    del held[:at]
        except (EnvelopeError, zlib.error):
            raise self._broken() from None
        except OSError as error:
            raise StorageError("archive.unreadable", errno=error.errno) from None
        if held or not unzip.eof:
            raise self._broken()

    def _broken(self) -> Refused:
        return Refused("archive.broken", path=str(self.path))


def open_archive(path: Path, provider: KeyProvider) -> Archive:
    """Open an archive of this program's schema version.

    Raises:
        StorageError: There is no such file (``archive.unreadable``).
        Refused: It is no archive or damaged (``archive.broken``), another key ring's
            (``archive.other_keys``), or of another schema version (``archive.older``,
            ``archive.newer``).
    """
    broken = Refused("archive.broken", path=str(path))
    try:
        with path.open("rb") as source:
            start = source.read(len(_MAGIC) + 4)
            length = int.from_bytes(start[len(_MAGIC) :], "big")
            if start[: len(_MAGIC)] != _MAGIC or length > _MOST_PREAMBLE_BYTES:
                raise broken
            preamble = source.read(length)
    except OSError as error:
        raise StorageError("archive.unreadable", errno=error.errno) from None
    try:
        told = msgspec.json.decode(preamble, type=_Preamble)
        context = _context(told.archive)
        suite_of(told.profile)
    except (msgspec.DecodeError, UnicodeDecodeError, ConfigError, KeysUnavailable):
        raise broken from None
    if told.format != _FORMAT or (told.schema != HEAD and told.schema not in REVISIONS):
        raise Refused("archive.newer", found=told.schema, wanted=HEAD, program=told.program)
    if told.schema != HEAD:
        raise Refused("archive.older", found=told.schema, wanted=HEAD, program=told.program)
    try:
        key = provider.unwrap(told.key_ref, told.wrapped, context)
    except KeysUnavailable as error:
        raise Refused("archive.other_keys", key_ref=told.key_ref, reason=error.code) from None
    return Archive(
        path,
        told.archive,
        told.program,
        _data_key(told.archive, told.profile, key),
        _opening(preamble),
    )


def _decoded(body: bytes) -> list[Any]:
    decoded: list[Any] = msgspec.msgpack.decode(body)
    return decoded


def _opening(preamble: bytes) -> bytes:
    return _MAGIC + len(preamble).to_bytes(4, "big") + preamble


def _bound(opening: bytes) -> bytes:
    """Return what the sealed stream is bound to."""
    return b"HIHA1R" + hashlib.sha256(opening).digest()


def _context(archive: str) -> Mapping[str, str]:
    return {"purpose": "archive", "archive": archive}


def _data_key(archive: str, profile: int, key: bytes) -> DataKey:
    return DataKey(key, bytes.fromhex(archive.replace("-", "")), "", suite_of(profile))


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError("archive.unwritable", errno=error.errno) from None
