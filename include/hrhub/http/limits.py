"""How long, how large, under which certificates and through which proxy a vendor may answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from hrhub.http.auth_base import Secret

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request.

    Attributes:
        connect_s: Seconds to get connected, all addresses of a name together.
        idle_s: Seconds without a single byte.
        request_s: Seconds for one try, from connecting to the last byte.
        total_s: Seconds for all tries of one request with the waits between them.
        wire_bytes: Largest body as it comes over the wire.
        decoded_bytes: Largest body after decompression.
        ratio: How many times larger than the wire the decoded body may be ...
        ratio_above_bytes: ... once it is larger than this.
        redirects: How many redirects are followed, within the origin.
    """

    connect_s: float = 5.0
    idle_s: float = 30.0
    request_s: float = 120.0
    total_s: float = 300.0
    wire_bytes: int = 64 * MIB
    decoded_bytes: int = 256 * MIB
    ratio: int = 200
    ratio_above_bytes: int = MIB
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of a connection. Verification cannot be switched off, only be given an anchor.

    Everything is PEM: its text, or the path of a file.

    Attributes:
        ca_bundle: Authorities to trust instead of the public ones.
        client_cert: Our own certificate (chain), if the vendor asks for one.
        client_key: Its private key, not encrypted; None if it stands beside the certificate.
    """

    ca_bundle: str | None = None
    client_cert: Secret | None = field(default=None, repr=False)
    client_key: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that the administrator chose; https goes through it in a tunnel (CONNECT).

    Attributes:
        address: Its root address, without userinfo.
        login: ``user:password`` for it, if it asks; only the proxy sees it.
    """

    address: str
    login: Secret | None = field(default=None, repr=False)
