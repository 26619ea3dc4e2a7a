"""Whose request it is, by network address: a person's real one, also behind trusted proxies."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_log = structlog.get_logger()

Network = IPv4Network | IPv6Network

_IPV6_PREFIX = 64
"""What a provider gives one household at least: single IPv6 addresses cost an attacker nothing."""
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


class TrustedProxies:
    """The reverse proxies whose word on where a request comes from is taken."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(networks)

    def __contains__(self, host: str) -> bool:
        address = _parsed(host)
        return address is not None and any(address in network for network in self.networks)


class ForwardedAddresses:
    """ASGI middleware: behind a trusted proxy, the client is who the proxy says.

    The header of anybody else is ignored, since everybody can write it.
    """

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._behind_proxy = ProxyHeadersMiddleware(app, [str(each) for each in proxies.networks])  # type: ignore[arg-type]
        self._proxies = proxies
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
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


def address_of(request: Request) -> str:
    """Return the network that a request counts for: an IPv4 address, or an IPv6 network of 64 bits."""
    return network_of(request.client.host if request.client else "")


def network_of(host: str) -> str:
    """Return the network that an address counts for; anything else as it is."""
    address = _parsed(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
    return str(address) if address is not None else host


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's own."""
    address = _parsed(host)
    return address is not None and address.is_loopback


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as mapped IPv6 addresses: /64 would be all of them.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
