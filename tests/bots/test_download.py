"""Downloads: which URLs and addresses are allowed, and how failures end."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bots.download import DownloadSource, download, is_public
from pipeline.errors import PhotoRefused
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError

PHOTO = bytes(range(256)) * 40


class PhotoHost(ThreadingHTTPServer):
    """A host of photos that remembers what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Behaviour)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.asked: list[str] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what half of these tests are about."""


class Behaviour(BaseHTTPRequestHandler):
    """The first word of a path says how the host answers it."""

    server: PhotoHost

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        verb, _, rest = self.path[1:].partition("/")
        getattr(self, f"_{verb}")(rest)

    def _photo(self, _: str) -> None:
        self._head(200, ("Content-Length", str(len(PHOTO))))
        self.wfile.write(PHOTO)

    def _unsized(self, _: str) -> None:
        self._head(200)
        self.wfile.write(PHOTO)

    def _private(self, _: str) -> None:
        self._photo("") if self.headers["Authorization"] == "Bearer s3cret" else self._status("403")

    def _status(self, status: str) -> None:
        self._head(int(status.partition("?")[0]), ("Retry-After", "7"), ("Content-Length", "0"))

    def _redirect(self, location: str) -> None:
        self._head(302, ("Location", location), ("Content-Length", "0"))

    def _circle(self, _: str) -> None:
        self._redirect("/circle")

    def _stall(self, _: str) -> None:
        self._head(200, ("Content-Length", "100"))
        self.wfile.write(b"x" * 10)
        self.server.closing.wait(10)

    def _trickle(self, _: str) -> None:
        self._head(200)
        while not self.server.closing.wait(0.01):
            self.wfile.write(b"x")

    def _hangup(self, _: str) -> None:
        self.close_connection = True

    def _head(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[PhotoHost]:
    server = PhotoHost(tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host() -> Iterator[PhotoHost]:
    with serving() as server:
        yield server


def why_gone(url: str, source: DownloadSource, **options: object) -> str:
    with pytest.raises(PhotoUnavailable) as gone:
        download(url, source, **options)  # type: ignore[arg-type] # callers name them
    return gone.value.reason


def test_a_photo_is_downloaded_completely(host: PhotoHost) -> None:
    assert download(f"{host.url}/photo", DownloadSource.of(host.url)) == PHOTO
    assert download(f"{host.url}/unsized", DownloadSource.of(host.url)) == PHOTO


def test_headers_go_along(host: PhotoHost) -> None:
    headers = {"Authorization": "Bearer s3cret"}
    assert download(f"{host.url}/private", DownloadSource.of(host.url), headers=headers) == PHOTO


def test_a_redirect_within_the_host_is_followed(host: PhotoHost) -> None:
    assert download(f"{host.url}/redirect//photo", DownloadSource.of(host.url)) == PHOTO


def test_a_redirect_loop_ends(host: PhotoHost) -> None:
    assert why_gone(f"{host.url}/circle", DownloadSource.of(host.url)) == "photo-elsewhere"
    assert len(host.asked) == 4


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/meta-data", "https://example.com/photo", "file:///etc/passwd",
     "http://localhost/photo", "https://127.0.0.1/photo", "http://["],
)  # fmt: skip
def test_a_redirect_to_elsewhere_is_not_followed(host: PhotoHost, location: str) -> None:
    reason = why_gone(f"{host.url}/redirect/{location}", DownloadSource.of(host.url))
    assert reason == "photo-elsewhere"
    assert len(host.asked) == 1


@pytest.mark.parametrize("path", ["photo", "unsized"])
def test_a_heavy_photo_is_refused_while_it_streams(host: PhotoHost, path: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        download(f"{host.url}/{path}", DownloadSource.of(host.url, bytes_max=len(PHOTO) - 1))
    assert refused.value.reason == "too-heavy"


@pytest.mark.parametrize("behaviour", ["stall", "trickle"])
def test_a_slow_host_is_given_up_at_the_deadline(host: PhotoHost, behaviour: str) -> None:
    source = DownloadSource(frozenset({"127.0.0.1"}), "127.0.0.1", total_s=0.3)
    with pytest.raises(TransientError):
        download(f"{host.url}/{behaviour}", source)


@pytest.mark.parametrize("path", ["status/500", "status/503", "hangup"])
def test_a_server_error_of_the_host_is_retried(host: PhotoHost, path: str) -> None:
    with pytest.raises(TransientError):
        download(f"{host.url}/{path}", DownloadSource.of(host.url))


def test_an_unreachable_host_is_retried() -> None:
    with serving() as host:
        pass
    with pytest.raises(TransientError):
        download(f"{host.url}/photo", DownloadSource.of(host.url))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_deleted_photo_is_unavailable(host: PhotoHost, status: int) -> None:
    assert why_gone(f"{host.url}/status/{status}", DownloadSource.of(host.url)) == "photo-gone"


def test_too_many_requests_pause_the_platform(host: PhotoHost) -> None:
    before = time.time()
    with pytest.raises(PlatformPaused) as paused:
        download(f"{host.url}/status/429", DownloadSource.of(host.url))
    assert before + 7 <= paused.value.until <= time.time() + 7


@pytest.mark.parametrize(
    "url",
    ["http://photos.example/1", "https://photos.example:8443/1", "https://evil.example/1",
     "https://photos.example.evil.example/1", "https://photos.example@evil.example/1",
     "https://evil.example#photos.example", "https://me:you@photos.example/1", "//photos.example/1",
     "ftp://photos.example/1", "file:///etc/passwd", "https://127.0.0.1/1", "http://[::1]/1",
     "https://0x7f000001/", "https://photos.example.:443/1", "not a url", "", "https://[/"],
)  # fmt: skip
def test_a_url_outside_the_rules_is_not_even_looked_up(url: str) -> None:
    def no_lookup(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    source = DownloadSource.of("https://api.example", "photos.example")
    assert why_gone(url, source, resolve=no_lookup) == "photo-elsewhere"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
     "224.0.0.1", "64:ff9b:1::a00:1", "::ffff:0:a00:1", "2001::1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:a00:1::", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_a_host_at_a_private_address_is_not_connected_to(address: str) -> None:
    assert not is_public(address)
    source = DownloadSource.of("https://api.example", "photos.example")
    reason = why_gone(
        "https://photos.example/1", source, resolve=lambda _host, _port: [address, "8.8.8.8"]
    )
    assert reason == "photo-elsewhere"


def test_a_loopback_api_allows_loopback_downloads_only() -> None:
    source = DownloadSource.of("http://localhost:81")
    reason = why_gone("http://localhost:81/1", source, resolve=lambda _host, _port: ["10.0.0.1"])
    assert reason == "photo-elsewhere"


def test_the_operators_own_server_may_stand_inside_a_network(host: PhotoHost) -> None:
    port = host.server_port
    own = DownloadSource.of_own(f"http://bot-api:{port}")

    def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    assert download(f"http://bot-api:{port}/photo", own, resolve=here) == PHOTO
    for elsewhere in (f"http://bot-api:{port + 1}/photo", f"https://bot-api:{port}/photo"):
        assert why_gone(elsewhere, own, resolve=here) == "photo-elsewhere"
    assert why_gone(f"http://photos.example:{port}/photo", own) == "photo-elsewhere"


def test_the_certificate_of_the_host_is_checked(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed, which makes the certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    with serving(served) as host:
        url = f"https://localhost:{host.server_port}/photo"
        trusting = ssl.create_default_context(cafile=str(certificate))
        assert download(url, DownloadSource.of(url), tls=trusting) == PHOTO
        with pytest.raises(TransientError):
            download(url, DownloadSource.of(url))


@pytest.mark.parametrize("path", ["status/500", "status/404", "status/429", "hangup"])
def test_no_error_holds_the_url(host: PhotoHost, path: str) -> None:
    with pytest.raises((TransientError, PhotoUnavailable, PlatformPaused)) as caught:
        download(f"{host.url}/{path}?token=123:SECRET", DownloadSource.of(host.url))
    assert "SECRET" not in repr([caught.value, caught.value.__cause__])
