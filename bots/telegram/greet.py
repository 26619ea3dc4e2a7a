"""The first word to somebody who asked: a reaction, then a placeholder; or why not now."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from telegram import InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import TelegramError

from bots.phrases import refusal, standing
from bots.telegram.buttons import under_placeholder
from bots.telegram.origin import Origin, Place
from bots.telegram.speaker import Speaker
from bots.telegram.waiting import WaitingList, Watch, standing_code
from tasks.contract import Admitted, Ask, Refused, Stage, Standing
from tasks.ledger import Ledger, UnknownJob

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


class Greeter:
    """Acknowledges asks. All that it says is cosmetic: the ledger has the ask already."""

    def __init__(self, speaker: Speaker, ledger: Ledger, waiting: WaitingList) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._waiting = waiting

    async def accepted(self, ask: Ask, admitted: Admitted, origin: Origin) -> None:
        """Tell a person that the photo is seen, and where it stands."""
        if origin.place is Place.GUEST:
            await self._accepted_guest(ask, admitted, origin)
            return
        group = origin.place is Place.GROUP
        await self._speaker.react(origin, SEEN, instead_of_words=group)
        chat = await self._speaker.chat_of(origin)
        # A group's few messages are kept for paintings: there the reaction is the answer.
        if group and not await self._speaker.pace.spare(chat, lasting=True):
            return
        if not group:
            await self._speaker.pace.greeting(chat)
        await self._place(ask, admitted, origin, chat)

    async def _place(self, ask: Ask, admitted: Admitted, origin: Origin, chat: int) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None:
            return
        words = standing(ask.language, now)
        keyboard = under_placeholder(admitted.job_id, ask.language)
        message = await self._speaker.send_text(origin, chat, words, keyboard)
        await asyncio.to_thread(self._note, admitted.job_id, str(message), standing_code(now))

    def _unplaced(self, job_id: str) -> Standing | None:
        # In a surge the painting may be quicker than the turn to announce it.
        job, now = self._ledger.find_job(job_id), self._ledger.find_standing(job_id)
        if job is None or now is None:
            return None
        if {"placeholder", "stand", "sent"} & job.marks.keys():
            return None
        if now.stage is Stage.DELIVER and not job.pictures:
            # No paint is drying where an apology is on its way.
            now = replace(now, stage=Stage.FETCH)
        return now if now.outcome is None else None

    def _note(self, job_id: str, message: str, said: str) -> None:
        self._waiting.add(Watch(job_id, message, said=said), self._ledger.now() + FIRST_LOOK_S)
        job = self._ledger.find_job(job_id)
        if job is not None and "placeholder" in job.marks:
            return
        try:
            self._ledger.mark(job_id, placeholder=message)
        except UnknownJob:
            _log.info("forgotten before its placeholder stood", job=job_id)

    async def _accepted_guest(self, ask: Ask, admitted: Admitted, origin: Origin) -> None:
        now = await asyncio.to_thread(self._unplaced, admitted.job_id)
        if now is None or not origin.guest_query:
            return
        words = standing(ask.language, now)
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
            await self._speaker.react(origin, emoji, instead_of_words=refused.say)
        elif refused.say:
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
