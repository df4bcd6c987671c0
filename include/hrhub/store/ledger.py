"""The erasure ledger: who was erased, kept beside the key ring and outside store and backups.

A backup made before an erasure still holds the person's wrapped key. Restoring one therefore reads
this file and destroys those keys again before anybody can read. One line of JSON per person; the
lines of a tenant are a chain of MACs like the audit chain, so that none can be changed or left out.
It holds ids only: no value, and nothing that a value could be looked up by.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from hrhub.crypto import GENESIS, AuditBroken, verify_links
from hrhub.crypto.files import sync_directory
from hrhub.errors import ConfigError, Refused, StorageError
from hrhub.store.archive import Head
from hrhub.store.audit import Linker
from hrhub.store.types import utc_text

_ACT = "person.erase"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    tenant: str
    seq: int
    at: str
    person: str
    mac: str

    def event(self) -> dict[str, object]:
        """Return what the MAC covers."""
        return {
            "act": _ACT,
            "at": self.at,
            "person": self.person,
            "seq": self.seq,
            "tenant": self.tenant,
        }


class Ledger:
    """The ledger of one installation.

    Args:
        path: The file; it is made, closed to others, with the first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, link: Linker, tenant: str, person_ids: Sequence[str], at: datetime) -> None:
        """Note that people are erased; call it before their keys are destroyed.

        Raises:
            ConfigError: The file cannot be written (``ledger.unwritable``).
            Refused: The ledger is damaged (``ledger.broken``).
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(self._path, flags, 0o600), "rb+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                held = file.read()
                head = self._heads(self._lines(held)).get(tenant, Head(0, GENESIS))
                file.truncate(_whole(held))
                file.seek(_whole(held))
                lines = []
                for person_id in person_ids:
                    line = _Line(tenant, head.seq + 1, utc_text(at), person_id, "")
                    head = Head(line.seq, link(head.mac, line.event()))
                    line.mac = head.mac.hex()
                    lines.append(msgspec.json.encode(line) + b"\n")
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
            sync_directory(self._path.absolute().parent)
        except OSError as error:
            raise ConfigError(
                "ledger.unwritable", path=str(self._path), errno=error.errno
            ) from None

    def heads(self) -> dict[str, Head]:
        """Return where each tenant's chain ends; nothing is proved.

        Raises:
            Refused: The ledger is damaged (``ledger.broken``).
            StorageError: It cannot be read (``ledger.unreadable``).
        """
        return self._heads(self._lines(self._read()))

    def erased(self, link: Linker, tenant: str, least: Head | None = None) -> list[str]:
        """Return the ids of a tenant's people who were erased, after checking the chain.

        Args:
            link: The tenant's.
            tenant: Whose.
            least: A link that must be in the chain: the ledger may be longer, never shorter.

        Raises:
            Refused: The ledger is damaged (``ledger.broken``) or lacks ``least``
                (``ledger.behind``).
            StorageError: It cannot be read (``ledger.unreadable``).
        """
        lines = [line for line in self._lines(self._read()) if line.tenant == tenant]
        if least is not None and (
            len(lines) < least.seq or lines[least.seq - 1].mac != least.mac.hex()
        ):
            raise Refused("ledger.behind", path=str(self._path), found=len(lines), wanted=least.seq)
        try:
            verify_links(link, ((line.event(), bytes.fromhex(line.mac)) for line in lines))
        except (AuditBroken, ValueError):
            raise self._broken() from None
        return [line.person for line in lines]

    @staticmethod
    def _heads(lines: Sequence[_Line]) -> dict[str, Head]:
        return {line.tenant: Head(line.seq, bytes.fromhex(line.mac)) for line in lines}

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""  # nobody was erased yet
        except OSError as error:
            path = str(self._path)
            raise StorageError("ledger.unreadable", path=path, errno=error.errno) from None

    def _lines(self, data: bytes) -> list[_Line]:
        try:
            whole = data[: _whole(data)]
            return [msgspec.json.decode(line, type=_Line) for line in whole.splitlines()]
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._broken() from None

    def _broken(self) -> Refused:
        return Refused("ledger.broken", path=str(self._path))


def _whole(data: bytes) -> int:
    """Return where the whole lines end: a power cut may leave half a line, before any erasure."""
    return data.rfind(b"\n") + 1
