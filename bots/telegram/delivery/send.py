"""Delivers pictures as new messages, at most once: albums, and chats where no text can be edited.

The bot cannot find out whether a message was sent. So the sending is recorded before and after; if the
process crashed or the connection broke in between, a message says so and offers a button.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import structlog
from telegram import Message
from telegram.error import TelegramError

from bots.i18n import t
from bots.telegram.delivery.context import SENDING, DeliveryContext, Progress, WayClosed
from bots.telegram.errors import (
    CHAT_CLOSED,
    PICTURE_UNFIT,
    Refusal,
    had_no_effect,
    is_refusal,
    kind_of,
)
from bots.telegram.events import largest
from bots.telegram.keyboards import send_again
from bots.telegram.rate_limit import NoSlot
from bots.telegram.sender import OutgoingMedia, method_for, send
from tasks.models import Painting

_log = structlog.get_logger()


class SendDelivery:
    """Delivers pictures as new messages that answer the photo."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context

    async def paintings(self, progress: Progress, painting: Painting) -> str:
        """Send one picture, or several as an album, and return the receipt.

        Raises `WayClosed`, `NoSlot`, `TelegramError`.
        """
        if not progress.sent:
            await self._send(progress, painting)
        if progress.sent.startswith(SENDING):
            return await self._in_doubt(progress, len(painting.pictures))
        await self._last_words(progress, len(painting.pictures))
        receipt = progress.receipt(progress.sent)
        await self._context.mark(progress.job, answer=receipt)
        return receipt

    async def _send(self, progress: Progress, painting: Painting) -> None:
        job, context, chat = progress.job, self._context, progress.chat
        outgoing = await self._outgoing(progress, painting)
        await context.sender.rate_limit.acquire(chat, method_for(outgoing))
        swap = context.ledger.swap_platform_data
        # A worker that was stopped before this line must see that another one has sent.
        mine = f"{SENDING}:{secrets.token_hex(4)}"
        progress.sent = await asyncio.to_thread(swap, job.id, "sent", "", mine)
        if progress.sent != mine:
            return
        try:
            messages = await self._shown(progress, painting, outgoing)
        except (TelegramError, NoSlot, WayClosed) as error:
            if not isinstance(error, TelegramError) or had_no_effect(error):
                progress.sent = await asyncio.to_thread(swap, job.id, "sent", mine, "")
            raise
        ids = tuple(message.message_id for message in messages)
        progress.sent = ",".join(map(str, ids))
        files = [largest(message.photo) if message.photo else "" for message in messages]
        known = {
            picture: file for picture, file in zip(painting.pictures, files, strict=False) if file
        }
        data = {"sent": progress.sent, "files": " ".join(known.values())}
        remember, person = context.paintings.remember, job.request.person
        await asyncio.to_thread(remember, chat, ids, job.id, known, data, None, person)

    async def _outgoing(self, progress: Progress, painting: Painting) -> OutgoingMedia:
        context, pictures = self._context, painting.pictures
        known = await asyncio.to_thread(context.paintings.files_of, pictures)
        return OutgoingMedia(
            tuple(file or picture for file, picture in zip(known, pictures, strict=True)),
            context.caption(progress.job, painting),
            context.keyboard(progress.job),
            spoiler=progress.origin.spoiler,
        )

    async def _shown(
        self, progress: Progress, painting: Painting, outgoing: OutgoingMedia
    ) -> tuple[Message, ...]:
        """Send as photos, or else as files. Raises `WayClosed`."""
        context, origin, chat = self._context, progress.origin, progress.chat
        uploads = outgoing.pictures == painting.pictures
        try:
            return await send(context.sender, origin, chat, outgoing)
        except TelegramError as error:
            refusal = _final(error)
            if refusal not in {*PICTURE_UNFIT, Refusal.NO_PHOTOS}:
                raise WayClosed(refusal) from error
        if not uploads and refusal in PICTURE_UNFIT:
            for picture in painting.pictures:
                await asyncio.to_thread(context.paintings.forget_file, picture)
            again = replace(outgoing, pictures=painting.pictures)
            await context.sender.rate_limit.acquire(chat, method_for(again))
            return await self._shown(progress, painting, again)
        # Telegram may accept as a file what it refuses as a photo.
        files = replace(outgoing, pictures=painting.pictures, as_files=True)
        await context.sender.rate_limit.acquire(chat, method_for(files))
        try:
            return await send(context.sender, origin, chat, files)
        except TelegramError as error:
            raise WayClosed(_final(error)) from error

    async def _in_doubt(self, progress: Progress, count: int) -> str:
        job, context = progress.job, self._context
        _log.warning("send_outcome_unknown", job=job.id, action="send a resend button")
        words = t(progress.language, "telegram-in-doubt", count=count)
        keyboard = send_again(job.id, progress.language)
        for message in filter(None, (progress.target, progress.placeholder)):
            receipt = progress.receipt(message)
            if await context.settle(progress, message, words, keyboard, answer=receipt):
                return receipt
        sender, chat = context.sender, progress.chat
        await sender.rate_limit.acquire(chat, "sendMessage")
        message = await sender.send_text(progress.origin, chat, words, keyboard)
        await context.mark_final(progress, message, answer=progress.receipt(message))
        return progress.receipt(message)

    async def _last_words(self, progress: Progress, count: int) -> None:
        job, context = progress.job, self._context
        words = t(progress.language, "telegram-painted-below", count=count)
        # An album carries no buttons; the line beside it does.
        keyboard = context.keyboard(job) if count > 1 else None
        target, progress.target = progress.target, 0
        await context.settle_placeholder(progress, words, keyboard)
        if target and target != progress.placeholder:
            await context.sender.delete(progress.chat, target)


def _final(error: TelegramError) -> Refusal:
    """Return why a sending is refused for good. Raises the error itself where it is not."""
    if not is_refusal(error) or kind_of(error) in CHAT_CLOSED:
        raise error
    return kind_of(error)
