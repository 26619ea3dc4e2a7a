"""Delivers an album as an album, and never twice.

An album cannot be made by editing. Its sending is written down before and after; when a process died
in between, nobody can tell whether the album stands, and the placeholder says so and offers a button.
"""

from __future__ import annotations

import asyncio

from telegram import InputMediaPhoto, Message
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bots.phrases import say
from bots.telegram.buttons import send_again
from bots.telegram.delivery import FILE_NAME, Delivery, Desktop
from bots.telegram.faults import never_arrived, refusal
from bots.telegram.origin import Origin, read
from bots.telegram.speaker import reply_to
from tasks.contract import Job, Painting

_SENDING = "sending"


class Together:
    """Delivers several pictures in one message group."""

    def __init__(self, desk: Desktop, single: Delivery) -> None:
        self._desk = desk
        self._single = single

    async def paintings(self, job: Job, painting: Painting) -> str:
        """Send the album and return the receipt."""
        origin = read(job.ask.address, job.ask.person, job.ask.language)
        chat = await self._desk.speaker.chat_of(origin)
        sent = job.marks.get("album", "")
        if sent == _SENDING:
            return await self._in_doubt(job, origin, chat)
        if not sent:
            sent = await self._send(job, origin, chat, painting)
        count = len(painting.pictures)
        words = say(job.ask.language, "telegram-album-below", count=count)
        await self._last_word(job, chat, words)
        return f"{chat}:{sent}"

    async def _send(self, job: Job, origin: Origin, chat: int, painting: Painting) -> str:
        await self._desk.speaker.pace.turn(chat)
        await self._desk.mark(job, album=_SENDING)
        try:
            messages = await self._desk.speaker.carry(
                chat, lambda at: self._album(job, origin, at, painting)
            )
        except TelegramError as error:
            if _surely_not_sent(error):
                await self._desk.mark(job, album="")
            raise
        ids = ",".join(str(message.message_id) for message in messages)
        files = " ".join(message.photo[-1].file_id for message in messages if message.photo)
        await self._desk.mark(job, album=ids, files=files)
        shown = tuple(message.message_id for message in messages)
        await asyncio.to_thread(self._desk.paintings.remember, chat, shown, job.id)
        return ids

    async def _album(
        self, job: Job, origin: Origin, chat: int, painting: Painting
    ) -> tuple[Message, ...]:
        return await self._desk.speaker.bot.send_media_group(
            chat,
            [InputMediaPhoto(picture, filename=FILE_NAME) for picture in painting.pictures],
            caption=self._desk.caption(job, painting),
            reply_parameters=reply_to(origin, chat),
            message_thread_id=origin.thread if chat == origin.chat else None,
        )

    async def _in_doubt(self, job: Job, origin: Origin, chat: int) -> str:
        words = say(job.ask.language, "telegram-album-in-doubt")
        keyboard = send_again(job.id, job.ask.language)
        placeholder = job.marks.get("placeholder", "")
        if placeholder:
            await self._single.collapse(job, chat, 0, words, keyboard)
            return f"{chat}:{placeholder}"
        await self._desk.speaker.pace.turn(chat)
        message = await self._desk.speaker.send_text(origin, chat, words, keyboard)
        return f"{chat}:{message}"

    async def _last_word(self, job: Job, chat: int, words: str) -> None:
        # An album carries no buttons; the line beside it does.
        keyboard = self._desk.keyboard(job)
        if "placeholder" in job.marks:
            await self._single.collapse(job, chat, 0, words, keyboard)


def _surely_not_sent(error: TelegramError) -> bool:
    known = BadRequest | Forbidden | RetryAfter | ChatMigrated
    return isinstance(error, known) or refusal(error) or never_arrived(error)
