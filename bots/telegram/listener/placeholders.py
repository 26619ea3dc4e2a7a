"""The first word to somebody who asked: a reaction, then a placeholder; or why not now.

Keeps placeholders up to date with what Telegram's limits leave over, less often the longer it takes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import structlog
from redis.exceptions import RedisError
from telegram import InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import TelegramError

from bots.i18n import describe_status, refusal, t
from bots.telegram.events import Origin, Place, origin_from_address
from bots.telegram.keyboards import under_placeholder
from bots.telegram.sender import Sender
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import Placeholder, PlaceholderQueue, looked, standing_code
from tasks.ledger.ledger import Ledger, UnknownJob
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

    def __init__(self, speaker: Sender, ledger: Ledger, waiting: PlaceholderQueue) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._waiting = waiting

    async def accepted(self, ask: PaintRequest, admitted: Admitted, origin: Origin) -> None:
        """Tell a person that the photo is seen, and where it stands."""
        if origin.place is Place.GUEST:
            await self._accepted_guest(ask, admitted, origin)
            return
        group = origin.place is Place.GROUP
        await self._speaker.react(origin, SEEN, instead_of_words=group)
        chat = await self._speaker.chat_of(origin)
        # A group's few messages are kept for paintings: there the reaction is the answer.
        if group and not await self._speaker.pace.try_acquire_low_priority(chat, lasting=True):
            return
        if not group:
            await self._speaker.pace.greeting(chat)
        await self._place(ask, admitted, origin, chat)

    async def _place(
        self, ask: PaintRequest, admitted: Admitted, origin: Origin, chat: int
    ) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None:
            return
        words = describe_status(ask.language, now)
        keyboard = under_placeholder(admitted.job_id, ask.language)
        message = await self._speaker.send_text(origin, chat, words, keyboard)
        await asyncio.to_thread(self._note, admitted.job_id, str(message), standing_code(now))

    def _unplaced(self, job_id: str) -> QueueStatus | None:
        # In a surge the painting may be quicker than the turn to announce it.
        job, now = self._ledger.find_job(job_id), self._ledger.find_standing(job_id)
        if job is None or now is None:
            return None
        if {"placeholder", "stand", "sent"} & job.platform_data.keys():
            return None
        if now.stage is Stage.DELIVER and not job.pictures:
            # No paint is drying where an apology is on its way.
            now = replace(now, stage=Stage.FETCH)
        return now if now.outcome is None else None

    def _note(self, job_id: str, message: str, said: str) -> None:
        self._waiting.add(
            Placeholder(job_id, message, said=said), self._ledger.now() + FIRST_LOOK_S
        )
        job = self._ledger.find_job(job_id)
        if job is not None and "placeholder" in job.platform_data:
            return
        try:
            self._ledger.set_platform_data(job_id, placeholder=message)
        except UnknownJob:
            _log.info("forgotten before its placeholder stood", job=job_id)

    async def _accepted_guest(self, ask: PaintRequest, admitted: Admitted, origin: Origin) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None or not origin.guest_query:
            return
        words = describe_status(ask.language, now)
        keyboard = under_placeholder(admitted.job_id, ask.language)
        sent = await self._speaker.bot.answer_guest_query(
            origin.guest_query, _article(words, admitted.job_id, keyboard=keyboard)
        )
        mark = f"inline:{sent.inline_message_id}"
        await asyncio.to_thread(self._note, admitted.job_id, mark, standing_code(now))

    async def refused(self, origin: Origin, refused: Refused, language: str, now: float) -> None:
        """Tell a person why not; in a group without words."""
        if origin.place is Place.GROUP:
            emoji = NOT_NOW if refused.reason in _COME_BACK else NEVER
            await self._speaker.react(origin, emoji, instead_of_words=refused.notify)
        elif refused.notify:
            await self.say(origin, refusal(language, refused, now))
        else:
            await self._speaker.react(origin, NOT_NOW)

    async def say(self, origin: Origin, words: str) -> None:
        """Answer with one line, where the bot is a guest too."""
        if origin.place is not Place.GUEST:
            await self._speaker.reply(origin, words)
            return
        try:
            await self._speaker.bot.answer_guest_query(origin.guest_query, _article(words, "words"))
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


@dataclass(frozen=True, slots=True)
class _PlaceholderView:
    """A placeholder and the job behind it, as it is now."""

    watch: Placeholder
    job: Job
    standing: QueueStatus
    origin: Origin


class PlaceholderUpdater:
    """Looks at every placeholder when its time has come."""

    def __init__(
        self, speaker: Sender, ledger: Ledger, waiting: PlaceholderQueue, settings: TelegramSettings
    ) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._waiting = waiting
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Keep watch until `stop` is set."""
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
        for watch in await asyncio.to_thread(self._waiting.due, now, _AT_ONCE):
            view = await asyncio.to_thread(self._view, watch)
            if view is None:
                await asyncio.to_thread(self._waiting.drop, watch.job_id)
            elif view.standing.stage is None:
                await self._leave(view)
            else:
                await self._tend(view, now)

    def _view(self, watch: Placeholder) -> _PlaceholderView | None:
        job, now = self._ledger.find_job(watch.job_id), self._ledger.find_standing(watch.job_id)
        if job is None or now is None:
            return None
        return _PlaceholderView(
            watch,
            job,
            now,
            origin_from_address(job.request.address, job.request.person, job.request.language),
        )

    async def _tend(self, view: _PlaceholderView, now: float) -> None:
        code = standing_code(view.standing)
        painting = view.standing.stage is Stage.RENDER and view.standing.position == 0
        if painting and view.origin.place is not Place.GUEST:
            await self._speaker.uploading(view.origin)
        if view.standing.stage is Stage.DELIVER or code == view.watch.said:
            await self._look_again(view.watch, now + (_GESTURE_S if painting else 1.0))
            return
        chat = await self._speaker.chat_of(view.origin)
        if not await self._speaker.pace.try_acquire_low_priority(chat):
            await self._look_again(view.watch, now + 1.0)
            return
        await self._retell(
            view, describe_status(view.job.request.language, view.standing), cancel=not painting
        )
        watch, wait_s = looked(view.watch, code, self._settings.news_every_s)
        await self._look_again(watch, now + (min(wait_s, _GESTURE_S) if painting else wait_s))

    async def _leave(self, view: _PlaceholderView) -> None:
        job, watch = view.job, view.watch
        if job.outcome is Outcome.CANCELLED:
            await self._retell(view, t(job.request.language, "telegram-cancelled"))
        elif watch.message not in (
            job.platform_data.get("stand"),
            job.platform_data.get("collapsed"),
        ):
            # The painting was quicker and took another message: this one says old news.
            await self._remove(view)
        await asyncio.to_thread(self._waiting.drop, watch.job_id)

    async def _remove(self, view: _PlaceholderView) -> None:
        if not view.watch.message.startswith("inline:"):
            chat = await self._speaker.chat_of(view.origin)
            await self._speaker.remove(chat, int(view.watch.message))

    async def _retell(self, view: _PlaceholderView, words: str, *, cancel: bool = False) -> None:
        job = view.job
        keyboard = under_placeholder(job.id, job.request.language) if cancel else None
        kind, _, inline = view.watch.message.partition(":")
        if kind == "inline":
            await self._speaker.retell_inline(inline, words, keyboard)
        else:
            chat = await self._speaker.chat_of(view.origin)
            await self._speaker.edit_text(chat, int(view.watch.message), words, keyboard)

    async def _look_again(self, watch: Placeholder, at: float) -> None:
        await asyncio.to_thread(self._waiting.add, watch, at)
