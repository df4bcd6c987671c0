"""SM2 signatures and encryption (GM/T 0003, GM/T 0009), by GmSSL's C code.

Keys and signatures come in several forms, and vendors rarely say which one they mean: they are
told apart here by their length, and turned into one. GmSSL takes its random numbers from the
operating system; its arithmetic is not free of timing differences (see docs/security.md). Whoever
must keep a private key in an HSM hands in another :class:`Signer`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal, Protocol

from hrhub.errors import ConfigError
from hrhub.http.auth_base import Secret, reveal

DEFAULT_ID = b"1234567812345678"
"""Signer's id where nothing else is agreed (GM/T 0009-2012, 10)."""

SignatureForm = Literal["raw", "der"]
"""``raw`` is r and s of 32 bytes each, one after the other; ``der`` is their ASN.1 sequence."""
CipherOrder = Literal["c1c3c2", "c1c2c3"]
"""``c1c3c2`` is the standard (GB/T 32918.4-2016), ``c1c2c3`` the draft of 2010."""

_POINT = 64
_DIGEST = 32
# Every SubjectPublicKeyInfo and PKCS #8 key of this curve begins with the same bytes
# (1.2.840.10045.2.1 with 1.2.156.10197.1.301).
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_PKCS8 = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")


class Signer(Protocol):
    """Whoever holds a private key: this process, an HSM, or an agent that talks to one."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes r and s of a signature over a message.

        Raises:
            ConfigError: ``auth.key_unusable``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """A key pair in this process.

    Attributes:
        private: 32 bytes in hexadecimal or base64, or PKCS #8 (PEM or base64).
        public: The public key that belongs to it and is registered with the other side; the
            signature covers it.
        signer_id: The signer's id.
    """

    private: Secret = field(repr=False)
    public: str
    signer_id: bytes = DEFAULT_ID

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes r and s.

        The signature is checked before it leaves: one made by a faulty machine can give the key
        away, and a key pair that does not belong together would be refused without a reason.

        Raises:
            ConfigError: ``auth.key_unusable``.
        """
        import gmssl_pyx  # loaded when something is signed, not when a connector is declared

        private, public = read_private(reveal(self.private)), read_public(self.public)
        try:
            der = gmssl_pyx.sm2_sign(private, public, message, signer_id=self.signer_id)
            good = gmssl_pyx.sm2_verify(public, message, der, signer_id=self.signer_id)
        except gmssl_pyx.GmsslInnerError:
            raise ConfigError("auth.key_unusable", rule="sm2") from None
        if not good:
            raise ConfigError("auth.key_unusable", rule="sm2_pair")
        return to_raw(der)


def verify(
    public: str,
    message: bytes,
    signature: bytes,
    *,
    form: SignatureForm = "raw",
    signer_id: bytes = DEFAULT_ID,
) -> bool:
    """Tell whether a signature is good; whatever is no signature is not.

    Raises:
        ConfigError: ``auth.key_unusable``: the public key is none.
    """
    import gmssl_pyx

    point = read_public(public)
    try:
        # Decoded and encoded again: a lenient reader would take several spellings of one signature.
        raw = to_raw(signature) if form == "der" else signature
        if form == "der" and to_der(raw) != signature:
            return False
        return bool(gmssl_pyx.sm2_verify(point, message, to_der(raw), signer_id=signer_id))
    except (ValueError, gmssl_pyx.GmsslInnerError):
        return False


def encrypt(public: str, plain: bytes, *, order: CipherOrder = "c1c3c2") -> bytes:
    """Encrypt up to 255 bytes, such as a session key: ``04``, point, then as ordered.

    Raises:
        ConfigError: ``auth.key_unusable``: the public key is none.
        ValueError: There is nothing to encrypt, or too much.
    """
    import gmssl_pyx

    if not 1 <= len(plain) <= 255:
        raise ValueError("SM2 encrypts 1 to 255 bytes")
    point, digest, hidden = _split(gmssl_pyx.sm2_encrypt(read_public(public), plain))
    tail = digest + hidden if order == "c1c3c2" else hidden + digest
    return b"\x04" + point + tail


