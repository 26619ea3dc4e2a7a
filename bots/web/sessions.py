"""Who is asking: a random cookie, of which only a digest goes any further."""

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
    """Return the name by which the ledger knows this visitor; None for a first visit."""
    secret = request.cookies.get(_PERSON, "")
    return _name(secret) if _SECRET.fullmatch(secret) else None


def new_secret() -> str:
    """Return what a new visitor's cookie holds."""
    return secrets.token_urlsafe(24)


def set_session_cookie(request: Request, response: Response, secret: str | None = None) -> None:
    """Give a visitor without a cookie one, or the one that was made for them already."""
    if person_of(request) is None:
        _set(request, response, _PERSON, secret or new_secret())


def person_behind(secret: str) -> str:
    """Return the name of the visitor who will hold this cookie."""
    return _name(secret)


def clear_cookies(response: Response) -> None:
    """Take the cookies back."""
    response.delete_cookie(_PERSON)
    response.delete_cookie(_LANGUAGE)


def language_of(request: Request) -> str:
    """Return the language that was picked on the page, else the browser's."""
    picked = request.query_params.get("language") or request.cookies.get(_LANGUAGE, "")
    if picked in languages():
        return picked
    return negotiate(request.headers.get("accept-language", ""))


def keep_language(request: Request, response: Response) -> None:
    """Remember a language that was picked on the page."""
    if request.query_params.get("language") in languages():
        _set(request, response, _LANGUAGE, language_of(request))


def _name(secret: str) -> str:
    # The ledger and the logs hold the name, so that neither can be used to act as this visitor.
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
