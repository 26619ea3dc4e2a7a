"""Delivers a painting by editing an existing message of the bot.

Telegram offers no way to look for a message that may have been sent. Editing has no such doubt: the same
edit made twice changes nothing. So a message with a few words is sent, its id written down, and that
message is edited. A crash between sending and writing down costs a stray line of text, not a second
painting, and what that line says stays true: it promises nothing.
"""

from __future__ import annotations

import asyncio
import time

from telegram import Message
from telegram.error import TelegramError

from bots.i18n import t
from bots.telegram.client import home
from bots.telegram.delivery.context import DeliveryContext, Progress, WayClosed
from bots.telegram.errors import CHAT_CLOSED, PICTURE_UNFIT, Refusal, is_refusal, kind_of
from bots.telegram.events import largest
from bots.telegram.sender import OutgoingMedia
from bots.telegram.store import Placeholder
from tasks.errors import TransientError
from tasks.models import Painting

_PLACEHOLDER_WAIT_S = 1.5
"""Seconds to wait for the listener's placeholder before sending a message of our own."""

_TARGETS = 3
"""How often to send a new target message when the person keeps deleting it."""

_LOOK_AGAIN_S = 30.0
"""How long a worker takes for granted that the server can make a picture of a text."""

_JUST_SENT_S = 0.05
"""A placeholder is sent about so long after its request is admitted."""

_TRUSTED_S = 86_400.0
"""After this time a server that could not edit is tried again: it may have been upgraded."""


