"""Connections are made only to public unicast addresses, in any notation."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.download import is_public


def _words(text: str) -> list[str]:
    return text.split()


# Every row of the two IANA registries of special-purpose addresses, and the addresses next to them.
SPECIAL = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.88.99.2/32",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "224.0.0.0/4",
    "224.0.0.0/24",
    "239.0.0.0/8",
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fd00::/8",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "ff02::/16",
    "::/8",
    "::/96",
    "::ffff:0:0:0/96",
    "100::/8",
    "200::/7",
    "400::/6",
    "800::/5",
    "1000::/4",
    "4000::/3",
    "6000::/3",
    "8000::/3",
    "a000::/3",
    "c000::/3",
    "e000::/4",
    "f000::/5",
    "f800::/6",
    "fe00::/9",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:67c:2e8::1",
    "2003::1",
    "2400:cb00::1",
    "2606:4700::1111",
    "2620:4f:7fff::1",
    "2a00:1450::1",
    "2c0f::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize("network", [ip_network(each) for each in SPECIAL], ids=str)
def test_a_special_range_is_not_public(network: IPv4Network | IPv6Network) -> None:
    middle = network[network.num_addresses // 2]
    for address in (network[0], middle, network[-1]):
        if address not in ip_network("::ffff:0:0/96") or isinstance(address, IPv4Address):
            assert not is_public(str(address)), address


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_next_to_special_ranges_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("network", [each for each in SPECIAL if "." in each])
@pytest.mark.parametrize(
    "wrap", ["::ffff:{}", "64:ff9b::{}", "64:ff9b:1::{}", "::{}", "::ffff:0:{}"]
)
def test_a_special_ipv4_address_inside_an_ipv6_address_is_not_public(
    network: str, wrap: str
) -> None:
    inner = IPv4Network(network)
    for address in (inner[0], inner[-1]):
        assert not is_public(wrap.format(address)), address


@given(st.integers(0, 2**32 - 1))
def test_tunnels_are_never_public(ipv4: int) -> None:
    six_to_four = (0x2002 << 112) | (ipv4 << 80)
    teredo = (0x20010000 << 96) | (ipv4 << 64) | (ipv4 ^ 0xFFFFFFFF)
    translated = (0x0064FF9B0001 << 80) | ipv4
    for wrapped in (six_to_four, six_to_four | 1, teredo, translated):
        assert not is_public(str(IPv6Address(wrapped)))


@pytest.mark.parametrize("zoned", ["fe80::1%eth0", "fe80::1%25eth0", "ff02::1%lo"])
def test_a_zone_id_does_not_make_an_address_public(zoned: str) -> None:
    assert not is_public(zoned)


@given(st.ip_addresses(v=4))
def test_both_forms_of_an_ipv4_address_agree(address: IPv4Address) -> None:
    assert (
        is_public(str(address))
        == is_public(f"::ffff:{address}")
        == is_public(f"64:ff9b::{address}")
    )
