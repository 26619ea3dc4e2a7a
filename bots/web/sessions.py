"""Identifies visitors by a random cookie; only its digest is stored or logged."""

from __future__ import annotations

import hashlib
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from bots.i18n import languages, negotiate

_PERSON = "suisai_person"

_LANGUAGE = "suisai_language"

_A_YEAR_S = 31_536_000

_SECRET = re.compile(r"[\w-]{32}", re.ASCII)


def person_of(request: Request) -> str | None:
    """Return the visitor's name in the ledger; None without a valid cookie."""
    secret = request.cookies.get(_PERSON, "")
    return _name(secret) if _SECRET.fullmatch(secret) else None


def new_secret() -> str:
    """Return a random cookie value for a new visitor."""
    return secrets.token_urlsafe(24)


def set_session_cookie(request: Request, response: Response, secret: str | None = None) -> None:
    """Set the session cookie if the request has none; `secret` is its value, by default a new one."""
    if person_of(request) is None:
        _set(request, response, _PERSON, secret or new_secret())


def person_behind(secret: str) -> str:
    """Return the name in the ledger of the visitor with this cookie value."""
    return _name(secret)


def clear_cookies(response: Response) -> None:
    """Delete the visitor's cookies."""
    response.delete_cookie(_PERSON)
    response.delete_cookie(_LANGUAGE)


def language_of(request: Request) -> str:
    """Return the language chosen on the page, else the best match for Accept-Language."""
    picked = request.query_params.get("language") or request.cookies.get(_LANGUAGE, "")
    if picked in languages():
        return picked
    return negotiate(request.headers.get("accept-language", ""))


def keep_language(request: Request, response: Response) -> None:
    """Store the language chosen on the page in a cookie."""
    if request.query_params.get("language") in languages():
        _set(request, response, _LANGUAGE, language_of(request))


def _name(secret: str) -> str:
    # The ledger and the logs contain this digest; nobody can act as the visitor with it.
    return hashlib.sha256(secret.encode()).hexdigest()[:24]


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_A_YEAR_S,
        httponly=True,
        samesite="strict",
        secure=request.scope["scheme"] == "https",
    )
