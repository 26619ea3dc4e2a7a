"""Slow, large or many connections do not make the page unreachable for others."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from bots.web.addresses import TrustedProxies, networks_of
from bots.web.connections import Connections, RequestsPerAddress
from bots.web.operator_auth import Endpoint
from tests.stack import eventually

HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


async def _echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


class Site:
    """A small application behind the page's own limits, with quick deadlines."""

    def __init__(self, connections: Connections, endpoint: Endpoint = _echo) -> None:
        app = Starlette(routes=[Route("/", endpoint, methods=["GET", "POST"])])
        config = uvicorn.Config(
            app,
            http=connections.protocol(),  # type: ignore[arg-type] # a class by another name
            proxy_headers=False,
            log_config=None,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = self._listener.getsockname()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._listener]))
        )
        self._thread.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def get(self) -> int:
        return httpx.get("http://{}:{}/".format(*self.address), timeout=20).status_code

    def holds_connections(self) -> bool:
        return bool(self._server.server_state.connections)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._listener.close()
        assert not self._thread.is_alive()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(Connections(TrustedProxies([]), limit=40, head_s=0.6, check_s=0.2))
    yield site
    site.stop()


def ends(connection: socket.socket) -> bool:
    """Wait until the other side has ended a connection."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


def test_many_half_sent_heads_leave_room_for_others(site: Site) -> None:
    with ExitStack() as stack:
        for _ in range(120):
            connection = stack.enter_context(site.connect())
            with contextlib.suppress(ConnectionError):
                connection.sendall(HALF_A_HEAD)
        assert site.get() == 200


@pytest.mark.parametrize("start", [b"", HALF_A_HEAD])
def test_a_head_that_does_not_come_is_given_up(site: Site, start: bytes) -> None:
    with site.connect() as connection:
        connection.sendall(start)
        assert ends(connection)


def test_a_head_that_trickles_in_is_given_up_also_after_an_answer(site: Site) -> None:
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with site.connect() as connection:
        connection.sendall(whole)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")

        def trickle() -> bool:
            try:
                connection.sendall(b"G")
            except ConnectionError:
                return True
            return False

        eventually(trickle, what="the connection has ended")


def test_a_slow_body_is_aborted(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")

        def trickle() -> bool:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                return True
            return False

        eventually(trickle, what="the connection has ended")


def test_a_slow_answer_is_waited_for() -> None:
    release = threading.Event()

    async def slow(_: Request) -> Response:
        await asyncio.to_thread(release.wait, 20)
        return PlainTextResponse("late")

    site = Site(Connections(TrustedProxies([]), head_s=0.2, check_s=0.1), slow)
    try:
        with site.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            connection.settimeout(0.6)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            release.set()
            connection.settimeout(20)
            with connection.makefile("rb") as answer:  # headers and body may come apart
                assert next(line for line in answer if b"late" in line)
    finally:
        release.set()
        site.stop()


class Peer:
    """A connection of which only the address matters."""

    def __init__(self, idle: bool = True) -> None:
        self.idle = idle
        self.dropped = False

    def is_idle(self) -> bool:
        return self.idle

    def drop(self) -> None:
        self.dropped = True


def test_one_address_has_its_share_and_the_longest_idle_makes_room() -> None:
    proxies = TrustedProxies([])
    connections = Connections(proxies, limit=6, per_address=2)
    peers = [Peer(idle=n != 0) for n in range(9)]

    entered = [
        connections.enter(peer, f"2001:db8:0:{n // 3}::{n}")  # type: ignore[arg-type]
        for n, peer in enumerate(peers)
    ]

    assert entered == [True, True, False] * 3
    assert not connections.enter(Peer(), "2001:db8::99")  # type: ignore[arg-type]
    connections.leave(peers[0])  # type: ignore[arg-type]
    assert connections.enter(Peer(), "2001:db8::99")  # type: ignore[arg-type]
    assert not any(peer.dropped for peer in peers)
    assert connections.enter(Peer(), "127.0.0.1")  # type: ignore[arg-type]
    assert [n for n, peer in enumerate(peers) if peer.dropped] == [1]


@pytest.mark.parametrize(
    ("host", "networks"),
    [
        ("203.0.113.7", [("203.0.113.7", 1)]),
        ("::ffff:203.0.113.7", [("203.0.113.7", 1)]),
        (
            "2001:db8:1:234:3:4:5:6",
            [("2001:db8:1:234::/64", 1), ("2001:db8:1:200::/56", 4), ("2001:db8:1::/48", 16)],
        ),
        ("fe80::1%eth0", [("fe80::/64", 1), ("fe80::/56", 4), ("fe80::/48", 16)]),
        ("testclient", [("unknown", 1)]),
        ("", [("unknown", 1)]),
    ],
)
def test_an_address_counts_for_its_networks(host: str, networks: list[tuple[str, int]]) -> None:
    assert list(networks_of(host)) == networks


def test_a_network_has_a_share_however_many_addresses_are_in_it() -> None:
    connections = Connections(TrustedProxies([]), limit=1_000, per_address=2)

    entered = sum(
        connections.enter(Peer(), f"2001:db8:7:{n:x}::1")  # type: ignore[arg-type]
        for n in range(0, 65_536, 256)
    )

    assert entered == 2 * 16
    assert connections.enter(Peer(), "2001:db8:8::1")  # type: ignore[arg-type]


BIG = bytes(64_000_000)


@pytest.mark.parametrize("asked", [b"keep-alive", b"close"])
def test_a_client_that_does_not_read_is_disconnected(asked: bytes) -> None:
    async def big(_: Request) -> Response:
        return Response(BIG)

    site = Site(Connections(TrustedProxies([]), check_s=0.1, stalled_s=0.5), big)
    try:
        with site.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n" % asked)
            assert connection.recv(12) == b"HTTP/1.1 200"
            eventually(lambda: not site.holds_connections(), what="the answer takes no memory")
    finally:
        site.stop()


def test_a_slow_reader_gets_the_whole_answer() -> None:
    async def big(_: Request) -> Response:
        return Response(BIG)

    site = Site(Connections(TrustedProxies([]), check_s=0.02, stalled_s=0.1), big)
    try:
        with site.connect() as connection, connection.makefile("rb") as answer:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while answer.readline().strip():
                pass
            taken = 0
            while chunk := answer.read(1_000_000):
                taken += len(chunk)
                select.select([], [], [], 0.005)  # so that it takes several times `stalled_s`
            assert taken == len(BIG)
    finally:
        site.stop()


def test_one_address_behind_a_proxy_has_its_share_of_requests() -> None:
    started = 0
    release = asyncio.Event()

    async def slow(_: Scope, __: Receive, send: Send) -> None:
        nonlocal started
        started += 1
        await release.wait()
        await PlainTextResponse("done")({"type": "http"}, __, send)

    async def ask_as(address: str) -> int:
        statuses: list[int] = []

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def hear() -> Message:
            return {"type": "http.request"}

        scope = {"type": "http", "method": "GET", "client": (address, 1), "headers": []}
        await limited(scope, hear, say)
        return statuses[0]

    limited = RequestsPerAddress(slow, limit=3)

    async def flood() -> list[int]:
        asked = [asyncio.ensure_future(ask_as("203.0.113.7")) for _ in range(9)]
        honest = asyncio.ensure_future(ask_as("203.0.113.8"))
        while started < 4 or sum(each.done() for each in asked) < 6:
            await asyncio.sleep(0)
        release.set()
        return [*await asyncio.gather(*asked), await honest, await ask_as("203.0.113.7")]

    assert asyncio.run(flood()) == [200] * 3 + [429] * 6 + [200, 200]
