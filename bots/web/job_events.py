"""The ledger's news -> the pages that wait for them, without anybody polling."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from tasks.errors import StoreError
from tasks.models import JobUpdate

_log = structlog.get_logger()

_LINE_MOVED_S = 0.5
"""Others' news move a place in line; many of them together are told once in this time."""

_AGAIN_S = 1.0

Listen = Callable[[threading.Event], Iterator[JobUpdate]]


class JobEvents:
    """One thread listens to the ledger; subscribers wait on events of the running loop."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)
        self._subscribers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line_moved: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """No news will come any more; who waits should go."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin to listen, for subscribers of the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and let everybody who waits go; call it from the loop."""
        self._stop.set()
        self._wake_all()

    async def wait_closed(self) -> None:
        """Wait until the listening thread has ended."""
        await asyncio.to_thread(self._thread.join)

    @contextmanager
    def subscribe(self, job_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the standing of this job may have changed."""
        changed = asyncio.Event()
        self._subscribers[job_id].add(changed)
        try:
            yield changed
        finally:
            self._subscribers[job_id].discard(changed)
            if not self._subscribers[job_id]:
                del self._subscribers[job_id]

    def _run(self) -> None:
        while not self.closed:
            try:
                for news in self._listen(self._stop):
                    self._call(news)
            except StoreError as error:
                _log.warning("job_events_interrupted", error=str(error), action="subscribe again")
                self._stop.wait(_AGAIN_S)

    def _call(self, news: JobUpdate) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell, news)

    def _tell(self, news: JobUpdate) -> None:
        for changed in self._subscribers.get(news.job_id, ()):
            changed.set()
        if self._line_moved is None and news.event != "progress" and self._loop is not None:
            self._line_moved = self._loop.call_later(_LINE_MOVED_S, self._wake_all)

    def _wake_all(self) -> None:
        self._line_moved = None
        for subscribers in self._subscribers.values():
            for changed in subscribers:
                changed.set()
