"""Handles pressed buttons, which must work days later and after restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO

import numpy as np
import structlog
from PIL import Image
from telegram.error import TelegramError

from bots.i18n import languages, refusal, t
from bots.telegram import keyboards
from bots.telegram.events import ButtonEvent, Origin, Place
from bots.telegram.keyboards import InvalidCallbackData, RepaintAction, decode
from bots.telegram.listener.requests import RequestService
from bots.telegram.platform import Files
from bots.telegram.rate_limit import NoSlot
from bots.telegram.sender import OutgoingMedia, Sender, is_admin, method_for, send
from bots.telegram.settings import PLATFORM
from bots.telegram.store import Chats, Paintings
from pipeline.engine import RGB
from pipeline.errors import PhotoRefused
from pipeline.photo import open_photo
from pipeline.styles import Style
from tasks.blobs import BlobMissing, BlobStore
from tasks.errors import PhotoUnavailable
from tasks.models import PaintRequest, Refused
from tasks.services import Services

_GAP_PX = 12

_QUALITY = 90


class Gone(Exception):
    """The painting or its photo is no longer stored."""


class PictureSender:
    """Sends a painting in full quality, or beside its photo. Pictures come from the blob store."""

    def __init__(
        self, sender: Sender, files: Files, paintings: Paintings, blobs: BlobStore
    ) -> None:
        self._sender = sender
        self._files = files
        self._paintings = paintings
        self._blobs = blobs

    async def originals(self, origin: Origin, job_id: str) -> None:
        """Send the pictures of a job as files, as they were painted. Raises `Gone`."""
        for picture in await asyncio.to_thread(self._pictures, origin, job_id):
            await self._send(origin, OutgoingMedia((picture,), as_files=True))

    async def comparison(self, origin: Origin, job_id: str, caption: str) -> None:
        """Send photo and painting side by side. Raises `Gone`."""
        job = await asyncio.to_thread(self._paintings.job_here, job_id, origin)
        if job is None or not job.request.photos:
            raise Gone
        picture = (await asyncio.to_thread(self._pictures, origin, job_id))[0]
        try:
            photo = await self._files.read(job.request.photos[0].ref)
        except (PhotoUnavailable, PhotoRefused) as error:
            raise Gone from error
        both = await asyncio.to_thread(side_by_side, photo, picture)
        await self._send(origin, OutgoingMedia((both,), caption, spoiler=origin.spoiler))

    async def again(self, origin: Origin, job_id: str) -> None:
        """Send the pictures of a job once more. Raises `Gone`."""
        pictures = await asyncio.to_thread(self._pictures, origin, job_id)
        await self._send(origin, OutgoingMedia(tuple(pictures), spoiler=origin.spoiler))

    async def _send(self, origin: Origin, outgoing: OutgoingMedia) -> None:
        chat = await self._sender.chat_of(origin)
        await self._sender.rate_limit.acquire(chat, method_for(outgoing))
        await send(self._sender, origin, chat, outgoing)

    def _pictures(self, origin: Origin, job_id: str) -> list[bytes]:
        job = self._paintings.job_here(job_id, origin)
        if job is None or not job.pictures:
            raise Gone
        try:
            return [self._blobs.get(key) for key in job.pictures]
        except BlobMissing as error:
            raise Gone from error


def side_by_side(photo: bytes, picture: bytes) -> bytes:
    """Return a JPEG with the photo on the left and its painting on the right. Raises `Gone`."""
    painting = np.asarray(Image.open(BytesIO(picture)).convert("RGB"))
    try:
        left = _at_height(open_photo(photo).pixels, painting.shape[0])
    except PhotoRefused as error:
        raise Gone from error
    gap = np.full((painting.shape[0], _GAP_PX, 3), 255, np.uint8)
    file = BytesIO()
    Image.fromarray(np.hstack([left, gap, painting])).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _at_height(pixels: RGB, height_px: int) -> RGB:
    width_px = max(1, round(pixels.shape[1] * height_px / pixels.shape[0]))
    resized = Image.fromarray(pixels).resize((width_px, height_px), Image.Resampling.LANCZOS)
    return np.asarray(resized)


_log = structlog.get_logger()

_ONCE_S = 86_400.0

_ALERT_MAX = 200
"""Characters of a notification; Bot API, answerCallbackQuery."""


class CallbackHandlers:
    """Handles the buttons by their action."""

    def __init__(
        self,
        sender: Sender,
        services: Services,
        chats: Chats,
        requests: RequestService,
        pictures: PictureSender,
        paintings: Paintings,
        styles: Mapping[str, Style],
    ) -> None:
        self._sender, self._services, self._chats = sender, services, chats
        self._requests, self._pictures, self._paintings = requests, pictures, paintings
        self._styles = styles
        self._kv = services.kv(PLATFORM)
        self._actions: dict[str, Callable[[ButtonEvent, str, str], Awaitable[None]]] = {
            keyboards.ORIGINAL: self._original,
            keyboards.COMPARE: self._compare,
            keyboards.RESEND: self._resend,
            keyboards.CANCEL: self._cancel,
            keyboards.LANGUAGE: self._language,
            keyboards.STYLE: self._style,
            keyboards.FORGET: self._forget,
        }

    async def request(self, button: ButtonEvent) -> PaintRequest | None:
        """Return the request behind a button, None for a button that asks for no painting."""
        try:
            action = decode(button.data)
        except InvalidCallbackData:
            return None
        if not isinstance(action, RepaintAction) or action.style not in self._styles:
            return None
        return await asyncio.to_thread(self._requests.from_button, button, action)

    async def refused(
        self, button: ButtonEvent, request: PaintRequest, refused: Refused, now: float
    ) -> None:
        """Show in a notification why the request of a button was refused."""
        words = refusal(request.language, refused, now)
        await self._sender.answer_callback(button.query, words[:_ALERT_MAX], alert=True)

    async def act(self, button: ButtonEvent) -> None:
        """Do what a button says that asks for no painting."""
        language = await asyncio.to_thread(self._chats.language, button.origin)
        try:
            action = decode(button.data)
        except InvalidCallbackData:
            action = RepaintAction("", "", 0.0)
        if isinstance(action, RepaintAction):
            await self._sender.answer_callback(
                button.query, t(language, "telegram-photo-gone"), alert=True
            )
            return
        if not await asyncio.to_thread(self._first_time, button):
            return
        try:
            await self._actions[action.verb](button, action.target, language)
        except Gone:
            await self._sender.answer_callback(
                button.query, t(language, "telegram-photo-gone"), alert=True
            )
        except (TelegramError, NoSlot) as error:
            _log.info("button_action_failed", verb=action.verb, error=str(error))
            await self._sender.answer_callback(button.query)

    def _first_time(self, button: ButtonEvent) -> bool:
        # The same update may come again after a crash; the ledger only guards asks.
        return self._kv.set_if_absent(button.event, "1", _ONCE_S)

    async def _original(self, button: ButtonEvent, job_id: str, _: str) -> None:
        await self._pictures.originals(button.origin, job_id)
        await self._sender.answer_callback(button.query)

    async def _compare(self, button: ButtonEvent, job_id: str, language: str) -> None:
        await self._pictures.comparison(button.origin, job_id, t(language, "telegram-compared"))
        await self._sender.answer_callback(button.query)

    async def _resend(self, button: ButtonEvent, job_id: str, _: str) -> None:
        await self._pictures.again(button.origin, job_id)
        await self._sender.answer_callback(button.query)

    async def _cancel(self, button: ButtonEvent, job_id: str, language: str) -> None:
        ledger = self._services.ledger
        person = await self._canceller(button, job_id)
        if not person:
            words = t(language, "telegram-cancel-not-yours")
            await self._sender.answer_callback(button.query, words, alert=True)
            return
        done = await asyncio.to_thread(ledger.cancel, job_id, person)
        key = "telegram-cancelled" if done else "telegram-cancel-late"
        await self._sender.answer_callback(button.query, t(language, key))
        if done:
            await self._answer(button, t(language, key))

    async def _canceller(self, button: ButtonEvent, job_id: str) -> str:
        """Return the person for whom a job is cancelled; empty if the presser may not cancel it."""
        job = await asyncio.to_thread(self._paintings.job, job_id)
        origin = button.origin
        if job is None:
            return ""
        if job.request.person == origin.person:
            return origin.person
        # An anonymous admin asks as the group and presses buttons under the own account.
        if job.request.person == str(origin.chat) and await is_admin(self._sender.bot, origin):
            return job.request.person
        return ""

    async def _language(self, button: ButtonEvent, code: str, _: str) -> None:
        if code in languages():
            await asyncio.to_thread(self._chats.choose_language, button.origin.person, code)
        await self._sender.answer_callback(button.query)
        if code in languages():
            await self._answer(button, t(code, "telegram-language-set"))

    async def _style(self, button: ButtonEvent, name: str, language: str) -> None:
        if name not in self._styles:
            await self._sender.answer_callback(button.query)
            return
        words = t(
            language, "telegram-style-set", style=keyboards.title(self._styles[name], language)
        )
        await asyncio.to_thread(self._chats.choose_style, button.origin.person, name)
        await self._sender.answer_callback(button.query, words)

    async def _forget(self, button: ButtonEvent, choice: str, language: str) -> None:
        person = button.origin.person
        if choice in ("yes", "never"):
            await asyncio.to_thread(self._forget_everything, person, choice == "never")
        await self._sender.answer_callback(button.query)
        await self._answer(button, t(language, f"telegram-forgot-{choice}"))

    def _forget_everything(self, person: str, opt_out: bool) -> None:
        self._paintings.forget(PLATFORM, person)
        self._services.users.forget(PLATFORM, person, opt_out)
        self._chats.forget(person)

    async def _answer(self, button: ButtonEvent, words: str) -> None:
        if button.origin.place is Place.GUEST or not button.shown:
            return
        # The button's message is in the chat where it was button, wherever that chat moves later.
        chat = button.origin.chat
        await self._sender.rate_limit.acquire(chat, "editMessageText")
        await self._sender.edit_text(chat, button.shown, words)
