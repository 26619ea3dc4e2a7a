"""Schedules when the listener reads the store, so that an idle listener reads it rarely."""

from __future__ import annotations

import asyncio
import time

_APART_S = 0.25
"""Between two looks, however many things are due."""


class Alarm:
    """Wakes a loop at the earliest time that it was set to, and every `idle_s` in any case.

    Changes by other processes are found at the latest after `idle_s`; this process sets the alarm itself.
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
