"""The first word to somebody who asked: a reaction, then a placeholder; or why not now.

Keeps placeholders up to date with what Telegram's limits leave over, and leaves none that is not true.

A placeholder promises something. As long as its job is under way it is edited, less often the longer it
takes. When the job has ended, however it ended, and the message did not become the answer, it gets one
last sentence or is deleted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog
from redis.exceptions import RedisError
from telegram import InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import TelegramError

from bots.i18n import describe_status, refusal, t
from bots.telegram.errors import is_refusal
from bots.telegram.events import Origin, Place, origin_from_address
from bots.telegram.keyboards import under_placeholder
from bots.telegram.rate_limit import NoSlot
from bots.telegram.sender import Sender
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import INLINE, Placeholder, PlaceholderQueue, standing_code
from tasks.ledger.ledger import Ledger, UnknownJob
from tasks.ledger.records import CorruptRecord
from tasks.models import Admitted, Job, Outcome, PaintRequest, QueueStatus, Refused, Stage

_log = structlog.get_logger()

SEEN, NOT_NOW, NEVER, PUZZLED = "👀", "😴", "🤷", "🤔"
"""Reactions; all are in the list that bots may use."""

_COME_BACK = {
    "paused",
    "cooldown",
    "quota",
    "too-many-open",
    "busy-here",
    "too-busy",
    "storage-full",
}

FIRST_LOOK_S = 1.0


class Placeholders:
    """Acknowledges asks. All that it says is cosmetic: the ledger has the ask already."""

    def __init__(self, sender: Sender, ledger: Ledger, waiting: PlaceholderQueue) -> None:
        self._sender = sender
        self._ledger = ledger
        self._waiting = waiting

    async def accepted(self, ask: PaintRequest, admitted: Admitted, origin: Origin) -> None:
        """Tell a person that the photo is seen, and where it stands."""
        if origin.place is Place.GUEST:
            await self._accepted_guest(ask, admitted, origin)
            return
        group = origin.place is Place.GROUP
        seen = await self._sender.react(origin, SEEN, instead_of_words=group)
        chat, rate_limit = await self._sender.chat_of(origin), self._sender.rate_limit
        if not group:
            await rate_limit.acquire_first_reply(chat, "sendMessage")
        elif not seen:
            await rate_limit.acquire(chat, "sendMessage")  # where reactions are off, a word
        # A group's few messages are kept for paintings: there the reaction is the answer.
        elif not await rate_limit.try_acquire_low_priority(chat, "sendMessage", lasting=True):
            return
        await self._place(ask, admitted, origin, chat)

    async def _place(
        self, ask: PaintRequest, admitted: Admitted, origin: Origin, chat: int
    ) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None:
            return
        words = describe_status(ask.language, now)
        keyboard = under_placeholder(admitted.job_id, ask.language)
        message = await self._sender.send_text(origin, chat, words, keyboard)
        placeholder = Placeholder(admitted.job_id, chat, str(message), says=standing_code(now))
        await asyncio.to_thread(self._note, placeholder, f"{chat}:{message}")

    def _unplaced(self, job_id: str) -> QueueStatus | None:
        # In a surge the painting may be quicker than the turn to announce it.
        job, now = self._ledger.find_job(job_id), self._ledger.find_standing(job_id)
        if job is None or now is None:
            return None
        if {"placeholder", "target", "sent"} & job.platform_data.keys():
            return None
        if now.stage is Stage.DELIVER and not job.pictures:
            # No paint is drying where an apology is on its way.
            now = replace(now, stage=Stage.FETCH)
        return now if now.outcome is None else None

    def _note(self, placeholder: Placeholder, written: str) -> None:
        self._waiting.add(placeholder, self._ledger.now() + FIRST_LOOK_S)
        try:
            self._ledger.swap_platform_data(placeholder.job_id, "placeholder", "", written)
        except UnknownJob:
            _log.info("job deleted before its placeholder was recorded", job=placeholder.job_id)

    async def _accepted_guest(self, ask: PaintRequest, admitted: Admitted, origin: Origin) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None or not origin.guest_query:
            return
        words = describe_status(ask.language, now)
        keyboard = under_placeholder(admitted.job_id, ask.language)
        sent = await self._sender.bot.answer_guest_query(
            origin.guest_query, _article(words, admitted.job_id, keyboard=keyboard)
        )
        message = f"{INLINE}{sent.inline_message_id}"
        placeholder = Placeholder(admitted.job_id, 0, message, says=standing_code(now))
        await asyncio.to_thread(self._note, placeholder, message)

    async def refused(self, origin: Origin, refused: Refused, language: str, now: float) -> None:
        """Tell a person why not; in a group without words."""
        if origin.place is Place.GROUP:
            emoji = NOT_NOW if refused.reason in _COME_BACK else NEVER
            done = await self._sender.react(origin, emoji, instead_of_words=refused.notify)
            if refused.notify and not done:
                await self.say(origin, refusal(language, refused, now))
        elif refused.notify:
            await self.say(origin, refusal(language, refused, now))
        else:
            await self._sender.react(origin, NOT_NOW)

    async def say(self, origin: Origin, words: str) -> None:
        """Answer with one line, where the bot is a guest too."""
        if origin.place is not Place.GUEST:
            await self._sender.reply(origin, words)
            return
        try:
            await self._sender.bot.answer_guest_query(origin.guest_query, _article(words, "words"))
        except TelegramError as error:
            _log.info("a guest query was not answered", error=error.message)


def _article(
    words: str, result_id: str, keyboard: InlineKeyboardMarkup | None = None
) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(
        result_id,
        title=words[:64],
        input_message_content=InputTextMessageContent(words),
        reply_markup=keyboard,
    )


_TICK_S = 0.5

_AT_ONCE = 50

_GESTURE_S = 4.0
"""Telegram shows 'sending a photo' for five seconds."""

_TRIES = 30
"""Of the last words of a placeholder; with growing intervals, more than a day."""


@dataclass(frozen=True, slots=True)
class _PlaceholderView:
    """A placeholder and the job behind it, as it is now."""

    placeholder: Placeholder
    job: Job
    standing: QueueStatus
    origin: Origin


class PlaceholderUpdater:
    """Looks at every placeholder when its time has come."""

    def __init__(
        self, sender: Sender, ledger: Ledger, waiting: PlaceholderQueue, settings: TelegramSettings
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._waiting = waiting
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except RedisError as error:
                _log.warning(
                    "the ledger does not answer, placeholders wait for it", error=str(error)
                )
            try:
                await asyncio.wait_for(stop.wait(), _TICK_S)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Look at the placeholders that are due, the longest overdue first."""
        now = await asyncio.to_thread(self._ledger.now)
        for placeholder in await asyncio.to_thread(self._waiting.due, now, _AT_ONCE):
            view = await asyncio.to_thread(self._view, placeholder)
            if view is not None and view.standing.stage is not None:
                await self._update(view, now)
            elif await self._settle(placeholder, None if view is None else view.job):
                await asyncio.to_thread(self._waiting.drop, placeholder)
            else:
                again, wait_s = placeholder.edited(placeholder.says, 1.0)
                await self._look_again(again, now + wait_s)

    def _view(self, placeholder: Placeholder) -> _PlaceholderView | None:
        try:
            job = self._ledger.job(placeholder.job_id)
            now = self._ledger.standing(placeholder.job_id)
        except (UnknownJob, CorruptRecord):
            return None
        origin = origin_from_address(job.request.address, job.request.person, job.request.language)
        return _PlaceholderView(placeholder, job, now, origin)

    async def _update(self, view: _PlaceholderView, now: float) -> None:
        placeholder, code = view.placeholder, standing_code(view.standing)
        painting = view.standing.stage is Stage.RENDER and view.standing.position == 0
        if painting and view.origin.place is not Place.GUEST:
            await self._sender.show_uploading(view.origin)
        if view.standing.stage is Stage.DELIVER or code == placeholder.says:
            await self._look_again(placeholder, now + (_GESTURE_S if painting else 1.0))
            return
        if not await self._has_slot(placeholder):
            await self._look_again(placeholder, now + 1.0)
            return
        words = describe_status(view.job.request.language, view.standing)
        keyboard = None if painting else under_placeholder(view.job.id, view.job.request.language)
        if placeholder.is_inline:
            inline = placeholder.message.removeprefix(INLINE)
            await self._sender.edit_inline_text(inline, words, keyboard)
        else:
            message = int(placeholder.message)
            await self._sender.edit_text(placeholder.chat, message, words, keyboard)
        after, wait_s = placeholder.edited(code, self._settings.news_every_s)
        await self._look_again(after, now + (min(wait_s, _GESTURE_S) if painting else wait_s))

    async def _settle(self, placeholder: Placeholder, job: Job | None) -> bool:
        """Leave nothing that is not true after a job's end; False to try again later.

        `job`: None where it is deleted.
        """
        if placeholder.edits >= _TRIES or (job is not None and _is_final(placeholder, job)):
            return True
        words = _last_words(job)
        if placeholder.is_inline:
            inline = placeholder.message.removeprefix(INLINE)
            return await self._sender.edit_inline_text(
                inline, words or t("en", "telegram-cancelled")
            )
        if not await self._has_slot(placeholder, lasting=True):
            return False
        chat, message = placeholder.chat, int(placeholder.message)
        try:
            if words and await self._sender.edit_text_or_raise(chat, message, words):
                return True
        except NoSlot:
            return False
        except TelegramError as error:
            if not is_refusal(error):
                return False
        # What is deleted already, or is in a chat that is closed to the bot, is out of reach.
        await self._sender.delete(chat, message)
        return True

    async def _has_slot(self, placeholder: Placeholder, *, lasting: bool = False) -> bool:
        chat = placeholder.message if placeholder.is_inline else placeholder.chat
        return await self._sender.rate_limit.try_acquire_low_priority(
            chat, "editMessageText", lasting=lasting
        )

    async def _look_again(self, placeholder: Placeholder, at: float) -> None:
        await asyncio.to_thread(self._waiting.add, placeholder, at)


def _is_final(placeholder: Placeholder, job: Job) -> bool:
    message = placeholder.message
    written = message if placeholder.is_inline else f"{placeholder.chat}:{message}"
    return written in job.platform_data.get("final", "").split()


def _last_words(job: Job | None) -> str:
    """Return what a placeholder says that did not become the answer, '' where it is deleted instead."""
    if job is None or job.outcome in (Outcome.ANSWERED, Outcome.APOLOGISED):
        return ""  # the answer is another message, or the person wants to be forgotten
    language = job.request.language
    if job.outcome is Outcome.CANCELLED:
        return t(language, "telegram-cancelled")
    return t(language, "telegram-not-taken" if job.pictures else "apology-our-fault")
