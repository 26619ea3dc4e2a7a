"""Malformed requests are answered with an error, never with a traceback."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bots.web.app import build_app
from bots.web.settings import WebSettings
from tasks.services import Services
from tests.bots.web.peers import OPERATOR

PATHS = (
    "/", "/styles", "/asks", "/jobs/x", "/jobs/x/events", "/jobs/x/picture/0", "/me", "/metrics",
    "/healthz", "/readyz", "/status", "/status/now", "/status/pause", "/status/resume",
    "/status/pictures/0", "/static/page.js",
)  # fmt: skip
STRANGE_PATHS = (
    "", "//", "/static", "/static/", "/static/..", "/static/../app.py", "/static/\0", "/jobs/\0",
    "/jobs/%s" % ("x" * 9000), "/jobs/x/picture/99999999999999999999999", "/jobs/x/picture/" + "9" * 5000,
    "/status/pictures/" + "9" * 5000, "/jobs/x/picture/-1",
    "/jobs/\ud7ff/events", "/static/" + "a" * 5000, "/status/pictures/9" * 3, "/jobs/*", "/jobs/x y",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "PATCH", "TRACE", "QUERY", "")
NAMES = (
    "origin", "host", "sec-fetch-site", "cookie", "accept-language", "authorization", "range",
    "content-type", "content-length", "if-modified-since", "if-none-match", "if-range",
    "x-forwarded-for", "x-forwarded-proto", "forwarded", "accept", "transfer-encoding", "last-event-id",
)  # fmt: skip
VALUES = (
    b"", b"http://[", b"http://[::1", b"null", b"[", b"\xff\xfe", b"a" * 9000, b"bytes=0-", b"bytes=9-1",
    b"bytes=--1", b"bytes=0-0,1-1," * 50, b"multipart/form-data", b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=x; charset=nonsense", b"multipart/form-data; boundary=\xff",
    b"multipart/form-data; boundary=" + b"x" * 400, b"application/json", b"Basic", b"Basic /w==",
    b"Bearer \xff", b"suisai_person=" + b"a" * 32, b"suisai_operator=\xff", b'a="\\', b"q=;q;q=1e9",
    b"en;q=NaN,*;q=-1", b"zz-", b"9" * 400, b"-1", b"203.0.113.7, [::1", b"https", b"Thu, 99 Foo",
)  # fmt: skip
BODIES = (
    b"", b"{", b"[" * 100_000, b'{"what": ' * 300, b"null", b'"x"',
    b'{"what": "render", "platform": "\\ud800"}', b'{"what": [], "platform": {}}',
    b"\xff", b"--x\r\n", b"--x--\r\n",
    b'--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="\xff\0"\r\n\r\nx\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="event"\r\n\r\nevent-123456\r\n--x\r\n'
    b'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\nx\r\n--x--\r\n',
    b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\nx\r\n--x--\r\n", b"--x\r\n" + b"A" * 50_000,
)  # fmt: skip
QUERIES = (
    b"", b"token=", b"token=\xff", b"language=xx", b"language=\xff%00", b"event=\xff", b"event=aaaaaaaa",
    b"download", b"%", b"&&&=&", b"a=" + b"b" * 9000, b"token=" + OPERATOR.encode(),
)  # fmt: skip


@pytest.fixture
def app(services: Services) -> Starlette:
    return build_app(
        services,
        WebSettings(
            operator_token=OPERATOR,  # type: ignore[arg-type] # pydantic makes a secret of it
            operator_password="pass word",  # type: ignore[arg-type]
            trusted_proxies="127.0.0.1",  # type: ignore[arg-type]
            asks_per_minute=100_000,
            asks_per_hour=1_000_000,
        ),
    )


def status_of(
    app: Starlette,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[str, bytes]],
    body: bytes,
) -> int:
    """Hand a request to the application as the server does; whatever it raises is raised here."""
    started: list[int] = []
    left = [body]

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": method, "scheme": "http", "path": path, "root_path": "", "query_string": query,
        "raw_path": path.encode("utf-8", "surrogatepass"), "server": ("localhost", 80),
        "client": ("127.0.0.1", 5), "headers": [(name.encode(), value) for name, value in headers],
    }  # fmt: skip

    async def ask() -> None:
        async with asyncio.timeout(20):
            await app(scope, receive, send)

    asyncio.run(ask())
    assert len(started) == 1
    return started[0]


def is_fine(status: int) -> bool:
    return 200 <= status < 500 or status in (501, 503, 507)


@pytest.mark.parametrize("path", PATHS)
def test_strange_headers_and_bodies_are_answered(app: Starlette, path: str) -> None:
    for method in ("GET", "POST"):
        for name in NAMES:
            for value in (
                VALUES if name in ("origin", "content-type") else VALUES[:: 3 + len(name) % 3]
            ):
                if name == "content-length" and not value.isdigit():
                    continue  # the server refuses it before the application sees it
                status = status_of(app, method, path, b"", [(name, value)], b"")
                assert is_fine(status), (method, path, name, value, status)


@pytest.mark.parametrize("path", STRANGE_PATHS)
def test_strange_paths_are_answered(app: Starlette, path: str) -> None:
    for method in METHODS:
        status = status_of(app, method, path, b"", [("host", b"x")], b"")
        assert is_fine(status), (method, path, status)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_strange_bodies_are_answered(app: Starlette, body: bytes) -> None:
    operator = ("authorization", f"Bearer {OPERATOR}".encode())
    form = ("content-type", b"multipart/form-data; boundary=x")
    for path in ("/asks", "/status/pause", "/status/resume"):
        for query in QUERIES:
            for headers in ([operator], [operator, form]):
                status = status_of(app, "POST", path, query, headers, body)
                assert is_fine(status), (path, query, headers, status)


@pytest.mark.parametrize(
    "kind",
    [
        "boundary=x; charset=undefined", "charset=punycode; boundary=x", "boundary=x; charset=idna",
        "boundary=x; charset*=utf-8''undefined", 'charset="unicode_escape"; boundary="x"', "boundary=x\x7f",
        "boundary=\xff", "boundary=", "charset=utf-7", "boundary=x; charset=" + "x" * 300,
    ],
)  # fmt: skip
def test_a_form_is_read_as_utf_8_whatever_it_calls_itself(app: Starlette, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    fields = ((b"event", b"", b"event-123456"), (b"words", b"", b"\xff \\ud800 +2AA- xn--\x80"))
    body = b"".join(part % each for each in (*fields, (b"photo", b'; filename="\xff"', b"x")))
    header = ("content-type", b"multipart/form-data; " + kind.encode("latin-1"))
    status = status_of(app, "POST", "/asks", b"", [header], body + b"--x--\r\n")
    assert status == (400 if "boundary=x" not in kind.replace('"', "") or "\x7f" in kind else 201)


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS + STRANGE_PATHS) | st.text(max_size=40).map(lambda rest: f"/{rest}"),
    query=st.sampled_from(QUERIES) | st.binary(max_size=40),
    headers=st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=30)),
        max_size=4,
    ),
    body=st.sampled_from(BODIES) | st.binary(max_size=60),
)
def test_nothing_that_is_sent_is_an_error_of_the_page(
    app: Starlette,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[str, bytes]],
    body: bytes,
) -> None:
    headers = [each for each in headers if each[0] != "content-length"]
    if path.encode("utf-8", "replace").decode("utf-8", "replace") != path:
        return  # no server hands such a path on
    assert is_fine(status_of(app, method, path, query, headers, body))
