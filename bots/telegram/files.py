"""Fetches what people sent from the Bot API server, as much of it as is allowed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from telegram import Bot
from telegram.error import TelegramError

from bots.download import Source, download
from bots.telegram.faults import Trouble, trouble_of
from bots.telegram.settings import TelegramSettings
from pipeline.contract import PhotoRefused
from tasks.contract import PhotoGone, TryAgain

_log = structlog.get_logger()


class Files:
    """The files that a Bot API server keeps."""

    def __init__(self, bot: Bot, settings: TelegramSettings) -> None:
        self._bot = bot
        self._settings = settings
        self._bytes_max = settings.file_max_bytes

    async def read(self, file_id: str) -> bytes:
        """Return a file.

        Raises `PhotoRefused` for one that is too large, `PhotoGone`, `TryAgain`, `TelegramError`.
        """
        try:
            file = await self._bot.get_file(file_id)
        except TelegramError as error:
            if trouble_of(error) is Trouble.FILE_TOO_BIG:
                raise self._too_heavy() from error
            raise
        if (file.file_size or 0) > self._bytes_max:
            raise self._too_heavy()
        where = file.file_path or ""
        if Path(where).is_absolute():
            return await asyncio.to_thread(self._here, Path(where))
        # The library leaves a path as it is where a file of that name happens to lie here.
        url = where if "://" in where else f"{self._bot.base_file_url}/{where}"
        return await asyncio.to_thread(self._there, url)

    def _here(self, path: Path) -> bytes:
        if not self._settings.local_files:
            _log.error(
                "the Bot API server runs with --local, the photo cannot be had: set "
                "SUISAI_TELEGRAM_LOCAL_FILES=true where both run on one machine"
            )
            raise PhotoGone
        try:
            with path.open("rb") as file:
                content = file.read(self._bytes_max + 1)
        except OSError as error:
            raise PhotoGone from error
        if len(content) > self._bytes_max:
            raise self._too_heavy()
        return content

    def _there(self, url: str) -> bytes:
        source = Source.of_own(self._settings.api_url, bytes_max=self._bytes_max)
        try:
            return download(url, source)
        except PhotoGone as gone:
            if gone.reason != PhotoGone().reason:
                raise
            # The file was there a moment ago: its link is no longer good, and the next one will be.
            raise TryAgain("the photo's link is not good any more") from None

    def _too_heavy(self) -> PhotoRefused:
        return PhotoRefused("too-heavy", limit_mb=self._bytes_max // 1_000_000)
