"""POST /asks: reads the form, admits the request and answers at once whether it was accepted."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from bots import i18n
from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.web.addresses import shares_of
from bots.web.form import EVENT, Form, FormBroken, check_length, discard_rest, read_form
from bots.web.plugin import NAME
from bots.web.sessions import language_of, new_secret, person_behind, person_of, set_session_cookie
from bots.web.settings import WebSettings
from bots.web.upload_slots import Slot, UploadSlots
from pipeline.errors import PhotoRefused
from pipeline.styles import Style
from tasks.blobs import UPLOADS
from tasks.models import Admitted, Apology, PaintRequest, PhotoRef, RateLimit, Refused
from tasks.services import Services

_log = structlog.get_logger()

_SLOT_WAIT_S = 5.0
_DISK_WAIT_S = 600.0
DISK_RESERVE_BYTES = 500_000_000
"""What uploads leave of a disk: the ledger, which often lies on it, and open jobs need the rest."""
_DISCARD_S = 60.0
"""How long the rest of a refused request's body is read."""
_STORED_AT_ONCE = 2
"""Forms whose photos are stored at the same time; each holds one photo in memory."""
_OF_PERSON = frozenset({"cooldown", "quota", "too-many-open", "strikes"})
_STATUS = {
    "own-words": 403,
    "own-words-script": 422,
    "banned": 403,
    "opted-out": 403,
    "storage-full": 507,
    "paused": 503,
    "too-busy": 503,
}


