"""Certificates of a connection: whom we trust, and how we prove who we are (mutual TLS).

Certificates and keys are PEM, as text in the connection or as the path of a file. A key that the
connection holds never reaches a disk in clear: the TLS library wants a file and gets one in memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from urllib3.util.ssl_ import create_urllib3_context

from hrhub.errors import AuthError, ConfigError
from hrhub.http.auth_base import reveal

if TYPE_CHECKING:
    from hrhub.http.limits import Tls

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_MEMORY = Path("/proc/self/fd")


def tls_context(
    tls: Tls, now: datetime, labels: Mapping[str, Any]
) -> tuple[ssl.SSLContext, datetime | None]:
    """Return what connections are made with, and when our own certificate ends, if there is one.

    Args:
        tls: Certificates.
        now: The time.
        labels: Context for errors: vendor and connection.

    Raises:
        ConfigError: ``config.invalid`` for a file that cannot be read; ``tls.key_unusable`` for a
            certificate or key that cannot be used, with the rule that is broken.
    """
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.verify_mode = ssl.CERT_REQUIRED
    _trust(context, tls, labels)
    if not tls.client_cert:
        if tls.client_key:
            raise ConfigError("tls.key_unusable", rule="certificate_missing", **labels)
        return context, None
    pem = _pem(reveal(tls.client_cert), "client_cert", labels)
    if tls.client_key:
        pem += b"\n" + _pem(reveal(tls.client_key), "client_key", labels)
    ends = _checked(pem, now, labels)
    try:
        with _as_file(pem) as path:
            context.load_cert_chain(path, password=b"")
    except (OSError, ValueError):
        raise ConfigError("tls.key_unusable", rule="refused", **labels) from None
    return context, ends


def refusal_of(alert: ssl.SSLError, labels: Mapping[str, Any], *, shown: bool) -> AuthError | None:
    """Return the error for a vendor that refuses our certificate; None for any other alert.

    What the other side says by an alert about a certificate (RFC 8446 §6.2) is about ours, or about
    its absence. A handshake that merely fails may have other causes if we have ``shown`` none: TLS
    1.2 has no better word.
    """
    reason = str(alert.reason or "").lower()
    words = ["certificate", "unknown_ca", "access_denied"]
    if shown:
        words += ["decrypt_error", "handshake_failure"]
    if "alert" in reason and any(word in reason for word in words):
        return AuthError("tls.certificate_refused", **labels)
    return None


def _trust(context: ssl.SSLContext, tls: Tls, labels: Mapping[str, Any]) -> None:
    if not tls.ca_bundle:
        return  # the library adds the public ones when it connects; they take 30 ms to load
    pem = _pem(tls.ca_bundle, "ca_bundle", labels)
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise ConfigError("config.invalid", fields="ca_bundle", **labels) from None


def _pem(given: str, field: str, labels: Mapping[str, Any]) -> bytes:
    """Return the blocks of a PEM text or file, with the line breaks that forms take away.

    Raises:
        ConfigError: ``config.invalid``: it is neither.
    """
    text = given
    if "-----BEGIN " not in given:
        try:
            text = Path(given).read_text(encoding="ascii", errors="replace")
        except (OSError, ValueError):
            raise ConfigError("config.invalid", fields=field, **labels) from None
    blocks = [_wrapped(kind, inner) for kind, inner in _BLOCK.findall(text)]
    if not blocks:
        raise ConfigError("config.invalid", fields=field, **labels)
    return "".join(blocks).encode("ascii", "replace")


def _wrapped(kind: str, inner: str) -> str:
    if ":" in inner:  # headers of an old, encrypted form: the check refuses it by name
        return f"-----BEGIN {kind}-----{inner}-----END {kind}-----\n"
    data = "".join(inner.replace("\\n", "").split())
    lines = [data[at : at + 64] for at in range(0, len(data), 64)]
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""))


def _checked(pem: bytes, now: datetime, labels: Mapping[str, Any]) -> datetime:
    """Return when our certificate ends, if key and certificate belong together and are in force.

    Raises:
        ConfigError: ``tls.key_unusable``.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    rule = "certificate"
    try:
        certificate = load_pem_x509_certificate(pem)
        rule = "key"
        key = load_pem_private_key(_key_of(pem), password=None)
        belongs = key.public_key() == certificate.public_key()
    except TypeError:
        raise ConfigError("tls.key_unusable", rule="encrypted", **labels) from None
    except Exception:  # the library has a dozen kinds, and none of its texts is for people
        raise ConfigError("tls.key_unusable", rule=rule, **labels) from None
    for rule, kept in (
        ("mismatch", belongs),
        ("not_yet_valid", certificate.not_valid_before_utc <= now),
        ("expired", now < certificate.not_valid_after_utc),
    ):
        if not kept:
            raise ConfigError("tls.key_unusable", rule=rule, **labels)
    return certificate.not_valid_after_utc.astimezone(UTC)


def _key_of(pem: bytes) -> bytes:
    for block in _BLOCK.finditer(pem.decode("ascii", "replace")):
        if block.group(1).endswith("PRIVATE KEY"):
            return block.group(0).encode("ascii")
    raise ValueError("no key")


@contextlib.contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """Give bytes a path while the block lasts: in memory, or else a file of mode 0600."""
    if hasattr(os, "memfd_create") and _MEMORY.is_dir():
        handle = os.memfd_create("hrhub-tls")
        try:
            with open(handle, "wb", closefd=False) as file:
                file.write(data)
            yield str(_MEMORY / str(handle))
        finally:
            os.close(handle)
        return
    with NamedTemporaryFile(prefix="hrhub-tls-") as file:
        file.write(data)
        file.flush()
        yield file.name
