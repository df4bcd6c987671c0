"""The field envelope, version 1: one sealed value, bound to its place.

::

    off len
     0   1  magic 0xC1 (never valid in UTF-8)
     1   1  version 0x01
     2   1  suite: 0x01 AES-256-GCM/SHA-256, 0x02 SM4-GCM/SM3
     3   1  flags: bit 0 padded; all other bits are 0
     4  16  dek_id
    20  12  nonce, random, fresh for every encryption
    32   n  ciphertext
    32+n 16 tag

The additional data is ``"HIHF1" || lp(tenant, entity, field_path, row_uid) || envelope[0:20]``:
a ciphertext moved to another tenant, entity, field or row cannot be opened. The plaintext is a
type byte and a body (:mod:`hrhub.crypto.values`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hmac import compare_digest
from typing import NoReturn

from cryptography.exceptions import InvalidTag

from hrhub.crypto.errors import KeyCommitmentError, unreadable
from hrhub.crypto.framing import lp
from hrhub.crypto.nonces import nonces
from hrhub.crypto.suites import NONCE_BYTES, SUITES, TAG_BYTES, Aead, Suite
from hrhub.crypto.values import MAX_TYPE
from hrhub.errors import KeysUnavailable, RowRejected

MAGIC = b"\xc1\x01"
HEADER_BYTES = 20
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
MAX_BODY_BYTES = 65_536
"""Longer values use the segment format (:mod:`hrhub.crypto.segments`)."""

PADDED = 0x01
PAD_TO = 16
PAD_MINIMUM = 32
MAX_SEALS_PER_PROCESS = 1 << 20
MAX_SEALS = 1 << 24
"""A data key is retired long before 2^32 random nonces make a repetition likely."""

_MAX_PADDED_BYTES = MAX_BODY_BYTES + 1 + PAD_TO


class DataKey:
    """An unwrapped data key with its derived ciphers, in this process's memory only.

    Printing and pickling show nothing. A key that has reached its limit of seals still opens.
    """

    __slots__ = (
        "_cipher",
        "_headers",
        "_key",
        "_left",
        "_prk",
        "_row_mac",
        "_unwritten",
        "dek_id",
        "suite",
        "tenant",
    )

    def __init__(
        self, key: bytes, dek_id: bytes, tenant: str, suite: Suite, *, uses: int = 0
    ) -> None:
        if len(key) != 32 or len(dek_id) != 16:
            raise KeyCommitmentError()
        self._key = key
        self.dek_id = dek_id
        self.tenant = tenant
        self.suite = suite
        self._cipher: Aead | None = None
        self._prk: bytes | None = None
        self._row_mac: Callable[[bytes], bytes] | None = None
        start = MAGIC + bytes((suite.number,))
        self._headers = (start + b"\x00" + dek_id, start + b"\x01" + dek_id)
        self._left = max(0, min(MAX_SEALS_PER_PROCESS, MAX_SEALS - uses))
        self._unwritten = self._left

    def __repr__(self) -> str:
        return f"DataKey({self.dek_id.hex()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")

    @property
    def exhausted(self) -> bool:
        """Whether this key must not seal any more."""
        return self._left <= 0

    def take_uses(self) -> int:
        """Return how often this object has sealed since it was last asked, to be written down."""
        uses = self._unwritten - max(0, self._left)
        self._unwritten -= uses
        return uses

    def return_uses(self, uses: int) -> None:
        """Take back what was not written down after all; it is told again."""
        self._unwritten += uses

    def commitment(self) -> bytes:
        """Return the key check value that the key's record carries."""
        return self.suite.hmac(self._key, b"HIHC1" + self.dek_id)

    def check(self, commit: bytes) -> None:
        """Compare with a record's commitment, in constant time.

        Raises:
            KeyCommitmentError: It is another key's.
        """
        if not compare_digest(self.commitment(), commit):
            raise KeyCommitmentError(dek_id=self.dek_id.hex())

    def derive(self, info: bytes, length: int = 32, salt: bytes | None = None) -> bytes:
        """Derive a key for another use than envelopes."""
        if salt is not None or length != 32:
            return self.suite.hkdf(self._key, info, length, salt)
        if self._prk is None:
            self._prk = self.suite.extract(self._key)
        return self.suite.expand(self._prk, info)

    def row_mac(self, message: bytes) -> bytes:
        """Return the 32-byte MAC over what a row holds; a key seals several rows of its person."""
        mac = self._row_mac
        if mac is None:
            mac = self._row_mac = self.suite.keyed(self.derive(b"HIHR1"))
        return mac(message)

    def seal(
        self,
        plaintext: bytes,
        *,
        entity: str,
        field_path: str,
        row_uid: str,
        type_byte: int,
        padded: bool,
    ) -> bytes:
        """Seal one typed body into an envelope.

        Raises:
            RowRejected: The body is longer than 64 KiB.
            KeysUnavailable: The key was used too often.
        """
        typed = bytes((type_byte,)) + plaintext
        return self.seal_typed(typed, entity, field_path, row_uid, padded)

    def seal_typed(
        self, typed: bytes, entity: str, field_path: str, row_uid: str, padded: bool
    ) -> bytes:
        """Seal what is a type byte and a body already: the hot path of :meth:`seal`."""
        if len(typed) > MAX_BODY_BYTES + 1:
            raise RowRejected("too_large", f"{entity}.{field_path}", "envelope", bytes=len(typed))
        place = aad_prefix(self.tenant, entity, field_path) + lp(row_uid)
        return self.seal_at(typed, place, padded)

    def seal_at(self, typed: bytes, place: bytes, padded: bool) -> bytes:
        """Seal at a place already framed, a body already known to be short enough.

        Raises:
            KeysUnavailable: The key was used too often.
        """
        self._left -= 1
        if self._left < 0:
            raise KeysUnavailable("keys.used_up", dek_id=self.dek_id.hex())
        cipher = self._cipher or self._open_cipher()
        header = self._headers[padded]
        if padded:
            typed = _pad(typed)
        nonce = nonces.take()
        return header + nonce + cipher.encrypt(nonce, typed, place + header)

    def open(
        self, envelope: bytes, *, entity: str, field_path: str, row_uid: str
    ) -> tuple[int, bytes]:
        """Open an envelope and return its type byte and body.

        Raises:
            EnvelopeError: It was changed, moved, cut, or belongs to another key.
        """
        typed = self.open_typed(envelope, entity, field_path, row_uid)
        return typed[0], typed[1:]

    def open_typed(
        self,
        envelope: bytes,
        entity: str,
        field_path: str,
        row_uid: str,
        *,
        padded: bool | None = None,
    ) -> bytes:
        """Open an envelope and return type byte and body in one: the hot path of :meth:`open`.

        ``padded`` says what the place demands; None takes both.
        """
        header = envelope[:HEADER_BYTES]
        if header == self._headers[0]:
            is_padded = False
        elif header == self._headers[1]:
            is_padded = True
        else:
            raise unreadable("header")
        if padded is not None and is_padded is not padded:
            raise unreadable("padding_rule")
        length = len(envelope) - OVERHEAD_BYTES
        if not 1 <= length <= _MAX_PADDED_BYTES:
            raise unreadable("length")
        row = row_uid.encode()
        aad = b"%b%b%b%b" % (
            aad_prefix(self.tenant, entity, field_path),
            len(row).to_bytes(2, "big"),
            row,
            header,
        )
        cipher = self._cipher or self._open_cipher()
        try:
            typed = cipher.decrypt(envelope[20:32], envelope[32:], aad)
        except InvalidTag:
            raise unreadable("tag") from None
        if is_padded:
            typed = _unpad(typed)
        if typed[0] > MAX_TYPE or len(typed) > MAX_BODY_BYTES + 1:
            raise unreadable("type")
        return typed

    def _open_cipher(self) -> Aead:
        suite = self.suite
        info = b"HIHK1 " + suite.label.encode()
        self._cipher = suite.aead(self.derive(info)[: suite.key_bytes])
        return self._cipher


