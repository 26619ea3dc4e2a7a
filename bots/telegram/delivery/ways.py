"""Chooses how an answer is brought: one state machine, whose state is in the job's record.

A painting can be brought in two ways, and a refusal closes one of them for this job:

    edit   a message that stands in the chat becomes the painting (`edit.py`)
    send   the painting is a new message (`send.py`); albums know only this way

    what a call comes to                  edit                            send
    ------------------------------------  ------------------------------  ------------------------------
    done, or "not modified"               answered                        answered
    429, outage, line broken              the job comes again: edit       had no effect: comes again, send
                                          (twice the same changes         else unknown: a sentence with a
                                          nothing)                        button, answered
    the chat is closed to the bot         undeliverable                   undeliverable
    message gone                          a new message, up to three      -
    the picture, or its file id, is bad   upload, then as a file          upload, then as a file
    photos are forbidden here             as a file                       as a file
    files are forbidden, words are        closed                          closed
    forbidden, or an unknown refusal
    this server edits no text into a      closed, and remembered for      -
    picture                               the server
    another worker edits this message     the job comes again             -

`edit` is closed only when the painting surely is not there. Where an earlier attempt may have made the
edit, its message is first edited as a text: what takes a new text is no painting (and is deleted, so that
a worker that was stopped in the middle finds nothing to edit); what does not take one is the painting.
When both are closed the chat gets one honest sentence and the job is undeliverable. Before every change
of the way the record is read again: if it has an answer already, nothing is left to do.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from telegram.error import TelegramError

from bots.i18n import apology, t
from bots.telegram.delivery.context import (
    EDIT,
    SEND,
    AlreadyAnswered,
    DeliveryContext,
    Progress,
    WayClosed,
)
from bots.telegram.delivery.edit import EditDelivery
from bots.telegram.delivery.send import SendDelivery
from bots.telegram.errors import CHAT_CLOSED, Refusal, is_refusal, kind_of
from tasks.errors import Undeliverable
from tasks.models import Apology, Job, Painting

_log = structlog.get_logger()

_FORBIDDEN = frozenset({Refusal.NO_PHOTOS, Refusal.NO_FILES})


class ChatDelivery:
    """Delivers answers to chats where the bot may write."""

    def __init__(self, context: DeliveryContext) -> None:
        self._context = context
        self._edit = EditDelivery(context)
        self._send = SendDelivery(context)

    async def painting(self, job: Job, painting: Painting) -> str:
        """Deliver pictures and return the receipt; `job` was read just now.

        Raises `Undeliverable`, `TransientError`, `NoSlot`, `TelegramError`.
        """
        late, fresh = await self._is_late(job), True
        while True:
            progress, fresh = await self._context.progress(job, fresh=fresh), False
            if progress.answer:
                return progress.answer
            if progress.given_up:
                raise Undeliverable(progress.given_up)
            way = await self._next_way(progress, len(painting.pictures), late=late)
            try:
                if way == EDIT:
                    return await self._edit.painting(progress, painting, fresh=late)
                if way == SEND:
                    return await self._send.paintings(progress, painting)
                await self._give_up(progress)
            except AlreadyAnswered as answered:
                return answered.receipt
            except WayClosed as closed:
                _log.info("answer_refused", job=job.id, way=way, refusal=closed.refusal)
                await self._context.close_way(progress, way, closed.refusal)

    async def apology(self, job: Job, answer: Apology) -> str:
        """Deliver an apology and return the receipt. Raises as `painting` does."""
        progress, context = await self._context.progress(job), self._context
        if progress.answer:
            return progress.answer
        words = apology(progress.language, answer)
        at_first = t(progress.language, "telegram-not-painted")
        if not progress.target and progress.placeholder:
            await context.take_target(progress, progress.placeholder)
        for _ in range(2):
            if not progress.target:
                await self._new_text(progress, at_first)
            receipt = progress.receipt(progress.target)
            if await context.settle(progress, progress.target, words, answer=receipt):
                return receipt
            await self._new_text(progress, at_first)
        # This server edits nothing.
        await self._new_text(progress, words)
        receipt = progress.receipt(progress.target)
        await context.mark_final(progress, progress.target, answer=receipt)
        return receipt

    async def _new_text(self, progress: Progress, words: str) -> None:
        try:
            await self._context.new_target(progress, words)
        except TelegramError as error:
            if not is_refusal(error) or kind_of(error) in CHAT_CLOSED:
                raise
            raise Undeliverable(kind_of(error).value) from error

    async def _is_late(self, job: Job) -> bool:
        now = await asyncio.to_thread(self._context.clock.now)
        return now - job.admitted_at > self._context.settings.edit_within_s

    async def _next_way(self, progress: Progress, pictures: int, *, late: bool) -> str:
        """Return the way to try next, '' when all are closed."""
        if pictures > 1 or progress.sent:
            ways: tuple[str, ...] = (SEND,)
        elif progress.target and EDIT not in progress.closed:
            ways = (EDIT,)  # it may be the painting already
        elif late and self._context.settings.long_waits == "send":
            ways = (SEND, EDIT)
        else:
            ways = (SEND, EDIT) if await self._edit.is_disabled() else (EDIT, SEND)
        return next((way for way in ways if way not in progress.closed), "")

    async def _give_up(self, progress: Progress) -> None:
        """Leave the chat in a true state and end the job. Raises `Undeliverable`, and as `painting`."""
        context, sender = self._context, self._context.sender
        forbidden = not _FORBIDDEN.isdisjoint(progress.closed.values())
        why = Refusal.NO_PHOTOS if forbidden else Refusal.OTHER
        key = "telegram-no-pictures-here" if forbidden else "telegram-not-taken"
        words, told = t(progress.language, key), {"given-up": why.value}
        said = False
        for message in dict.fromkeys(filter(None, (progress.target, progress.placeholder))):
            if context.is_final(progress, message):
                said = True
            elif not said:
                said = await context.settle(progress, message, words, None, **told)
            elif await sender.delete(progress.chat, message):
                await context.mark_final(progress, message)
        if not said:
            await context.check_open(progress)
            with suppress(TelegramError):
                await context.mark_final(
                    progress, await sender.reply(progress.origin, words), **told
                )
        raise Undeliverable(why.value)
