"""Delivers to chats where the bot is only a guest: there only uploaded files can be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from telegram import InputMediaPhoto
from telegram.error import RetryAfter, TelegramError

from bots.i18n import apology, t
from bots.telegram.delivery.context import DeliveryContext
from bots.telegram.errors import PICTURE_UNFIT, Refusal, is_refusal, kind_of, retry_after_s
from bots.telegram.events import largest, origin_from_address
from bots.telegram.rate_limit import NoSlot
from bots.telegram.sender import FILE_NAME
from bots.telegram.store import INLINE
from tasks.errors import Undeliverable
from tasks.models import Apology, Job, Painting

_PLACEHOLDER_WAIT_S = 30.0
"""Seconds to wait for the listener's message; a guest's query cannot be answered for much longer."""

_NO_CHAT = frozenset({Refusal.BLOCKED, Refusal.CHAT_GONE, Refusal.DEACTIVATED})


class GuestDelivery:
    """Turns the inline message that the bot has sent as a guest into the answer."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._sender = context.sender

    async def painting(self, job: Job, painting: Painting) -> str:
        """Show the painting and return the receipt. Raises `Undeliverable`, `NoSlot`, `TelegramError`."""
        job = (await self._context.progress(job)).job
        inline, picture = await self._message(job), painting.pictures[0]
        paintings = self._context.paintings
        file_id = await asyncio.to_thread(paintings.file_of, picture)
        if file_id and not await self._show(job, painting, inline, file_id):
            # Telegram has lost what it had.
            await asyncio.to_thread(paintings.forget_file, picture)
            file_id = None
        if not file_id:
            file_id = await self._uploaded(job, picture)
            if not file_id:
                return await self._ask_for_a_chat(job, inline)
            if not await self._show(job, painting, inline, file_id):
                await self._give_up(job, inline, Refusal.PICTURE_REFUSED)
        receipt = f"{INLINE}{inline}"
        data = {"files": file_id, "target": receipt, "final": receipt, "answer": receipt}
        await self._context.mark(job, **data)
        return receipt

    async def apology(self, job: Job, answer: Apology) -> str:
        """Send the apology and return the receipt."""
        job = (await self._context.progress(job)).job
        inline = await self._message(job)
        receipt = await self._say(job, inline, apology(job.request.language, answer))
        await self._context.mark(job, answer=receipt)
        return receipt

    async def _show(self, job: Job, painting: Painting, inline: str, file_id: str) -> bool:
        """Edit the painting into the message; False where the file is not taken."""
        spoiler = job.request.address.get("spoiler") == "1" or None
        caption = self._context.caption(job, painting)
        media = InputMediaPhoto(file_id, caption=caption, has_spoiler=spoiler)
        keyboard = self._context.keyboard(job)
        refusal = await self._edited(
            inline,
            "editMessageMedia",
            lambda: self._sender.bot.edit_message_media(
                media, inline_message_id=inline, reply_markup=keyboard
            ),
        )
        if refusal in PICTURE_UNFIT:
            return False
        if refusal is not None:
            await self._give_up(job, inline, refusal)
        return True

    async def _edited(
        self, inline: str, method: str, call: Callable[[], Awaitable[object]]
    ) -> Refusal | None:
        """Edit the message; return why Telegram refuses it, None where it is as it should be.

        Raises `NoSlot`, `TelegramError`.
        """
        chat, limit = f"{INLINE}{inline}", self._sender.rate_limit
        await limit.acquire(chat, method)
        try:
            await call()
        except RetryAfter as error:
            raise await limit.back_off(chat, method, retry_after_s(error)) from error
        except TelegramError as error:
            if not is_refusal(error):
                raise
            refusal = kind_of(error)
            return None if refusal is Refusal.UNCHANGED else refusal
        return None

    async def _say(self, job: Job, inline: str, words: str) -> str:
        await self._edited(
            inline,
            "editMessageText",
            lambda: self._sender.bot.edit_message_text(words, inline_message_id=inline),
        )
        await self._context.mark(job, target=f"{INLINE}{inline}", final=f"{INLINE}{inline}")
        return f"{INLINE}{inline}"

    async def _give_up(self, job: Job, inline: str, why: Refusal) -> None:
        forbidden = why in (Refusal.NO_PHOTOS, Refusal.NO_FILES)
        key = "telegram-no-pictures-here" if forbidden else "telegram-not-taken"
        await self._say(job, inline, t(job.request.language, key))
        raise Undeliverable(why.value)

    async def _ask_for_a_chat(self, job: Job, inline: str) -> str:
        name = (await self._sender.bot.get_me()).username
        link = f"https://t.me/{name}" if name else ""
        words = t(job.request.language, "telegram-guest-needs-chat", link=link)
        return await self._say(job, inline, words)

    async def _uploaded(self, job: Job, picture: bytes) -> str:
        """Return the file id of a picture, '' where the bot has no chat to upload it to."""
        # Uploading needs a message, so it is sent to a chat of the bot and deleted again.
        origin = origin_from_address(job.request.address, job.request.person, job.request.language)
        chat = self._context.settings.storage_chat or int(origin.person)
        await self._sender.rate_limit.acquire(chat, "sendPhoto")
        try:
            sent = await self._sender.call_with_retries(
                chat,
                "sendPhoto",
                lambda at: self._sender.bot.send_photo(
                    at, picture, filename=FILE_NAME, disable_notification=True
                ),
            )
        except TelegramError as error:
            if is_refusal(error) and kind_of(error) in _NO_CHAT:
                return ""
            raise
        file_id = largest(sent.photo)
        await asyncio.to_thread(
            self._context.paintings.remember_file, picture, file_id, job.request.person
        )
        await self._sender.delete(chat, sent.message_id)
        return file_id

    async def _message(self, job: Job) -> str:
        """Return the id of the message that becomes the answer.

        Raises `NoSlot` while the listener may still be sending it, then `Undeliverable`.
        """
        inline = job.request.address.get("inline", "")
        inline = inline or job.platform_data.get("placeholder", "").removeprefix(INLINE)
        if inline:
            return inline
        # A painting that was there already is faster than the listener.
        if await asyncio.to_thread(self._context.clock.now) - job.admitted_at < _PLACEHOLDER_WAIT_S:
            raise NoSlot(1.0)
        raise Undeliverable("guest-unanswered")
