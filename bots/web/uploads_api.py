"""POST /asks: a form -> an ask -> the ledger; said at once whether it was taken in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots import i18n
from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.web.form import Form, FormBroken, read_form
from bots.web.platform import NAME, UPLOADS
from bots.web.sessions import language_of, new_secret, person_behind, person_of, set_session_cookie
from bots.web.settings import WebSettings
from pipeline.errors import PhotoRefused
from pipeline.styles import Style
from tasks.models import Admitted, Apology, PaintRequest, PhotoRef, Refused
from tasks.services import Services

_log = structlog.get_logger()

_STATUS = {"banned": 403, "opted-out": 403, "storage-full": 507, "paused": 503, "too-busy": 503}


class Asking:
    """Takes photos in."""

    def __init__(
        self, services: Services, settings: WebSettings, styles: Mapping[str, Style]
    ) -> None:
        self._services = services
        self._settings = settings
        self._styles = styles

    async def post(self, request: Request) -> Response:
        """Answer 201 with the job's address, or an error with a sentence in `words`."""
        language, secret = language_of(request), new_secret()
        person = person_of(request) or person_behind(secret)
        limits = self._settings
        try:
            form = await read_form(request, limits.photos_max, limits.photo_mb_max)
        except PhotoRefused as refusal:
            return _hang_up(_refused(refusal.reason, _why(language, refusal), 413))
        except FormBroken as error:
            return _hang_up(_refused("form", str(error), 400))
        response = await asyncio.to_thread(self._admit, person, language, form)
        set_session_cookie(request, response, secret)
        return response

    def _admit(self, person: str, language: str, form: Form) -> Response:
        services = self._services
        ask = self._ask(person, language, form)
        keys = [photo.ref for photo in ask.photos]
        try:
            for key, photo in zip(keys, form.photos, strict=True):
                services.blobs.put(key, photo)
        except OSError as error:
            _log.error("an upload cannot be stored, it is refused", error=str(error))
            services.blobs.delete(keys)
            return self._say(language, Refused("storage-full", 0.0))
        admission = services.ledger.admit(ask)
        if isinstance(admission, Refused):
            services.blobs.delete(keys)
            return self._say(language, admission)
        if admission.duplicate:
            services.blobs.delete(keys)
        return _taken(admission)

    def _ask(self, person: str, language: str, form: Form) -> PaintRequest:
        default = PaintOptions(
            style=form.style if form.style in self._styles else PaintOptions().style
        )
        if form.strength is not None:
            default = PaintOptions(default.style, form.strength)
        wish = parse(form.words, default, self._styles)
        seed = form.seed if wish.seed is None else wish.seed
        return PaintRequest(
            platform=NAME,
            event=f"{person}:{form.event}",
            person=person,
            conversation=person,
            photos=tuple(
                PhotoRef(f"{UPLOADS}/{person}/{secrets.token_hex(16)}") for _ in form.photos
            ),
            style=wish.style,
            strength=wish.strength,
            seed=fresh_seed(form.event) if seed is None and wish.reroll else seed,
            language=language,
            private=True,
        )

    def _say(self, language: str, refused: Refused) -> Response:
        now = self._services.ledger.now()
        words = i18n.refusal(language, refused, now)
        wait_s = max(0.0, refused.until - now) if refused.until else None
        return _refused(refused.reason, words, _STATUS.get(refused.reason, 429), wait_s)


def _taken(admission: Admitted) -> Response:
    url = f"/jobs/{admission.job_id}"
    body = {"id": admission.job_id, "url": url}
    return JSONResponse(body, status_code=201, headers={"Location": url})


def _refused(reason: str, words: str, status: int, wait_s: float | None = None) -> Response:
    headers = {} if wait_s is None else {"Retry-After": str(int(wait_s) + 1)}
    body = {"reason": reason, "words": words, "wait_s": wait_s}
    return JSONResponse(body, status_code=status, headers=headers)


def _hang_up(response: Response) -> Response:
    # The rest of the body may still be on its way; without this it would be read to its end.
    response.headers["Connection"] = "close"
    return response


def _why(language: str, refusal: PhotoRefused) -> str:
    apology = Apology(refusal.reason, refusal.facts, refunded=False)
    return i18n.apology(language, apology)
