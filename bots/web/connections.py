"""Limits of connections to the web process: deadlines, a minimum rate, a maximum per address.

Without them, clients that send half a request and wait could use up all connections.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bots.web.addresses import TrustedProxies, is_loopback, networks_of

HEAD_S = 10.0
"""Deadline for a request's line and headers, from their first byte or from the connection's start."""
BODY_BYTES_PER_S = 1_000
"""A body that arrives more slowly than this, measured over `_CHECK_S`, is aborted."""
STALLED_S = 60.0
"""Deadline for a client that reads a pending response more slowly than `BODY_BYTES_PER_S`."""
PER_ADDRESS = 100
"""Connections of one address, and requests of one address that are answered at the same time.

A browser opens six connections. Loopback and trusted proxies are not limited.
"""
_CHECK_S = 5.0
_FILES_WANTED = 8_192
_FILES_RESERVED = 256
"""File descriptors that are reserved for everything except connections."""


class AddressCounts:
    """How many of something each address has, and the IPv6 networks around it, see `networks_of`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: Counter[str] = Counter()

    def is_full(self, address: str) -> bool:
        """Return whether an address, or a network around it, has reached its limit."""
        return any(
            self._counts[network] >= self._limit * share for network, share in networks_of(address)
        )

    def add(self, address: str) -> None:
        """Count one more."""
        self._counts.update(network for network, _ in networks_of(address))

    def remove(self, address: str) -> None:
        """Count one less."""
        for network, _ in networks_of(address):
            self._counts[network] -= 1
            if not self._counts[network]:
                del self._counts[network]


class RequestsPerAddress:
    """ASGI middleware: answers at most `PER_ADDRESS` requests of one address at the same time.

    Behind a trusted proxy, all connections are the proxy's; only requests carry the client's address.
    """

    def __init__(self, app: ASGIApp, limit: int = PER_ADDRESS) -> None:
        self._app = app
        self._counts = AddressCounts(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the application, or answer 429."""
        address = scope["client"][0] if scope["type"] == "http" and scope.get("client") else ""
        if not address or is_loopback(address):
            await self._app(scope, receive, send)
            return
        if self._counts.is_full(address):
            await _TOO_MANY(scope, receive, send)
            return
        self._counts.add(address)
        try:
            await self._app(scope, receive, send)
        finally:
            self._counts.remove(address)


_TOO_MANY = JSONResponse(
    {"reason": "too-many-requests"}, 429, headers={"Connection": "close", "Retry-After": "5"}
)


class Connections:
    """All connections of the web process. Beyond the limit, the oldest idle one is closed."""

    def __init__(
        self,
        proxies: TrustedProxies,
        limit: int | None = None,
        per_address: int = PER_ADDRESS,
        head_s: float = HEAD_S,
        check_s: float = _CHECK_S,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._proxies = proxies
        self._limit = limit or _file_limit() - _FILES_RESERVED
        self._open: dict[LimitedProtocol, str] = {}
        """In the order of connecting, each with its peer; an empty peer is not limited."""
        self._counts = AddressCounts(per_address)
        self.head_s = head_s
        self.check_s = check_s
        self.stalled_s = stalled_s

    def protocol(self) -> Callable[..., asyncio.Protocol]:
        """Return what uvicorn takes as its `http` setting."""
        return partial(LimitedProtocol, self)

    def enter(self, connection: LimitedProtocol, peer: str) -> bool:
        """Register a new connection; return False if it must be rejected."""
        address = "" if is_loopback(peer) or peer in self._proxies else peer
        if address and self._counts.is_full(address):
            return False
        if len(self._open) >= self._limit and not self._make_room():
            return False
        self._open[connection] = address
        if address:
            self._counts.add(address)
        return True

    def leave(self, connection: LimitedProtocol) -> None:
        """Unregister a connection. A second call does nothing."""
        address = self._open.pop(connection, None)
        if address:
            self._counts.remove(address)

    def _make_room(self) -> bool:
        idle = next((each for each in self._open if each.is_idle()), None)
        if idle is None:
            return False
        idle.drop()
        return True


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with deadlines."""

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections = connections
        self._waiting_since: float | None = None
        """Since when the head of a request is awaited; None while a response is prepared."""
        self._received = 0
        self._unsent = 0
        """Bytes of answers that waited for the client at the last check."""
        self._drained = False
        self._stalled_checks = 0
        self._check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._connections.enter(self, self.client[0] if self.client else ""):
            transport.abort()
            return
        self._waiting_since = self.loop.time()
        self._check = self.loop.call_later(self._connections.check_s, self._check_deadlines)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._waiting_since is None and not self._is_answering():
            self._waiting_since = self.loop.time()
        super().data_received(data)
        if self._is_answering():
            self._waiting_since = None

    def resume_writing(self) -> None:
        self._drained = True
        super().resume_writing()

    def is_idle(self) -> bool:
        """Return whether no request is being answered."""
        return not self._is_answering()

    def drop(self) -> None:
        """Close the connection at once."""
        self._connections.leave(self)
        self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _check_deadlines(self) -> None:
        now, received, self._received = self.loop.time(), self._received, 0
        # Also of a connection that is closing: what waits to be sent takes memory until it is sent.
        stalled = self._is_stalled()
        if stalled or (not self.transport.is_closing() and self._is_too_slow(now, received)):
            self.drop()
            return
        self._check = self.loop.call_later(self._connections.check_s, self._check_deadlines)

    def _is_stalled(self) -> bool:
        """Return whether the client has taken too little of what waits for it, for too long."""
        unsent, before = self.transport.get_write_buffer_size(), self._unsent
        wanted = BODY_BYTES_PER_S * self._connections.check_s
        moves = unsent == 0 or self._drained or before - unsent >= wanted
        self._unsent, self._drained = unsent, False
        self._stalled_checks = (
            max(0, self._stalled_checks - 1) if moves else self._stalled_checks + 1
        )
        return self._stalled_checks * self._connections.check_s >= self._connections.stalled_s

    def _is_too_slow(self, now: float, received: int) -> bool:
        if self._waiting_since is not None:
            return now - self._waiting_since > self._connections.head_s
        if self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return False
        return received < BODY_BYTES_PER_S * self._connections.check_s


def _file_limit() -> int:
    """Raise this process's limit of open files as far as allowed; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
