"""What one connection to the web process may cost: deadlines, a minimum rate, a limit per address.

A client that sends half a request and waits holds a connection for nothing; many of them would leave none
for anybody else.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bots.web.addresses import TrustedProxies, is_loopback, network_of

HEAD_S = 10.0
"""For a request's line and headers, from their first byte or from the connection's start."""
BODY_BYTES_PER_S = 1_000
"""A body that comes more slowly than this, over `_CHECK_S`, is given up."""
STALLED_S = 60.0
"""For a client that takes nothing of an answer."""
PER_ADDRESS = 100
"""Connections of one address; a browser keeps six. Loopback and trusted proxies stand for many people."""
_CHECK_S = 5.0
_FILES_WANTED = 8_192
_FILES_RESERVED = 256
"""File descriptors that are left for everything but connections."""


class Connections:
    """All connections of the web process. Beyond the limit, the longest idle one makes room."""

    def __init__(
        self,
        proxies: TrustedProxies,
        limit: int | None = None,
        per_address: int = PER_ADDRESS,
        head_s: float = HEAD_S,
        check_s: float = _CHECK_S,
    ) -> None:
        self._proxies = proxies
        self._limit = limit or _file_limit() - _FILES_RESERVED
        self._per_address = per_address
        self._open: dict[LimitedProtocol, str] = {}
        """In the order in which they came, each with its address."""
        self._counts: Counter[str] = Counter()
        self.head_s = head_s
        self.check_s = check_s

    def protocol(self) -> Callable[..., asyncio.Protocol]:
        """Return what uvicorn takes as its `http` setting."""
        return partial(LimitedProtocol, self)

    def enter(self, connection: LimitedProtocol, peer: str) -> bool:
        """Count a connection that began; False where its address has too many."""
        address = "" if is_loopback(peer) or peer in self._proxies else network_of(peer)
        if address and self._counts[address] >= self._per_address:
            return False
        if len(self._open) >= self._limit and not self._make_room():
            return False
        self._open[connection] = address
        self._counts[address] += 1
        return True

    def leave(self, connection: LimitedProtocol) -> None:
        """Count a connection that ended; once is enough."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def _make_room(self) -> bool:
        idle = next((each for each in self._open if each.is_idle()), None)
        if idle is None:
            return False
        idle.drop()
        return True


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, with deadlines."""

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
        """When the head of a request began to be waited for; None while an answer is made."""
        self._received = 0
        self._stalled_since: float | None = None
        self._check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._connections.enter(self, self.client[0] if self.client else ""):
            transport.abort()
            return
        self._waiting_since = self.loop.time()
        self._check = self.loop.call_later(self._connections.check_s, self._look)

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

    def pause_writing(self) -> None:
        self._stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stalled_since = None
        super().resume_writing()

    def is_idle(self) -> bool:
        """Return whether no request is being answered and none is on its way in whole."""
        return not self._is_answering()

    def drop(self) -> None:
        """End the connection now."""
        self._connections.leave(self)
        self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now, received, self._received = self.loop.time(), self._received, 0
        if self._is_too_slow(now, received):
            self.drop()
            return
        self._check = self.loop.call_later(self._connections.check_s, self._look)

    def _is_too_slow(self, now: float, received: int) -> bool:
        if self._stalled_since is not None and now - self._stalled_since > STALLED_S:
            return True
        if self._waiting_since is not None:
            return now - self._waiting_since > self._connections.head_s
        if self.conn.their_state is not h11.SEND_BODY or self.flow.read_paused:
            return False
        return received < BODY_BYTES_PER_S * self._connections.check_s


def _file_limit() -> int:
    """Raise this process's limit of open files to what is wanted, as far as allowed; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
