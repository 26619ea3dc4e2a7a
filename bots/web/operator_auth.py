"""Lets only the operator in: by password, or without one only from this very machine."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bots.web.settings import WebSettings
from tasks.services import Services

Endpoint = Callable[[Request], Awaitable[Response]]

_GUESSES = 10
"""Wrong passwords from one address until it is not listened to for a while."""

_DEAF_S = 60.0

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")

_ASK = {"WWW-Authenticate": 'Basic realm="Suisai", charset="UTF-8"'}


class Gate:
    """Guards endpoints that are the operator's."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self._password = settings.operator_password
        self._notebook = services.kv("web")

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint, closed to everybody but the operator."""

        async def guarded(request: Request) -> Response:
            refusal = await self._refusal(request)
            return refusal if refusal is not None else await endpoint(request)

        return guarded

    async def _refusal(self, request: Request) -> Response | None:
        if self._password is None:
            if is_from_this_machine(request):
                return None
            words = "Only from this machine, or with SUISAI_WEB_OPERATOR_PASSWORD set.\n"
            return PlainTextResponse(words, 403)
        given = _password_in(request)
        if given is None:
            return PlainTextResponse("For the operator.\n", 401, _ASK)
        key = f"wrong:{request.client.host if request.client else '-'}"
        if int(await asyncio.to_thread(self._notebook.get, key) or 0) >= _GUESSES:
            later = {"Retry-After": f"{_DEAF_S:.0f}"}
            return PlainTextResponse("Too many wrong passwords.\n", 429, later)
        if secrets.compare_digest(given.encode(), self._password.get_secret_value().encode()):
            return None
        await asyncio.to_thread(self._notebook.increment, key, 1, _DEAF_S)
        return PlainTextResponse("Wrong password.\n", 401, _ASK)


def is_from_this_machine(request: Request) -> bool:
    """Tell whether a request began on this machine, and not behind a proxy or tunnel on it."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.client.host if request.client else ""
    # The name in the address bar counts too: a stranger's page may point its own name at loopback.
    return _is_loopback(peer) and _is_loopback(
        urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _password_in(request: Request) -> str | None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if user == "operator" else ""
