"""When the bot may call Telegram: its limits and its refusals (HTTP 429), shared by every process.

Telegram refuses most calls by chat and method: a chat that was edited too often takes no edit for a
minute or for half a day, and other chats notice nothing. So a refusal holds back that method in that
chat. Only when several chats are refused within seconds, or a call that names no chat, the whole bot
is silent, and for a minute at most before it tries again: nothing says how long such a limit lasts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from bots.telegram.errors import SILENCE_MAX_S
from bots.telegram.settings import TelegramSettings
from tasks.models import RateLimit
from tasks.rate_limit import RateLimiter, Wait

Chat = int | str
"""A chat's id, or `inline:` and the id of a message that was sent as a guest."""

Limit = tuple[str, RateLimit]

WHOLE_BOT = "bot"
"""The name of the hold, and of the limit, that concerns every call."""

COURTESIES = frozenset(
    {
        "setMessageReaction",
        "sendChatAction",
        "deleteMessage",
        "answerCallbackQuery",
        "answerInlineQuery",
        "getChatMember",
        "getUserProfilePhotos",
        "setMyCommands",
        "setMyDescription",
        "setMyShortDescription",
    }
)
"""Methods whose refusal says nothing about messages: it never holds back words or paintings."""

_CHATS_REFUSED = 3

_WITHIN_S = 10.0
"""This many chats refused within this time mean that Telegram limits the whole bot."""

_EDITS_PER_S = 6.0
"""Maximum rate of edits of placeholders, so that they leave slots for paintings."""

_FIRST_REPLIES_PER_S = 18.0
"""Maximum rate of first replies, so that a surge of requests leaves slots for paintings."""

_FIRST_REPLIES = "greetings"

_MOMENT_S = 0.3
"""How long a reaction waits for a slot; a later one is of no use."""

_POLL_S = 0.02

_CHATS_KEPT = 1000


class NoSlot(Exception):
    """No call can be made within the time that the caller waits; none was made."""

    def __init__(self, wait_s: float, *, whole_bot: bool = False) -> None:
        super().__init__(f"no slot for {wait_s:.1f} s")
        self.wait_s = wait_s
        self.whole_bot = whole_bot