class EditDelivery:
    """Delivers one picture to a chat where the bot may speak."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._sender = context.sender
        self._no_edits = f"no-picture-from-text:{home(context.sender.bot)}"
        self._enabled_until = float("-inf")

    async def is_disabled(self) -> bool:
        """Return whether this Bot API server was seen to make no picture of a text."""
        if time.monotonic() < self._enabled_until:
            return False
        if await asyncio.to_thread(self._context.kv.get, self._no_edits) is not None:
            return True
        self._enabled_until = time.monotonic() + _LOOK_AGAIN_S
        return False

    async def painting(self, progress: Progress, painting: Painting, *, fresh: bool) -> str:
        """Show the painting and return the receipt.

        `fresh`: in a new message, not in the placeholder. Raises `WayClosed`, `AlreadyAnswered`, `NoSlot`,
        `TransientError`, `TelegramError`.
        """
        # An earlier attempt may have edited it; then a refusal does not tell what the message is.
        in_doubt = bool(progress.target)
        if not progress.target:
            in_doubt = not await self._choose_target(progress, painting.pictures[0], fresh=fresh)
        shown = await self._edit_target(progress, painting, in_doubt=in_doubt)
        return await self._write_down(progress, painting.pictures[0], shown)

    async def _edit_target(
        self, progress: Progress, painting: Painting, *, in_doubt: bool
    ) -> Message | None:
        if progress.file_id is None:
            paintings = self._context.paintings
            known = await asyncio.to_thread(paintings.file_of, painting.pictures[0])
            progress.file_id = known or ""
        for _ in range(_TARGETS):
            try:
                return await self._edit(progress, painting, progress.file_id)
            except TelegramError as error:
                if not is_refusal(error):
                    raise
                refusal = kind_of(error)
                if refusal in CHAT_CLOSED:
                    raise
                if refusal is Refusal.SUPERSEDED:
                    raise TransientError("another worker edits the same message") from error
                if refusal is Refusal.MESSAGE_STAYS:
                    await self._make_way(progress, in_doubt=in_doubt)
                elif refusal is not Refusal.MESSAGE_GONE:
                    if await self._stands_there(progress, refusal, in_doubt=in_doubt):
                        return None
                    raise WayClosed(refusal) from error
            in_doubt = not await self._new_target(progress)
        raise WayClosed(Refusal.MESSAGE_GONE)

    async def _make_way(self, progress: Progress, *, in_doubt: bool) -> None:
        """Delete a target that takes no edit; it may be the painting already.

        Raises `TransientError` where that is so and it cannot be deleted.
        """
        gone = await self._sender.delete(progress.chat, progress.target)
        if in_doubt and not gone:
            raise TransientError("unknown whether an earlier edit made the painting")

    async def _stands_there(self, progress: Progress, refusal: Refusal, *, in_doubt: bool) -> bool:
        """Return whether an earlier edit made the painting, although this one was refused.

        Raises `TransientError` where that cannot be found out.
        """
        if refusal in (Refusal.STAYS_TEXT, Refusal.NO_SUCH_METHOD):
            put, self._enabled_until = self._context.kv.put, float("-inf")
            await asyncio.to_thread(put, self._no_edits, "1", _TRUSTED_S)
            return False
        if not in_doubt:
            return False
        # Only a text accepts a new text, so a message that does not is the painting.
        words, chat = t(progress.language, "telegram-ready"), progress.chat
        await self._sender.rate_limit.acquire(chat, "editMessageText")
        try:
            await self._sender.call_with_retries(
                chat,
                "editMessageText",
                lambda at: self._sender.bot.edit_message_text(
                    words, chat_id=at, message_id=progress.target
                ),
                follow=False,
            )
        except TelegramError as error:
            if not is_refusal(error):
                raise
            match kind_of(error):
                case Refusal.NOT_TEXT:
                    return True
                case Refusal.UNCHANGED | Refusal.MESSAGE_GONE:
                    pass
                case _:
                    raise TransientError(
                        "unknown whether an earlier edit made the painting"
                    ) from error
        # A worker that was stopped in the middle of an edit must find nothing to edit when it goes on.
        if not await self._sender.delete(chat, progress.target):
            raise TransientError("the message of an earlier edit can neither be edited nor deleted")
        return False

    async def _choose_target(self, progress: Progress, picture: bytes, *, fresh: bool) -> bool:
        """Name the message that becomes the painting; False where another worker has named one."""
        if not fresh:
            known = progress.placeholder or await self._placeholder_on_its_way(progress)
            if known:
                progress.placeholder = known
                age_s = await asyncio.to_thread(self._context.clock.now) - progress.job.admitted_at
                # The listener's slots are counted in the store; this saves asking there in vain.
                self._sender.rate_limit.record_call(progress.chat, age_s - _JUST_SENT_S)
                return await self._context.take_target(progress, known, picture=picture)
        return await self._new_target(progress)

    async def _placeholder_on_its_way(self, progress: Progress) -> int:
        """Wait a moment for a placeholder that is just being sent; return its id, 0 without one."""
        job, now = progress.job, self._context.clock.now
        while (
            progress.origin.private
            and await asyncio.to_thread(now) - job.admitted_at < _PLACEHOLDER_WAIT_S
        ):
            await asyncio.sleep(_PLACEHOLDER_WAIT_S / 20)
            found = (await self._context.progress(job)).placeholder
            if found:
                return found
        return 0

    async def _new_target(self, progress: Progress) -> bool:
        # A worker that was stopped for minutes may find its work done, and the target deleted since.
        await self._context.check_open(progress)
        try:
            words = t(progress.language, "telegram-ready")
            return await self._context.new_target(progress, words)
        except TelegramError as error:
            if not is_refusal(error) or kind_of(error) in CHAT_CLOSED:
                raise
            raise WayClosed(kind_of(error)) from error

    async def _edit(self, progress: Progress, painting: Painting, file_id: str) -> Message | None:
        """Turn the target into the painting; None where it was that already."""
        picture, caption = painting.pictures[0], self._context.caption(progress.job, painting)
        spoiler = progress.origin.spoiler
        media = OutgoingMedia((file_id or picture,), caption, spoiler=spoiler)
        try:
            return await self._edit_media(progress, media)
        except TelegramError as error:
            refusal = kind_of(error)
            if not is_refusal(error) or refusal not in {*PICTURE_UNFIT, Refusal.NO_PHOTOS}:
                raise
        if file_id and refusal in PICTURE_UNFIT:
            await asyncio.to_thread(self._context.paintings.forget_file, picture)
            return await self._edit(progress, painting, "")
        # Telegram may accept as a file what it refuses as a photo.
        media = OutgoingMedia((picture,), caption, as_files=True)
        return await self._edit_media(progress, media)

    async def _edit_media(self, progress: Progress, outgoing: OutgoingMedia) -> Message | None:
        chat = progress.chat
        await self._sender.rate_limit.acquire(chat, "editMessageMedia")
        bot, keyboard = self._sender.bot, self._context.keyboard(progress.job)
        (media,) = outgoing.media()
        try:
            shown = await self._sender.call_with_retries(
                chat,
                "editMessageMedia",
                lambda at: bot.edit_message_media(
                    media, chat_id=at, message_id=progress.target, reply_markup=keyboard
                ),
                follow=False,
            )
        except TelegramError as error:
            if is_refusal(error) and kind_of(error) is Refusal.UNCHANGED:
                return None
            raise
        return shown if isinstance(shown, Message) else None

    async def _write_down(self, progress: Progress, picture: bytes, shown: Message | None) -> str:
        """Record that the painting is delivered, settle another placeholder, return the receipt."""
        context, target, chat = self._context, progress.target, progress.chat
        job_id, receipt = progress.job.id, progress.receipt(progress.target)
        file_id = largest(shown.photo) if shown is not None and shown.photo else ""
        settled = Placeholder(job_id, chat, str(target))
        files = {picture: file_id} if file_id else {}
        person = progress.job.request.person
        data = {"files": file_id} if file_id else {}
        alone = not context.has_other_placeholder(progress)
        if alone:
            data["answer"] = receipt
        data["final"] = context.with_final(progress, target)
        remember = context.paintings.remember
        await asyncio.to_thread(remember, chat, (target,), job_id, files, data, settled, person)
        if alone:
            return receipt
        words = t(progress.language, "telegram-painted-below", count=1)
        await context.settle_placeholder(progress, words)
        await context.mark(progress.job, answer=receipt)
        return receipt
