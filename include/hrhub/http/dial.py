"""Open a socket to a vendor, or say why not.

The one place where hrhub connects to the outside: names are resolved, every address is judged by
the connection's policy, and the peer is judged again once connected.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from hrhub.ambient import Clock
from hrhub.errors import ConfigError, HrHubError, Transient
from hrhub.http.addresses import AddressPolicy
from hrhub.http.deadline import Deadline


def resolve(host: str, port: int, kind: socket.SocketKind) -> list[tuple[int, tuple[object, ...]]]:
    """Return address family and socket address of every address of a name, in system order.

    Raises:
        Transient: The name has none now.
        ConfigError: It cannot be a name.
    """
    try:
        found = socket.getaddrinfo(host, port, type=kind)
    except UnicodeError:
        raise ConfigError("address.malformed") from None
    except OSError:
        raise Transient("vendor.unreachable", reason="name") from None
    return [(family, address) for family, _, _, _, address in found]


def judge(address: str, policy: AddressPolicy, *, encrypted: bool) -> ConfigError | None:
    """Return why an address may not be used, or None."""
    if not policy.allows(address):
        return ConfigError("address.refused")
    if not encrypted and not policy.allows_unencrypted(address):
        return ConfigError("address.unencrypted")
    return None


def open_socket(
    host: str,
    port: int,
    *,
    policy: AddressPolicy | None,
    clock: Clock,
    timeout_s: float,
    encrypted: bool,
    kind: socket.SocketKind = socket.SOCK_STREAM,
    labels: Mapping[str, str] | None = None,
) -> socket.socket:
    """Connect to the first address of a host that answers within the time for all of them.

    Args:
        host: Name or address.
        port: Port number.
        policy: What may be reached; None for a proxy that the administrator chose.
        clock: Measures the time.
        timeout_s: Seconds for all attempts together (the system's name look-up not included).
        encrypted: Whether what is sent will be encrypted by TLS or the protocol.
        kind: Stream or datagram.
        labels: Context for errors: vendor and connection.

    Raises:
        ConfigError: ``address.refused`` or ``address.unencrypted``: the policy forbids it.
        Transient: ``vendor.unreachable`` or ``vendor.timeout``.
    """
    context: dict[str, Any] = {"host": host, "port": port, **(labels or {})}
    deadline = Deadline(clock, timeout_s)
    reason: HrHubError = Transient("vendor.unreachable", **context)
    try:
        addresses = resolve(host, port, kind)
    except HrHubError as error:
        error.context.update(context)
        raise
    for family, address in addresses:
        if policy is not None and (refusal := judge(str(address[0]), policy, encrypted=encrypted)):
            refusal.context.update(context)
            reason = refusal
            continue
        sock = socket.socket(family, kind)
        try:
            sock.settimeout(deadline.left())
            sock.connect(address)
            if policy is not None and (
                refusal := judge(str(sock.getpeername()[0]), policy, encrypted=encrypted)
            ):
                refusal.context.update(context)
                raise refusal
            if kind is socket.SOCK_STREAM:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError:
            sock.close()
            raise Transient("vendor.timeout", **context, phase="connect") from None
        except OSError:
            sock.close()
            reason = Transient("vendor.unreachable", **context)
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise reason
