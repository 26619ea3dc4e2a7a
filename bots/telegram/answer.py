"""Telegram as the workers see it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from telegram.error import TelegramError

from bots.telegram.api import open_bot
from bots.telegram.asking import PLATFORM
from bots.telegram.chats import Chats
from bots.telegram.delivery import Delivery
from bots.telegram.desktop import Desktop
from bots.telegram.faults import meaning
from bots.telegram.files import Files
from bots.telegram.guesting import Guesting
from bots.telegram.origin import Place
from bots.telegram.pace import ChatFull, Pace
from bots.telegram.paintings import Paintings
from bots.telegram.sending import Sending
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from pipeline.styles import load_styles
from tasks.contract import (
    Answer,
    Apology,
    ConversationFull,
    Job,
    PhotoRef,
    PlatformPaused,
    Quota,
)
from tasks.services import Services

T = TypeVar("T")

_PATIENCE_S = 1.5
"""A worker waits so long for one chat's turn; then others go first."""


class _Line:
    """From threads to the library: one background loop per process, opened on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def call(self, talk: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what the coroutine returns; raise what it raises."""
        return asyncio.run_coroutine_threadsafe(talk(), self._open()).result()

    def _open(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked child inherits the loop but not the thread that runs it.
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(
                    target=self._loop.run_forever, name="telegram", daemon=True
                ).start()
            return self._loop


class TelegramPlatform:
    """Fetches photos from Telegram and brings answers there."""

    name = PLATFORM

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = TelegramSettings()
        self._line = _Line()
        notebook = services.notebook(PLATFORM)
        bot = open_bot(self._settings)
        self._files = Files(bot, self._settings)
        pace = Pace(services.pacer(PLATFORM), notebook, self._settings, _PATIENCE_S)
        # A worker does not sit out a silence: it gives the job back and the platform rests.
        chats = Chats(notebook)
        self._speaker = Speaker(bot, pace, chats, tries=1)
        desk = Desktop(
            speaker=self._speaker,
            ledger=services.ledger,
            notebook=notebook,
            paintings=Paintings(
                services.ledger, notebook, chats, services.settings.job_retention_s
            ),
            settings=self._settings,
            styles=load_styles(),
        )
        self._sending = Sending(desk)
        self._single = Delivery(desk, self._sending)
        self._guest = Guesting(desk)

    def quota(self) -> Quota | None:
        """Return what Telegram lets a bot send."""
        return Quota(max(1, int(self._settings.messages_per_s * 60)), 60.0)

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        """Download one photo of the job."""
        return self._call(self._files.read(photo.ref))

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

    def retract(self, receipt: str) -> None:
        """Delete the answer where that is still possible."""
        chat, _, messages = receipt.partition(":")
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
            return await self._sending.paintings(job, answer)
        return await self._single.painting(job, answer)

    def _call(self, talk: Coroutine[Any, Any, T]) -> T:
        return self._line.call(lambda: self._translated(talk))

    async def _translated(self, talk: Coroutine[Any, Any, T]) -> T:
        try:
            return await talk
        except ChatFull as full:
            raise ConversationFull(time.time() + full.wait_s) from full
        except TelegramError as error:
            raise meaning(error) from error
