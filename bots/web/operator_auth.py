"""Authenticates the operator: by the token in the data folder, or by a password.

A reverse proxy on the same machine makes every stranger come from loopback, so where a request comes
from gives no rights. `suisai up` and `suisai operator-link` print a link that holds the token; opening it
sets a cookie.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bots.web.addresses import shares_of
from bots.web.settings import WebSettings
from tasks.private_files import read_secret_file
from tasks.services import Services

Endpoint = Callable[[Request], Awaitable[Response]]

COOKIE = "suisai_operator"
TOKEN_FILE = "operator-token"  # noqa: S105 - its name
_COOKIE_S = 30 * 86_400
_GUESSES = 10
"""Wrong passwords from one address before further attempts are refused for a while."""
_GUESSES_WINDOW_S = 60.0
_REALM = {"WWW-Authenticate": 'Basic realm="Suisai", charset="UTF-8"'}
_HOW = "This page is for the operator: open the link that `suisai operator-link` prints.\n"


def operator_token(settings: WebSettings, data_dir: Path) -> str:
    """Return the operator's token: from the settings, else from the data folder, created if missing.

    Raises `OSError` where the folder cannot be written, `FileNotPrivate`.
    """
    if settings.operator_token is not None:
        return settings.operator_token.get_secret_value()
    path = data_dir / TOKEN_FILE
    while True:
        try:
            token = read_secret_file(path)
        except FileNotFoundError:
            _create_token(path)
            continue
        if not token:
            raise OSError(f"{path} is empty. Delete it; the next start makes a new token.")
        return token


def operator_link(settings: WebSettings, data_dir: Path) -> str:
    """Return the URL that logs the operator in and opens the status page. Raises `OSError`."""
    query = urlencode({"token": operator_token(settings, data_dir)})
    return f"{settings.address}/status?{query}"


def _create_token(path: Path) -> None:
    """Create the file atomically with mode 600; keep the one that another process created first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(part)
        except FileExistsError:
            return
    finally:
        part.unlink(missing_ok=True)


class OperatorAuth:
    """Restricts endpoints to the operator."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self._services = services
        self._password = settings.operator_password
        self._metrics_token = settings.metrics_token
        self._kv = services.kv("web")
        self._token = operator_token(settings, Path(services.settings.data_dir))
        # A hash, so that a leaked cookie does not reveal the token and becomes invalid with the next one.
        self._cookie = hmac.new(self._token.encode(), b"cookie", hashlib.sha256).hexdigest()

    def required(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint, restricted to the operator."""

        async def guarded(request: Request) -> Response:
            if self._has_cookie(request) or self._has_bearer(request):
                return await endpoint(request)
            if "token" in request.query_params:
                return self._log_in(request)
            refusal = await self._check_password(request)
            if refusal is not None:
                return refusal
            response = await endpoint(request)
            self._set_cookie(request, response)
            return response

        return guarded

    def required_for_metrics(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint, restricted to the operator and to clients with the metrics token."""
        for_operator = self.required(endpoint)

        async def guarded(request: Request) -> Response:
            token = self._metrics_token
            if token is not None and _equal(_bearer_of(request), token.get_secret_value()):
                return await endpoint(request)
            return await for_operator(request)

        return guarded

    def _has_cookie(self, request: Request) -> bool:
        return _equal(request.cookies.get(COOKIE, ""), self._cookie)

    def _has_bearer(self, request: Request) -> bool:
        return _equal(_bearer_of(request), self._token)

    def _log_in(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD") or not _equal(
            request.query_params["token"], self._token
        ):
            return PlainTextResponse(f"That token is not valid. {_HOW}", 403)
        # Redirect without the token, so that it is not copied or shared with the URL.
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
        path = request.scope["path"] + (f"?{urlencode(rest)}" if rest else "")
        response = RedirectResponse(path, 303, {"Cache-Control": "no-store"})
        self._set_cookie(request, response)
        return response

    def _set_cookie(self, request: Request, response: Response) -> None:
        response.set_cookie(
            COOKIE,
            self._cookie,
            max_age=_COOKIE_S,
            httponly=True,
            # Lax, not strict: the link may be opened from another program or page.
            samesite="lax",
            secure=request.scope["scheme"] == "https",
        )

    async def _check_password(self, request: Request) -> Response | None:
        """Return a refusal, or None if the password is right."""
        if self._password is None:
            return PlainTextResponse(_HOW, 403)
        given = _password_of(request)
        if given is None:
            return PlainTextResponse(_HOW, 401, _REALM)
        networks = await asyncio.to_thread(self._pseudonyms_of, request)
        # Counted before it is looked at: of many guesses at once, each sees those before it.
        if await asyncio.to_thread(self._count_guess, networks, 1):
            later = {"Retry-After": f"{_GUESSES_WINDOW_S:.0f}"}
            return PlainTextResponse(
                f"Too many wrong passwords from this address; wait a minute. {_HOW}", 429, later
            )
        if not _equal(given, self._password.get_secret_value()):
            return PlainTextResponse("Wrong password.\n", 401, _REALM)
        await asyncio.to_thread(self._count_guess, networks, -1)
        return None

    def _pseudonyms_of(self, request: Request) -> list[tuple[str, int]]:
        """Return the networks of a request, each with its share, by names that tell no address."""
        users = self._services.users
        return [(users.pseudonym("address", name), share) for name, share in shares_of(request)]

    def _count_guess(self, networks: list[tuple[str, int]], by: int) -> bool:
        """Change the count of guesses of these networks; return whether one had all of its guesses."""
        counts = [
            (self._kv.increment(f"wrong-passwords:{name}", by, _GUESSES_WINDOW_S), share)
            for name, share in networks
        ]
        return any(count > _GUESSES * share for count, share in counts)


def _equal(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _bearer_of(request: Request) -> str:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else ""


def _password_of(request: Request) -> str | None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if user == "operator" else ""
