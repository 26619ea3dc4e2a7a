"""Security headers, a content security policy, and the refusal of cross-origin requests."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Shield:
    """ASGI middleware: adds security headers and refuses changes requested by other origins."""

    def __init__(self, app: ASGIApp, public_url: str | None = None) -> None:
        """`public_url`: the page's own address, where a proxy in front hands on another host."""
        self._app = app
        self._public_host = _host_of(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the application, unless another site's page sent it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        hosts = {headers.get("host"), self._public_host} - {None}
        app = self._app if _is_ours(scope["method"], headers, hosts) else _REFUSAL
        if not scope.get("query_string", b"").isascii():
            app = _MALFORMED  # starlette fails to decode it where it redirects
        await app(scope, receive, send_shielded)


_MALFORMED = JSONResponse({"reason": "malformed"}, status_code=400)
_REFUSAL = JSONResponse({"reason": "cross-origin"}, status_code=403)


def _is_ours(method: str, headers: Headers, hosts: Collection[str | None]) -> bool:
    """Return whether a request changes nothing, or comes from the page itself or no browser at all."""
    if method in _SAFE_METHODS:
        return True
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    return site in (None, "same-origin", "none") and (origin is None or _host_of(origin) in hosts)


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