class SendRateLimit:
    """Slots for calls. One FIFO per process; processes share counters and holds."""

    def __init__(
        self, pacer: RateLimiter, settings: TelegramSettings, patience_s: float = 30.0
    ) -> None:
        """Share the counters of `pacer`; `patience_s`: the longest wait for one slot."""
        self._pacer = pacer
        self._settings = settings
        self._patience_s = patience_s
        self._everything: Limit = (WHOLE_BOT, _evenly(settings.messages_per_s))
        self._queue = asyncio.Lock()
        self._first_replies = asyncio.Lock()
        self._closing = asyncio.Event()
        self._last_call: dict[Chat, float] = {}

    async def acquire(self, chat: Chat, method: str) -> None:
        """Wait until the bot may send or edit one message in this chat. Raises `NoSlot`."""
        await self._sleep(self._gap_s(chat))
        limits = [*self._of_chat(chat), self._everything]
        await self._wait_for(limits, _holds(chat, method), self._queue)

    async def acquire_first_reply(self, chat: Chat, method: str, courtesy: str) -> bool:
        """Wait for a slot of the first words to somebody. Raises `NoSlot`.

        Return whether a courtesy, a method of `COURTESIES`, may be made with them; it takes no slot.
        """
        await self._sleep(self._gap_s(chat))
        first = (_FIRST_REPLIES, _evenly(_FIRST_REPLIES_PER_S))
        limits = [*self._of_chat(chat), first, self._everything]
        own = _holds(chat, courtesy)[1:]
        held = await self._wait_for(limits, _holds(chat, method), self._first_replies, own)
        return not held.reported

    async def acquire_reaction(self, chat: Chat, method: str) -> None:
        """Wait for a slot of a reaction that replaces a text reply. Raises `NoSlot`."""
        await self._wait_for([self._everything], _holds(chat, method), self._queue)

    async def try_acquire(self, chat: Chat, method: str) -> bool:
        """Return whether a slot for a reaction or 'is uploading' was free; take it."""
        deadline = time.monotonic() + _MOMENT_S
        while True:
            busy = self._queue.locked() or self._first_replies.locked()
            wait_s = _POLL_S
            if not busy:
                wait_s = (await self._ask([self._everything], _holds(chat, method))).seconds
            if wait_s == 0:
                return True
            if time.monotonic() + wait_s > deadline or self._closing.is_set():
                return False
            await asyncio.sleep(wait_s)

    async def acquire_low_priority(
        self, chat: Chat, method: str, *, lasting: bool = False
    ) -> float:
        """Take a slot if no other call needs it; return 0.0, or the seconds until the next try.

        `lasting`: for a message that stays, not for one of the passing edits.
        """
        limits = [*self._of_chat(chat), self._everything]
        if not lasting:
            limits.append(("news", _evenly(_EDITS_PER_S)))
        return (await self._ask(limits, _holds(chat, method), reserve=0.5)).seconds

    def record_call(self, chat: Chat, ago_s: float = 0.0) -> None:
        """Record that a call to this chat has ended: Telegram counts a message when it arrives."""
        self._last_call[chat] = max(
            time.monotonic() - ago_s, self._last_call.get(chat, float("-inf"))
        )
        while len(self._last_call) > _CHATS_KEPT:
            del self._last_call[next(iter(self._last_call))]

    async def back_off(self, chat: Chat | None, method: str, seconds: float) -> NoSlot:
        """Hold back the calls that a flood limit concerns, and return it as an error to raise."""
        return await asyncio.to_thread(self._hold, chat, method, seconds)

    def close(self) -> None:
        """Raise `NoSlot` for every call that waits for a slot, now and later."""
        self._closing.set()

    def _hold(self, chat: Chat | None, method: str, seconds: float) -> NoSlot:
        holds, platform = self._pacer.holds, self._pacer.platform
        where = "" if chat is None else f"chat:{chat}:"
        holds.add(platform, f"{where}{method}", seconds)
        if method in COURTESIES:
            return NoSlot(seconds)
        if chat is not None and holds.refused(platform, str(chat), _WITHIN_S) < _CHATS_REFUSED:
            return NoSlot(seconds)
        silence_s = min(seconds, SILENCE_MAX_S)
        holds.add(platform, WHOLE_BOT, silence_s)
        return NoSlot(silence_s, whole_bot=True)

    def _gap_s(self, chat: Chat) -> float:
        # An upload may take longer than the gap between two messages: the gap begins at its end.
        since_s = time.monotonic() - self._last_call.get(chat, float("-inf"))
        return max(0.0, 1.0 / self._settings.messages_per_s_chat - since_s)

    async def _wait_for(
        self,
        limits: Sequence[Limit],
        holds: Sequence[str],
        queue: asyncio.Lock,
        report: Sequence[str] = (),
    ) -> Wait:
        while True:
            async with queue:
                wait = await self._ask(limits, holds, report=report)
                # What concerns everybody is waited for in the queue, one chat's limit beside it.
                while 0 < wait.seconds <= self._patience_s and wait.limit in _SHARED:
                    await self._sleep(wait.seconds)
                    wait = await self._ask(limits, holds, report=report)
            if wait.seconds == 0:
                return wait
            if wait.seconds > self._patience_s:
                raise NoSlot(wait.seconds, whole_bot=wait.hold == WHOLE_BOT)
            await self._sleep(wait.seconds)

    async def _ask(
        self,
        limits: Sequence[Limit],
        holds: Sequence[str],
        reserve: float = 0.0,
        report: Sequence[str] = (),
    ) -> Wait:
        return await asyncio.to_thread(self._pacer.try_acquire, limits, holds, reserve, report)

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return
        raise NoSlot(seconds)

    def _of_chat(self, chat: Chat) -> list[Limit]:
        limits = [(f"chat:{chat}", _evenly(self._settings.messages_per_s_chat))]
        if isinstance(chat, int) and chat < 0:
            quota = RateLimit(self._settings.messages_per_minute_group, 60.0)
            limits.append((f"group:{chat}", quota))
        return limits


_SHARED = frozenset({WHOLE_BOT, _FIRST_REPLIES})


def _holds(chat: Chat, method: str) -> tuple[str, ...]:
    return (WHOLE_BOT, method, f"chat:{chat}:{method}")


def _evenly(per_s: float) -> RateLimit:
    # One slot per short window: the shared limit then gives the full rate, without bursts.
    return RateLimit(1, 1.0 / per_s)