@lru_cache(maxsize=4096)
def aad_prefix(tenant: str, entity: str, field_path: str) -> bytes:
    """Return the part of the additional data that is the same for every row."""
    return b"HIHF1" + lp(tenant, entity, field_path)


def dek_id_of(envelope: bytes) -> bytes:
    """Return the id of the key that an envelope names; proves nothing about the envelope.

    Raises:
        EnvelopeError: This is not an envelope.
    """
    known = envelope[:2] == MAGIC and len(envelope) > OVERHEAD_BYTES
    if not known or envelope[2] not in SUITES or envelope[3] & ~PADDED:
        raise unreadable("header")
    return bytes(envelope[4:HEADER_BYTES])


def _pad(typed: bytes) -> bytes:
    size = max(PAD_MINIMUM, (len(typed) + PAD_TO) // PAD_TO * PAD_TO)
    return (typed + b"\x80").ljust(size, b"\0")


def _unpad(padded: bytes) -> bytes:
    stripped = padded.rstrip(b"\0")
    if len(stripped) < 2 or stripped[-1] != 0x80:
        raise unreadable("padding")
    typed = stripped[:-1]
    if len(padded) != max(PAD_MINIMUM, (len(typed) + PAD_TO) // PAD_TO * PAD_TO):
        raise unreadable("padding")
    return typed
