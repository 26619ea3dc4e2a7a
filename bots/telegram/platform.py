"""Implements `Platform` for Telegram: downloads photos, delivers and deletes answers."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from telegram import Bot
from telegram.error import TelegramError

from bots.download import DownloadSource, download
from bots.telegram.client import open_bot
from bots.telegram.delivery.context import DeliveryContext
from bots.telegram.delivery.guest import GuestDelivery
from bots.telegram.delivery.ways import ChatDelivery
from bots.telegram.errors import (
    OUTAGE_S,
    Refusal,
    is_refusal,
    kind_of,
    may_concern_one_call,
    to_worker_error,
)
from bots.telegram.events import Place
from bots.telegram.rate_limit import NoSlot, SendRateLimit
from bots.telegram.sender import Sender
from bots.telegram.settings import PLATFORM, TelegramSettings
from bots.telegram.store import Chats, Paintings, PlaceholderQueue, StoreClock
from pipeline.errors import PhotoRefused
from pipeline.styles import load_styles
from tasks.errors import ChatRateLimited, PhotoUnavailable, PlatformPaused, TransientError
from tasks.models import Answer, Apology, Job, PhotoRef, RateLimit
from tasks.services import Services

_log = structlog.get_logger()

T = TypeVar("T")

_PATIENCE_S = 1.5
"""How long a worker waits for a slot in one chat before it takes other jobs first."""
_ASK_AGAIN_S = 30.0
"""After this time a job in a held-back chat is tried again: an operator may have lifted the hold."""


class TelegramPlatform:
    """Fetches photos from Telegram and delivers answers to it."""

    name = PLATFORM

    def __init__(self, services: Services) -> None:
        self._services = services
        self._settings = TelegramSettings()
        self._portal = _Portal()
        self._bot = bot = open_bot(self._settings)
        self._files = Files(bot, self._settings)
        ledger, kv = services.ledger, services.kv(PLATFORM)
        # A worker does not wait for a flood limit to end: it returns the job and takes others.
        rate_limit = SendRateLimit(services.rate_limiter(PLATFORM), self._settings, _PATIENCE_S)
        chats = Chats(kv)
        self._sender = Sender(bot, rate_limit, chats, tries=1)
        context = DeliveryContext(
            sender=self._sender,
            ledger=ledger,
            kv=kv,
            clock=StoreClock(ledger),
            paintings=Paintings(ledger, kv, chats, services.settings.job_retention_s),
            placeholders=PlaceholderQueue(ledger, kv),
            settings=self._settings,
            styles=load_styles(),
        )
        self._chat = ChatDelivery(context)
        self._guest = GuestDelivery(context)

    def close(self) -> None:
        """Close the connections to Telegram. Nothing can be called afterwards."""
        self._portal.call(self._bot.request.shutdown)
        self._portal.close()

    def quota(self) -> RateLimit | None:
        """Return what Telegram lets a bot send."""
        return RateLimit(max(1, int(self._settings.messages_per_s * 60)), 60.0)

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        """Download one photo of the job."""
        return self._call(self._files.read(photo.ref))

    def answer(self, job: Job, answer: Answer) -> str:
        """Deliver the answer to the chat of the request. A second call changes nothing."""
        guest = job.request.address.get("place") == Place.GUEST
        delivery = self._guest if guest else self._chat
        if isinstance(answer, Apology):
            return self._call(delivery.apology(job, answer), job)
        return self._call(delivery.painting(job, answer), job)

    def find_answer(self, job: Job) -> str | None:
        """Return the recorded receipt, or None: then answering again is safe."""
        return self._services.ledger.job(job.id).platform_data.get("answer")

    def retract(self, receipt: str) -> None:
        """Delete the answer if that is still possible."""
        chat, _, messages = receipt.partition(":")
        if chat not in ("", "inline"):
            for message in messages.split(","):
                self._call(self._sender.delete(int(chat), int(message)))

    def _call(self, call: Coroutine[Any, Any, T], job: Job | None = None) -> T:
        return self._portal.call(lambda: self._translated(call, job))

    async def _translated(self, call: Coroutine[Any, Any, T], job: Job | None) -> T:
        """Await a call; `job`: the one that it answers, which can be postponed."""
        try:
            return await call
        except NoSlot as full:
            if full.whole_bot:
                until = time.time() + full.wait_s
                raise PlatformPaused(until, "Telegram refuses the whole bot for a while") from full
            raise ChatRateLimited(time.time() + min(full.wait_s, _ASK_AGAIN_S)) from full
        except TelegramError as error:
            raise await self._worker_error(error, job) from error

    async def _worker_error(self, error: TelegramError, job: Job | None) -> Exception:
        meant = to_worker_error(error)
        if not isinstance(meant, PlatformPaused) or not may_concern_one_call(error):
            return meant
        # A server can fail on one chat or one file for hours; that must not pause everybody.
        try:
            await self._bot.get_me()
        except TelegramError:
            return meant
        if job is None:
            return TransientError(f"Telegram fails on this call alone: {error.message}")
        now = time.time()
        _log.warning("answer_not_taken", job=job.id, error=error.message, action="postpone the job")
        return ChatRateLimited(now + min(_ASK_AGAIN_S, max(OUTAGE_S, (now - job.admitted_at) / 10)))


class _Portal:
    """Calls the library from threads: one event loop per process, opened on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self._portal: BlockingPortal | None = None
        self._pid = 0

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Return what the coroutine function returns; raise what it raises."""
        return self._open().call(function)

    def close(self) -> None:
        """End the event loop."""
        with self._lock:
            self._opened.close()
            self._portal = None

    def _open(self) -> BlockingPortal:
        with self._lock:
            # A forked child inherits the loop but not the thread that runs it.
            if self._portal is None or self._pid != os.getpid():
                self._opened, self._pid = ExitStack(), os.getpid()
                self._portal = self._opened.enter_context(start_blocking_portal(name=PLATFORM))
            return self._portal


class Files:
    """Downloads what people sent from the Bot API server, as much of it as is allowed."""

    def __init__(self, bot: Bot, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._bytes_max = settings.file_max_bytes

    async def read(self, file_id: str) -> bytes:
        """Return a file.

        Raises `PhotoRefused` (too large), `PhotoUnavailable`, `TransientError`, `TelegramError`.
        """
        try:
            file = await self._bot.get_file(file_id)
        except TelegramError as error:
            if is_refusal(error) and kind_of(error) is Refusal.FILE_TOO_BIG:
                raise self._too_heavy() from error
            raise
        if (file.file_size or 0) > self._bytes_max:
            raise self._too_heavy()
        where = file.file_path or ""
        if Path(where).is_absolute():
            return await asyncio.to_thread(self._read_local, Path(where))
        # The library returns `file_path` unchanged if that path exists locally, so build the URL here.
        url = where if "://" in where else f"{self._bot.base_file_url}/{where}"
        return await asyncio.to_thread(self._download, url)

    def _read_local(self, path: Path) -> bytes:
        if not self._settings.local_files:
            _log.error(
                "photo_not_read",
                reason="the Bot API server runs with --local",
                fix="set SUISAI_TELEGRAM_LOCAL_FILES=true if both run on one machine",
            )
            raise PhotoUnavailable
        try:
            with path.open("rb") as file:
                content = file.read(self._bytes_max + 1)
        except OSError as error:
            raise PhotoUnavailable from error
        if len(content) > self._bytes_max:
            raise self._too_heavy()
        return content

    def _download(self, url: str) -> bytes:
        source = DownloadSource.of_own(self._settings.api_url, bytes_max=self._bytes_max)
        try:
            return download(url, source)
        except PhotoUnavailable as gone:
            if gone.reason != PhotoUnavailable().reason:
                raise
            # The file was there a moment ago: its link has expired, and the next one will work.
            raise TransientError("the photo's link has expired") from None

    def _too_heavy(self) -> PhotoRefused:
        return PhotoRefused("too-heavy", limit_mb=self._bytes_max // 1_000_000)
