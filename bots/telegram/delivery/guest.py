"""Delivers to chats where the bot is only a guest: there a message takes files that Telegram has."""

from __future__ import annotations

import asyncio

from telegram import InputMediaPhoto
from telegram.error import TelegramError

from bots.i18n import apology, t
from bots.telegram.delivery.context import DeliveryContext
from bots.telegram.errors import Problem, problem_of
from bots.telegram.events import largest, origin_from_address
from bots.telegram.sender import FILE_NAME
from tasks.errors import Undeliverable
from tasks.models import Apology, Job, Painting


class GuestDelivery:
    """Turns the inline message that a guest bot has sent into the answer."""

    def __init__(self, desk: DeliveryContext) -> None:
        self._desk = desk
        self._speaker = desk.speaker

    async def painting(self, job: Job, painting: Painting) -> str:
        """Show the painting and return the receipt."""
        inline, picture = _message(job), painting.pictures[0]
        file_id = await asyncio.to_thread(self._desk.paintings.file_of, picture)
        file_id = file_id or await self._uploaded(job, picture)
        if not file_id:
            return await self._asks_for_a_chat(job, inline)
        media = InputMediaPhoto(file_id, caption=self._desk.caption(job, painting))
        try:
            await self._speaker.bot.edit_message_media(
                media, inline_message_id=inline, reply_markup=self._desk.keyboard(job)
            )
        except TelegramError as error:
            if problem_of(error) is not Problem.UNCHANGED:
                raise
        await self._desk.mark(job, files=file_id, stand=f"inline:{inline}")
        return f"inline:{inline}"

    async def apology(self, job: Job, answer: Apology) -> str:
        """Say the sentence and return the receipt."""
        inline = _message(job)
        await self._speaker.retell_inline(inline, apology(job.request.language, answer))
        await self._desk.mark(job, stand=f"inline:{inline}")
        return f"inline:{inline}"

    async def _asks_for_a_chat(self, job: Job, inline: str) -> str:
        name = (await self._speaker.bot.get_me()).username
        words = t(job.request.language, "telegram-guest-needs-chat", link=f"https://t.me/{name}")
        await self._speaker.retell_inline(inline, words)
        await self._desk.mark(job, stand=f"inline:{inline}")
        return f"inline:{inline}"

    async def _uploaded(self, job: Job, picture: bytes) -> str:
        """Return the file id of a picture, '' where the bot has no chat to upload it to."""
        # There is no upload without a message: it goes to a chat of the bot's and away again.
        origin = origin_from_address(job.request.address, job.request.person, job.request.language)
        chat = self._desk.settings.storage_chat or int(origin.person)
        await self._speaker.pace.acquire(chat)
        try:
            sent = await self._speaker.bot.send_photo(
                chat, picture, filename=FILE_NAME, disable_notification=True
            )
        except TelegramError as error:
            if problem_of(error) in (Problem.BLOCKED, Problem.CHAT_GONE):
                return ""
            raise
        file_id = largest(sent.photo)
        await asyncio.to_thread(self._desk.paintings.remember_file, picture, file_id)
        await self._speaker.remove(chat, sent.message_id)
        return file_id


def _message(job: Job) -> str:
    inline = job.request.address.get("inline", "")
    inline = inline or job.platform_data.get("placeholder", "").removeprefix("inline:")
    if not inline:
        # Telegram gave the guest no message; there is nothing that could be edited.
        raise Undeliverable("guest-unanswered")
    return inline
