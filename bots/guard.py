"""Connections that go to public addresses only and end at a deadline, for URLs that strangers name."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import httpcore

Resolve: TypeAlias = Callable[[str, int], list[str]]
"""Gives the addresses of a host name, for connecting to a port."""


class AddressForbidden(Exception):
    """The host resolves to an address that photos are not fetched from."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Guard(httpcore.NetworkBackend):
    """Connects to the very address that was checked: a second look-up could give another one.

    `allowed` says which addresses it connects to.
    """

    def __init__(
        self, ends_at: float, *, allowed: Callable[[str], bool], resolve: Resolve = resolve
    ) -> None:
        self._ends_at = ends_at
        self._allowed = allowed
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, _left(self._ends_at), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
            else:
                return DeadlineStream(stream, self._ends_at)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except OSError:
            return []
        for address in addresses:
            if not self._allowed(address):
                raise AddressForbidden(f"{host} is at an address that is not fetched from")
        return addresses


class DeadlineStream(httpcore.NetworkStream):
    """A connection on which nothing lasts beyond the deadline, however slowly it trickles."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends_at))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._ends_at))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._ends_at))
        return DeadlineStream(secured, self._ends_at)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the base class says so
        return self._stream.get_extra_info(info)


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left
