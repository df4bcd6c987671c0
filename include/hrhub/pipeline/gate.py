"""The change gate: records that the store already holds stop here, before they are parsed.

A fingerprint is a keyed hash of the raw record, the facts of its page and the mapping's version:
whoever reads the database learns nothing from it, and a new mapping version opens the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hrhub.store.fingerprints import FINGERPRINT_BYTES, Fingerprints, halves

Raw = bytes | memoryview


class Gate:
    """Compare raw records with what the last runs left in the store.

    Args:
        key: Key of the fingerprints, 32 bytes.
        mapping_version: Version of the mapping in use.
        known: Fingerprints of the stream's records in the store; None where nothing is compared.
        volatile: Top-level JSON fields left out of comparison.
    """

    def __init__(
        self,
        key: bytes,
        mapping_version: str,
        known: Fingerprints | None = None,
        volatile: Sequence[str] = (),
    ) -> None:
        self._keyed = blake2b(key=key, digest_size=FINGERPRINT_BYTES)
        self._keyed.update(mapping_version.encode())
        self._known = known if known is not None and len(known) else None
        self._volatile = volatile
        self._record = msgspec.json.Decoder(dict[str, msgspec.Raw]) if volatile else None

    def fingerprints(self, raws: Sequence[Raw], meta: Mapping[str, str | int]) -> list[bytes]:
        """Return the fingerprint of each raw record of one page."""
        page = self._keyed.copy()
        page.update(msgspec.json.encode(dict(meta), order="sorted"))
        fresh = page.copy
        out: list[bytes] = []
        add = out.append
        for raw in raws if self._record is None else map(self._steady, raws):
            digest = fresh()
            digest.update(raw)
            add(digest.digest())
        return out

    def _steady(self, raw: Raw) -> bytes:
        """Return the record without its volatile fields."""
        assert self._record is not None
        try:
            fields = self._record.decode(raw)
        except msgspec.DecodeError:
            return bytes(raw)
        for name in self._volatile:
            fields.pop(name, None)
        return msgspec.json.encode(fields)

    def passing(self, fingerprints: Sequence[bytes]) -> Sequence[int]:
        """Return the places of those whose record is new or changed, in order."""
        if self._known is None:
            return range(len(fingerprints))
        _, found = self._find(fingerprints)
        passing: list[int] = np.flatnonzero(~found).tolist()
        return passing

    def forget(self, fingerprints: Sequence[bytes]) -> None:
        """Let through from now on what the store has exchanged: it may come back."""
        if self._known is None or not fingerprints:
            return
        at, found = self._find(fingerprints)
        # Turned over it equals nothing that is looked for, and takes no memory to remember.
        self._known[at[found], 1] ^= np.uint64(0xFFFF_FFFF_FFFF_FFFF)

    def _find(
        self, fingerprints: Sequence[bytes]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Return where each would stand among the known ones, and whether it does.

        Of two known ones that share a first half only the first is found. The record of the other
        passes, and its content then turns out to be unchanged.
        """
        known: Any = self._known
        wanted = halves(bytearray(b"".join(fingerprints)))
        first, second = wanted[:, 0], wanted[:, 1]
        at = np.searchsorted(known[:, 0], first)
        at[at == len(known)] = 0
        return at, (known[at, 0] == first) & (known[at, 1] == second)
