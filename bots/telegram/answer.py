"""Telegram as the workers see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from telegram.error import TelegramError

from bots.download import Source, download
from bots.telegram.api import open_bot
from bots.telegram.asking import PLATFORM
from bots.telegram.chats import Chats
from bots.telegram.delivery import Delivery, Desktop
from bots.telegram.faults import Trouble, meaning, trouble_of
from bots.telegram.guesting import Guesting
from bots.telegram.line import Line
from bots.telegram.origin import Place
from bots.telegram.pace import ChatFull, Pace
from bots.telegram.paintings import Paintings
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from bots.telegram.together import Together
from pipeline.contract import PhotoRefused
from pipeline.styles import load_styles
from tasks.contract import (
    Answer,
    Apology,
    ConversationFull,
    Job,
    PhotoGone,
    PhotoRef,
    PlatformPaused,
    Quota,
    TryAgain,
)
from tasks.services import Services

T = TypeVar("T")

_PATIENCE_S = 1.5
"""A worker waits so long for one chat's turn; then others go first."""


class TelegramPlatform:
    """Fetches photos from Telegram and brings answers there."""

    name = PLATFORM

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = TelegramSettings()
        self._line = Line()
        notebook = services.notebook(PLATFORM)
        bot = open_bot(self._settings)
        pace = Pace(services.pacer(PLATFORM), notebook, self._settings, _PATIENCE_S)
        # A worker does not sit out a silence: it gives the job back and the platform rests.
        chats = Chats(notebook)
        self._speaker = Speaker(bot, pace, chats, tries=1)
        desk = Desktop(
            speaker=self._speaker,
            ledger=services.ledger,
            paintings=Paintings(
                services.ledger, notebook, chats, services.settings.job_retention_s
            ),
            settings=self._settings,
            styles=load_styles(),
        )
        self._single = Delivery(desk)
        self._together = Together(desk, self._single)
        self._guest = Guesting(desk)

    def quota(self) -> Quota | None:
        """Return what Telegram lets a bot send."""
        return Quota(max(1, int(self._settings.messages_per_s * 60)), 60.0)

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        """Download one photo of the job."""
        return self._call(self._fetch(photo.ref))

    def answer(self, job: Job, answer: Answer) -> str:
        """Bring the answer to the chat of the ask. Doing so again changes nothing."""
        # The placeholder may have been written down after the worker read the job.
        job = self._services.ledger.job(job.id)
        receipt = self._call(self._answer(job, answer))
        self._services.ledger.mark(job.id, answer=receipt)
        return receipt

    def find_answer(self, job: Job) -> str | None:
        """Return the receipt that was written down; without one answering again is harmless."""
        return self._services.ledger.job(job.id).marks.get("answer")

    def retract(self, job: Job) -> None:
        """Delete the answer where that is still possible."""
        chat, _, messages = job.receipt.partition(":")
        if chat not in ("", "inline"):
            for message in messages.split(","):
                self._call(self._speaker.remove(int(chat), int(message)))

    async def _answer(self, job: Job, answer: Answer) -> str:
        hushed_s = await self._speaker.pace.hushed_s()
        if hushed_s > 0:
            raise PlatformPaused(time.time() + hushed_s, "Telegram asks for silence")
        guest = job.ask.address.get("place") == Place.GUEST
        if isinstance(answer, Apology):
            return await (self._guest if guest else self._single).apology(job, answer)
        if guest:
            return await self._guest.painting(job, answer)
        if len(answer.pictures) > 1:
            return await self._together.paintings(job, answer)
        return await self._single.painting(job, answer)

    async def _fetch(self, file_id: str) -> bytes:
        limit = self._settings.file_max_bytes
        heavy = PhotoRefused("too-heavy", limit_mb=limit // 1_000_000)
        try:
            file = await self._speaker.bot.get_file(file_id)
        except TelegramError as error:
            if trouble_of(error) is Trouble.FILE_TOO_BIG:
                raise heavy from error
            raise
        if (file.file_size or 0) > limit:
            raise heavy
        if self._settings.local_files:
            return bytes(await file.download_as_bytearray())
        source = Source.of(self._settings.api_url, bytes_max=limit)
        try:
            return await asyncio.to_thread(download, file.file_path or "", source)
        except PhotoGone as gone:
            if gone.reason != PhotoGone().reason:
                raise
            # The file was there a moment ago: its link is no longer good, and the next one will be.
            raise TryAgain("the photo's link is not good any more") from None

    def _call(self, talk: Coroutine[Any, Any, T]) -> T:
        return self._line.call(lambda: self._translated(talk))

    async def _translated(self, talk: Coroutine[Any, Any, T]) -> T:
        try:
            return await talk
        except ChatFull as full:
            raise ConversationFull(time.time() + full.wait_s) from full
        except TelegramError as error:
            raise meaning(error) from error
