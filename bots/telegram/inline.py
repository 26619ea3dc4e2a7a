"""Inline mode: a person's own recent paintings, typed into any chat."""

from __future__ import annotations

import asyncio

import structlog
from telegram import InlineQueryResultCachedPhoto, InlineQueryResultsButton
from telegram.error import TelegramError

from bots.phrases import say
from bots.telegram.asking import PLATFORM
from bots.telegram.chats import Chats
from bots.telegram.heard import Typed
from bots.telegram.paintings import Paintings
from bots.telegram.speaker import Speaker
from tasks.ledger import Ledger

_log = structlog.get_logger()
_MOST = 20
_CACHE_S = 5


class Inline:
    """Answers inline queries with pictures that Telegram has already."""

    def __init__(
        self, speaker: Speaker, ledger: Ledger, paintings: Paintings, chats: Chats
    ) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._paintings = paintings
        self._chats = chats

    async def answer(self, typed: Typed) -> None:
        """Offer the person's paintings, newest first, or a way to get the first one."""
        files = await asyncio.to_thread(self._files, typed.person)
        language = await asyncio.to_thread(self._chats.language, typed.person) or "en"
        results = [InlineQueryResultCachedPhoto(key, file_id) for key, file_id in files]
        button = InlineQueryResultsButton(
            say(language, "telegram-inline-start"), start_parameter="inline"
        )
        try:
            await self._speaker.bot.answer_inline_query(
                typed.query,
                results,
                cache_time=_CACHE_S,
                is_personal=True,
                button=None if results else button,
            )
        except TelegramError as error:
            _log.info("an inline query was not answered", error=error.message)

    def _files(self, person: str) -> list[tuple[str, str]]:
        files = []
        for job_id in self._ledger.past_jobs(PLATFORM, person, _MOST):
            job = self._paintings.job(job_id)
            for n, file_id in enumerate(job.marks.get("files", "").split() if job else ()):
                files.append((f"{job_id}-{n}", file_id))
        return files[:_MOST]
