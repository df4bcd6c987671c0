"""The ``file`` key provider: a key ring in one private JSON file.

The file must belong to the user who runs hrhub and be closed to everybody else; otherwise it is
refused. It is read at every use, which is a few times per process, so that a key that an
administrator disables is gone at once.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from errno import ENOTDIR
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from hrhub.ambient import random_bytes
from hrhub.crypto.files import write_private
from hrhub.crypto.providers import Health
from hrhub.crypto.wrapping import KEY_BYTES, unwrap_locally, wrap_locally
from hrhub.errors import ConfigError, HrHubError, KeysUnavailable, Refused

State = Literal["primary", "active", "disabled", "destroyed"]
_FORMAT = "hrhub-keyring/1"
_MAX_FILE_BYTES = 1 << 20


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    state: State
    key: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    ring: str
    keys: list[_Entry]


@dataclass(frozen=True, slots=True)
class _Version:
    state: State
    key: bytes

    def __repr__(self) -> str:
        return f"_Version({self.state})"


@dataclass(frozen=True, slots=True)
class _Ring:
    ring: str
    versions: Mapping[int, _Version]

    def ref(self, version: int) -> str:
        return f"file:{self.ring}:{version}"

    @property
    def primary(self) -> int:
        return next(n for n, v in self.versions.items() if v.state == "primary")


class FileKeyring:
    """Key-encryption keys in a file; a key reference reads ``file:<ring>:<version>``.

    Args:
        path: The key file. It is not opened before the first use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"FileKeyring({str(self._path)!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled")

    @classmethod
    def create(cls, path: Path) -> FileKeyring:
        """Make a key ring with one key; two processes may try, one wins.

        Raises:
            Refused: There is a file already (``keys.exists``); it is left as it is.
            ConfigError: The directory cannot be written (``keys.unwritable``).
        """
        ring = _Ring(random_bytes(4).hex(), {1: _Version("primary", random_bytes(KEY_BYTES))})
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, _dump(ring), replace=False)
        except FileExistsError:
            if not path.exists():
                raise ConfigError("keys.unwritable", path=str(path), errno=ENOTDIR) from None
            raise Refused("keys.exists", path=str(path)) from None
        except OSError as error:
            raise ConfigError("keys.unwritable", path=str(path), errno=error.errno) from None
        return cls(path)

    def current(self) -> str:
        """Return the reference of the key that wraps."""
        ring = self._read()
        return ring.ref(ring.primary)

    def wrap(self, key_ref: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap a 32-byte key under a context."""
        return wrap_locally(self._key(key_ref), key_ref, plaintext, context)

    def unwrap(self, key_ref: str, blob: bytes, context: Mapping[str, str]) -> bytes:
        """Unwrap a key under the context it was wrapped for."""
        return unwrap_locally(self._key(key_ref), key_ref, blob, context)

    def health(self) -> Health:
        """Say whether the ring can be used now."""
        try:
            return Health(self.current())
        except HrHubError as error:
            return Health(None, error.code)

    def states(self) -> dict[str, State]:
        """Return the state of every key by its reference."""
        ring = self._read()
        return {ring.ref(n): v.state for n, v in ring.versions.items()}

    def rotate(self) -> str:
        """Add a key and make it the primary one; the old one still unwraps. Return the reference.

        Wrap the tenant keys anew afterwards (:func:`hrhub.crypto.keys.rewrap`).
        """
        with self._changing() as ring:
            added = max(ring.versions) + 1
            old = ring.versions[ring.primary]
            versions = {
                **ring.versions,
                ring.primary: replace(old, state="active"),
                added: _Version("primary", random_bytes(KEY_BYTES)),
            }
            self._write(_Ring(ring.ring, versions))
            return ring.ref(added)

    def disable(self, key_ref: str) -> None:
        """Stop a key from being used, for now.

        Raises:
            Refused: It is the primary key (``keys.primary``).
        """
        self._retire(key_ref, "disabled")

    def destroy(self, key_ref: str) -> None:
        """Forget a key for good: what only it wrapped can never be opened again.

        Raises:
            Refused: It is the primary key (``keys.primary``).
        """
        self._retire(key_ref, "destroyed")

    def _retire(self, key_ref: str, state: Literal["disabled", "destroyed"]) -> None:
        with self._changing() as ring:
            number, version = self._find(ring, key_ref)
            if version.state == "primary":
                raise Refused("keys.primary", key_ref=key_ref)
            if version.state == "destroyed":
                return
            kept = version.key if state == "disabled" else b""
            self._write(_Ring(ring.ring, {**ring.versions, number: _Version(state, kept)}))

    def _key(self, key_ref: str) -> bytes:
        _, version = self._find(self._read(), key_ref)
        if version.state in ("disabled", "destroyed"):
            raise KeysUnavailable(f"keys.{version.state}", key_ref=key_ref)
        return version.key

    @staticmethod
    def _find(ring: _Ring, key_ref: str) -> tuple[int, _Version]:
        for number, version in ring.versions.items():
            if ring.ref(number) == key_ref:
                return number, version
        raise KeysUnavailable("keys.unknown", key_ref=key_ref)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Ring]:
        """Hold the directory's lock, so that two changes do not overwrite each other."""
        try:
            handle = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            raise KeysUnavailable("keys.missing", path=str(self._path)) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self._read()
        finally:
            os.close(handle)

    def _write(self, ring: _Ring) -> None:
        try:
            write_private(self._path, _dump(ring), replace=True)
        except OSError as error:
            path = str(self._path)
            raise ConfigError("keys.unwritable", path=path, errno=error.errno) from None

    def _read(self) -> _Ring:
        path = str(self._path)
        try:
            # Without O_NONBLOCK a named pipe in the file's place would hang every run.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            handle = os.open(self._path, flags)
        except FileNotFoundError:
            raise KeysUnavailable("keys.missing", path=path) from None
        except OSError as error:
            raise KeysUnavailable("keys.unreadable", path=path, errno=error.errno) from None
        try:
            status = os.fstat(handle)
            mode = stat.S_IMODE(status.st_mode)
            if not stat.S_ISREG(status.st_mode):
                raise KeysUnavailable("keys.broken", path=path)
            if mode & 0o077 or status.st_uid != os.geteuid():
                raise KeysUnavailable("keys.exposed", path=path, mode=f"{mode:04o}")
            data = os.read(handle, _MAX_FILE_BYTES)
        finally:
            os.close(handle)
        ring = _parse(data)
        if ring is None:
            raise KeysUnavailable("keys.broken", path=path)
        return ring


def _dump(ring: _Ring) -> bytes:
    keys = [
        _Entry(n, v.state, base64.b64encode(v.key).decode())
        for n, v in sorted(ring.versions.items())
    ]
    return msgspec.json.format(msgspec.json.encode(_File(_FORMAT, ring.ring, keys)), indent=2)


def _parse(data: bytes) -> _Ring | None:
    """Return the ring, or None unless every part of it is as it must be."""
    try:
        file = msgspec.json.decode(data, type=_File)
        versions = {
            e.version: _Version(e.state, base64.b64decode(e.key, validate=True)) for e in file.keys
        }
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, ValueError):
        return None
    sizes_hold = all(
        len(v.key) == (0 if v.state == "destroyed" else KEY_BYTES) for v in versions.values()
    )
    one_primary = [v.state for v in versions.values()].count("primary") == 1
    no_twins = len(versions) == len(file.keys)
    if file.format == _FORMAT and file.ring and sizes_hold and one_primary and no_twins:
        return _Ring(file.ring, versions)
    return None
