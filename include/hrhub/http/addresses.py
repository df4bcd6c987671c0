"""Which network addresses and links a connection may use.

Names lie: DNS can answer differently twice, and ``0x7f.1`` is an address too. So the policy judges
the address a socket is really connected to, before the first byte is sent. Links that come out of
a vendor's answer are judged by :func:`safe_link` before they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import SplitResult, urljoin, urlsplit

from hrhub.errors import ConfigError, ContractChanged

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_TUNNELS = (
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("2001::/32"),  # Teredo
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
_NEVER = (
    IPv4Network("169.254.0.0/16"),  # link-local, where most clouds keep instance credentials
    IPv4Network("100.100.100.200/32"),  # the same at Alibaba Cloud
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),  # the same at AWS over IPv6
    IPv6Network("64:ff9b::/96"),  # NAT64: an IPv4 address in disguise
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Judge addresses: public ones, plus private networks that a connection names.

    Attributes:
        allow_networks: Networks that may be reached although they are not public. Link-local and
            multicast addresses and cloud metadata services stay refused even inside them.
    """

    allow_networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> AddressPolicy:
        """Build a policy from networks in CIDR form.

        Raises:
            ConfigError: One of them is not a network.
        """
        try:
            return cls(tuple(ip_network(text, strict=False) for text in networks))
        except ValueError:
            raise ConfigError("config.invalid", fields="allow_networks") from None

    def allows(self, address: str) -> bool:
        """Tell whether a connection to this address may carry data."""
        ip = _plain_form(address)
        if ip.is_multicast or ip.is_unspecified or _in(ip, _NEVER):
            return False
        return _in(ip, self.allow_networks) or _is_public(ip)

    def allows_unencrypted(self, address: str) -> bool:
        """Tell whether data may go there in clear: only into a named network that is private."""
        ip = _plain_form(address)
        return self.allows(address) and _in(ip, self.allow_networks) and not _is_public(ip)


def _plain_form(address: str) -> Address:
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


def _in(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)


def _is_public(ip: Address) -> bool:
    if _in(ip, _TUNNELS) or ip.is_reserved:
        return False
    return ip.is_global and (ip.version == 4 or ip in _GLOBAL_UNICAST_V6)


def origin_of(url: str | SplitResult) -> tuple[str, str, int]:
    """Return scheme, host and effective port: ``https://a`` and ``https://A:443`` are the same.

    Raises:
        ValueError: It is not an absolute http(s) address.
    """
    parts = urlsplit(url) if isinstance(url, str) else url
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not an http address")
    return parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def base_address(url: str) -> str:
    """Return the root address of a connection without trailing slash, after checking its form.

    Raises:
        ConfigError: It is not an http(s) address, or has userinfo, query or fragment.
    """
    try:
        parts = urlsplit(url)
        origin_of(parts)
    except ValueError:
        raise ConfigError("address.malformed") from None
    if not _clean(url, parts) or parts.query or parts.fragment:
        raise ConfigError("address.malformed")
    return url.rstrip("/")


def safe_link(link: str, base_url: str, extra_origins: Iterable[str] = ()) -> str:
    """Return a link that came in a vendor's answer as an absolute address, if it may be followed.

    It must stay at the connection's origin, or at an https origin that the connector declares.
    Origins are compared by effective port, because SuccessFactors writes ``:443`` into its own
    next links (SAP KBA on pagination) while everybody configures it without.

    Raises:
        ContractChanged: It may not be followed; the context names the rule, never the link.
    """
    try:
        absolute = urljoin(base_url + "/", link)
        parts = urlsplit(absolute)
        origin = origin_of(parts)
    except ValueError:
        raise ContractChanged("vendor.link_refused", rule="form") from None
    if not _clean(link, parts):
        raise ContractChanged("vendor.link_refused", rule="form")
    if origin == origin_of(base_url):
        return absolute
    if origin[0] == "https" and any(origin == origin_of(extra) for extra in extra_origins):
        return absolute
    raise ContractChanged("vendor.link_refused", rule="origin")


def _clean(text: str, parts: SplitResult) -> bool:
    """Tell whether an address has no part that two programs might read differently."""
    return (
        "@" not in parts.netloc
        and parts.netloc.isascii()
        and "\\" not in text
        and not any(char < " " or char == "\x7f" for char in text)
    )
