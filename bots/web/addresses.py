"""Finds the client's network address of a request, also behind trusted proxies."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_log = structlog.get_logger()

Network = IPv4Network | IPv6Network

IPV6_SHARES = ((64, 1), (56, 4), (48, 16))
"""Prefix lengths that providers hand out, and how many times the limit of one address such a network has.

Single IPv6 addresses cost an attacker nothing, and neither do the 65,536 networks of 64 bits in a /48.
"""
_UNKNOWN = "unknown"
"""The network of all requests whose proxy reports no address; they share one limit."""
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


class TrustedProxies:
    """The reverse proxies whose X-Forwarded-For and -Proto headers are used."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(networks)

    def __contains__(self, host: str) -> bool:
        address = _parsed(host)
        return address is not None and any(address in network for network in self.networks)


class ForwardedAddresses:
    """ASGI middleware: sets the client to the address that a trusted proxy reports.

    The headers of other peers are ignored, because any client can send them.
    """

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._behind_proxy = ProxyHeadersMiddleware(app, [str(each) for each in proxies.networks])  # type: ignore[arg-type]
        self._proxies = proxies
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the application."""
        if scope["type"] == "http" and scope.get("client"):
            if scope["client"][0] in self._proxies:
                await self._behind_proxy(scope, receive, send)  # type: ignore[arg-type]
                return
            self._warn_once(scope)
        await self._app(scope, receive, send)

    def _warn_once(self, scope: Scope) -> None:
        if self._warned or not any(name in _FORWARDED for name, _ in scope["headers"]):
            return
        self._warned = True
        _log.warning(
            "forwarded_address_ignored",
            peer=scope["client"][0],
            reason="the peer is not in SUISAI_WEB_TRUSTED_PROXIES",
            effect="all people behind this proxy count as one address",
        )


def shares_of(request: Request) -> tuple[tuple[str, int], ...]:
    """Return the networks that a request counts for, see `networks_of`."""
    return networks_of(request.client.host if request.client else "")


def networks_of(host: str) -> tuple[tuple[str, int], ...]:
    """Return the networks that an address counts for, each with its share, the narrowest first.

    An IPv4 address is a network of its own, with a share of 1. A share of 4: together, the addresses of
    the network may do four times what one address may. What is no address counts for one network.
    """
    address = _parsed(host)
    if isinstance(address, IPv6Address):
        return tuple(
            (str(IPv6Network((address, length), strict=False)), share)
            for length, share in IPV6_SHARES
        )
    return ((str(address) if address is not None else _UNKNOWN, 1),)


def is_loopback(host: str) -> bool:
    """Return whether an address is a loopback address; False for other text."""
    address = _parsed(host)
    return address is not None and address.is_loopback


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket reports IPv4 peers as mapped IPv6 addresses, which all share one /64.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
