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

FINGERPRINT_BYTES = 16

Fingerprints = npt.NDArray[np.bytes_]
"""Sorted, dtype ``S16``: 16 bytes of memory per record of the stream."""


class Gate:
    """Compare raw records with what the last runs left in the store.

    Args:
        key: Key of the fingerprints, 32 bytes.
        mapping_version: Version of the mapping in use.
        known: Sorted fingerprints of the stream's records in the store.
        volatile: Top-level JSON fields left out of comparison.
    """

    def __init__(
        self,
        key: bytes,
        mapping_version: str,
        known: Fingerprints,
        volatile: Sequence[str] = (),
    ) -> None:
        self._key = key
        self._version = mapping_version.encode()
        self._known = known
        self._held = np.ones(len(known), dtype=bool)
        self._volatile = volatile
        self._record = msgspec.json.Decoder(dict[str, msgspec.Raw]) if volatile else None

    def fingerprints(
        self, raws: Sequence[bytes | memoryview], meta: Mapping[str, str | int]
    ) -> list[bytes]:
        """Return the fingerprint of each raw record of one page."""
        base = blake2b(key=self._key, digest_size=FINGERPRINT_BYTES)
        base.update(self._version)
        base.update(msgspec.json.encode(dict(meta), order="sorted"))
        out: list[bytes] = []
        for raw in raws:
            digest = base.copy()
            digest.update(self._steady(raw) if self._record else raw)
            out.append(digest.digest())
        return out

    def _steady(self, raw: bytes | memoryview) -> bytes:
        """Return the record without its volatile fields."""
        assert self._record is not None
        try:
            fields = self._record.decode(raw)
        except msgspec.DecodeError:
            return bytes(raw)
        for name in self._volatile:
            fields.pop(name, None)
        return msgspec.json.encode(fields)

    def passes(self, fingerprints: Sequence[bytes]) -> Sequence[bool]:
        """Tell for each fingerprint whether its record is new or changed."""
        if not len(self._known):
            return [True] * len(fingerprints)
        wanted: Any = np.array(fingerprints, dtype=f"S{FINGERPRINT_BYTES}")
        at = np.searchsorted(self._known, wanted)
        at[at == len(self._known)] = 0
        changed: list[bool] = ((self._known[at] != wanted) | ~self._held[at]).tolist()
        return changed

    def forget(self, fingerprints: Sequence[bytes]) -> None:
        """Let through from now on what the store has exchanged: it may come back."""
        if not len(self._known) or not fingerprints:
            return
        gone: Any = np.array(fingerprints, dtype=f"S{FINGERPRINT_BYTES}")
        at = np.searchsorted(self._known, gone)
        at[at == len(self._known)] = 0
        self._held[at[self._known[at] == gone]] = False
