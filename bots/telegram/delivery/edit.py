"""Brings an answer to a chat exactly once: whatever is sent stands in a message that is edited.

Telegram offers no way to look for a message that may have been sent. Editing has no such doubt: the
same edit made twice changes nothing. So a painting is not sent; a message with a few words is sent,
its id written down, and that message then becomes the painting. A crash between sending and writing
down costs a stray line of text, not a second painting. Where a server cannot do that, or the operator
wants it otherwise, `SendDelivery` brings the painting.
"""

from __future__ import annotations

import asyncio

from telegram import Message
from telegram.error import TelegramError

from bots.i18n import apology, t
from bots.telegram.delivery.context import DeliveryContext
from bots.telegram.delivery.send import SendDelivery
from bots.telegram.errors import Problem, not_to_be_shown, problem_of, refusal
from bots.telegram.events import Origin, largest
from bots.telegram.sender import OutgoingMedia
from tasks.models import Apology, Job, Painting

_GREETING_S = 1.5
"""After its admission a job's placeholder may still be on its way."""

_STANDS = 3
"""Messages that are tried as the answer's place, where the person deletes them meanwhile."""


class _StaysText(Exception):
    """This message does not become a picture, and surely is none yet."""


class EditDelivery:
    """Delivers one picture, or one sentence, to a chat where the bot may speak."""

    def __init__(self, desk: DeliveryContext, sending: SendDelivery) -> None:
        self._desk = desk
        self._sending = sending
        self._speaker = desk.speaker

    async def painting(self, job: Job, painting: Painting) -> str:
        """Show the painting and return the receipt."""
        late = await self._late(job)
        if job.platform_data.get("sent") or await self._is_sent(job, late):
            return await self._sending.paintings(job, painting)
        try:
            return await self._edited(job, painting, fresh=late)
        except _StaysText:
            # The stand may be new, and is in the way of a painting that is sent.
            job = await asyncio.to_thread(self._desk.ledger.job, job.id)
            return await self._sending.paintings(job, painting)

    async def apology(self, job: Job, answer: Apology) -> str:
        """Say the sentence and return the receipt."""
        origin, chat = await self._desk.place(job)
        words = apology(job.request.language, answer)
        about = t(job.request.language, "telegram-about")
        stand = await self._target_message(job, origin, chat, about, fresh=False)
        if not await self._speaker.edit_text_or_raise(chat, stand, words):
            stand = await self._new_stand(job, origin, chat, about)
            if not await self._speaker.edit_text_or_raise(chat, stand, words):
                # This server edits nothing.
                stand = await self._new_stand(job, origin, chat, words)
        return f"{chat}:{stand}"

    async def _late(self, job: Job) -> bool:
        now = await asyncio.to_thread(self._desk.ledger.now)
        return now - job.admitted_at > self._desk.settings.edit_within_s

    async def _is_sent(self, job: Job, late: bool) -> bool:
        if "stand" in job.platform_data:
            return False  # it may be a picture already: what was begun by editing ends by editing
        wanted = late and self._desk.settings.long_waits == "send"
        return wanted or await self._sending.is_the_only_way()

    async def _edited(self, job: Job, painting: Painting, *, fresh: bool) -> str:
        origin, chat = await self._desk.place(job)
        ready = t(job.request.language, "telegram-ready")
        stand = await self._target_message(job, origin, chat, ready, fresh=fresh)
        for attempt in range(_STANDS):
            try:
                shown = await self._edit_into_painting(job, painting, chat, stand)
                break
            except TelegramError as error:
                await self._check_editable(job, error)
                if problem_of(error) is not Problem.MESSAGE_GONE or attempt == _STANDS - 1:
                    raise
                stand = await self._new_stand(job, origin, chat, ready)
        if shown is not None:
            await self._remember(job, painting.pictures[0], shown)
        words = t(job.request.language, "telegram-painted-below", count=1)
        await self._desk.collapse(job, chat, words, answer=stand)
        return f"{chat}:{stand}"

    async def _check_editable(self, job: Job, error: TelegramError) -> None:
        trouble = problem_of(error)
        if trouble in (Problem.STAYS_TEXT, Problem.NO_SUCH_METHOD):
            await self._sending.disable_editing()
            raise _StaysText from error
        # A sentence that nobody knows is trusted only where no earlier edit can have arrived.
        first = "stand" not in job.platform_data
        if first and refusal(error) and trouble is Problem.OTHER:
            raise _StaysText from error

    async def _target_message(
        self, job: Job, origin: Origin, chat: int, words: str, *, fresh: bool
    ) -> int:
        """Return the message that becomes the answer, a new one with `words` where there is none yet."""
        known = job.platform_data.get("stand", "")
        if not known and not fresh:
            known = job.platform_data.get("placeholder", "") or await self._greeting(job, origin)
        if not known:
            return await self._new_stand(job, origin, chat, words)
        await self._desk.mark(job, stand=known)
        await asyncio.to_thread(self._desk.paintings.remember, chat, (int(known),), job.id)
        return int(known)

    async def _greeting(self, job: Job, origin: Origin) -> str:
        """Wait a moment for a placeholder that is just being sent; return its id, '' without one."""
        ledger = self._desk.ledger
        while (
            origin.private and await asyncio.to_thread(ledger.now) - job.admitted_at < _GREETING_S
        ):
            await asyncio.sleep(_GREETING_S / 20)
            placeholder = (await asyncio.to_thread(ledger.job, job.id)).platform_data.get(
                "placeholder"
            )
            if placeholder:
                return placeholder
        return ""

    async def _new_stand(self, job: Job, origin: Origin, chat: int, words: str) -> int:
        await self._speaker.pace.acquire(chat)
        stand = await self._speaker.send_text(origin, chat, words)
        await self._desk.mark(job, stand=str(stand))
        await asyncio.to_thread(self._desk.paintings.remember, chat, (stand,), job.id)
        return stand

    async def _edit_into_painting(
        self, job: Job, painting: Painting, chat: int, stand: int
    ) -> Message | None:
        """Turn the message into the painting; None where it was that already."""
        picture, caption = painting.pictures[0], self._desk.caption(job, painting)
        known = await asyncio.to_thread(self._desk.paintings.file_of, picture)
        try:
            return await self._edit(job, chat, stand, OutgoingMedia((known or picture,), caption))
        except TelegramError as error:
            if not not_to_be_shown(error):
                raise
        if known:
            await asyncio.to_thread(self._desk.paintings.forget_file, picture)
            return await self._edit_into_painting(job, painting, chat, stand)
        # What Telegram will not show as a photo it still carries as a file.
        return await self._edit(job, chat, stand, OutgoingMedia((picture,), caption, as_files=True))

    async def _edit(self, job: Job, chat: int, stand: int, parcel: OutgoingMedia) -> Message | None:
        await self._speaker.pace.acquire(chat)
        bot, keyboard = self._speaker.bot, self._desk.keyboard(job)
        (media,) = parcel.media()
        try:
            shown = await self._speaker.call_with_retries(
                chat,
                lambda at: bot.edit_message_media(
                    media, chat_id=at, message_id=stand, reply_markup=keyboard
                ),
            )
        except TelegramError as error:
            if problem_of(error) is Problem.UNCHANGED:
                return None
            raise
        return shown if isinstance(shown, Message) else None

    async def _remember(self, job: Job, picture: bytes, shown: Message) -> None:
        if shown.photo:
            file_id = largest(shown.photo)
            await asyncio.to_thread(self._desk.paintings.remember_file, picture, file_id)
            await self._desk.mark(job, files=file_id)
