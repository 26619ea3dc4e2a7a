"""Downloads photos from a platform's hosts, and from no others.

Connections go to public addresses only and end at a deadline, because strangers choose the URLs. Which
addresses are public unicast follows the registries of IANA: "IANA IPv4 Special-Purpose Address Registry",
"IANA IPv6 Special-Purpose Address Registry" (RFC 6890 and updates), "IPv4 Multicast Address Space
Registry", "Internet Protocol Version 6 Address Space" (global unicast is 2000::/3 alone), all at
https://www.iana.org/assignments/. Ranges that are globally reachable but reserved for a special purpose
(AS112, AMT, anycast) are refused as well. Python's `ipaddress` is not used: its tables differ by release.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

import httpcore
import httpx

from pipeline.errors import PhotoRefused
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError

SPECIAL_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared address space of carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link local, includes the metadata services of clouds
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
    """Return whether an address, as text, is public unicast.

    An IPv6 address that represents an IPv4 address (mapped, or NAT64) is public if the IPv4 address
    is. Raises `ValueError` for text that is not an address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and (parsed in MAPPED_IPV4 or parsed in NAT64):
        parsed = IPv4Address(parsed.packed[-4:])
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in SPECIAL_IPV4)
    return parsed in GLOBAL_UNICAST_IPV6 and not any(parsed in network for network in SPECIAL_IPV6)


def is_loopback(address: str) -> bool:
    """Return whether an address, as text, is a loopback address. Raises `ValueError`."""
    return ip_address(address.partition("%")[0]).is_loopback


Resolve: TypeAlias = Callable[[str, int], list[str]]
"""Returns the addresses of a host name, for connecting to a port."""


class AddressForbidden(Exception):
    """The host resolves to an address that downloads may not connect to."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host from the system's resolver. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to the very address that was checked: a second look-up could return another one.

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
                raise AddressForbidden(f"{host} resolves to an address that is not allowed")
        return addresses


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose operations all end at the deadline, however slowly data arrives."""

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


REDIRECTS_MAX = 3

PAUSE_S = 60.0
"""Pause after a 429 without a Retry-After header."""

PAUSE_MAX_S = 3600.0


@dataclass(frozen=True, slots=True)
class DownloadSource:
    """Where photos may be downloaded from, and the limits of a download."""

    hosts: frozenset[str]
    """Host names in lower case; their subdomains are not included."""
    loopback_host: str | None = None
    """The host of a server on this machine that speaks a platform's API: plain HTTP is allowed there."""
    own: httpx.URL | None = None
    """The operator's own server; plain HTTP and private addresses are allowed for this URL."""
    bytes_max: int = 20_000_000
    total_s: float = 10.0

    @classmethod
    def of(cls, api_url: str, *hosts: str, bytes_max: int = 20_000_000) -> DownloadSource:
        """Allow the host of a platform's API and `hosts` as well.

        A loopback address is allowed only when `api_url` itself is one.
        """
        api_host = httpx.URL(api_url).host.lower()
        loopback_host = api_host if _names_loopback(api_host) else None
        named = frozenset(host.lower() for host in (api_host, *hosts))
        return cls(named, loopback_host, bytes_max=bytes_max)

    @classmethod
    def of_own(cls, api_url: str, *, bytes_max: int = 20_000_000) -> DownloadSource:
        """Allow only the server at `api_url`, at any address."""
        own = httpx.URL(api_url)
        return cls(frozenset({own.host}), own=own, bytes_max=bytes_max)

    def allows(self, target: httpx.URL) -> bool:
        """Return whether photos may be downloaded from a URL."""
        if target.host not in self.hosts or target.userinfo:
            return False
        if self.own is not None:
            return (target.scheme, target.port) == (self.own.scheme, self.own.port)
        if target.host == self.loopback_host:
            return target.scheme in ("http", "https")
        return target.scheme == "https" and target.port in (None, 443)

    def addresses(self, target: httpx.URL) -> Callable[[str], bool]:
        """Return which addresses the host of an allowed URL may have."""
        if self.own is not None:
            return lambda _: True
        return is_loopback if target.host == self.loopback_host else is_public


