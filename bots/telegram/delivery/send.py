"""Delivers by sending, and never twice: albums, and wherever no text can become the picture.

Nothing tells whether a message that may have been sent stands. So a sending is written down before and
after; where a process died in between, or the line broke, the placeholder says so and offers a button.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from telegram import Message
from telegram.error import TelegramError

from bots.i18n import t
from bots.telegram.client import home
from bots.telegram.delivery.context import DeliveryContext
from bots.telegram.errors import not_to_be_shown, surely_not_done
from bots.telegram.events import Origin, largest
from bots.telegram.keyboards import send_again
from bots.telegram.rate_limit import ChatLimited
from bots.telegram.sender import OutgoingMedia, send
from tasks.models import Job, Painting

_log = structlog.get_logger()

_SENDING = "sending"

_TRUSTED_S = 86_400.0
"""After so long a server that could not edit is tried again: it may have been renewed."""


class SendDelivery:
    """Delivers pictures as new messages that answer the photo."""

    def __init__(self, desk: DeliveryContext) -> None:
        self._desk = desk
        self._no_edits = f"no-picture-from-text:{home(desk.speaker.bot)}"

    async def is_the_only_way(self) -> bool:
        """Tell whether this Bot API server was seen to make no picture of a text."""
        return await asyncio.to_thread(self._desk.notebook.get, self._no_edits) is not None

    async def disable_editing(self) -> None:
        """Remember that this Bot API server makes no picture of a text."""
        await asyncio.to_thread(self._desk.notebook.put, self._no_edits, "1", _TRUSTED_S)

    async def paintings(self, job: Job, painting: Painting) -> str:
        """Send one picture, or several as an album, and return the receipt."""
        origin, chat = await self._desk.place(job)
        sent = job.platform_data.get("sent", "")
        if sent == _SENDING:
            return await self._in_doubt(job, origin, chat, len(painting.pictures))
        if not sent:
            sent = await self._send(job, origin, chat, painting)
        await self._last_word(job, chat, len(painting.pictures))
        return f"{chat}:{sent}"

    async def _send(self, job: Job, origin: Origin, chat: int, painting: Painting) -> str:
        await self._desk.speaker.pace.acquire(chat)
        await self._desk.mark(job, sent=_SENDING)
        try:
            messages = await self._shown(job, origin, chat, painting)
        except (TelegramError, ChatLimited) as error:
            if isinstance(error, ChatLimited) or surely_not_done(error):
                await self._desk.mark(job, sent="")
            raise
        ids = tuple(message.message_id for message in messages)
        sent = ",".join(map(str, ids))
        await self._desk.mark(job, sent=sent, files=await self._remember(painting, messages))
        await asyncio.to_thread(self._desk.paintings.remember, chat, ids, job.id)
        return sent

    async def _shown(
        self, job: Job, origin: Origin, chat: int, painting: Painting
    ) -> tuple[Message, ...]:
        desk, pictures = self._desk, painting.pictures
        known = [await asyncio.to_thread(desk.paintings.file_of, each) for each in pictures]
        parcel = OutgoingMedia(
            tuple(file or picture for file, picture in zip(known, pictures, strict=True)),
            desk.caption(job, painting),
            desk.keyboard(job),
        )
        try:
            return await send(desk.speaker, origin, chat, parcel)
        except TelegramError as error:
            if not not_to_be_shown(error):
                raise
        if any(known):
            for picture in pictures:
                await asyncio.to_thread(desk.paintings.forget_file, picture)
            await desk.speaker.pace.acquire(chat)
            return await self._shown(job, origin, chat, painting)
        # What Telegram will not show as a photo it still carries as a file.
        await desk.speaker.pace.acquire(chat)
        return await send(desk.speaker, origin, chat, replace(parcel, as_files=True))

    async def _remember(self, painting: Painting, messages: tuple[Message, ...]) -> str:
        """Remember the files that Telegram has now; return their ids for the job's record."""
        files = [largest(message.photo) if message.photo else "" for message in messages]
        for picture, file in zip(painting.pictures, files, strict=False):
            if file:
                await asyncio.to_thread(self._desk.paintings.remember_file, picture, file)
        return " ".join(filter(None, files))

    async def _in_doubt(self, job: Job, origin: Origin, chat: int, count: int) -> str:
        _log.warning("unknown whether the pictures arrived, the person gets a button", job=job.id)
        words = t(job.request.language, "telegram-in-doubt", count=count)
        keyboard = send_again(job.id, job.request.language)
        speaker, placeholder = self._desk.speaker, job.platform_data.get("placeholder", "")
        if placeholder and await speaker.edit_text_or_raise(
            chat, int(placeholder), words, keyboard
        ):
            await self._desk.mark(job, collapsed=placeholder)
            return f"{chat}:{placeholder}"
        await speaker.pace.acquire(chat)
        return f"{chat}:{await speaker.send_text(origin, chat, words, keyboard)}"

    async def _last_word(self, job: Job, chat: int, count: int) -> None:
        words = t(job.request.language, "telegram-painted-below", count=count)
        # An album carries no buttons; the line beside it does.
        await self._desk.collapse(job, chat, words, self._desk.keyboard(job) if count > 1 else None)
        stand = job.platform_data.get("stand", "")
        if stand and stand != job.platform_data.get("placeholder"):
            await self._desk.speaker.remove(chat, int(stand))