def decrypt(private: Secret, cipher_text: bytes, *, order: CipherOrder = "c1c3c2") -> bytes:
    """Decrypt what :func:`encrypt` gives; the digest in the cipher text is checked.

    Old libraries leave out the ``04`` in front. It has to be put back: points begin with 04 too.

    Raises:
        ConfigError: ``auth.key_unusable``: the private key is none.
        ValueError: It was encrypted for another key, in another order, or was changed.
    """
    import gmssl_pyx

    point, tail = cipher_text[1 : 1 + _POINT], cipher_text[1 + _POINT :]
    if cipher_text[:1] != b"\x04" or len(tail) <= _DIGEST:
        raise ValueError("no SM2 cipher text")
    digest, hidden = (
        (tail[:_DIGEST], tail[_DIGEST:])
        if order == "c1c3c2"
        else (tail[-_DIGEST:], tail[:-_DIGEST])
    )
    try:
        return bytes(
            gmssl_pyx.sm2_decrypt(read_private(reveal(private)), _join(point, digest, hidden))
        )
    except gmssl_pyx.GmsslInnerError:
        raise ValueError("no SM2 cipher text for this key") from None


def read_public(text: str) -> bytes:
    """Return the 64 bytes X and Y of a public key in any of its usual forms.

    Those are ``04`` and both coordinates, the coordinates alone, the compressed point, and
    SubjectPublicKeyInfo; each in hexadecimal, base64 or PEM.

    Raises:
        ConfigError: ``auth.key_unusable``: it is no point of the curve.
    """
    import gmssl_pyx

    data = _bytes_of(text)
    if data.startswith(_SPKI):
        data = data[len(_SPKI) :]
    try:
        # The length alone tells the forms apart: coordinates may begin with 04 themselves.
        return bytes(gmssl_pyx.normalize_sm2_public_key(data))
    except gmssl_pyx.GmsslInnerError:
        raise ConfigError("auth.key_unusable", rule="sm2_public") from None


def read_private(text: str) -> bytes:
    """Return the 32 bytes of a private key.

    Raises:
        ConfigError: ``auth.key_unusable``.
    """
    data = _bytes_of(text)
    if data.startswith(_PKCS8):
        data = data[len(_PKCS8) :][:32]
    if len(data) != 32:
        raise ConfigError("auth.key_unusable", rule="sm2_private")
    return data


def to_raw(der: bytes) -> bytes:
    """Return r and s of 32 bytes each from their ASN.1 sequence.

    Raises:
        ValueError: It is no such sequence, or a number is too large.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    try:
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except OverflowError:
        raise ValueError("no SM2 signature") from None


def to_der(raw: bytes) -> bytes:
    """Return the ASN.1 sequence of r and s.

    Raises:
        ValueError: These are not 64 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if len(raw) != 64:
        raise ValueError("no SM2 signature")
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _bytes_of(text: str) -> bytes:
    """Return the bytes of a key; text that is neither form is no key, which its reader says."""
    lines = [line.strip() for line in text.strip().splitlines()]
    bare = "".join(line for line in lines if not line.startswith("-----"))
    for decode in (bytes.fromhex, lambda b: base64.b64decode(b, validate=True)):
        try:
            return decode(bare)
        except (ValueError, binascii.Error):
            continue
    return b""


def _split(der: bytes) -> tuple[bytes, bytes, bytes]:
    """Return point, digest and hidden text of an ASN.1 cipher text (GM/T 0009-2012, 7.2)."""
    _, body, _ = _element(der)
    parts = []
    while body:
        _, part, body = _element(body)
        parts.append(part)
    x, y, digest, hidden = parts
    point = b"".join(n.lstrip(b"\0").rjust(32, b"\0") for n in (x, y))
    return point, digest, hidden


def _join(point: bytes, digest: bytes, hidden: bytes) -> bytes:
    numbers = (point[:32], point[32:])
    body = b"".join(_tagged(0x02, _number(n)) for n in numbers)
    return _tagged(0x30, body + _tagged(0x04, digest) + _tagged(0x04, hidden))


def _number(coordinate: bytes) -> bytes:
    bare = coordinate.lstrip(b"\0") or b"\0"
    return b"\0" + bare if bare[0] & 0x80 else bare


def _tagged(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        head = bytes((tag, size))
    else:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        head = bytes((tag, 0x80 | len(octets))) + octets
    return head + value


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return tag, value and what follows of the first element."""
    tag, size, start = data[0], data[1], 2
    if size & 0x80:
        octets = size & 0x7F
        size = int.from_bytes(data[2 : 2 + octets], "big")
        start = 2 + octets
    return tag, data[start : start + size], data[start + size :]
