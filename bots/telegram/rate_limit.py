"""When the bot may speak: Telegram's limits, shared by every process of the bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from bots.telegram.settings import TelegramSettings
from tasks.kv import KeyValueStore
from tasks.models import RateLimit
from tasks.rate_limit import RateLimiter

Limit = tuple[str, RateLimit]

_HUSH = "hush-until"

_EDITS_PER_S = 6.0
"""Of all messages, so that news about places in line never crowd out paintings."""

_GREETINGS_PER_S = 18.0
"""Of all messages: a surge of newcomers leaves room for the paintings of those before them."""

_MOMENT_S = 0.3
"""How long a gesture waits for its turn; later it says nothing new."""

_GLANCE_S = 0.02

_CHATS_KEPT = 1000


class ChatLimited(Exception):
    """A chat takes no message for longer than the caller wants to wait."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"full for {wait_s:.1f} s")
        self.wait_s = wait_s


class SendRateLimit:
    """Slots for messages and edits. One FIFO per process; processes share the counters."""

    def __init__(
        self,
        pacer: RateLimiter,
        notebook: KeyValueStore,
        settings: TelegramSettings,
        patience_s: float = float("inf"),
    ) -> None:
        """Share the counters of `pacer`; `patience_s`: how long one chat may make callers wait."""
        self._patience_s = patience_s
        self._pacer = pacer
        self._notebook = notebook
        self._everywhere: Limit = ("bot", _evenly(settings.messages_per_s))
        self._settings = settings
        self._line = asyncio.Lock()
        self._greetings = asyncio.Lock()
        self._spoke: dict[int, float] = {}

    async def acquire(self, chat: int) -> None:
        """Wait until the bot may send or edit one message in this chat. Raises `ChatLimited`."""
        await asyncio.sleep(self._breath_s(chat))
        await self._settle(self._of_chat(chat), self._patience_s)
        async with self._line:
            await self._settle([self._everywhere])

    def record_call(self, chat: int) -> None:
        """Note that a call to this chat has ended: Telegram counts when a message arrives."""
        self._spoke[chat] = time.monotonic()
        while len(self._spoke) > _CHATS_KEPT:
            del self._spoke[next(iter(self._spoke))]

    async def greeting(self, chat: int) -> None:
        """Wait for the turn of a first word to somebody."""
        async with self._greetings:
            await self._settle([("greetings", _evenly(_GREETINGS_PER_S))])
        await self.acquire(chat)

    async def gesture(self) -> None:
        """Wait for the turn of a gesture that stands for words."""
        async with self._line:
            await self._settle([self._everywhere])

    async def try_acquire_low_priority(self, chat: int, *, lasting: bool = False) -> bool:
        """Take a turn that nobody else needs just now, and tell whether there was one.

        `lasting`: for a message that stays, not one of the passing news.
        """
        if await self.backed_off_s() > 0:
            return False
        limits = [*self._of_chat(chat), self._everywhere]
        if not lasting:
            limits.append(("news", _evenly(_EDITS_PER_S)))
        return await self._take(limits, reserve=0.5) == 0

    async def try_acquire(self) -> bool:
        """Take a turn for a gesture (reaction, 'is uploading'), if one is free in a moment."""
        deadline = time.monotonic() + _MOMENT_S
        while await self.backed_off_s() == 0:
            busy = self._line.locked() or self._greetings.locked()
            wait_s = _GLANCE_S if busy else await self._take([self._everywhere])
            if wait_s == 0:
                return True
            if time.monotonic() + wait_s > deadline:
                return False
            await asyncio.sleep(wait_s)
        return False

    async def back_off(self, seconds: float) -> None:
        """Telegram asked for silence: no process of the bot speaks for so long."""
        until = time.time() + seconds
        await asyncio.to_thread(self._notebook.put, _HUSH, f"{until:.3f}", seconds + 1)

    async def backed_off_s(self) -> float:
        """Return for how long Telegram wants silence, 0 for not at all."""
        until = await asyncio.to_thread(self._notebook.get, _HUSH)
        return 0.0 if until is None else max(0.0, float(until) - time.time())

    def _breath_s(self, chat: int) -> float:
        # An upload may take longer than the gap between two messages: the gap begins at its end.
        since_s = time.monotonic() - self._spoke.get(chat, float("-inf"))
        return max(0.0, 1.0 / self._settings.messages_per_s_chat - since_s)

    async def _settle(self, limits: Sequence[Limit], patience_s: float = float("inf")) -> None:
        while (wait_s := await self.backed_off_s() or await self._take(limits)) > 0:
            if wait_s > patience_s:
                raise ChatLimited(wait_s)
            await asyncio.sleep(wait_s)

    async def _take(self, limits: Sequence[Limit], reserve: float = 0.0) -> float:
        return await asyncio.to_thread(self._pacer.take, limits, reserve)

    def _of_chat(self, chat: int) -> list[Limit]:
        limits = [(f"chat:{chat}", _evenly(self._settings.messages_per_s_chat))]
        if chat < 0:
            quota = RateLimit(self._settings.messages_per_minute_group, 60.0)
            limits.append((f"group:{chat}", quota))
        return limits


def _evenly(per_s: float) -> RateLimit:
    # One slot per short window: the shared pacer then gives the full rate, without bursts.
    return RateLimit(1, 1.0 / per_s)
