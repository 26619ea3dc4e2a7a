"""Telegram's flood limits: 30 messages per second, one per second and chat, 20 per minute and group."""

from __future__ import annotations

import time
from collections import defaultdict, deque

SPEAKING = frozenset(
    {
        "sendMessage",
        "sendPhoto",
        "sendDocument",
        "sendMediaGroup",
        "editMessageText",
        "editMessageMedia",
        "editMessageCaption",
        "editMessageReplyMarkup",
    }
)
"""Methods that count as messages."""

_CHAT_GAP_S = 0.8
"""Minimum interval in a chat: one second, minus a tolerance for clocks and networks."""


class FloodLimits:
    """Counts a bot's calls and returns how many seconds it must wait."""

    def __init__(
        self, per_s: int = 30, per_minute_group: int = 20, chat_gap_s: float = _CHAT_GAP_S
    ) -> None:
        self._per_s = per_s
        self._per_minute_group = per_minute_group
        self._chat_gap_s = chat_gap_s
        self._all: deque[float] = deque()
        self._chats: dict[int, float] = {}
        self._groups: dict[int, deque[float]] = defaultdict(deque)
        self._floods: list[tuple[int | None, frozenset[str], float]] = []

    def flood(self, chat: int | None, seconds: float, *methods: str) -> None:
        """Refuse these methods (none: all in `SPEAKING`) in a chat (None: everywhere) for so many seconds.

        Telegram's windows last from a second to half a day and do not affect other chats.
        """
        until = time.monotonic() + seconds
        self._floods.append((chat, frozenset(methods) or SPEAKING, until))

    def dry(self) -> None:
        """End all floods."""
        self._floods.clear()

    def silence_s(self, method: str, chat: int | None) -> int:
        """Count one call; return the seconds to wait, 0 if it is within the limits."""
        now = time.monotonic()
        for where, methods, until in self._floods:
            if method in methods and where in (None, chat) and now < until:
                return max(1, round(until - now))
        if method not in SPEAKING:
            return 0
        _age(self._all, now - 1.0)
        if len(self._all) >= self._per_s:
            return 1
        if chat is not None:
            if now - self._chats.get(chat, 0.0) < self._chat_gap_s:
                return 1
            group = self._groups[chat]
            _age(group, now - 60.0)
            if chat < 0 and len(group) >= self._per_minute_group:
                return max(1, int(group[0] + 60.0 - now) + 1)
            group.append(now)
            self._chats[chat] = now
        self._all.append(now)
        return 0


def _age(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
