"""A line to Telegram for code that runs in threads: an event loop of its own, opened on first use."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Line:
    """Runs coroutines on one background loop per process and waits for their results."""

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
