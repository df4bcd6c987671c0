from __future__ import annotations

import pytest

from hrhub.errors import ConfigError, ContractChanged
from hrhub.http.addresses import AddressPolicy, base_address, safe_link

BASE = "https://api4.successfactors.com/odata/v2"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "239.1.1.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "240.0.0.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressPolicy().allows(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed_but_never_in_clear(address: str) -> None:
    policy = AddressPolicy()

    assert policy.allows(address)
    assert not policy.allows_unencrypted(address)


def test_a_named_private_network_may_be_reached_even_in_clear() -> None:
    policy = AddressPolicy.of(["10.20.0.0/16", "fd12::/16"])

    assert policy.allows("10.20.3.4")
    assert policy.allows_unencrypted("::ffff:10.20.3.4")
    assert policy.allows_unencrypted("fd12::1")
    assert not policy.allows("10.21.0.1")


def test_naming_every_network_opens_neither_metadata_services_nor_clear_text_to_the_world() -> None:
    policy = AddressPolicy.of(["0.0.0.0/0", "::/0"])

    refused = ["169.254.169.254", "100.100.100.200", "224.0.0.1", "fe80::1", "64:ff9b::808:808"]
    assert [address for address in refused if policy.allows(address)] == []
    assert not policy.allows_unencrypted("8.8.8.8")


def test_a_network_that_is_none_is_a_config_error() -> None:
    with pytest.raises(ConfigError) as caught:
        AddressPolicy.of(["10.0.0.0/40"])

    assert caught.value.context == {"fields": "allow_networks"}


@pytest.mark.parametrize(
    ("link", "rule"),
    [
        ("https://evil.example/odata/v2/User", "origin"),
        ("http://api4.successfactors.com/odata/v2/User", "origin"),
        ("https://api4.successfactors.com:8443/odata/v2/User", "origin"),
        ("//evil.example/x", "origin"),
        ("https://api4.successfactors.com@evil.example/x", "form"),
        ("https://user:pw@api4.successfactors.com/x", "form"),
        ("https://api4.successfactors.com\\@evil.example/x", "form"),
        ("https://api4.successfactors.com/x\r\nHost: evil", "form"),
        ("https://api4.successfactors.com/\x00", "form"),
        ("https://api4.successfactors。com/x", "form"),
        ("https://api4.successfactors.com:99999/x", "form"),
        ("file:///etc/passwd", "form"),
        ("javascript:alert(1)", "form"),
    ],
)
def test_links_that_leave_the_origin_or_can_be_misread_are_refused(link: str, rule: str) -> None:
    with pytest.raises(ContractChanged) as caught:
        safe_link(link, BASE)

    assert (caught.value.code, caught.value.context) == ("vendor.link_refused", {"rule": rule})


@pytest.mark.parametrize(
    "link",
    [
        "https://api4.successfactors.com:443/odata/v2/User?$skiptoken=eyJ=",
        "https://API4.successfactors.com/odata/v2/User",
        "User?$skiptoken=1",
        "/odata/v2/User?$skiptoken=1",
    ],
)
def test_links_of_the_same_origin_are_followed_with_or_without_the_default_port(link: str) -> None:
    assert safe_link(link, BASE).lower().startswith("https://api4.successfactors.com")


def test_a_relative_link_is_read_from_the_root_of_the_interface() -> None:
    assert safe_link("User?$skiptoken=1", BASE) == BASE + "/User?$skiptoken=1"


def test_a_declared_extra_origin_may_be_followed_over_https_only() -> None:
    extra = ("https://files.example", "http://plain.example")

    assert safe_link("https://files.example:443/a", BASE, extra)
    with pytest.raises(ContractChanged):
        safe_link("http://plain.example/a", BASE, extra)


@pytest.mark.parametrize(
    "url", ["", "api.example", "ftp://a", "https://u:p@a", "https://a?x=1", "https://a#x"]
)
def test_an_odd_root_address_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_address(url)

    assert caught.value.code == "address.malformed"
