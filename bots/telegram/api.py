"""Opens the Bot API as the settings say."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any

from telegram import Bot

from bots.telegram.missing import TelegramMissing
from bots.telegram.settings import TelegramSettings
from bots.telegram.wire import Wire

_READ_S = 30.0
_UPLOAD_S = 60.0

HEARD = ("message", "guest_message", "callback_query", "inline_query")
"""The updates that the bot asks for; everything else is not its business."""


class PatientBot(Bot):
    """A bot that can hand out updates unparsed.

    The library parses a whole answer of getUpdates at once, so that one update that it cannot
    parse would hide all others, for ever: the offset is never moved.
    """

    __slots__ = ()

    async def raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """Wait up to `timeout_s` for updates from `offset` on and return them as they came."""
        data: dict[str, Any] = {
            "timeout": timeout_s,
            "offset": offset,
            "limit": 100,
            "allowed_updates": list(HEARD),
        }
        updates = await self._post("getUpdates", data, read_timeout=timeout_s + 10.0)
        return [each for each in updates if isinstance(each, dict) and "update_id" in each]


def open_bot(settings: TelegramSettings) -> PatientBot:
    """Return a bot that is not connected yet. Raises `TelegramMissing` without a token."""
    if settings.token is None:
        raise TelegramMissing("SUISAI_TELEGRAM_TOKEN is not set")
    _keep_the_token_out_of_logs()
    # Without it the library warns of its own next version at every flood limit.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    base = settings.api_url.rstrip("/")
    return PatientBot(
        settings.token.get_secret_value(),
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=_request(connections=64),
        get_updates_request=_request(connections=2),
        local_mode=settings.local_files,
    )


def home(bot: Bot) -> str:
    """Name a bot on its server: what one server knows of one bot, no other does."""
    account, server = bot.token.partition(":")[0], bot.base_url.replace(bot.token, "")
    return hashlib.sha256(f"{account} {server}".encode()).hexdigest()[:16]


def _request(connections: int) -> Wire:
    return Wire(
        connection_pool_size=connections,
        read_timeout=_READ_S,
        write_timeout=_READ_S,
        connect_timeout=10.0,
        pool_timeout=_READ_S,
        media_write_timeout=_UPLOAD_S,
    )


def _keep_the_token_out_of_logs() -> None:
    # Telegram puts the token into the URL, and httpx logs every URL at INFO.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.INFO)