class UploadsApi:
    """The endpoint that accepts photos."""

    def __init__(
        self, services: Services, settings: WebSettings, styles: Mapping[str, Style]
    ) -> None:
        self._services = services
        self._settings = settings
        self._styles = styles
        self._bytes_max = settings.photos_max * settings.photo_mb_max * 1_000_000
        self._address_limits = services.rate_limiter(f"{NAME}:address")
        self._slots = UploadSlots()
        self._had_room = True
        self._storing = asyncio.Semaphore(_STORED_AT_ONCE)

    async def post(self, request: Request) -> Response:
        """Answer 201 with the job's address, or an error with a sentence in `words`."""
        language, secret = language_of(request), new_secret()
        person = person_of(request) or person_behind(secret)
        try:
            check_length(request, self._settings.photos_max, self._settings.photo_mb_max)
            answer = await self._take_in(request, person, language)
            if isinstance(answer, Refused):
                response = await asyncio.to_thread(self._refusal_response, language, answer)
                return _before_the_body(request, response, self._bytes_max)
            response = answer
        except PhotoRefused as refusal:
            response = _refused(refusal.reason, _why(language, refusal), 413)
            # One photo too large was read already: that much less is read before the response.
            one_photo = self._settings.photo_mb_max * 1_000_000
            return _before_the_body(request, response, self._bytes_max - one_photo)
        except FormBroken as error:
            response = _refused("form", str(error), 400)
            return _before_the_body(request, response, self._bytes_max)
        set_session_cookie(request, response, secret)
        return response

    async def _take_in(self, request: Request, person: str, language: str) -> Response | Refused:
        """Answer a form, or say why it is not read to its end."""
        if (refused := await self._refused_unread(request, person)) is not None:
            return refused
        # Taken before the first await, so that requests that arrive together are all counted.
        slot = self._slots.take(request.client.host if request.client else "")
        if slot is None:
            return Refused("too-busy", time.time() + _SLOT_WAIT_S)
        try:
            if (refused := await self._refused_by_address(request)) is not None:
                return refused
            return await self._read_and_admit(request, slot, person, language)
        except TimeoutError:
            return Refused("too-busy", time.time() + _SLOT_WAIT_S)
        finally:
            self._slots.release(slot)

    async def _refused_unread(self, request: Request, person: str) -> Refused | None:
        """Return a refusal that does not depend on the body; None if the body must be read."""
        event = request.query_params.get("event", "")
        has_event = bool(EVENT.fullmatch(event))
        refused = await asyncio.to_thread(
            self._services.ledger.check, NAME, person, f"{person}:{event}" if has_event else ""
        )
        # Without the event it may be a retry of an accepted request, which only the ledger can tell.
        if refused is not None and (has_event or refused.reason not in _OF_PERSON):
            return refused
        if not await asyncio.to_thread(self._services.blobs.has_room, DISK_RESERVE_BYTES):
            _log.error(
                "disk_nearly_full", reserve_mb=DISK_RESERVE_BYTES // 1_000_000, action="refuse"
            )
            return Refused("storage-full", time.time() + _DISK_WAIT_S)
        return None

    async def _refused_by_address(self, request: Request) -> Refused | None:
        settings, users = self._settings, self._services.users
        limits = []
        for network, share in shares_of(request):
            # Its pseudonym: an address is personal data, and lies in the ledger for an hour.
            name = users.pseudonym("address", network)
            limits += [
                (f"{name}:minute", RateLimit(settings.asks_per_minute * share, 60.0)),
                (f"{name}:hour", RateLimit(settings.asks_per_hour * share, 3600.0)),
            ]
        wait_s = await asyncio.to_thread(self._address_limits.take, limits)
        return Refused("busy-address", time.time() + wait_s) if wait_s > 0 else None

    async def _read_and_admit(
        self, request: Request, slot: Slot, person: str, language: str
    ) -> Response:
        settings = self._settings
        async with AsyncExitStack() as stack:
            async with slot.reading():
                form = await stack.enter_async_context(
                    read_form(request, settings.photos_max, settings.photo_mb_max)
                )
            await stack.enter_async_context(self._storing)
            return await asyncio.to_thread(self._admit, person, language, form)

    def _admit(self, person: str, language: str, form: Form) -> Response:
        services = self._services
        request = checked(services, self._paint_request(person, language, form))
        if isinstance(request, Refused):
            return self._refusal_response(language, request)
        keys = [photo.ref for photo in request.photos]
        try:
            # One photo at a time, to limit this process's memory.
            for key, photo in zip(keys, form.photos, strict=True):
                services.blobs.put(key, photo.file.read())
        except OSError as error:
            _log.error("upload_not_stored", error=str(error), action="refuse")
            services.blobs.delete(keys)
            return self._refusal_response(language, Refused("storage-full", 0.0))
        admission = services.ledger.admit(request)
        if isinstance(admission, Refused):
            services.blobs.delete(keys)
            return self._refusal_response(language, admission)
        if admission.duplicate:
            services.blobs.delete(keys)
        return _accepted(admission)

    def _paint_request(self, person: str, language: str, form: Form) -> PaintRequest:
        default = PaintOptions(
            style=form.style if form.style in self._styles else PaintOptions().style
        )
        if form.strength is not None:
            default = replace(default, strength=form.strength)
        default = replace(default, words=self._words_so_far(person, form.after))
        options = parse(form.words, default, self._styles)
        seed = form.seed if options.seed is None else options.seed
        return PaintRequest(
            platform=NAME,
            event=f"{person}:{form.event}",
            person=person,
            conversation=person,
            photos=tuple(
                PhotoRef(f"{UPLOADS}/{person}/{secrets.token_hex(16)}") for _ in form.photos
            ),
            style=options.style,
            strength=options.strength,
            seed=fresh_seed(form.event) if seed is None and options.reroll else seed,
            language=language,
            private=True,
            words=options.words,
        )

    def _words_so_far(self, person: str, job_id: str) -> str:
        """Return the own words of the visitor's painting that is to be changed."""
        found = self._services.ledger.find_job(job_id) if job_id else None
        is_theirs = found is not None and (found.request.platform, found.request.person) == (
            NAME,
            person,
        )
        return found.request.words if found is not None and is_theirs else ""

    def _refusal_response(self, language: str, refused: Refused) -> Response:
        now = self._services.ledger.now()
        words = i18n.refusal(language, refused, now)
        wait_s = max(0.0, refused.until - now) if refused.until else None
        return _refused(refused.reason, words, _STATUS.get(refused.reason, 429), wait_s)


def _accepted(admission: Admitted) -> Response:
    url = f"/jobs/{admission.job_id}"
    body = {"id": admission.job_id, "url": url}
    return JSONResponse(body, status_code=201, headers={"Location": url})


def _refused(reason: str, words: str, status: int, wait_s: float | None = None) -> Response:
    headers = {} if wait_s is None else {"Retry-After": str(int(wait_s) + 1)}
    body = {"reason": reason, "words": words, "wait_s": wait_s}
    return JSONResponse(body, status_code=status, headers=headers)


class _EarlyResponse(Response):
    """A response that is sent before the body of its request was read; the body is then discarded."""

    def __init__(self, response: Response, request: Request, bytes_max: int) -> None:
        self.__dict__.update(response.__dict__)
        self._request, self._bytes_max = request, bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers,
        }  # fmt: skip
        await send(start)
        # `more_body` although the answer is complete: at its end the server would stop reading.
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD_S):
                await discard_rest(self._request, self._bytes_max)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _before_the_body(request: Request, response: Response, bytes_max: int) -> Response:
    response.headers["Connection"] = "close"
    return _EarlyResponse(response, request, bytes_max)


def _why(language: str, refusal: PhotoRefused) -> str:
    apology = Apology(refusal.reason, refusal.facts, refunded=False)
    return i18n.apology(language, apology)
