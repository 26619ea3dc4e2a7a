"""Which addresses are public unicast, by the registries of IANA: for URLs that strangers name.

Sources: "IANA IPv4 Special-Purpose Address Registry", "IANA IPv6 Special-Purpose Address Registry"
(RFC 6890 and updates), "IPv4 Multicast Address Space Registry", "Internet Protocol Version 6 Address
Space" (global unicast is 2000::/3 alone), all at https://www.iana.org/assignments/. Ranges that the
registries call globally reachable, but for a special purpose (AS112, AMT, anycast), hold no photos
and are left out as well. The tables are ours, not those of Python's `ipaddress`, which differ among
its releases.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

SPECIAL_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared address space of carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link local, and the metadata of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # protocol assignments: DS-Lite, PCP, TURN, NAT64 discovery
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4, deprecated
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the limited broadcast
    )
)

GLOBAL_UNICAST_IPV6 = IPv6Network("2000::/3")
SPECIAL_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, AMT, AS112, ORCHID, drone ids
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, deprecated: reaches any IPv4 address through a relay
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
"""Within `GLOBAL_UNICAST_IPV6`; all other blocks of IPv6 are special or unassigned."""

MAPPED_IPV4 = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
"""How networks without IPv4 name IPv4 hosts; 64:ff9b:1::/48 is for local use and not public."""


def is_public(address: str) -> bool:
    """Return whether an address, as text, is one of the public internet.

    An IPv6 address that stands for an IPv4 address (mapped, or translated by NAT64) is public where
    the IPv4 address is. Raises `ValueError` for text that is no address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and (parsed in MAPPED_IPV4 or parsed in NAT64):
        parsed = IPv4Address(parsed.packed[-4:])
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in SPECIAL_IPV4)
    return parsed in GLOBAL_UNICAST_IPV6 and not any(parsed in network for network in SPECIAL_IPV6)


def is_loopback(address: str) -> bool:
    """Return whether an address, as text, is this machine's own."""
    return ip_address(address.partition("%")[0]).is_loopback