def download(
    url: str,
    source: DownloadSource,
    *,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve = resolve,
) -> bytes:
    """Return the body of `url`, which may come from a stranger.

    Only HTTPS, only the source's hosts, only public addresses (checked after the look-up, where the
    connection is made) unless the server is the operator's own; at most three redirects within one
    host, at most `bytes_max` bytes and `total_s` seconds. `headers` are sent and never logged; no
    proxy is used. Raises:

    - `PhotoRefused("too-heavy")` as soon as the size is known;
    - `PhotoUnavailable("photo-elsewhere")` where the rules forbid the URL, `PhotoUnavailable()` for 4xx;
    - `PlatformPaused` for 429;
    - `TransientError` for timeouts, refused connections and 5xx.

    No error message contains the URL: on some platforms it contains the bot's token.
    """
    ends_at = time.monotonic() + source.total_s
    target = _allowed(url, source)
    for _ in range(REDIRECTS_MAX + 1):
        guard = CheckedBackend(ends_at, allowed=source.addresses(target), resolve=resolve)
        with httpcore.ConnectionPool(ssl_context=tls, network_backend=guard) as pool:
            answer = _get(pool, target, headers or {}, source.bytes_max)
        if isinstance(answer, bytes):
            return answer
        target = _redirected(target, answer, source)
    raise PhotoUnavailable("photo-elsewhere")


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    location: str


def _get(
    pool: httpcore.ConnectionPool, target: httpx.URL, headers: Mapping[str, str], bytes_max: int
) -> bytes | _Elsewhere:
    url = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    sent = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "suisai", **headers}
    try:
        with pool.stream("GET", url, headers=list(sent.items())) as response:
            received = httpx.Headers(response.headers)
            if response.status in (301, 302, 303, 307, 308):
                return _Elsewhere(received.get("location", ""))
            _check_status(response.status, received, target.host)
            return _body(response, received, bytes_max)
    except AddressForbidden:
        raise PhotoUnavailable("photo-elsewhere") from None
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        # From None: the frames of the cause contain the request and thus the URL.
        raise TransientError(f"{target.host}: {type(error).__name__}") from None


def _check_status(status: int, headers: httpx.Headers, host: str) -> None:
    if status == 429:
        wait = headers.get("retry-after", "")
        pause_s = min(float(wait), PAUSE_MAX_S) if wait.isdecimal() else PAUSE_S
        raise PlatformPaused(time.time() + pause_s, f"{host} answered 429 to a download")
    if status >= 500 or status in (408, 425):
        raise TransientError(f"{host}: {status}")
    if status != 200:
        raise PhotoUnavailable


def _body(response: httpcore.Response, headers: httpx.Headers, bytes_max: int) -> bytes:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > bytes_max:
        raise _too_heavy(bytes_max)
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > bytes_max:
            raise _too_heavy(bytes_max)
    return bytes(body)


def _too_heavy(bytes_max: int) -> PhotoRefused:
    return PhotoRefused("too-heavy", limit_mb=bytes_max // 1_000_000)


def _allowed(url: str, source: DownloadSource) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise PhotoUnavailable("photo-elsewhere") from None
    if not source.allows(target):
        raise PhotoUnavailable("photo-elsewhere")
    return target


def _redirected(origin: httpx.URL, answer: _Elsewhere, source: DownloadSource) -> httpx.URL:
    try:
        target = _allowed(str(origin.join(answer.location)), source)
    except httpx.InvalidURL:
        raise PhotoUnavailable("photo-elsewhere") from None
    if target.host != origin.host or target.scheme != origin.scheme:
        raise PhotoUnavailable("photo-elsewhere")
    return target


def _names_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
