"""Long polling for updates, and the timers that tell the listener when to read the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bots.outage import Outage
from bots.telegram.client import PatientBot, home
from bots.telegram.errors import SILENCE_MAX_S, retry_after_s
from tasks.errors import StoreError
from tasks.kv import KeyValueStore

_log = structlog.get_logger()

TakeIn = Callable[[dict[str, Any]], Awaitable[None]]
"""Handles one update; when it returns, its request is stored durably."""

_NUMBERED_S = 6 * 86_400.0
"""Telegram numbers updates anew, perhaps with lower numbers, after a week without any."""

_TRUSTED_S = 60.0
"""How long this process uses its own copy of the offset."""

_LONGEST_PAUSE_S = 30.0
"""Between tries while Telegram or the ledger's store does not answer."""

_AT_ONCE = 8
"""Chats whose updates are handled at the same time."""


class Poller:
    """Fetches updates and moves the offset only after the ledger has what they ask for.

    The offset is stored, so that a new process continues where the old one stopped. Updates that the old one
    handled but did not confirm are delivered again; the ledger recognises them.
    """

    def __init__(self, bot: PatientBot, take_in: TakeIn, kv: KeyValueStore, timeout_s: int) -> None:
        self._bot = bot
        self._take_in = take_in
        self._kv = kv
        self._timeout_s = timeout_s
        self._offset_key = offset_key(bot)
        self._offset: int | None = None
        self._written_at = float("-inf")
        self._outage = Outage("polling", longest_s=_LONGEST_PAUSE_S)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set."""
        while not stop.is_set():
            turn = asyncio.create_task(self._patiently())
            halt = asyncio.create_task(stop.wait())
            await asyncio.wait({turn, halt}, return_when=asyncio.FIRST_COMPLETED)
            halt.cancel()
            turn.cancel()
            await asyncio.gather(turn, halt, return_exceptions=True)

    async def once(self) -> None:
        """Fetch updates once, handle all of them, then confirm them."""
        offset = await self._next_offset()
        updates = await self._bot.raw_updates(offset, self._timeout_s)
        if not updates:
            return
        await asyncio.shield(self._take(updates))

    async def _next_offset(self) -> int | None:
        # What this process wrote lately it knows; all else is in the store, until it expires there.
        if time.monotonic() - self._written_at > _TRUSTED_S:
            written = await asyncio.to_thread(self._kv.get, self._offset_key)
            self._offset = None if written is None else int(written)
        return self._offset

    async def _take(self, updates: list[dict[str, Any]]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._in_order(part, gate) for part in _by_chat(updates)))
        following = max(int(update["update_id"]) for update in updates) + 1
        await asyncio.to_thread(self._kv.put, self._offset_key, str(following), _NUMBERED_S)
        self._offset, self._written_at = following, time.monotonic()

    async def _in_order(self, updates: Iterable[dict[str, Any]], gate: asyncio.Semaphore) -> None:
        async with gate:
            for update in updates:
                await self._take_in(update)

    async def _patiently(self) -> None:
        try:
            await self.once()
        except RetryAfter as error:
            await asyncio.sleep(min(retry_after_s(error), SILENCE_MAX_S))
        except Conflict as error:
            await self._rest("conflict", _conflict(error))
        except InvalidToken:
            why = "Telegram does not know the token in SUISAI_TELEGRAM_TOKEN"
            await self._rest("token", why)
        except TelegramError as error:
            await self._rest("telegram", f"no updates just now: {error}")
        except StoreError as error:
            await self._rest("store", f"no updates just now: {error}")
        except Exception:
            _log.exception("updates_not_handled", action="fetch them again")
            await self._rest("updates", "no updates just now")
        else:
            self._outage.over()

    async def _rest(self, kind: str, why: str) -> None:
        await asyncio.sleep(self._outage.failed(kind, why))


def offset_key(bot: PatientBot) -> str:
    """Return where the offset stands: another bot, or another server, numbers its updates otherwise."""
    return f"offset:{home(bot)}"


def _conflict(error: Conflict) -> str:
    if "webhook" in error.message.lower():
        return (
            "a webhook is set for this bot, so Telegram gives no updates to polling: "
            "remove it (deleteWebhook) or set SUISAI_TELEGRAM_WEBHOOK_URL"
        )
    return "only one `suisai telegram` may run per bot, and another process polls for this one too"


def _by_chat(updates: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    # The updates of one chat are handled in their order, those of other chats at the same time.
    chats: dict[object, list[dict[str, Any]]] = {}
    for update in updates:
        chats.setdefault(_chat_of(update), []).append(update)
    return list(chats.values())


def _chat_of(update: dict[str, Any]) -> object:
    for content in update.values():
        if isinstance(content, dict):
            message = content.get("message")
            chat = content.get("chat") or (
                message.get("chat") if isinstance(message, dict) else None
            )
            return chat.get("id") if isinstance(chat, dict) else None
    return None


_APART_S = 0.25
"""Between two looks, however many things are due."""


class Alarm:
    """Wakes a loop at the earliest time that it was set to, and every `idle_s` in any case.

    This process sets the alarm for what it writes itself; what other processes write is found every
    `idle_s`.
    """

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._at = float("inf")
        self._changed = asyncio.Event()
        self._closed = False

    def set(self, in_s: float) -> None:
        """Wake the loop in so many seconds, unless it wakes earlier anyway."""
        at = time.monotonic() + in_s
        if at < self._at:
            self._at = at
            self._changed.set()

    def close(self) -> None:
        """End the current wait and all later ones."""
        self._closed = True
        self._changed.set()

    async def wait(self) -> None:
        """Wait until it is time to look."""
        looked = time.monotonic()
        while not self._closed:
            until = max(looked + _APART_S, min(looked + self._idle_s, self._at))
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left_s)
            except TimeoutError:
                break
        self._at = float("inf")
