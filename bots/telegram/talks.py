"""What the bot says in the background. The ask is safe in the ledger: only courtesies can get lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from telegram.error import TelegramError

_log = structlog.get_logger()


class Talks:
    """Everything that is being said."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    def begin(self, words: Coroutine[Any, Any, None]) -> None:
        """Say something; a failure is logged and disturbs nobody."""
        talk = asyncio.create_task(_said(words))
        self._open.add(talk)
        talk.add_done_callback(self._open.discard)

    async def finish(self) -> None:
        """Wait until everything is said."""
        while self._open:
            await asyncio.wait(self._open)


async def _said(words: Coroutine[Any, Any, None]) -> None:
    try:
        await words
    except TelegramError as error:
        _log.info("Telegram did not take a message", error=error.message)
    except Exception:
        _log.exception("a courtesy could not be said, the ask goes on without it")
